//! Stereo: listening rooms that anyone can run.
//!
//! `main → app → server → http → connection → registry → room::actor → room::state → protocol`;
//! dependencies point that way only.

pub mod connection;
pub mod room;
