//! Stereo.
fn main() {}
