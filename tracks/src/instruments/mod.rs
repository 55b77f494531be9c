//! The instruments: each turns one stroke into sound on a bus. They know nothing of pieces, and
//! leave rooms and echoes to the desk.

mod bars;
mod bass;
mod chip;
mod drums;
mod felt;
mod keys;
mod strings;
mod surface;

pub(crate) use bars::{bell, marimba};
pub(crate) use bass::{Bass, bass};
pub(crate) use chip::{Chip, chip, chip_noise};
pub(crate) use drums::{hat, kick, rim, shaker, snare};
pub(crate) use felt::felt;
pub(crate) use keys::{electric_piano, melodica, organ};
pub(crate) use strings::{Pad, pad, pluck};
pub(crate) use surface::{breath, vinyl};
