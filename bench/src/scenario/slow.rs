//! `slow`: some listeners stop reading. Whether the others notice: their latency with and without,
//! turn about, in one run. Before each phase events come fast, so that what the kernel keeps for who
//! has stopped is full, and the server itself has to keep what is measured.

use super::Stage;
use super::pump::{Pace, Pump};
use crate::crowd::{Crowd, Gathering, Nothing, Scene, Stage as At, histogram};
use crate::failure::{Failure, Outcome};
use crate::run::{Meter, Run};
use hdrhistogram::Histogram;

/// Bytes for each that come fast before a phase: more than the kernel keeps of what is unread, and
/// less than a server keeps of it before it gives up who does not read.
const FILL: usize = 400 << 10;
/// What has to wait for those who stopped, or nothing was shown of the server.
const KEPT: u64 = 300 << 10;

/// Events in flight while they come fast.
const FILL_WINDOW: u64 = 16;

/// Who stops reading, and what goes on meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    /// In one room, who publishes included.
    pub(crate) listeners: usize,
    /// How many of them stop.
    pub(crate) stopped: usize,
    pub(crate) rate: f64,
    /// Of one phase; there are two in each round.
    pub(crate) seconds: f64,
    pub(crate) rounds: usize,
    pub(crate) bytes: usize,
}

/// What was found with everybody reading, or with some who did not.
struct Phase {
    latency: Histogram<u64>,
    lost: u64,
}

/// Counts what those who had stopped find when they read again.
struct Backlog<'a> {
    of: &'a [u32],
    events: u64,
}

impl Scene for Backlog<'_> {
    fn delivered(&mut self, member: u32, _room: u32, _number: u64, _missed: u64, _at: u64) {
        self.events += u64::from(self.of.contains(&member));
    }
}

impl Slow {
    fn shape(&self) -> String {
        format!(
            "1 × {}, {} of them stopped, {} events a second, {} rounds of 2 × {} s, {} bytes",
            self.listeners, self.stopped, self.rate, self.rounds, self.seconds, self.bytes
        )
    }

    /// Runs it.
    pub(crate) fn run(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        if self.stopped + 2 > self.listeners {
            let message = "somebody has to publish, and somebody to listen, beside those who stop";
            return Err(Failure::new(message));
        }
        let mut run = Run::new("slow", &stage.target.name, self.shape());
        let mut crowd = stage.crowd(1, self.listeners)?;
        stage.gather(
            &mut crowd,
            self.listeners,
            Gathering::default(),
            &mut Nothing,
        )?;
        stage.calibrate(&mut crowd, self.bytes, &mut run)?;
        stage.rest(&mut crowd, 1.0, &mut Nothing)?;
        let empty = || Phase {
            latency: histogram(),
            lost: 0,
        };
        let (mut all, mut others) = (empty(), empty());
        let before = stage.rss();
        let meter = Meter::start(stage.target.processes.as_ref());
        let mut failure = None;
        let (mut closed, mut kept) = (0, u64::MAX);
        for round in 0..self.rounds {
            failure = self.phase(&mut crowd, stage, &[], &mut all)?;
            if failure.is_some() {
                break;
            }
            let deaf = self.deaf(&crowd, round);
            deaf.iter().for_each(|id| crowd.stop_reading(*id, true));
            failure = self.phase(&mut crowd, stage, &deaf, &mut others)?;
            deaf.iter().for_each(|id| crowd.stop_reading(*id, false));
            // What waits for them comes now, or the server's goodbye does.
            let mut backlog = Backlog {
                of: &deaf,
                events: 0,
            };
            stage.rest(&mut crowd, 1.0, &mut backlog)?;
            let each = backlog.events / deaf.len().max(1) as u64;
            kept = kept.min(each * self.bytes as u64);
            let ended = |id: &&u32| crowd.members[**id as usize].stage == At::Gone;
            closed += deaf.iter().filter(ended).count();
            if failure.is_some() {
                break;
            }
        }
        let spent = meter.spent();
        let after = stage.rss();
        crowd.disperse();
        drop(crowd);
        let at =
            |phase: &Phase, quantile| phase.latency.value_at_quantile(quantile) as f64 / 1000.0;
        let ratio = at(&others, 0.99) / at(&all, 0.99);
        run.add(
            "slow_p99_ratio",
            "99 % of the others, against everybody reading",
            "×",
            ratio,
        );
        run.add(
            "all_p99_ms",
            "latency while everybody reads, 99 %",
            "ms",
            at(&all, 0.99),
        );
        run.add(
            "lost",
            "lost by those who read",
            "",
            (all.lost + others.lost) as f64,
        );
        run.add(
            "closed",
            "stopped listeners closed by the server",
            "",
            closed as f64,
        );
        if failure.is_none() {
            run.add(
                "backlog_bytes",
                "waited for each who stopped, at least",
                "bytes",
                kept as f64,
            );
            if closed == 0 && kept < KEPT {
                run.note("what waited for those who stopped may have waited in the kernel alone: nothing is shown of the server");
            }
        }
        if let (Some(before), Some(after)) = (before, after) {
            let more = after as f64 - before as f64;
            run.add("rss_more_bytes", "memory more than before", "bytes", more);
        }
        run.add_latency(&others.latency);
        run.add_spent(&spent);
        run.failure = failure.map(|failure| stage.why(failure).to_string());
        Ok(run)
    }

    /// Who stops this time: others than last time, as far as there are some, and never who publishes.
    fn deaf(&self, crowd: &Crowd<'_>, round: usize) -> Vec<u32> {
        let able = |id: &u32| {
            let member = &crowd.members[*id as usize];
            !member.host && member.stage == At::In
        };
        let able: Vec<u32> = (0..crowd.members.len() as u32).filter(able).collect();
        let from = round * self.stopped;
        (0..self.stopped.min(able.len()))
            .map(|place| able[(from + place) % able.len()])
            .collect()
    }

    /// Publishes for one phase: why it ended early, if it did.
    fn phase(
        &self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        deaf: &[u32],
        phase: &mut Phase,
    ) -> Outcome<Option<Failure>> {
        let events = (self.rate * self.seconds).ceil() as u64;
        let what = if deaf.is_empty() {
            "everybody reads"
        } else {
            "some have stopped"
        };
        let bar = stage.screen.bar(what, events * self.listeners as u64);
        let fill = FILL.div_ceil(self.bytes.max(1)) as u64;
        let pump = Pump::new(crowd, deaf);
        let filled = pump.run(crowd, stage, Pace::Window(FILL_WINDOW), fill, &bar)?;
        phase.lost += filled.lost;
        if filled.failure.is_some() {
            return Ok(filled.failure);
        }
        stage.rest(crowd, 0.5, &mut Nothing)?;
        let pump = Pump::new(crowd, deaf);
        let pumped = pump.run(crowd, stage, Pace::Rate(self.rate), events, &bar)?;
        phase.lost += pumped.lost;
        let added = phase.latency.add(&pumped.latency);
        added.map_err(|error| Failure::new(format!("latencies: {error}")))?;
        Ok(pumped.failure)
    }
}
