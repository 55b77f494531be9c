//! `idle`: people who have joined and only listen. What one costs in memory, and all of them in
//! CPU, with the clock probes that they send and whatever else each is to do; and what a burst of
//! events leaves behind.

use super::Stage;
use super::fill::fill;
use super::probes::Probes;
use super::pump::{Pace, Pump};
use super::rounds::Rounds;
use crate::crowd::{Crowd, Gathering, Nothing, Scene, Why};
use crate::failure::{Failure, Outcome};
use crate::run::{Meter, Run};
use crate::screen::Bar;
use std::time::Duration;

/// Events in flight in a burst.
const BURST_WINDOW: u64 = 16;
/// Seconds until what a burst needed has been given back.
const DRAIN: f64 = 5.0;
/// Tracks in each room's queue, when people do something that may be about what plays.
const ITEMS: usize = 20;

/// Who only listens, and for how long it is watched.
#[derive(Clone, Debug)]
pub(crate) struct Idle {
    pub(crate) rooms: usize,
    pub(crate) listeners: usize,
    pub(crate) seconds: f64,
    /// Whether each sends the 64 probes of a newcomer first.
    pub(crate) sync: bool,
    /// Actions of the profile that each does, as often as it says.
    pub(crate) acts: Vec<String>,
    /// Events of a burst afterwards; 0: none.
    pub(crate) burst: u64,
}

/// Notes who ended.
#[derive(Default)]
pub(super) struct Losses {
    pub(super) count: u64,
    pub(super) last: Option<Why>,
}

impl Scene for Losses {
    fn gone(&mut self, _member: u32, _room: u32, why: &Why) {
        self.count += 1;
        self.last = Some(why.clone());
    }
}

impl Losses {
    /// What is said when somebody ended who should not have.
    pub(super) fn failure(&self, of: usize) -> Option<Failure> {
        let why = self.last.as_ref()?;
        let count = self.count;
        Some(Failure::new(format!(
            "{count} of {of} connections ended in the middle: {why}"
        )))
    }
}

impl Idle {
    /// Runs it.
    pub(crate) fn run(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        let people = self.rooms * self.listeners;
        let shape = format!("{} × {}, {} s", self.rooms, self.listeners, self.seconds);
        let mut run = Run::new("idle", &stage.target.name, shape);
        let mut crowd = stage.crowd(self.rooms, people)?;
        // Before anybody comes: a mistake is told at once.
        Rounds::begin(crowd.profile, &self.acts, people, 0)?;
        let before = stage.rss();
        let joins = stage.gather(
            &mut crowd,
            self.listeners,
            Gathering::default(),
            &mut Nothing,
        )?;
        if !self.acts.is_empty() {
            fill(&mut crowd, stage, ITEMS, &mut run)?;
        }
        let mut probes = Probes::default();
        self.synchronise(&mut crowd, stage, &mut probes)?;
        stage.rest(&mut crowd, 1.0, &mut Nothing)?;
        let mut losses = Losses::default();
        let each = |rss: Option<u64>| {
            let more = rss?.saturating_sub(before?);
            Some(more as f64 / people as f64)
        };
        let idle = each(stage.rss());
        let (traffic, sent) = (crowd.traffic.clone(), probes.sent);
        let mut rounds = Rounds::begin(crowd.profile, &self.acts, people, crowd.now())?;
        let meter = Meter::start(stage.target.processes.as_ref());
        let bar = stage.screen.wait("listening", self.seconds);
        self.listen(
            &mut crowd,
            stage,
            &mut probes,
            &mut rounds,
            &bar,
            &mut losses,
        )?;
        drop(bar);
        let spent = meter.spent();
        let traffic = crowd.traffic.since(&traffic);
        if let Some(idle) = idle {
            run.add("rss_per_connection", "memory per connection", "bytes", idle);
        }
        run.add_spent(&spent);
        let wall = spent.wall_ns as f64 / 1e9;
        run.add("connections", "connections", "", joins.joined as f64);
        run.add(
            "probes_per_s",
            "clock probes",
            "a second",
            (probes.sent - sent) as f64 / wall,
        );
        run.add(
            "pings_per_s",
            "pings",
            "a second",
            traffic.control.frames as f64 / wall,
        );
        run.add(
            "notices_per_s",
            "other frames",
            "a second",
            traffic.other.frames as f64 / wall,
        );
        if !self.acts.is_empty() {
            let each = rounds.done as f64 / wall;
            run.add("acts_per_s", &self.acts.join(", "), "a second", each);
        }
        if crowd.profile.probe.is_none() {
            run.note("the profile has no [probe]: nobody sent any");
        }
        let mut failure = losses.failure(people);
        if self.burst > 0 && failure.is_none() && !stage.stop.is_wanted() {
            failure = self.burst(&mut crowd, stage)?;
            if let (Some(idle), Some(after)) = (idle, each(stage.rss())) {
                run.add(
                    "rss_after_burst",
                    "memory per connection after a burst",
                    "bytes",
                    after,
                );
                let ratio = after / idle.max(1.0);
                run.add("rss_after_burst_ratio", "of what it was before", "×", ratio);
            }
        }
        crowd.disperse();
        drop(crowd);
        let failure = failure.or_else(|| stage.stopped());
        run.failure = failure.map(|failure| stage.why(failure).to_string());
        Ok(run)
    }

    /// Lets time pass while everyone probes, and does what else each is to do.
    fn listen(
        &self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        probes: &mut Probes,
        rounds: &mut Rounds,
        bar: &Bar,
        losses: &mut Losses,
    ) -> Outcome<()> {
        let began = crowd.now();
        let until = began + (self.seconds * 1e9) as u64;
        while crowd.now() < until && !stage.stop.is_wanted() {
            probes.send(crowd);
            rounds.act(crowd);
            let next = [probes.next(), rounds.next()].into_iter().flatten();
            crowd.turn(next.fold(until, u64::min), losses)?;
            bar.at_time(Duration::from_nanos(crowd.now() - began));
        }
        Ok(())
    }

    /// Everyone sends what a newcomer sends.
    fn synchronise(
        &self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        probes: &mut Probes,
    ) -> Outcome<()> {
        let people = crowd.members.len() as u32;
        let now = crowd.now();
        if !self.sync {
            (0..people).for_each(|member| probes.settle(member, now));
            return Ok(());
        }
        // As if they had come a thousand a second.
        for member in 0..people {
            probes.begin(member, now + u64::from(member) * 1_000_000);
        }
        let seconds = f64::from(people) / 1000.0 + 3.0;
        let bar = stage.screen.wait("synchronising", seconds);
        let mut losses = Losses::default();
        probes.rest(crowd, stage, seconds, &bar, &mut losses)?;
        losses.failure(crowd.members.len()).map_or(Ok(()), Err)
    }

    /// Sends a burst and waits until it has drained: why it ended early, if it did.
    fn burst(&self, crowd: &mut Crowd<'_>, stage: &Stage<'_>) -> Outcome<Option<Failure>> {
        let total = self.burst * (self.rooms * self.listeners) as u64;
        let bar = stage.screen.bar("a burst", total);
        let pump = Pump::new(crowd, &[]);
        let pumped = pump.run(crowd, stage, Pace::Window(BURST_WINDOW), self.burst, &bar)?;
        stage.rest(crowd, DRAIN, &mut Nothing)?;
        Ok(pumped.failure)
    }
}
