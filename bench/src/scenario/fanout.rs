//! `fanout`: events to everyone in a room, so many on their way at a time; what one delivery costs.
//! `paced`: the same by a schedule, and how long they take.

use super::Stage;
use super::pump::{Pace, Pump, Pumped};
use crate::crowd::{Crowd, Gathering, Nothing};
use crate::failure::{Failure, Outcome};
use crate::run::{Meter, Run, Spent};

/// What is published to whom.
#[derive(Clone, Debug)]
pub(crate) struct Fanout {
    pub(crate) rooms: usize,
    /// In each room, who publishes included.
    pub(crate) listeners: usize,
    pub(crate) pace: Pace,
    /// In each room.
    pub(crate) events: u64,
    /// Payload of an event as it arrives.
    pub(crate) bytes: usize,
}

impl Fanout {
    fn shape(&self) -> String {
        let (rooms, listeners) = (self.rooms, self.listeners);
        let pace = match self.pace {
            Pace::Window(1) => "one event in flight".to_owned(),
            Pace::Window(window) => format!("{window} events in flight"),
            Pace::Rate(rate) => format!("{rate} events a second"),
        };
        format!("{rooms} × {listeners}, {pace}, {} bytes", self.bytes)
    }

    fn scenario(&self) -> &'static str {
        match self.pace {
            Pace::Window(_) => "fanout",
            Pace::Rate(_) => "paced",
        }
    }

    /// Runs it.
    pub(crate) fn run(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        let mut run = Run::new(self.scenario(), &stage.target.name, self.shape());
        if !stage.target.profile.echo && self.listeners < 2 {
            let message = "nobody listens: by this profile, who publishes does not receive it";
            return Err(Failure::new(message));
        }
        let mut crowd = stage.crowd(self.rooms, self.rooms * self.listeners)?;
        stage.gather(
            &mut crowd,
            self.listeners,
            Gathering::default(),
            &mut Nothing,
        )?;
        stage.calibrate(&mut crowd, self.bytes, &mut run)?;
        self.warm(&mut crowd, stage)?;
        let (pumped, spent) = self.measure(&mut crowd, stage)?;
        crowd.disperse();
        drop(crowd);
        self.figures(&mut run, &pumped, &spent);
        run.failure = pumped.failure.map(|failure| stage.why(failure).to_string());
        Ok(run)
    }

    /// Lets presence, probes and allocators settle: nothing of joining is measured.
    fn warm(&self, crowd: &mut Crowd<'_>, stage: &Stage<'_>) -> Outcome<()> {
        stage.rest(crowd, 1.0, &mut Nothing)?;
        let bar = stage.screen.bar("warming up", 0);
        let events = (self.events / 20).clamp(1, 100);
        let pump = Pump::new(crowd, &[]);
        let warmed = pump.run(crowd, stage, self.warm_pace(), events, &bar)?;
        warmed.failure.map_or(Ok(()), Err)
    }

    fn warm_pace(&self) -> Pace {
        match self.pace {
            Pace::Rate(_) => Pace::Window(1),
            window => window,
        }
    }

    fn measure(&self, crowd: &mut Crowd<'_>, stage: &Stage<'_>) -> Outcome<(Pumped, Spent)> {
        let total = self.events * (self.rooms * self.listeners) as u64;
        let bar = stage.screen.bar("measuring", total);
        let meter = Meter::start(stage.target.processes.as_ref());
        let pump = Pump::new(crowd, &[]);
        let pumped = pump.run(crowd, stage, self.pace, self.events, &bar)?;
        Ok((pumped, meter.spent()))
    }

    fn figures(&self, run: &mut Run, pumped: &Pumped, spent: &Spent) {
        let deliveries = pumped.deliveries as f64;
        if let Some(server) = spent.server_ns {
            let each = server as f64 / 1000.0 / deliveries.max(1.0);
            run.add(
                "cpu_us_per_delivery",
                "server's CPU per delivery",
                "µs",
                each,
            );
        }
        let wall = spent.wall_ns as f64 / 1e9;
        run.add("events", "events", "", pumped.events as f64);
        run.add("deliveries", "deliveries", "", deliveries);
        run.add(
            "deliveries_per_s",
            "deliveries",
            "a second",
            deliveries / wall,
        );
        run.add("lost", "lost", "", pumped.lost as f64);
        run.add_latency(&pumped.latency);
        if !pumped.late.is_empty() {
            let late = pumped.late.value_at_quantile(0.99) as f64 / 1000.0;
            run.add("send_late_p99_ms", "sent later than due, 99 %", "ms", late);
            if late > 1.0 {
                run.note("the generator sent later than due by more than a millisecond: latencies hold that too");
            }
        }
        run.add_spent(spent);
    }
}
