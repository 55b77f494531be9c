//! Close codes (RFC 6455 §7.4): the range says whether to come back.

use serde::{Deserialize, Serialize};

/// Why a connection is closed. 4000–4499: reconnect and resume. 4500–4999: do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "u16")]
#[serde(try_from = "u16")]
#[repr(u16)]
pub enum CloseCode {
    /// Done; nothing more to say.
    Normal = 1000,
    /// The peer broke RFC 6455.
    Protocol = 1002,
    /// A binary message: this protocol is text.
    Unsupported = 1003,
    /// Text that is not UTF-8.
    InvalidText = 1007,
    /// A frame or message over the limit.
    TooBig = 1009,
    /// The server is at fault.
    Internal = 1011,
    /// The server goes away; come back, after the time that `closing` gave.
    Draining = 4000,
    /// The outbox was full: this listener read more slowly than the room wrote; or something was
    /// erased that still waited for them.
    TooSlow = 4001,
    /// Nothing was heard for too long, or no `join` came.
    Idle = 4002,
    /// The room lives on another node now, or you are somebody else: your session has ended.
    Moved = 4003,
    /// Kicked or banned.
    Kicked = 4500,
    /// The room was closed.
    RoomClosed = 4501,
    /// No such room, or none for you, three times.
    NotFound = 4502,
    /// The account was deleted.
    AccountDeleted = 4503,
    /// Requests that no client of this protocol would send, again and again.
    Misuse = 4504,
    /// The member opened more connections than allowed: the oldest goes.
    TooMany = 4505,
}

impl CloseCode {
    /// The number on the wire.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// Whether a client should reconnect and resume.
    pub fn reconnect(self) -> bool {
        !matches!(self.code(), 1000 | 1002..=1010 | 4500..)
    }

    /// A short reason for the close frame; names nobody.
    pub fn reason(self) -> &'static str {
        match self {
            CloseCode::Normal => "",
            CloseCode::Protocol => "protocol error",
            CloseCode::Unsupported => "text only",
            CloseCode::InvalidText => "not UTF-8",
            CloseCode::TooBig => "message too big",
            CloseCode::Internal => "internal error",
            CloseCode::Draining => "restarting: reconnect and resume",
            CloseCode::TooSlow => "too slow: reconnect and resume",
            CloseCode::Idle => "idle: reconnect and resume",
            CloseCode::Moved => "moved: reconnect and resume",
            CloseCode::Kicked => "removed from the room",
            CloseCode::RoomClosed => "the room was closed",
            CloseCode::NotFound => "not found",
            CloseCode::AccountDeleted => "the account was deleted",
            CloseCode::Misuse => "protocol misuse",
            CloseCode::TooMany => "too many connections",
        }
    }

    /// Every code, for documentation and tests.
    pub const ALL: [CloseCode; 16] = [
        CloseCode::Normal,
        CloseCode::Protocol,
        CloseCode::Unsupported,
        CloseCode::InvalidText,
        CloseCode::TooBig,
        CloseCode::Internal,
        CloseCode::Draining,
        CloseCode::TooSlow,
        CloseCode::Idle,
        CloseCode::Moved,
        CloseCode::Kicked,
        CloseCode::RoomClosed,
        CloseCode::NotFound,
        CloseCode::AccountDeleted,
        CloseCode::Misuse,
        CloseCode::TooMany,
    ];
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.code()
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = String;

    fn try_from(code: u16) -> Result<Self, String> {
        let known = CloseCode::ALL
            .into_iter()
            .find(|known| known.code() == code);
        known.ok_or_else(|| format!("{code} is not a close code of this protocol"))
    }
}
