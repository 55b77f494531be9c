//! `[telemetry]`: what the process says of itself.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Serialize};

const LEVELS: [&str; 5] = ["off", "error", "warn", "info", "debug"];

/// What the process says of itself. Nothing about a person at any level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// `off`, `error`, `warn`, `info` or `debug`. Default `info`.
    pub log: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: "info".into() }
    }
}

impl Telemetry {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if LEVELS.contains(&self.log.as_str()) {
            return Ok(());
        }
        let expected = format!("expected one of {}, not {:?}", LEVELS.join(", "), self.log);
        Err(Section("telemetry").invalid("log", expected))
    }
}
