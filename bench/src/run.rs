//! What one run found: figures with their units, as text and as JSON.

use crate::system::process::{Processes, machine_cpu_ns, own_cpu_ns};
use comfy_table::{Cell, CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// One number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Stable, for programs: `cpu_us_per_delivery`.
    pub(crate) key: String,
    /// For people.
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) value: f64,
}

/// One run of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) scenario: String,
    pub(crate) server: String,
    /// What was asked for, in words.
    pub(crate) shape: String,
    pub(crate) figures: Vec<Figure>,
    /// Quantiles and milliseconds, where latency was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) latency: Vec<(f64, f64)>,
    /// Seconds and a value, by name, where something was watched over time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) series: Vec<Series>,
    pub(crate) notes: Vec<String>,
    /// Why it ended before its end.
    pub(crate) failure: Option<String>,
}

/// Something that was watched over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) points: Vec<(f64, f64)>,
}

const QUANTILES: [f64; 9] = [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0];

impl Run {
    pub(crate) fn new(scenario: &str, server: &str, shape: String) -> Self {
        Self {
            scenario: scenario.to_owned(),
            server: server.to_owned(),
            shape,
            figures: Vec::new(),
            latency: Vec::new(),
            series: Vec::new(),
            notes: Vec::new(),
            failure: None,
        }
    }

    pub(crate) fn add(&mut self, key: &str, name: &str, unit: &str, value: f64) {
        self.figures.push(Figure {
            key: key.to_owned(),
            name: name.to_owned(),
            unit: unit.to_owned(),
            value,
        });
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        let figure = self.figures.iter().find(|figure| figure.key == key)?;
        Some(figure.value)
    }

    /// What a latency of microseconds comes to.
    pub(crate) fn add_latency(&mut self, took: &Histogram<u64>) {
        let at = |quantile| took.value_at_quantile(quantile) as f64 / 1000.0;
        self.add("p50_ms", "latency, median", "ms", at(0.5));
        self.add("p99_ms", "latency, 99 %", "ms", at(0.99));
        self.add("p999_ms", "latency, 99.9 %", "ms", at(0.999));
        self.add("max_ms", "latency, longest", "ms", at(1.0));
        self.latency = QUANTILES.map(|quantile| (quantile, at(quantile))).to_vec();
    }

    /// What server and generator used, and whether it was the generator that set the pace.
    pub(crate) fn add_spent(&mut self, spent: &Spent) {
        let wall = spent.wall_ns as f64;
        let own = spent.own_ns as f64 / wall;
        if let Some(server) = spent.server_ns {
            self.add("server_cpu_s", "server's CPU", "s", server as f64 / 1e9);
            self.add(
                "server_cpu_percent",
                "server's CPU",
                "% of a core",
                100.0 * server as f64 / wall,
            );
        }
        self.add(
            "bench_cpu_percent",
            "generator's CPU",
            "% of a core",
            100.0 * own,
        );
        self.add("wall_s", "time", "s", wall / 1e9);
        if let Some(others) = spent.others_ns {
            let others = others as f64 / wall;
            self.add(
                "others_cpu_percent",
                "CPU of others on this machine",
                "% of a core",
                100.0 * others,
            );
            if others > 0.15 {
                self.note("others used this machine too: believe ratios to the floor more than figures, and latencies little");
            }
        }
        match spent.server_ns {
            None => self.note("the server's CPU is not known: give its --pid"),
            Some(server) if own > 0.9 && own > server as f64 / wall => self.note("the generator was the bottleneck: it used its core, and the server did not use one. Rates and latencies are the generator's; CPU per delivery holds."),
            Some(_) => {}
        }
    }

    /// As a person reads it.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        for figure in &self.figures {
            table.add_row(vec![
                Cell::new(&figure.name),
                Cell::new(number(figure.value)).set_alignment(CellAlignment::Right),
                Cell::new(&figure.unit),
            ]);
        }
        let mut text = format!(
            "{} of {}: {}\n{table}",
            self.scenario, self.server, self.shape
        );
        for note in &self.notes {
            text += &format!("\n  note: {note}");
        }
        if let Some(failure) = &self.failure {
            text += &format!("\n  ended early: {failure}");
        }
        text
    }
}

/// A number with as many digits as mean something.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size.fract() == 0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let bare = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (place, digit) in bare.chars().enumerate() {
        if place > 0 && (bare.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    match rest {
        Some(rest) => format!("{sign}{grouped}.{rest}"),
        None => format!("{sign}{grouped}"),
    }
}

/// What was used between two moments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// Nanoseconds of the server's CPU; unknown without `--pid`, or when it is gone.
    pub(crate) server_ns: Option<u64>,
    /// Nanoseconds of our own CPU.
    pub(crate) own_ns: u64,
    /// Nanoseconds of CPU that went to neither; unknown when the server's are.
    pub(crate) others_ns: Option<u64>,
    pub(crate) wall_ns: u64,
}

/// Looks at the clocks of CPUs and walls.
pub(crate) struct Meter<'a> {
    server: Option<&'a Processes>,
    server_ns: Option<u64>,
    own_ns: u64,
    machine_ns: Option<u64>,
    began: Instant,
}

impl<'a> Meter<'a> {
    pub(crate) fn start(server: Option<&'a Processes>) -> Self {
        Self {
            server,
            server_ns: server.and_then(Processes::cpu_ns),
            own_ns: own_cpu_ns(),
            machine_ns: machine_cpu_ns(),
            began: Instant::now(),
        }
    }

    pub(crate) fn spent(&self) -> Spent {
        let since = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        let server_ns = since(self.server.and_then(Processes::cpu_ns), self.server_ns);
        let own_ns = own_cpu_ns() - self.own_ns;
        let machine = since(machine_cpu_ns(), self.machine_ns);
        let others = |machine: u64| Some(machine.saturating_sub(server_ns? + own_ns));
        Spent {
            server_ns,
            own_ns,
            others_ns: machine.and_then(others),
            wall_ns: self.began.elapsed().as_nanos() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.0564, "0.056"),
            (4.423, "4.42"),
            (-12.34, "-12.3"),
            (1_234_567.8, "1,234,568"),
            (-1_000.4, "-1,000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_run_is_the_same_after_json() {
        let mut run = Run::new("fanout", "stereo", "1 × 10".into());
        run.add("a_us", "a", "µs", 1.5);
        run.note("a note");
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<Run>(&json).unwrap(), run);
        assert_eq!(run.get("a_us"), Some(1.5));
        assert!(run.text().contains("a note"));
    }
}
