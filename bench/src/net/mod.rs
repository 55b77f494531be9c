//! Sockets and frames, as light as they can be made: nothing here knows rooms or scenarios.

pub(crate) mod address;
pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod http;
pub(crate) mod poll;
pub(crate) mod socket;
pub(crate) mod wire;
