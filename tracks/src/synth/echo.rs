//! Effects that remember a little: a tape echo, a chorus, and the wobble of a tired motor.

use super::{Bus, OnePole, Phase, frames, sine, soft};

/// A ring of past frames, read at fractional distances.
struct Tape {
    ring: Vec<f32>,
    head: usize,
}

impl Tape {
    fn new(longest: usize) -> Self {
        Self {
            ring: vec![0.0; longest + 4],
            head: 0,
        }
    }

    #[inline]
    fn write(&mut self, x: f32) {
        self.ring[self.head] = x;
        self.head += 1;
        if self.head == self.ring.len() {
            self.head = 0;
        }
    }

    /// What was written `back` frames ago (at least 1), between frames in a straight line.
    #[inline]
    fn read(&self, back: f32) -> f32 {
        let whole = back as usize;
        let part = back - whole as f32;
        let first = self.place(whole);
        let second = self.place(whole + 1);
        self.ring[first] + (self.ring[second] - self.ring[first]) * part
    }

    #[inline]
    fn place(&self, back: usize) -> usize {
        if self.head >= back {
            self.head - back
        } else {
            self.head + self.ring.len() - back
        }
    }
}

/// A two-channel tape echo.
pub(crate) struct Echo {
    /// Delay of the left channel in seconds.
    pub(crate) left: f32,
    /// Delay of the right channel in seconds.
    pub(crate) right: f32,
    /// Share of each repeat that comes back, below 1.
    pub(crate) feedback: f32,
    /// Share of the feedback that changes sides: 1 is ping-pong.
    pub(crate) cross: f32,
    /// Repeats lose what is below this frequency…
    pub(crate) low_hz: f32,
    /// …and what is above this one.
    pub(crate) high_hz: f32,
}

impl Echo {
    /// The repeats alone, without what went in.
    pub(crate) fn of(&self, input: &Bus) -> Bus {
        let delays = [self.left * super::RATE, self.right * super::RATE];
        let longest = delays[0].max(delays[1]) as usize + 64;
        let mut tapes = [Tape::new(longest), Tape::new(longest)];
        let mut lows = [OnePole::new(self.low_hz); 2];
        let mut highs = [OnePole::new(self.high_hz); 2];
        let mut motor = Phase::at(0.0);
        let mut out = input.alike();
        for (at, frame) in input.frames.iter().enumerate() {
            let drift = 12.0 * (1.0 + sine(motor.next(0.7).0));
            let back = [0, 1].map(|side| {
                let played = tapes[side].read(delays[side] + drift);
                highs[side].low(lows[side].high(played))
            });
            out.frames[at] = back;
            let kept =
                [0, 1].map(|side| back[side] * (1.0 - self.cross) + back[1 - side] * self.cross);
            for side in [0, 1] {
                // In ping-pong only the left head records: the repeats wander by themselves.
                let fresh = if self.cross > 0.5 {
                    if side == 0 {
                        (frame[0] + frame[1]) * 0.7
                    } else {
                        0.0
                    }
                } else {
                    frame[side]
                };
                tapes[side].write(soft(fresh + kept[side] * self.feedback));
            }
        }
        out
    }
}

/// Thickens a bus with two slowly moving copies, one on each side.
pub(crate) fn chorus(bus: &mut Bus, hz: f32, depth: f32, amount: f32) {
    let mut tapes = [Tape::new(frames(0.05)), Tape::new(frames(0.05))];
    let mut phases = [Phase::at(0.0), Phase::at(0.27)];
    bus.each(|frame| {
        let mut out = frame;
        for side in [0, 1] {
            let swing = 1.0 + sine(phases[side].next(hz).0);
            let copy = tapes[side].read(420.0 + 90.0 * side as f32 + swing * depth);
            tapes[side].write(frame[side]);
            out[1 - side] += copy * amount;
        }
        out
    });
}

/// Wow and flutter: the pitch drifts as it does on a turntable that is slightly off.
pub(crate) fn wobble(bus: &mut Bus, wow: f32, flutter: f32) {
    let mut tapes = [Tape::new(4000), Tape::new(4000)];
    let (mut slow, mut fast) = (Phase::at(0.0), Phase::at(0.0));
    bus.each(|frame| {
        let back =
            2.0 + wow * (1.0 + sine(slow.next(0.55).0)) + flutter * (1.0 + sine(fast.next(6.3).0));
        let out = [tapes[0].read(back), tapes[1].read(back)];
        tapes[0].write(frame[0]);
        tapes[1].write(frame[1]);
        out
    });
}
