//! `compare`: servers side by side with the floor, turn about, several times over; medians, and
//! the table of targets.

mod cases;
mod entrant;
pub(crate) mod results;
mod show;
pub(crate) mod targets;

use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::scenario::Stage;
use crate::screen::Screen;
use crate::system::cores::{self, Cores};
use crate::system::stop::Stop;
pub(crate) use cases::Case;
pub(crate) use entrant::Entrant;
use entrant::Starting;
use results::{CaseResults, EntrantResults, Machine, Results};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// What is compared, and how often.
pub(crate) struct Compare {
    pub(crate) entrants: Vec<Entrant>,
    pub(crate) cases: Vec<Case>,
    pub(crate) runs: usize,
    pub(crate) server_cpu: Option<Cores>,
    pub(crate) bench_cpu: Option<Cores>,
    pub(crate) sources: Vec<IpAddr>,
}

/// The cases with these keys; all without any.
pub(crate) fn cases(only: &[String], quick: bool) -> Outcome<Vec<Case>> {
    let all = cases::all(quick);
    let known = || {
        all.iter()
            .map(|case| case.key)
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(unknown) = only
        .iter()
        .find(|key| all.iter().all(|case| case.key != **key))
    {
        return Err(Failure::new(format!(
            "--only {unknown}: there is no such case; there are {}",
            known()
        )));
    }
    let wanted = |case: &Case| only.is_empty() || only.iter().any(|key| key == case.key);
    Ok(all.into_iter().filter(wanted).collect())
}

impl Compare {
    /// Runs everything; what there is when somebody wants an end.
    pub(crate) fn run(&self, stop: &Stop, screen: Screen) -> Outcome<Results> {
        let mut results = Results {
            machine: Machine::here(),
            ..Results::default()
        };
        let began = Instant::now();
        for (number, case) in self.cases.iter().enumerate() {
            if stop.is_wanted() {
                break;
            }
            let all = self.cases.len();
            let left = left(began.elapsed(), number, all);
            screen.say(&format!("{} of {all}: {}{left}", number + 1, case.name));
            let found = self.case(case, stop, screen)?;
            screen.say(&show::case(&found));
            results.cases.push(found);
        }
        results.targets = targets::judge(&results);
        Ok(results)
    }

    fn case(&self, case: &Case, stop: &Stop, screen: Screen) -> Outcome<CaseResults> {
        let mut entrants = self.taking_part(case)?;
        let mut found: Vec<EntrantResults> = entrants
            .iter()
            .map(|entrant| EntrantResults {
                name: entrant.name.clone(),
                floor: entrant.is_floor(),
                runs: Vec::new(),
            })
            .collect();
        for _ in 0..self.runs {
            for entrant in &entrants {
                if stop.is_wanted() {
                    break;
                }
                let run = self.one(case, entrant, stop, screen);
                let run = run.unwrap_or_else(|failure| failed(case, entrant, &failure));
                let place = found
                    .iter_mut()
                    .find(|results| results.name == entrant.name);
                if let Some(results) = place.filter(|_| !stop.is_wanted()) {
                    results.runs.push(run);
                }
            }
            // Whoever comes first finds another machine than whoever comes last.
            entrants.rotate_left(1);
        }
        Ok(CaseResults {
            key: case.key.to_owned(),
            name: case.name.to_owned(),
            figure: case.figure.to_owned(),
            entrants: found,
        })
    }

    fn taking_part(&self, case: &Case) -> Outcome<Vec<Entrant>> {
        let mut entrants = Vec::new();
        if case.floor {
            entrants.push(Entrant::floor(1)?);
        }
        if case.gathers {
            entrants.push(Entrant::floor(16)?);
        }
        let able = |entrant: &&Entrant| {
            entrant.speaks(case.tls) && (case.workers.is_none() || entrant.takes_workers())
        };
        entrants.extend(self.entrants.iter().filter(able).cloned());
        Ok(entrants)
    }

    fn one(&self, case: &Case, entrant: &Entrant, stop: &Stop, screen: Screen) -> Outcome<Run> {
        let starting = Starting {
            // With several workers the point is that they have several cores.
            cores: self.server_cpu.clone().filter(|_| case.workers.is_none()),
            workers: case.workers,
            tls: case.tls,
        };
        let everywhere = cores::own();
        let mut target = entrant.target(&starting)?;
        if let (Some(cores), false) = (&self.bench_cpu, case.workers.is_some()) {
            cores::bind_self(cores)?;
        }
        let run = case.scenario.run(&mut Stage {
            target: &mut target,
            sources: &self.sources,
            stop,
            screen,
        });
        if let Some(everywhere) = everywhere {
            cores::bind_self(&everywhere)?;
        }
        run
    }
}

/// How long what is left will take, as far as what is done tells.
fn left(elapsed: Duration, done: usize, all: usize) -> String {
    if done == 0 {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() / done as f64 * (all - done) as f64;
    format!(" (about {:.0} minutes left)", (seconds / 60.0).ceil())
}

/// A run that did not come about.
fn failed(case: &Case, entrant: &Entrant, failure: &Failure) -> Run {
    let mut run = Run::new(case.key, &entrant.name, case.name.to_owned());
    run.failure = Some(failure.to_string());
    run
}

pub(crate) use show::text;
