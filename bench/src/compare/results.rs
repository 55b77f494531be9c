//! What a comparison found: runs by case and entrant; medians, spread, and ratios within a run.

use crate::run::Run;
use serde::{Deserialize, Serialize};

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) cases: Vec<CaseResults>,
    pub(crate) targets: Vec<super::targets::Verdict>,
}

/// Where it was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CaseResults {
    pub(crate) key: String,
    pub(crate) name: String,
    /// The figure that is shown first.
    pub(crate) figure: String,
    pub(crate) entrants: Vec<EntrantResults>,
}

/// One entrant's runs of one case, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EntrantResults {
    pub(crate) name: String,
    pub(crate) floor: bool,
    pub(crate) runs: Vec<Run>,
}

/// Several runs' value: the middle one, and the least and the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values
            .into_iter()
            .filter(|value| value.is_finite())
            .collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        };
        Some(Self {
            median,
            least,
            most,
        })
    }
}

impl EntrantResults {
    /// A figure over the runs that have it, failed ones left out.
    pub(crate) fn spread(&self, key: &str) -> Option<Spread> {
        Spread::of(self.good().filter_map(|(_, run)| run.get(key)))
    }

    /// Each run's figure against that of another entrant in the same round.
    pub(crate) fn ratio(&self, other: &Self, key: &str) -> Option<Spread> {
        let pair = |(round, run): (usize, &Run)| {
            let other = other.runs.get(round).filter(|run| run.failure.is_none())?;
            Some(run.get(key)? / other.get(key)?)
        };
        Spread::of(self.good().filter_map(pair))
    }

    fn good(&self) -> impl Iterator<Item = (usize, &Run)> {
        let runs = self.runs.iter().enumerate();
        runs.filter(|(_, run)| run.failure.is_none())
    }
}

impl CaseResults {
    /// The floor that writes each event by itself.
    pub(crate) fn floor(&self) -> Option<&EntrantResults> {
        self.entrants
            .iter()
            .find(|entrant| entrant.floor && entrant.name == "floor")
    }

    pub(crate) fn entrant(&self, name: &str) -> Option<&EntrantResults> {
        self.entrants.iter().find(|entrant| entrant.name == name)
    }
}

impl Results {
    pub(crate) fn case(&self, key: &str) -> Option<&CaseResults> {
        self.cases.iter().find(|case| case.key == key)
    }

    /// Whoever is no floor.
    pub(crate) fn servers(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for entrant in self.cases.iter().flat_map(|case| &case.entrants) {
            if !entrant.floor && !names.contains(&entrant.name) {
                names.push(entrant.name.clone());
            }
        }
        names
    }
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cpu: named
                .unwrap_or("unknown")
                .trim_start_matches(['\t', ' ', ':'])
                .to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: kernel.trim().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_of_what_is_a_number() {
        let spread = Spread::of([3.0, f64::NAN, 1.0, 2.0]).unwrap();
        assert_eq!((spread.least, spread.median, spread.most), (1.0, 2.0, 3.0));
        assert_eq!(Spread::of([1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let entrant = |values: &[f64]| EntrantResults {
            name: String::new(),
            floor: false,
            runs: values
                .iter()
                .map(|value| {
                    let mut run = Run::new("", "", String::new());
                    run.add("a", "", "", *value);
                    run
                })
                .collect(),
        };
        let (mut ours, floor) = (entrant(&[2.0, 30.0, 9.0]), entrant(&[1.0, 10.0, 3.0]));
        assert_eq!(ours.ratio(&floor, "a").unwrap().median, 3.0);
        ours.runs[1].failure = Some("died".into());
        assert_eq!(ours.ratio(&floor, "a").unwrap().median, 2.5);
    }
}
