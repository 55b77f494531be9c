//! `[store]`: what is kept, and where.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The folder for data, which one server has for itself. Default `./data`.
    pub data: PathBuf,
    /// The file of the server's key, which opens the key store; made at the first start. Empty:
    /// `server.key` in the folder for data. Default empty.
    pub key_file: PathBuf,
    /// Where a copy of the key store is kept and replaced with each change, best on another disk.
    /// Empty: nowhere. Default empty.
    pub keys_copy: PathBuf,
    /// Threads that read from the database. Default 2.
    pub readers: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./data"),
            key_file: PathBuf::new(),
            keys_copy: PathBuf::new(),
            readers: 2,
        }
    }
}

impl Store {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        let section = Section("store");
        if self.data.as_os_str().is_empty() {
            return Err(section.invalid("data", "expected a folder, such as ./data"));
        }
        section.within("readers", self.readers, 1..=64, "threads")?;
        // What is lost with the folder is no copy.
        section.agree(
            !self.keys_copy.starts_with(&self.data),
            "keys_copy",
            "data",
            || format!("expected a file outside of {}", self.data.display()),
        )
    }
}
