//! The workshop: what sound is made of. Oscillators, filters, rooms, and the bus that carries
//! frames between them. No notes and no pieces in here, and no `std` transcendental: those differ
//! between platforms, and a demo track has to be the same bits everywhere.

mod bus;
mod echo;
mod envelope;
mod filter;
mod math;
mod modes;
mod noise;
mod reverb;
mod wave;

pub(crate) use bus::Bus;
pub(crate) use echo::{Echo, chorus, wobble};
pub(crate) use envelope::Envelope;
pub(crate) use filter::{DcBlock, OnePole, Svf};
#[cfg(test)]
pub(crate) use math::decibels;
pub(crate) use math::{RATE, decay, frames, gain, hz, pan, sine, soft};
pub(crate) use modes::{Mode, ring};
pub(crate) use noise::Noise;
pub(crate) use reverb::Hall;
pub(crate) use wave::{Phase, pulse, saw, triangle};
