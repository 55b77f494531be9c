//! The project's table of targets, and whether each is met.

use super::results::{CaseResults, Results, Spread};
use serde::{Deserialize, Serialize};

/// One target, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) server: String,
    pub(crate) name: String,
    pub(crate) unit: String,
    /// At most this first, and this in the end.
    pub(crate) first: f64,
    pub(crate) then: f64,
    /// None: it was not measured.
    pub(crate) found: Option<f64>,
    /// Deliveries were lost meanwhile: what was saved by that counts for nothing.
    #[serde(default)]
    pub(crate) lossy: bool,
    pub(crate) note: String,
}

/// What is looked at.
enum Measure {
    /// A figure of a case, as a ratio to the floor's in the same round.
    ToFloor(&'static str, &'static str),
    /// A figure of a case.
    Plain(&'static str, &'static str),
    /// A figure of one case against that of another.
    Cases(&'static str, &'static str, &'static str),
    /// The most against the least of a figure over cases, each as a ratio to the floor's in the same
    /// round: the kernel's own price differs with the number of sockets, by their place in its caches.
    Among(&'static [&'static str], &'static str),
}

struct Target {
    name: &'static str,
    unit: &'static str,
    first: f64,
    then: f64,
    measure: Measure,
}

const COST: &str = "cpu_us_per_delivery";
const SIZES: &[&str] = &["ten", "hundred", "one", "ten-thousand"];

/// performance.md's table, row by row.
fn table() -> Vec<Target> {
    use Measure::{Among, Cases, Plain, ToFloor};
    let target = |name, unit, first, then, measure| Target {
        name,
        unit,
        first,
        then,
        measure,
    };
    vec![
        target(
            "CPU per delivery, one in flight, 1 × 1,000",
            "× floor",
            1.25,
            1.08,
            ToFloor("one", COST),
        ),
        target(
            "CPU per delivery, 100 × 10",
            "× floor",
            1.4,
            1.15,
            ToFloor("rooms", COST),
        ),
        target(
            "CPU per delivery, 16 in flight",
            "× floor",
            0.15,
            0.08,
            ToFloor("sixteen", COST),
        ),
        target(
            "CPU per delivery, 20 events a second",
            "× floor",
            1.3,
            1.1,
            ToFloor("paced", COST),
        ),
        target(
            "p99 latency, 20 events a second",
            "× floor",
            1.3,
            1.05,
            ToFloor("paced", "p99_ms"),
        ),
        target(
            "idle memory per joined connection, 10,000",
            "bytes",
            6144.0,
            2048.0,
            Plain("idle", "rss_per_connection"),
        ),
        target(
            "memory per connection after a burst",
            "× idle",
            1.3,
            1.1,
            Plain("idle", "rss_after_burst_ratio"),
        ),
        target(
            "CPU per join, room of 20 items",
            "µs",
            90.0,
            45.0,
            Plain("join", "cpu_us_per_join"),
        ),
        target(
            "10,000 join in 10 s: bytes beyond snapshot and probes",
            "bytes",
            16384.0,
            4096.0,
            Plain("storm", "bytes_beyond"),
        ),
        target(
            "idle CPU, 10,000 joined and synchronised",
            "% of a core",
            3.0,
            1.0,
            Plain("idle", "server_cpu_percent"),
        ),
        target(
            "cost per delivery at 10 to 10,000 listeners, each by its floor, most against least",
            "×",
            1.3,
            1.15,
            Among(SIZES, COST),
        ),
        target(
            "one of 1,000 stopped: p99 of the others",
            "×",
            1.1,
            1.02,
            Plain("slow", "slow_p99_ratio"),
        ),
        target(
            "CPU per delivery, 2 workers against 1, 100 × 10",
            "×",
            1.25,
            1.1,
            Cases("rooms-2-workers", "rooms-1-worker", COST),
        ),
        target(
            "CPU per delivery, 2 workers against 1, 1 × 1,000",
            "×",
            1.25,
            1.1,
            Cases("room-2-workers", "room-1-worker", COST),
        ),
        target(
            "over TLS: CPU per delivery",
            "× TLS floor",
            1.3,
            1.15,
            ToFloor("tls", COST),
        ),
    ]
}

/// What was found of each target, for each server.
pub(crate) fn judge(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for server in results.servers() {
        for target in table() {
            let (found, note) = target.measure.find(results, &server);
            let lossy = target.measure.lost(results, &server);
            verdicts.push(Verdict {
                server: server.clone(),
                name: target.name.to_owned(),
                unit: target.unit.to_owned(),
                first: target.first,
                then: target.then,
                found,
                lossy,
                note,
            });
        }
    }
    verdicts
}

impl Verdict {
    /// In a word.
    pub(crate) fn word(&self) -> &'static str {
        match self.found {
            None => "not measured",
            Some(_) if self.lossy => "with losses",
            Some(found) if found <= self.then => "met",
            Some(found) if found <= self.first => "first met",
            Some(_) => "not met",
        }
    }
}

impl Measure {
    /// The cases that are looked at.
    fn cases(&self) -> Vec<&'static str> {
        match self {
            Self::ToFloor(case, _) | Self::Plain(case, _) => vec![case],
            Self::Cases(case, against, _) => vec![case, against],
            Self::Among(cases, _) => cases.to_vec(),
        }
    }

    /// Whether the server lost deliveries in any of them.
    fn lost(&self, results: &Results, server: &str) -> bool {
        let found = self.cases();
        let found = found.iter().filter_map(|case| results.case(case));
        let mut losses = found.filter_map(|case| case.entrant(server)?.spread("lost"));
        losses.any(|lost| lost.most > 0.0)
    }

    fn find(&self, results: &Results, server: &str) -> (Option<f64>, String) {
        let of = |case: &str, figure: &str| plain(results.case(case)?, server, figure);
        let found = match self {
            Self::ToFloor(case, figure) => results
                .case(case)
                .and_then(|case| case.entrant(server)?.ratio(case.floor()?, figure)),
            Self::Plain(case, figure) => of(case, figure),
            Self::Cases(case, against, figure) => results.case(case).and_then(|case| {
                let against = results.case(against)?.entrant(server)?;
                case.entrant(server)?.ratio(against, figure)
            }),
            Self::Among(cases, figure) => {
                let spread = |find: &dyn Fn(&CaseResults) -> Option<Spread>| {
                    let found = cases.iter().map(|case| find(results.case(case)?));
                    let medians: Option<Vec<f64>> =
                        found.map(|spread| Some(spread?.median)).collect();
                    medians.and_then(|medians| most_to_least(&medians))
                };
                let ratio = spread(&|case| case.entrant(server)?.ratio(case.floor()?, figure));
                let own = spread(&|case| plain(case, server, figure));
                let floor = spread(&|case| case.floor()?.spread(figure));
                let note = own.zip(floor).map_or(String::new(), |(own, floor)| {
                    format!("by itself {own:.2}, the floor {floor:.2}")
                });
                return (ratio, note);
            }
        };
        let note = |spread: Spread| format!("{:.3} to {:.3}", spread.least, spread.most);
        (
            found.map(|spread| spread.median),
            found.map_or(String::new(), note),
        )
    }
}

fn plain(case: &CaseResults, server: &str, figure: &str) -> Option<Spread> {
    case.entrant(server)?.spread(figure)
}

fn most_to_least(values: &[f64]) -> Option<f64> {
    let spread = Spread::of(values.iter().copied())?;
    Some(spread.most / spread.least)
}

#[cfg(test)]
mod tests {
    use super::super::results::EntrantResults;
    use super::*;
    use crate::run::Run;

    fn case(key: &str, entrants: &[(&str, &[f64])]) -> CaseResults {
        let entrants = entrants.iter().map(|(name, values)| EntrantResults {
            name: (*name).to_owned(),
            floor: *name == "floor",
            runs: values
                .iter()
                .map(|value| {
                    let mut run = Run::new("fanout", name, String::new());
                    run.add(COST, "", "µs", *value);
                    run
                })
                .collect(),
        });
        CaseResults {
            key: key.to_owned(),
            name: key.to_owned(),
            figure: COST.to_owned(),
            entrants: entrants.collect(),
        }
    }

    #[test]
    fn each_target_is_met_or_not_by_what_was_found() {
        let results = Results {
            cases: vec![
                case(
                    "one",
                    &[
                        ("floor", &[4.0, 4.0]),
                        ("a", &[4.2, 4.3]),
                        ("b", &[9.0, 9.0]),
                    ],
                ),
                case("rooms", &[("floor", &[4.0]), ("a", &[5.5])]),
            ],
            ..Results::default()
        };
        let verdicts = judge(&results);
        let word = |server: &str, place: usize| {
            let of: Vec<_> = verdicts
                .iter()
                .filter(|verdict| verdict.server == server)
                .collect();
            of[place].word()
        };
        assert_eq!(
            [word("a", 0), word("a", 1), word("a", 2)],
            ["met", "first met", "not measured"]
        );
        assert_eq!([word("b", 0), word("b", 1)], ["not met", "not measured"]);
    }

    #[test]
    fn sizes_of_rooms_are_compared_by_their_floors() {
        let sized = |key, floor, cost| case(key, &[("floor", &[floor]), ("a", &[cost])]);
        let results = Results {
            cases: vec![
                sized("ten", 2.0, 2.6),
                sized("hundred", 2.0, 2.4),
                sized("one", 2.0, 2.2),
                sized("ten-thousand", 4.0, 4.8),
            ],
            ..Results::default()
        };
        let verdicts = judge(&results);
        let found = verdicts
            .iter()
            .find(|verdict| verdict.name.contains("each by its floor"));
        let found = found.unwrap();
        assert!((found.found.unwrap() - 1.3 / 1.1).abs() < 1e-9);
        assert_eq!(found.note, "by itself 2.18, the floor 2.00");
    }

    #[test]
    fn what_loses_deliveries_meets_nothing() {
        let mut one = case("one", &[("floor", &[4.0, 4.0]), ("a", &[4.0, 4.0])]);
        one.entrants[1].runs[1].add("lost", "lost", "", 1.0);
        let results = Results {
            cases: vec![one],
            ..Results::default()
        };
        assert_eq!(judge(&results)[0].word(), "with losses");
    }
}
