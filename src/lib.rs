//! Stereo: listening rooms that anyone can run.
//!
//! `main → app → server → http → connection → registry → room::actor → room::state → protocol`;
//! dependencies point that way only.

#[cfg(test)]
mod allocations;
pub mod app;
pub mod auth;
pub mod backup;
pub mod bus;
pub mod clock;
pub mod config;
pub mod connection;
pub mod conversation;
pub mod http;
pub mod keystore;
mod killpoint;
pub mod limiter;
pub mod mail;
pub mod media;
pub mod outgoing;
pub mod password;
pub mod presence;
pub mod privacy;
pub mod registry;
pub mod room;
pub mod secret;
pub mod server;
pub mod store;
pub mod support;
pub mod telemetry;
pub mod text;
pub mod tls;
pub mod visits;
