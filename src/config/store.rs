//! `[store]`: what is kept, and where.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The folder for data. This version keeps everything in memory and writes nothing. Default
    /// `./data`.
    pub data: PathBuf,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./data"),
        }
    }
}

impl Store {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.data.as_os_str().is_empty() {
            return Err(Section("store").invalid("data", "expected a folder, such as ./data"));
        }
        Ok(())
    }
}
