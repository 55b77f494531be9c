//! `join`: a storm of people. What letting in one costs, how long it takes, and what each is sent
//! beyond the snapshot and the answers to clock probes.

use super::Stage;
use super::fill::fill;
use super::idle::Losses;
use super::probes::Probes;
use crate::crowd::{Crowd, Gathering, Nothing, Scene, Why};
use crate::failure::Outcome;
use crate::run::{Meter, Run};

/// Who comes, and how.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) rooms: usize,
    /// Into each room, beside the host.
    pub(crate) joiners: usize,
    /// Tracks in each room's queue.
    pub(crate) items: usize,
    pub(crate) how: Gathering,
    /// Whether they send clock probes, and stay until those are answered.
    pub(crate) probes: bool,
    /// Seconds that are watched after the last has come.
    pub(crate) settle: f64,
}

/// Notes who has joined since, and who has ended.
#[derive(Default)]
struct Arrivals {
    fresh: Vec<u32>,
    losses: Losses,
}

impl Scene for Arrivals {
    fn joined(&mut self, member: u32, _took: u64) {
        self.fresh.push(member);
    }

    fn gone(&mut self, member: u32, room: u32, why: &Why) {
        self.losses.gone(member, room, why);
    }
}

impl Join {
    fn shape(&self) -> String {
        let pace = match self.how.per_second {
            Some(rate) => format!("{rate} a second"),
            None => format!("{} at once", self.how.at_once),
        };
        let (rooms, joiners, items) = (self.rooms, self.joiners, self.items);
        format!("{joiners} into each of {rooms} rooms with {items} items, {pace}")
    }

    /// Runs it.
    pub(crate) fn run(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        let mut run = Run::new("join", &stage.target.name, self.shape());
        let mut crowd = stage.crowd(self.rooms, self.rooms * (self.joiners + 1))?;
        stage.gather(&mut crowd, 1, Gathering::default(), &mut Nothing)?;
        fill(&mut crowd, stage, self.items, &mut run)?;
        stage.rest(&mut crowd, 1.0, &mut Nothing)?;
        let people = self.rooms * self.joiners;
        let traffic = crowd.traffic.clone();
        let meter = Meter::start(stage.target.processes.as_ref());
        let mut arrivals = Arrivals::default();
        let mut probes = Probes::default();
        let joins = self.storm(&mut crowd, stage, &mut arrivals, &mut probes)?;
        let bar = stage.screen.wait("settling", self.settle);
        probes.rest(&mut crowd, stage, self.settle, &bar, &mut arrivals)?;
        drop(bar);
        let spent = meter.spent();
        let traffic = crowd.traffic.since(&traffic);
        if let Some(server) = spent.server_ns {
            let each = server as f64 / 1000.0 / joins.joined.max(1) as f64;
            run.add("cpu_us_per_join", "server's CPU per join", "µs", each);
        }
        let each = |bytes: u64| bytes as f64 / people as f64;
        let beyond = each(traffic.other.bytes + traffic.control.bytes + traffic.deliveries.bytes);
        run.add("joined", "joined", "", joins.joined as f64);
        run.add(
            "joins_per_s",
            "joins",
            "a second",
            joins.joined as f64 * 1e9 / joins.wall_ns as f64,
        );
        run.add(
            "snapshot_bytes",
            "answer to joining",
            "bytes",
            each(traffic.joins.bytes),
        );
        run.add(
            "bytes_beyond",
            "sent to each beyond that and probes",
            "bytes",
            beyond,
        );
        run.add(
            "probe_bytes",
            "answers to probes, each",
            "bytes",
            each(traffic.probes.bytes),
        );
        run.add_latency(&joins.took);
        run.add_spent(&spent);
        crowd.disperse();
        drop(crowd);
        let failure = arrivals.losses.failure(people);
        let failure = failure.or_else(|| stage.stopped());
        run.failure = failure.map(|failure| stage.why(failure).to_string());
        Ok(run)
    }

    /// Lets everyone come; those who are in probe meanwhile.
    fn storm(
        &self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        arrivals: &mut Arrivals,
        probes: &mut Probes,
    ) -> Outcome<crate::crowd::Joins> {
        let total = self.rooms * self.joiners;
        let bar = stage.screen.bar("joining", total as u64);
        let with_probes = self.probes;
        crowd.gather_while(
            self.joiners,
            self.how,
            stage.stop,
            &bar,
            arrivals,
            |crowd, arrivals| {
                let now = crowd.now();
                for member in arrivals.fresh.drain(..) {
                    if with_probes {
                        probes.begin(member, now);
                    }
                }
                probes.send(crowd);
            },
        )
    }
}
