//! Every key, its unit and its default. `config.toml` shows the same, and a test says so.

use super::error::Invalid;
use crate::http::Network;
use crate::room::Rules;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use stereo_protocol::Limits;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Listeners and connections.
    pub server: Server,
    /// The life of rooms.
    pub rooms: Rooms,
    /// Sizes and counts that clients are told.
    pub limits: ConfiguredLimits,
    /// Where music may come from.
    pub media: Media,
    /// What is kept, and where.
    pub store: Store,
    /// What the process says of itself.
    pub telemetry: Telemetry,
}

/// Listeners and connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address for people. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address for operations: /live, /ready, /metrics. Never make it public.
    pub ops_listen: SocketAddr,
    /// The address that people see, such as `https://stereo.example`. Empty: the listener's own.
    pub public_url: String,
    /// Foreign origins whose pages may open rooms here; never with our cookies.
    pub allowed_origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<Network>,
    /// Sockets at once; beyond, new ones wait to be accepted.
    pub max_connections: usize,
    /// Sockets of one address at once (IPv6: of one /64). 0: any number.
    pub max_connections_per_address: usize,
    /// Milliseconds a client may take to send the headers of a request.
    pub header_timeout_ms: u64,
    /// Milliseconds from the handshake to `join`.
    pub join_timeout_ms: u64,
    /// Milliseconds from the signal to stop to the end of the process.
    pub drain_ms: u64,
    /// Threads; 0: as many as there are cores.
    pub workers: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4410)),
            ops_listen: SocketAddr::from(([127, 0, 0, 1], 4411)),
            public_url: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_connections: 100_000,
            max_connections_per_address: 1_000,
            header_timeout_ms: 10_000,
            join_timeout_ms: 10_000,
            drain_ms: 10_000,
            workers: 0,
        }
    }
}

/// The life of rooms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    /// Milliseconds that a temporary room outlives its last listener.
    pub empty_ms: u64,
    /// Rooms that one address may open in an hour. 0: any number.
    pub per_address_per_hour: u32,
    /// Wrong passwords of one address in an hour. 0: any number.
    pub wrong_passwords_per_hour: u32,
    /// Milliseconds that a lost connection keeps its presence.
    pub presence_grace_ms: u64,
    /// Milliseconds that a closed one does: enough for a reload.
    pub leave_grace_ms: u64,
    /// Milliseconds that the host may be away before somebody else holds the room.
    pub host_grace_ms: u64,
    /// Least milliseconds between two presence or tally notices.
    pub notice_ms: u64,
    /// Shortest lead of a scheduled start, in milliseconds.
    pub lead_min_ms: u64,
    /// Longest lead of a scheduled start, in milliseconds.
    pub lead_max_ms: u64,
    /// Milliseconds to wait for anyone who can play a track that fails.
    pub failure_ms: u64,
    /// Milliseconds between two health notices.
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

/// The protocol's limits, with unknown keys refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConfiguredLimits(pub Limits);

impl<'de> Deserialize<'de> for ConfiguredLimits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
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

/// Where music may come from. Anything but hosted shows listeners' addresses to others, and is
/// not in this version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Offer the demo tracks in the library.
    pub demo_tracks: bool,
}

impl Default for Media {
    fn default() -> Self {
        Self { demo_tracks: true }
    }
}

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The folder for data. This version keeps everything in memory and writes nothing.
    pub data: PathBuf,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./data"),
        }
    }
}

/// What the process says of itself. Nothing about a person at any level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// `off`, `error`, `warn`, `info` or `debug`.
    pub log: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: "info".into() }
    }
}

fn check(
    good: bool,
    section: &'static str,
    key: &'static str,
    expected: impl Into<String>,
) -> Result<(), Invalid> {
    if good {
        Ok(())
    } else {
        Err(Invalid {
            section,
            key,
            expected: expected.into(),
        })
    }
}

impl Config {
    /// Refuses values that cannot be.
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        self.validate_server()?;
        self.validate_rooms()?;
        self.validate_limits()?;
        let levels = ["off", "error", "warn", "info", "debug"];
        check(
            levels.contains(&self.telemetry.log.as_str()),
            "telemetry",
            "log",
            format!("expected one of {}", levels.join(", ")),
        )
    }

    fn validate_server(&self) -> Result<(), Invalid> {
        let server = &self.server;
        let distinct = server.listen != server.ops_listen || server.listen.port() == 0;
        check(
            distinct,
            "server",
            "ops_listen",
            "expected another address than server.listen",
        )?;
        let url = &server.public_url;
        let absolute = url.is_empty() || crate::http::origin_of(url).is_some();
        check(
            absolute,
            "server",
            "public_url",
            "expected http://host or https://host, without a path",
        )?;
        for origin in &server.allowed_origins {
            check(
                crate::http::origin_of(origin).is_some(),
                "server",
                "allowed_origins",
                "expected origins such as https://host",
            )?;
        }
        check(
            server.max_connections > 0,
            "server",
            "max_connections",
            "expected at least 1",
        )?;
        check(
            server.header_timeout_ms > 0,
            "server",
            "header_timeout_ms",
            "expected at least 1 ms",
        )?;
        check(
            server.join_timeout_ms > 0,
            "server",
            "join_timeout_ms",
            "expected at least 1 ms",
        )?;
        check(
            server.workers <= 1024,
            "server",
            "workers",
            "expected at most 1024",
        )
    }

    fn validate_rooms(&self) -> Result<(), Invalid> {
        let rooms = &self.rooms;
        let most = |key, value: u64| {
            check(
                value <= 86_400_000,
                "rooms",
                key,
                "expected at most a day, 86400000 ms",
            )
        };
        most("empty_ms", rooms.empty_ms)?;
        most("presence_grace_ms", rooms.presence_grace_ms)?;
        most("leave_grace_ms", rooms.leave_grace_ms)?;
        most("host_grace_ms", rooms.host_grace_ms)?;
        most("failure_ms", rooms.failure_ms)?;
        check(
            rooms.health_ms >= 100,
            "rooms",
            "health_ms",
            "expected at least 100 ms",
        )?;
        check(
            rooms.notice_ms >= 10,
            "rooms",
            "notice_ms",
            "expected at least 10 ms",
        )?;
        check(
            rooms.lead_min_ms >= 50,
            "rooms",
            "lead_min_ms",
            "expected at least 50 ms",
        )?;
        let most = format!(
            "expected at least lead_min_ms ({}) and at most 10000",
            rooms.lead_min_ms
        );
        check(
            (rooms.lead_min_ms..=10_000).contains(&rooms.lead_max_ms),
            "rooms",
            "lead_max_ms",
            most,
        )
    }

    fn validate_limits(&self) -> Result<(), Invalid> {
        let limits = &self.limits.0;
        let positive = |key, value: u32| check(value > 0, "limits", key, "expected at least 1");
        positive("name", limits.name)?;
        positive("title", limits.title)?;
        positive("chat", limits.chat)?;
        positive("url", limits.url)?;
        positive("tracks_per_add", limits.tracks_per_add)?;
        positive("queue", limits.queue)?;
        positive("chat_ring", limits.chat_ring)?;
        positive("event_ring", limits.event_ring)?;
        positive("connections_per_member", limits.connections_per_member)?;
        positive("commands_per_second", limits.commands_per_second)?;
        check(
            limits.frame_bytes >= 1_024,
            "limits",
            "frame_bytes",
            "expected at least 1024 bytes",
        )?;
        check(
            limits.outbox_bytes >= 65_536,
            "limits",
            "outbox_bytes",
            "expected at least 65536 bytes, more than a snapshot",
        )?;
        let burst = format!(
            "expected at least commands_per_second ({})",
            limits.commands_per_second
        );
        check(
            limits.commands_burst >= limits.commands_per_second,
            "limits",
            "commands_burst",
            burst,
        )
    }

    /// The rules that rooms are given.
    pub fn rules(&self) -> Rules {
        let rooms = &self.rooms;
        Rules {
            limits: self.limits.0.clone(),
            presence_grace_ms: rooms.presence_grace_ms,
            leave_grace_ms: rooms.leave_grace_ms,
            host_grace_ms: rooms.host_grace_ms,
            empty_ms: rooms.empty_ms,
            notice_ms: rooms.notice_ms,
            lead_min_ms: rooms.lead_min_ms,
            lead_max_ms: rooms.lead_max_ms,
            failure_ms: rooms.failure_ms,
            health_ms: rooms.health_ms,
            ..Rules::default()
        }
    }
}
