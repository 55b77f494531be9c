//! The real server, over real sockets, on port 0. Each file is one part of what it promises.

mod bad_input;
mod connections;
mod http;
mod rooms;
mod support;
