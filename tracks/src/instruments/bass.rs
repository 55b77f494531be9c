//! Basses: one voice, whose character is a handful of numbers.

use crate::score::Stroke;
use crate::synth::{Bus, Envelope, Phase, Svf, frames, hz, saw, sine, soft, triangle};

/// What kind of bass.
#[derive(Clone, Copy)]
pub(crate) struct Bass {
    /// Share of saw over triangle.
    pub(crate) edge: f32,
    /// Corner of the filter at rest.
    pub(crate) dark_hz: f32,
    /// How far a stroke opens it.
    pub(crate) open_hz: f32,
    /// Decay of tone and filter in seconds.
    pub(crate) decay: f32,
    /// Level that is held, 0 to 1.
    pub(crate) sustain: f32,
    /// How hot the string is driven; harmonics that small loudspeakers can tell.
    pub(crate) drive: f32,
}

/// Plays one note, in the middle: low notes have no side.
pub(crate) fn bass(bus: &mut Bus, stroke: Stroke, kind: Bass) {
    let root = hz(stroke.pitch);
    let (mut string, mut under) = (Phase::at(0.0), Phase::at(0.0));
    let mut envelope = Envelope::new(0.006, kind.decay, kind.sustain, 0.05);
    let mut sweep = Envelope::new(0.004, kind.decay * 0.5, 0.15, 0.05);
    let mut filter = Svf::new(kind.dark_hz, 0.9);
    for i in 0..frames(stroke.held + 0.5) {
        let held = i < frames(stroke.held);
        let level = envelope.next(held);
        let opened = sweep.next(held);
        if envelope.is_over(held) {
            break;
        }
        if i % 16 == 0 {
            filter.tune(kind.dark_hz + kind.open_hz * opened * stroke.force);
        }
        let phase = string.next(root);
        let x = triangle(phase) * (1.0 - kind.edge) + saw(phase) * kind.edge;
        let x = filter.low(x) * 0.7 + sine(under.next(root).0) * 0.5;
        let x = soft(x * kind.drive) / kind.drive.sqrt() * level * (0.4 + 0.6 * stroke.force) * 0.6;
        bus.write(stroke.at + i, [x, x]);
    }
}
