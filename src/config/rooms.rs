//! `[rooms]`: the life of rooms.

use super::rule::{DAY_MS, Invalid, Section};
use crate::room::Rules;
use serde::{Deserialize, Serialize};

const SECTION: Section = Section("rooms");

/// The life of rooms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Milliseconds that a temporary room outlives its last listener. Default 600,000.
    pub empty_ms: u64,
    /// Rooms that one address may open in an hour. 0: any number. Default 20.
    pub per_address_per_hour: u32,
    /// Wrong passwords of one address in an hour. 0: any number. Default 20.
    pub wrong_passwords_per_hour: u32,
    /// Milliseconds that a lost connection keeps its presence. Default 30,000.
    pub presence_grace_ms: u64,
    /// Milliseconds that a closed one does: enough for a reload. Default 5,000.
    pub leave_grace_ms: u64,
    /// Milliseconds that the host may be away before somebody else holds the room. Default 60,000.
    pub host_grace_ms: u64,
    /// Least milliseconds between two presence or tally notices. Default 250.
    pub notice_ms: u64,
    /// Shortest lead of a scheduled start, in milliseconds. Default 400.
    pub lead_min_ms: u64,
    /// Longest lead of a scheduled start, in milliseconds. Default 1,500.
    pub lead_max_ms: u64,
    /// Milliseconds to wait for anyone who can play a track that fails. Default 2,000.
    pub failure_ms: u64,
    /// Milliseconds between two health notices. Default 10,000.
    pub health_ms: u64,
}

impl Default for Rooms {
    fn default() -> Self {
        let rules = Rules::default();
        Self {
            empty_ms: rules.empty_ms,
            per_address_per_hour: 20,
            wrong_passwords_per_hour: 20,
            presence_grace_ms: rules.presence_grace_ms,
            leave_grace_ms: rules.leave_grace_ms,
            host_grace_ms: rules.host_grace_ms,
            notice_ms: rules.notice_ms,
            lead_min_ms: rules.lead_min_ms,
            lead_max_ms: rules.lead_max_ms,
            failure_ms: rules.failure_ms,
            health_ms: rules.health_ms,
        }
    }
}

impl Rooms {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        let within = |key, value, least| SECTION.within(key, value, least..=DAY_MS, "ms");
        within("empty_ms", self.empty_ms, 0)?;
        within("presence_grace_ms", self.presence_grace_ms, 0)?;
        within("leave_grace_ms", self.leave_grace_ms, 0)?;
        within("host_grace_ms", self.host_grace_ms, 0)?;
        within("failure_ms", self.failure_ms, 0)?;
        within("health_ms", self.health_ms, 100)?;
        within("notice_ms", self.notice_ms, 10)?;
        let lead = |key, value| SECTION.within(key, value, 50..=10_000, "ms");
        lead("lead_min_ms", self.lead_min_ms)?;
        lead("lead_max_ms", self.lead_max_ms)?;
        let (least, most) = (self.lead_min_ms, self.lead_max_ms);
        SECTION.agree(least <= most, "lead_max_ms", "lead_min_ms", || {
            format!("expected at least lead_min_ms ({least}), not {most}")
        })
    }
}
