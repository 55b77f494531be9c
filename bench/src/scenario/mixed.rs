//! `mixed`: a real evening. People probe, chat, react, queue and report, come and go; now and then
//! an event goes to everyone, and how long it takes is measured. `soak`: the same for hours, watched.

use super::Stage;
use super::evening::Evening;
use super::fill::fill;
use crate::crowd::{Crowd, Gathering, Traffic};
use crate::failure::{Failure, Outcome};
use crate::run::{Meter, Run, Series, Spent};

/// Tracks in each room's queue at the beginning.
const ITEMS: usize = 20;

/// An evening.
#[derive(Clone, Debug)]
pub(crate) struct Mixed {
    pub(crate) scenario: &'static str,
    pub(crate) rooms: usize,
    /// In each room, the host included.
    pub(crate) listeners: usize,
    pub(crate) seconds: f64,
    /// How often people do what the profile says, against what it says.
    pub(crate) busy: f64,
    /// Share of the people who leave, and are followed by others, each minute.
    pub(crate) churn: f64,
    /// Events that are measured, a second in each room.
    pub(crate) rate: f64,
    /// Seconds between two looks at memory, CPU and latency.
    pub(crate) every: f64,
}

/// What was seen at each look.
#[derive(Default)]
struct Watched {
    rss: Vec<(f64, f64)>,
    cpu: Vec<(f64, f64)>,
    p99: Vec<(f64, f64)>,
}

impl Mixed {
    fn shape(&self) -> String {
        let percent = self.churn * 100.0;
        format!(
            "{} × {}, {} s, {} × as busy as the profile says, {percent} % come and go each minute",
            self.rooms, self.listeners, self.seconds, self.busy
        )
    }

    /// Runs it.
    pub(crate) fn run(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        let mut run = Run::new(self.scenario, &stage.target.name, self.shape());
        let people = self.rooms * self.listeners;
        // Those who have left may not be gone yet when others come.
        let mut crowd = stage.crowd(self.rooms, people + people / 4 + 64)?;
        let mut evening = Evening::new(self, &crowd);
        stage.gather(
            &mut crowd,
            self.listeners,
            Gathering::default(),
            &mut evening,
        )?;
        fill(&mut crowd, stage, ITEMS, &mut run)?;
        evening.begin(&mut crowd);
        let traffic = crowd.traffic.clone();
        let meter = Meter::start(stage.target.processes.as_ref());
        let (watched, ended) = self.evening(&mut crowd, stage, &mut evening)?;
        let spent = meter.spent();
        let traffic = crowd.traffic.since(&traffic);
        crowd.disperse();
        drop(crowd);
        self.figures(&mut run, &evening, &traffic, &spent);
        watched.tell(&mut run);
        let failure = evening.failure(people).or(ended);
        let failure = failure.or_else(|| stage.stopped());
        run.failure = failure.map(|failure| stage.why(failure).to_string());
        Ok(run)
    }

    /// Lets it pass: what was seen, and why it ended early, if it did.
    fn evening(
        &self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        evening: &mut Evening,
    ) -> Outcome<(Watched, Option<Failure>)> {
        let bar = stage.screen.wait("an evening", self.seconds);
        let began = crowd.now();
        let end = began + (self.seconds * 1e9) as u64;
        let mut watched = Watched::default();
        let mut look = began;
        let mut meter = Meter::start(stage.target.processes.as_ref());
        while crowd.now() < end && !stage.stop.is_wanted() && !evening.is_over() {
            if let Err(failure) = evening.act(crowd) {
                return Ok((watched, Some(failure)));
            }
            let next = evening.next().min(end).min(look);
            crowd.turn(next, evening)?;
            let now = crowd.now();
            if now < look {
                continue;
            }
            look = now + (self.every * 1e9) as u64;
            let seconds = (now - began) as f64 / 1e9;
            bar.at_time(std::time::Duration::from_secs_f64(seconds));
            if let Some(rss) = stage.rss() {
                watched.rss.push((seconds, rss as f64));
            }
            if now > began {
                watched.note(seconds, &meter.spent(), evening.take_recent());
            }
            meter = Meter::start(stage.target.processes.as_ref());
        }
        Ok((watched, None))
    }

    fn figures(&self, run: &mut Run, evening: &Evening, traffic: &Traffic, spent: &Spent) {
        let wall = spent.wall_ns as f64 / 1e9;
        let frames = traffic.other.frames + traffic.deliveries.frames + traffic.probes.frames;
        let bytes = traffic.other.bytes + traffic.deliveries.bytes + traffic.probes.bytes;
        if let Some(server) = spent.server_ns {
            let each = server as f64 / 1000.0 / frames.max(1) as f64;
            run.add(
                "cpu_us_per_frame",
                "server's CPU per frame received",
                "µs",
                each,
            );
        }
        run.add(
            "frames_per_s",
            "frames received",
            "a second",
            frames as f64 / wall,
        );
        run.add(
            "bytes_per_s",
            "bytes received",
            "a second",
            bytes as f64 / wall,
        );
        run.add(
            "measured",
            "measured deliveries",
            "",
            traffic.deliveries.frames as f64,
        );
        run.add("lost", "lost", "", traffic.missed as f64);
        run.add("repeated", "repeated", "", traffic.repeated as f64);
        for (name, count) in evening.done() {
            run.add(&format!("did_{name}"), name, "times", count as f64);
        }
        run.add("refused", "refused", "times", traffic.refusals as f64);
        if let Some(refusal) = traffic
            .last_refusal
            .as_ref()
            .filter(|_| traffic.refusals > 0)
        {
            run.note(format!("the last refusal: {refusal}"));
        }
        run.add_latency(&evening.latency);
        run.add_spent(spent);
    }
}

impl Watched {
    fn note(&mut self, seconds: f64, spent: &Spent, p99_ms: Option<f64>) {
        if let Some(server) = spent.server_ns {
            self.cpu
                .push((seconds, 100.0 * server as f64 / spent.wall_ns as f64));
        }
        self.p99.extend(p99_ms.map(|p99| (seconds, p99)));
    }

    /// Adds what was seen to what was found.
    fn tell(self, run: &mut Run) {
        let later = &self.rss[self.rss.len() / 2..];
        if let (Some((_, first)), Some((_, last))) = (self.rss.first(), self.rss.last()) {
            run.add(
                "rss_first_bytes",
                "memory at the beginning",
                "bytes",
                *first,
            );
            run.add("rss_last_bytes", "memory at the end", "bytes", *last);
        }
        // Over less than a minute it is noise.
        let span = later
            .last()
            .zip(later.first())
            .map(|(last, first)| last.0 - first.0);
        if let Some(slope) = slope(later).filter(|_| span > Some(60.0)) {
            let per_hour = slope * 3600.0;
            run.add(
                "rss_growth",
                "growth in the second half",
                "bytes an hour",
                per_hour,
            );
        }
        for (name, unit, points) in [
            ("memory", "MiB", mebibytes(&self.rss)),
            ("server's CPU", "% of a core", self.cpu),
            ("latency, 99 %", "ms", self.p99),
        ] {
            if points.len() > 1 {
                run.series.push(Series {
                    name: name.to_owned(),
                    unit: unit.to_owned(),
                    points,
                });
            }
        }
    }
}

fn mebibytes(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let each = |(at, bytes): &(f64, f64)| (*at, bytes / f64::from(1 << 20));
    points.iter().map(each).collect()
}

/// What a value rises by each second: least squares.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (time, value) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = points
        .iter()
        .map(|(at, of)| (at - time) * (of - value))
        .sum();
    let under: f64 = points.iter().map(|(at, _)| (at - time).powi(2)).sum();
    (under > 0.0).then(|| over / under)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_the_slope_of_what_was_seen() {
        let line: Vec<_> = (0..10)
            .map(|at| (f64::from(at), 5.0 + 3.0 * f64::from(at)))
            .collect();
        assert!((slope(&line).unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(slope(&line[..2]), None);
    }
}
