//! `[telemetry]`: what the process says of itself.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Serialize};

const SECTION: Section = Section("telemetry");
const LEVELS: [&str; 5] = ["off", "error", "warn", "info", "debug"];

/// What the process says of itself. Nothing about a person at any level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// `off`, `error`, `warn`, `info` or `debug`. Default `info`.
    pub log: String,
    /// Where unexpected errors are reported, by stack, version and reference alone: a Sentry DSN,
    /// such as `https://key@sentry.example/1`. Empty: nowhere. Default empty.
    pub sentry_dsn: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log: "info".into(),
            sentry_dsn: String::new(),
        }
    }
}

impl Telemetry {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if !LEVELS.contains(&self.log.as_str()) {
            let expected = format!("expected one of {}, not {:?}", LEVELS.join(", "), self.log);
            return Err(SECTION.invalid("log", expected));
        }
        let dsn = &self.sentry_dsn;
        if !dsn.is_empty() && dsn.parse::<sentry::types::Dsn>().is_err() {
            let expected = "expected a DSN, such as https://key@sentry.example/1";
            return Err(SECTION.invalid("sentry_dsn", expected));
        }
        Ok(())
    }
}
