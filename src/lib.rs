//! Stereo: listening rooms that anyone can run.
//!
//! `main → app → server → http → connection → registry → room::actor → room::state → protocol`;
//! dependencies point that way only.

pub mod bus;
pub mod clock;
pub mod connection;
pub mod registry;
pub mod room;
