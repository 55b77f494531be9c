//! Clock probes, as a synchronised listener sends them: 64 within two seconds on joining, and once
//! the clock is known four every two minutes.

use super::Stage;
use crate::crowd::{Crowd, Scene, Stage as In};
use crate::failure::Outcome;
use crate::screen::Bar;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

const BURST: u32 = 64;
const GAP: u64 = 31_000_000;
const FEW: u32 = 4;
const SETTLED: u64 = 120_000_000_000;

/// Who probes when.
#[derive(Default)]
pub(super) struct Probes {
    due: BinaryHeap<Reverse<Due>>,
    pub(super) sent: u64,
}

/// The next probe of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    /// Nanoseconds on the crowd's clock.
    at: u64,
    member: u32,
    /// How many are left of this series, this one included.
    left: u32,
    /// After the burst.
    settled: bool,
}

impl Due {
    fn after(self) -> Self {
        let Self {
            at,
            member,
            left,
            settled,
        } = self;
        if left > 1 {
            return Self {
                at: at + GAP,
                left: left - 1,
                ..self
            };
        }
        // People who joined together drift apart in time; here they are apart at once.
        let wait = if settled {
            SETTLED - u64::from(FEW - 1) * GAP
        } else {
            phase(member)
        };
        Self {
            at: at + wait,
            member,
            left: FEW,
            settled: true,
        }
    }
}

impl Probes {
    /// Somebody has joined: the burst.
    pub(super) fn begin(&mut self, member: u32, now: u64) {
        self.due.push(Reverse(Due {
            at: now,
            member,
            left: BURST,
            settled: false,
        }));
    }

    /// Somebody's clock is known already: a few, at a moment that is like no other's.
    pub(super) fn settle(&mut self, member: u32, now: u64) {
        let at = now + phase(member);
        self.due.push(Reverse(Due {
            at,
            member,
            left: FEW,
            settled: true,
        }));
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.due.peek().map(|Reverse(due)| due.at)
    }

    /// Lets time pass while everyone probes.
    pub(super) fn rest(
        &mut self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        seconds: f64,
        bar: &Bar,
        scene: &mut impl Scene,
    ) -> Outcome<()> {
        let began = crowd.now();
        let until = began + (seconds * 1e9) as u64;
        while crowd.now() < until && !stage.stop.is_wanted() {
            self.send(crowd);
            let next = self.next().unwrap_or(until).min(until);
            crowd.turn(next, scene)?;
            bar.at_time(Duration::from_nanos(crowd.now() - began));
        }
        Ok(())
    }

    /// Sends what is due.
    pub(super) fn send(&mut self, crowd: &mut Crowd<'_>) {
        let Some(probe) = &crowd.profile.probe else {
            return self.due.clear();
        };
        while let Some(Reverse(due)) = self.due.peek().copied() {
            if due.at > crowd.now() {
                return;
            }
            self.due.pop();
            if crowd.members[due.member as usize].stage != In::In {
                continue;
            }
            // A connection that ends here is told of by the crowd.
            if crowd.say(due.member, &probe.send).is_ok() {
                self.sent += 1;
            }
            self.due.push(Reverse(due.after()));
        }
    }
}

/// A moment within two minutes, by the golden ratio: even however many there are.
fn phase(member: u32) -> u64 {
    let turn = (f64::from(member) * 0.618_033_988_749_895).fract();
    (turn * SETTLED as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_four_every_two_minutes() {
        let mut due = Due {
            at: 0,
            member: 3,
            left: BURST,
            settled: false,
        };
        let mut sent = vec![0];
        while due.at < phase(3) + 2 * SETTLED {
            due = due.after();
            sent.push(due.at);
        }
        assert_eq!(sent[63], 63 * GAP, "the burst takes two seconds");
        let series = 63 * GAP + phase(3);
        assert_eq!(sent[64..68], [0, 1, 2, 3].map(|place| series + place * GAP));
        assert_eq!(sent[68], series + SETTLED);
    }
}
