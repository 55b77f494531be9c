//! Demo tracks.
