//! `[backup]`: copies of the data, encrypted to the operator.

use super::rule::{Invalid, Section};
use age::x25519::Recipient;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const SECTION: Section = Section("backup");

/// Copies of the data. They never hold the key store: `store.keys_copy` is its one copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// The folder that `stereo backup` writes to. Default empty: it has to be said.
    pub folder: PathBuf,
    /// Who can read them: age recipients, such as `age1…`. Default none: no backups.
    pub recipients: Vec<String>,
    /// Days after which those in the folder are removed, by the server and at each backup. Default 30.
    pub keep_days: u32,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            recipients: Vec::new(),
            keep_days: 30,
        }
    }
}

impl Backup {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        SECTION.within("keep_days", self.keep_days, 1..=30, "days")?;
        for (place, recipient) in self.recipients.iter().enumerate() {
            if recipient.parse::<Recipient>().is_err() {
                return Err(Invalid {
                    element: Some(place),
                    ..SECTION.invalid("recipients", "expected an age recipient: age1…")
                });
            }
        }
        Ok(())
    }
}
