//! `stereo-bench` as it is used, against the real server and against what is none. What is asserted
//! is that it works and that nothing is lost; never a time.

// A test that cannot go on is a test that failed.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod profiles;
mod real_server;
mod support;
