//! `[limits]`: sizes and counts of the protocol, as every client is told on joining.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Deserializer, Serialize};
use stereo_protocol::Limits;

const SECTION: Section = Section("limits");

/// The protocol's limits, with unknown keys refused; units and meaning stand at [`Limits`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConfiguredLimits(pub Limits);

impl<'de> Deserialize<'de> for ConfiguredLimits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        macro_rules! limits {
            ($($key:ident),*) => {{
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Keys { $($key: Option<u32>,)* }
                let keys = Keys::deserialize(deserializer)?;
                let default = Limits::default();
                Ok(Self(Limits { $($key: keys.$key.unwrap_or(default.$key),)* }))
            }};
        }
        limits!(
            name,
            title,
            chat,
            url,
            tracks_per_add,
            queue,
            chat_ring,
            event_ring,
            event_ring_bytes,
            history,
            log,
            bans,
            invitations,
            frame_bytes,
            outbox_bytes,
            commands_per_second,
            commands_burst,
            connections_per_member
        )
    }
}

impl ConfiguredLimits {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        let limits = &self.0;
        for (key, value, least, unit) in [
            ("name", limits.name, 1, "characters"),
            ("title", limits.title, 1, "characters"),
            ("chat", limits.chat, 1, "characters"),
            ("url", limits.url, 1, "characters"),
            ("tracks_per_add", limits.tracks_per_add, 1, ""),
            ("queue", limits.queue, 1, "items"),
            ("chat_ring", limits.chat_ring, 1, "messages"),
            ("event_ring", limits.event_ring, 1, "events"),
            ("event_ring_bytes", limits.event_ring_bytes, 1, "bytes"),
            // A list of no bans would let everyone who is banned walk straight back in.
            ("bans", limits.bans, 1, ""),
            ("frame_bytes", limits.frame_bytes, 1_024, "bytes"),
            // More than a snapshot, which goes out as one piece.
            ("outbox_bytes", limits.outbox_bytes, 65_536, "bytes"),
            ("commands_per_second", limits.commands_per_second, 1, ""),
            ("commands_burst", limits.commands_burst, 1, ""),
            (
                "connections_per_member",
                limits.connections_per_member,
                1,
                "",
            ),
        ] {
            SECTION.at_least(key, value, least, unit)?;
        }
        let (rate, burst) = (limits.commands_per_second, limits.commands_burst);
        SECTION.agree(
            burst >= rate,
            "commands_burst",
            "commands_per_second",
            || format!("expected at least commands_per_second ({rate}), not {burst}"),
        )
    }
}
