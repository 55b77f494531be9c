//! Band-limited waves. A naive saw or pulse folds its upper harmonics back as grit; rounding each
//! step over two frames (polynomial BLEP) keeps them sweet.

use super::RATE;

/// A running phase in turns, 0 to 1.
#[derive(Clone, Copy)]
pub(crate) struct Phase {
    turns: f32,
}

impl Phase {
    /// Starting at a place in the turn.
    pub(crate) fn at(turns: f32) -> Self {
        Self { turns }
    }

    /// The phase before advancing by one frame at `hz`, and the step taken.
    #[inline]
    pub(crate) fn next(&mut self, hz: f32) -> (f32, f32) {
        let (now, step) = (self.turns, hz / RATE);
        self.turns += step;
        if self.turns >= 1.0 {
            self.turns -= 1.0;
        }
        (now, step)
    }
}

/// What to take from a unit step so that it is rounded over two frames.
#[inline]
fn rounding(turns: f32, step: f32) -> f32 {
    if turns < step {
        let x = turns / step;
        x + x - x * x - 1.0
    } else if turns > 1.0 - step {
        let x = (turns - 1.0) / step;
        x * x + x + x + 1.0
    } else {
        0.0
    }
}

/// A saw, −1 to 1.
#[inline]
pub(crate) fn saw((turns, step): (f32, f32)) -> f32 {
    2.0 * turns - 1.0 - rounding(turns, step)
}

/// A pulse whose upper part lasts `width` of the turn, without its offset.
#[inline]
pub(crate) fn pulse((turns, step): (f32, f32), width: f32) -> f32 {
    let high = if turns < width { 1.0 } else { -1.0 };
    let from_fall = if turns >= width {
        turns - width
    } else {
        turns - width + 1.0
    };
    high + rounding(turns, step) - rounding(from_fall, step) - (2.0 * width - 1.0)
}

/// A triangle, −1 to 1; its harmonics fall fast enough to need no rounding.
#[inline]
pub(crate) fn triangle((turns, _): (f32, f32)) -> f32 {
    let shifted = if turns < 0.75 {
        turns + 0.25
    } else {
        turns - 0.75
    };
    1.0 - 4.0
        * if shifted < 0.5 {
            0.5 - shifted
        } else {
            shifted - 0.5
        }
}
