//! A room: a feedback network of eight delays behind a short diffuser (after Jot and Stautner).
//! Left feeds the even lines and right the odd ones, so that the room keeps the stereo image.

use super::{Bus, OnePole, Phase, RATE, decay, frames, sine};

/// Lengths in frames at 44.1 kHz, prime, so that no two lines agree on a pitch.
const LINES: [f32; 8] = [
    1423.0, 1777.0, 2137.0, 2459.0, 2791.0, 3163.0, 3539.0, 3911.0,
];
const DIFFUSERS: [[usize; 4]; 2] = [[113, 199, 307, 421], [127, 211, 283, 443]];

/// A room to play in.
pub(crate) struct Hall {
    /// 1 is a hall, 0.3 a box.
    pub(crate) size: f32,
    /// Seconds to fall by 60 dB.
    pub(crate) seconds: f32,
    /// Above this frequency the walls swallow.
    pub(crate) bright_hz: f32,
    /// Seconds before the first reflection.
    pub(crate) before: f32,
}

/// Spreads an impulse without colouring it.
struct Allpass {
    ring: Vec<f32>,
    head: usize,
}

impl Allpass {
    fn new(length: usize) -> Self {
        Self {
            ring: vec![0.0; length],
            head: 0,
        }
    }

    #[inline]
    fn next(&mut self, x: f32) -> f32 {
        let old = self.ring[self.head];
        let kept = x + old * 0.62;
        self.ring[self.head] = kept;
        self.head = if self.head + 1 == self.ring.len() {
            0
        } else {
            self.head + 1
        };
        old - kept * 0.62
    }
}

/// One delay of the network, breathing slightly so that no resonance stands still.
struct Line {
    ring: Vec<f32>,
    head: usize,
    length: f32,
    loss: f32,
    wall: OnePole,
    floor: OnePole,
    breath: Phase,
    breath_hz: f32,
}

impl Line {
    fn new(hall: &Hall, index: usize) -> Self {
        let length = LINES[index] * hall.size * RATE / 44_100.0;
        Self {
            ring: vec![0.0; length as usize + 32],
            head: 0,
            length,
            loss: libm::powf(decay(hall.seconds), length),
            wall: OnePole::new(hall.bright_hz),
            floor: OnePole::new(90.0),
            breath: Phase::at(index as f32 / 8.0),
            breath_hz: 0.21 + 0.07 * index as f32,
        }
    }

    #[inline]
    fn read(&mut self) -> f32 {
        let back = self.length + 5.0 * sine(self.breath.next(self.breath_hz).0);
        let whole = back as usize;
        let part = back - whole as f32;
        let len = self.ring.len();
        let first = if self.head >= whole {
            self.head - whole
        } else {
            self.head + len - whole
        };
        let second = if first == 0 { len - 1 } else { first - 1 };
        let x = self.ring[first] + (self.ring[second] - self.ring[first]) * part;
        self.floor.high(self.wall.low(x)) * self.loss
    }

    #[inline]
    fn write(&mut self, x: f32) {
        self.ring[self.head] = x;
        self.head = if self.head + 1 == self.ring.len() {
            0
        } else {
            self.head + 1
        };
    }
}

impl Hall {
    /// What the room answers, without what went in.
    pub(crate) fn of(&self, input: &Bus) -> Bus {
        let mut diffusers = DIFFUSERS.map(|side| side.map(Allpass::new));
        let mut lines: [Line; 8] = core::array::from_fn(|index| Line::new(self, index));
        let before = frames(self.before);
        let mut out = input.alike();
        for at in before..input.frames.len() {
            let mut fresh = input.frames[at - before];
            for (x, side) in fresh.iter_mut().zip(&mut diffusers) {
                *x = side.iter_mut().fold(*x * 0.5, |x, allpass| allpass.next(x));
            }
            let mut heard = [0.0; 8];
            for (x, line) in heard.iter_mut().zip(&mut lines) {
                *x = line.read();
            }
            // A Householder reflection: everything reaches everything and no energy is made.
            let shared = heard.iter().sum::<f32>() * 0.25;
            for (index, line) in lines.iter_mut().enumerate() {
                line.write(fresh[index % 2] + heard[index] - shared);
            }
            out.frames[at] = [
                heard[0] - heard[2] + heard[4] - heard[6],
                heard[1] - heard[3] + heard[5] - heard[7],
            ];
        }
        out
    }
}
