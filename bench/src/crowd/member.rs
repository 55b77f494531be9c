//! One connection of the crowd.

use crate::net::frame::Reader;
use crate::net::socket::refused;
use crate::net::wire::Wire;
use rustix::io::Errno;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connecting,
    Upgrading,
    Joining,
    In,
    Leaving,
    Gone,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The other side closed it without a word.
    Ended,
    /// With a close frame: its code and reason.
    Closed(u16, String),
    /// The system says so.
    Broken(String),
    /// It could not be opened, or joined.
    Refused(String),
}

impl Why {
    pub(crate) fn broken(error: impl Into<io::Error>) -> Self {
        let error = error.into();
        Self::Broken(match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                "the connection was reset".to_owned()
            }
            _ => error.to_string(),
        })
    }

    pub(crate) fn connecting(error: Errno, server: SocketAddr) -> Self {
        Self::Refused(match error {
            Errno::CONNREFUSED => refused(server),
            error => format!("{server}: {error}"),
        })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => formatter.write_str("the server closed the connection"),
            Self::Closed(code, reason) if reason.is_empty() => {
                write!(formatter, "the server closed with code {code}")
            }
            Self::Closed(code, reason) => {
                write!(formatter, "the server closed with code {code}, {reason:?}")
            }
            Self::Broken(why) | Self::Refused(why) => formatter.write_str(why),
        }
    }
}

/// One connection.
pub(crate) struct Member {
    /// None once it has ended.
    pub(crate) socket: Option<Wire>,
    pub(crate) room: u32,
    pub(crate) host: bool,
    pub(crate) stage: Stage,
    pub(super) reader: Reader,
    /// The head of the handshake's answer, until its end.
    pub(super) head: Vec<u8>,
    /// What could not be written yet; empty nearly always.
    pub(super) out: Vec<u8>,
    /// Nobody reads what it is sent.
    pub(super) stopped: bool,
    /// Whether the socket is waited for, to write.
    pub(super) blocked: bool,
    /// Requests so far: the last one's id.
    pub(super) requests: u64,
    /// The next event's number; unknown until one has come.
    pub(super) expected: Option<u64>,
    /// Nanoseconds on the crowd's clock.
    pub(super) opened_at: u64,
}

impl Member {
    pub(super) fn new(socket: Wire, room: u32, host: bool, opened_at: u64) -> Self {
        Self {
            socket: Some(socket),
            room,
            host,
            stage: Stage::Connecting,
            reader: Reader::default(),
            head: Vec::new(),
            out: Vec::new(),
            stopped: false,
            // Until it is connected.
            blocked: true,
            // 1 is the join's.
            requests: 1,
            expected: None,
            opened_at,
        }
    }

    /// Notes an event's number: how many were missed before it; `None` when it came before.
    pub(super) fn note(&mut self, number: u64) -> Option<u64> {
        let expected = self.expected.unwrap_or(number);
        if number < expected {
            return None;
        }
        self.expected = Some(number + 1);
        Some(number - expected)
    }
}
