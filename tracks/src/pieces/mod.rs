//! The pieces, in the order in which they rotate. Each file is one composition: its notes, its
//! instruments and its mix, and nothing about mastering, encoding or drawing.
//!
//! The keys fall by fifths and thirds (D, B minor, E minor, G, C, A minor, A), so that the set
//! turns like one long cadence: the last one's dominant leads home to the first.

pub(crate) mod basement;
pub(crate) mod coins;
pub(crate) mod lake;
pub(crate) mod needles;
pub(crate) mod snow;
pub(crate) mod tea;
pub(crate) mod window;
