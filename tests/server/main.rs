//! The real server, over real sockets, on port 0. Each file is one part of what it promises.

// A test that cannot go on is a test that failed.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod connections;
mod http;
mod rooms;
mod stalls;
mod support;
