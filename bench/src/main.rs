//! `stereo-bench`: load tests for WebSocket room servers, far lighter than what they measure.
//!
//! `main → arguments → scenario → crowd → net`; `floor` is what is compared with.

mod arguments;
mod compare;
mod crowd;
mod failure;
mod floor;
mod net;
mod profile;
mod report;
mod run;
mod scenario;
mod screen;
mod system;
mod target;

use arguments::{CommandLine, Common, CompareArguments, Task};
use clap::Parser;
use failure::{Failure, Outcome};
use profile::Profile;
use scenario::{Scenario, Stage};
use screen::Screen;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use system::cores;
use system::process::Processes;
use system::stop::Stop;
use target::{Binary, Target};

fn main() -> ExitCode {
    match perform(CommandLine::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            screen::error(&format!("stereo-bench: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Does what is asked; whether all went as it should.
fn perform(task: Task) -> Outcome<bool> {
    match task {
        Task::Fanout(arguments) => one(&arguments.common, &Scenario::Fanout(arguments.scenario())),
        Task::Paced(arguments) => one(&arguments.common, &Scenario::Fanout(arguments.scenario())),
        Task::Idle(arguments) => one(&arguments.common, &Scenario::Idle(arguments.scenario())),
        Task::Join(arguments) => one(&arguments.common, &Scenario::Join(arguments.scenario())),
        Task::Slow(arguments) => one(&arguments.common, &Scenario::Slow(arguments.scenario())),
        Task::Mixed(arguments) => one(&arguments.common, &Scenario::Mixed(arguments.scenario())),
        Task::Soak(arguments) => one(&arguments.common, &Scenario::Mixed(arguments.scenario())),
        Task::Compare(arguments) => compare(&arguments),
        Task::Report(arguments) => {
            let page = report::page(&arguments.results)?;
            write(&arguments.out, page).map(|()| true)
        }
        Task::Floor(arguments) => {
            floor::serve(arguments.listen, arguments.gather as usize, arguments.tls).map(|()| true)
        }
    }
}

/// Runs one scenario against one server.
fn one(common: &Common, scenario: &Scenario) -> Outcome<bool> {
    let screen = Screen {
        quiet: common.quiet,
    };
    let stop = Stop::listen();
    let mut target = target(common)?;
    if let Some(cores) = &common.bench_cpu {
        cores::bind_self(cores)?;
    }
    let run = scenario.run(&mut Stage {
        target: &mut target,
        sources: &common.source,
        stop: &stop,
        screen,
    })?;
    match common.json.as_deref() {
        Some(path) => write_json(path, &[&run])?,
        None => screen::out(&run.text()),
    }
    Ok(run.failure.is_none())
}

fn compare(arguments: &CompareArguments) -> Outcome<bool> {
    let screen = Screen {
        quiet: arguments.quiet,
    };
    let stop = Stop::listen();
    let results = arguments.compare()?.run(&stop, screen)?;
    if let Some(path) = &arguments.json {
        write_json(path, &results)?;
    }
    screen::out(&compare::text(&results));
    let mut runs = results
        .cases
        .iter()
        .flat_map(|case| &case.entrants)
        .flat_map(|entrant| &entrant.runs);
    Ok(runs.all(|run| run.failure.is_none()) && !stop.is_wanted())
}

fn target(common: &Common) -> Outcome<Target> {
    let profile = match &common.profile {
        Some(path) => Profile::read(path)?,
        None => Profile::stereo()?,
    };
    let Some(server) = &common.server else {
        let target = Target::running(&common.address, profile, &common.pid)?;
        let ids = target.processes.iter().flat_map(Processes::ids);
        if let Some(cores) = &common.server_cpu {
            for id in ids {
                cores::bind_process(*id, cores)?;
            }
        }
        return Ok(target);
    };
    let floor = server.as_os_str() == "floor";
    let (path, profile) = match floor {
        true => (own_path()?, Profile::floor()?),
        false => (server.clone(), profile),
    };
    // The floor makes its certificate itself.
    let arguments = (floor && common.tls).then(|| "--tls".to_owned());
    let binary = Binary {
        path,
        config: common.config.clone(),
        tls: common.tls && !floor,
        workers: common.workers,
        cores: common.server_cpu.clone(),
        arguments: arguments.into_iter().collect(),
    };
    Target::start(&binary, profile)
}

fn own_path() -> Outcome<PathBuf> {
    std::env::current_exe().map_err(|error| Failure::new(format!("our own binary: {error}")))
}

fn write_json(path: &Path, found: &impl serde::Serialize) -> Outcome<()> {
    let text = serde_json::to_string_pretty(found)
        .map_err(|error| Failure::new(format!("JSON: {error}")))?;
    write(path, text + "\n")
}

fn write(path: &Path, text: String) -> Outcome<()> {
    if path.as_os_str() == "-" {
        screen::out(text.trim_end());
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
