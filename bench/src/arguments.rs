//! The command line.

use crate::compare::{self, Compare, Entrant};
use crate::crowd::Gathering;
use crate::failure::{Failure, Outcome};
use crate::scenario::fanout::Fanout;
use crate::scenario::idle::Idle;
use crate::scenario::join::Join;
use crate::scenario::mixed::Mixed;
use crate::scenario::pump::Pace;
use crate::scenario::slow::Slow;
use crate::system::cores::{self, Cores};
use clap::{Args, Parser, Subcommand};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Deliveries that are measured unless it is said how many events: enough for a steady figure.
const DELIVERIES: u64 = 500_000;

/// `stereo-bench`
#[derive(Debug, Parser)]
#[command(
    name = "stereo-bench",
    version,
    about = "Load tests for WebSocket room servers."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Events to everyone in a room: CPU per delivery
    Fanout(FanoutArguments),
    /// Events by a schedule that waits for nobody: latency
    Paced(PacedArguments),
    /// People who only listen: memory and CPU
    Idle(IdleArguments),
    /// A storm of people: CPU per join, and what each is sent
    Join(JoinArguments),
    /// A real evening: probes, chat, reactions, queues, people who come and go
    Mixed(MixedArguments),
    /// The same for hours: memory, CPU and latency over time
    Soak(SoakArguments),
    /// Some listeners stop reading: what the others notice
    Slow(SlowArguments),
    /// All of it, side by side with the floor, and the table of targets
    Compare(CompareArguments),
    /// One page of plots out of results in JSON
    Report(ReportArguments),
    /// Serve as the floor: what any server costs at least
    Floor(FloorArguments),
}

/// Which server, and how it is measured.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// The server's address
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "ws://127.0.0.1:4410",
        conflicts_with = "server"
    )]
    pub(crate) address: String,
    /// The server's processes: their CPU and memory are measured
    #[arg(
        long,
        value_name = "PID",
        value_delimiter = ',',
        conflicts_with = "server"
    )]
    pub(crate) pid: Vec<i32>,
    /// Start this server, and end it afterwards; "floor" starts the floor
    #[arg(long, value_name = "BINARY")]
    pub(crate) server: Option<PathBuf>,
    /// Its configuration file; Stereo's for load tests without it
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(crate) config: Option<PathBuf>,
    /// Its number of threads
    #[arg(long, value_name = "COUNT", requires = "server")]
    pub(crate) workers: Option<usize>,
    /// How the server is spoken to; Stereo's way without it
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Bind the server to these cores, such as 0 or 0-3
    #[arg(long, value_name = "CORES", value_parser = cores::parse)]
    pub(crate) server_cpu: Option<Cores>,
    /// Bind the generator to these cores
    #[arg(long, value_name = "CORES", value_parser = cores::parse)]
    pub(crate) bench_cpu: Option<Cores>,
    /// Connect from these addresses, one after the other as ports run out
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    pub(crate) source: Vec<IpAddr>,
    /// Write the results to this file as JSON; "-" is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Show no progress
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Who listens to how many events.
#[derive(Args, Clone, Debug)]
pub(crate) struct Room {
    /// Rooms
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    rooms: u64,
    /// People in each room; one of them publishes
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    listeners: u64,
    /// Length of an event as it arrives, without the frame's header
    #[arg(long, value_name = "BYTES", default_value_t = 330)]
    bytes: usize,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct FanoutArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    room: Room,
    /// Events of each room that are on their way at a time
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    window: u64,
    /// Events in each room; as many as make half a million deliveries without it
    #[arg(long)]
    events: Option<u64>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct PacedArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    room: Room,
    /// Events a second in each room
    #[arg(long, default_value_t = 20.0, value_parser = positive)]
    rate: f64,
    /// For how long
    #[arg(long, default_value_t = 20.0, value_parser = positive)]
    seconds: f64,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct IdleArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Rooms
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    rooms: u64,
    /// People in each room
    #[arg(long, default_value_t = 10_000, value_parser = at_least_one)]
    listeners: u64,
    /// For how long they are watched
    #[arg(long, default_value_t = 30.0, value_parser = positive)]
    seconds: f64,
    /// Leave out the 64 clock probes that each sends on coming
    #[arg(long)]
    no_sync: bool,
    /// Send this many events afterwards, and look what they leave behind
    #[arg(long, value_name = "EVENTS", default_value_t = 0)]
    burst: u64,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct JoinArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Rooms
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    rooms: u64,
    /// People who come into each
    #[arg(long, default_value_t = 2000, value_parser = at_least_one)]
    joiners: u64,
    /// Tracks in each room's queue
    #[arg(long, default_value_t = 20)]
    items: usize,
    /// People who are on the way in at a time
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    at_once: u64,
    /// People a second, instead
    #[arg(long, value_parser = positive)]
    rate: Option<f64>,
    /// They send clock probes, as listeners do
    #[arg(long)]
    probes: bool,
    /// Seconds that are watched after the last has come
    #[arg(long, default_value_t = 1.0)]
    settle: f64,
}

/// An evening.
#[derive(Args, Clone, Debug)]
struct Evening {
    /// Rooms
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    rooms: u64,
    /// People in each room
    #[arg(long, default_value_t = 50, value_parser = at_least_one)]
    listeners: u64,
    /// How often they do what the profile says, against what it says
    #[arg(long, default_value_t = 1.0)]
    busy: f64,
    /// Percent of them who leave, and are followed by others, each minute
    #[arg(long, default_value_t = 10.0)]
    churn: f64,
    /// Measured events a second in each room
    #[arg(long, default_value_t = 0.5, value_parser = positive)]
    rate: f64,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct MixedArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    evening: Evening,
    /// For how long
    #[arg(long, default_value_t = 60.0, value_parser = positive)]
    seconds: f64,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SoakArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    evening: Evening,
    /// For how long
    #[arg(long, default_value_t = 60.0, value_parser = positive)]
    minutes: f64,
    /// Seconds between two looks
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    every: f64,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SlowArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// People in the room; one of them publishes
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    listeners: u64,
    /// How many of them stop reading
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    stopped: u64,
    /// Events a second
    #[arg(long, default_value_t = 20.0, value_parser = positive)]
    rate: f64,
    /// Seconds with everybody reading, and as many without
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    seconds: f64,
    /// How often both are done
    #[arg(long, default_value_t = 3, value_parser = at_least_one)]
    rounds: u64,
    /// Length of an event as it arrives, without the frame's header
    #[arg(long, value_name = "BYTES", default_value_t = 330)]
    bytes: usize,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArguments {
    /// A server to start for each run: PATH, and what of ,name=NAME ,profile=FILE ,config=FILE is wanted
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// A server that runs: ADDRESS, and what of ,name=NAME ,profile=FILE ,pid=PID is wanted
    #[arg(long, value_name = "SERVER")]
    address: Vec<String>,
    /// Rounds: in each, everyone has one run
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    runs: u64,
    /// Only these cases
    #[arg(long, value_name = "CASES", value_delimiter = ',')]
    only: Vec<String>,
    /// A tenth of the events and the time: for a first look
    #[arg(long)]
    quick: bool,
    /// Bind servers to these cores
    #[arg(long, value_name = "CORES", value_parser = cores::parse)]
    server_cpu: Option<Cores>,
    /// Bind the generator to these cores
    #[arg(long, value_name = "CORES", value_parser = cores::parse)]
    bench_cpu: Option<Cores>,
    /// Connect from these addresses, one after the other as ports run out
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    source: Vec<IpAddr>,
    /// Write the results to this file as JSON, for `report`
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Show no progress
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ReportArguments {
    /// What --json has written
    #[arg(required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// Write the page here; "-" is standard output
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) out: PathBuf,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct FloorArguments {
    /// Serve on this address; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Write up to this many events at once, when they have come together
    #[arg(long, value_name = "EVENTS", default_value_t = 1, value_parser = at_least_one)]
    pub(crate) gather: u64,
}

impl FanoutArguments {
    pub(crate) fn scenario(&self) -> Fanout {
        let people = self.room.rooms * self.room.listeners;
        Fanout {
            rooms: self.room.rooms as usize,
            listeners: self.room.listeners as usize,
            pace: Pace::Window(self.window),
            events: self.events.unwrap_or((DELIVERIES / people).max(20)),
            bytes: self.room.bytes,
        }
    }
}

impl PacedArguments {
    pub(crate) fn scenario(&self) -> Fanout {
        Fanout {
            rooms: self.room.rooms as usize,
            listeners: self.room.listeners as usize,
            pace: Pace::Rate(self.rate),
            events: (self.rate * self.seconds).ceil() as u64,
            bytes: self.room.bytes,
        }
    }
}

impl IdleArguments {
    pub(crate) fn scenario(&self) -> Idle {
        Idle {
            rooms: self.rooms as usize,
            listeners: self.listeners as usize,
            seconds: self.seconds,
            sync: !self.no_sync,
            burst: self.burst,
        }
    }
}

impl JoinArguments {
    pub(crate) fn scenario(&self) -> Join {
        Join {
            rooms: self.rooms as usize,
            joiners: self.joiners as usize,
            items: self.items,
            how: Gathering {
                at_once: self.at_once as usize,
                per_second: self.rate,
            },
            probes: self.probes,
            settle: self.settle,
        }
    }
}

impl Evening {
    fn mixed(&self, scenario: &'static str, seconds: f64, every: f64) -> Mixed {
        Mixed {
            scenario,
            rooms: self.rooms as usize,
            listeners: self.listeners as usize,
            seconds,
            busy: self.busy.max(0.0),
            churn: self.churn.max(0.0) / 100.0,
            rate: self.rate,
            every,
        }
    }
}

impl MixedArguments {
    pub(crate) fn scenario(&self) -> Mixed {
        self.evening.mixed("mixed", self.seconds, 1.0)
    }
}

impl SoakArguments {
    pub(crate) fn scenario(&self) -> Mixed {
        self.evening.mixed("soak", self.minutes * 60.0, self.every)
    }
}

impl SlowArguments {
    pub(crate) fn scenario(&self) -> Slow {
        Slow {
            listeners: self.listeners as usize,
            stopped: self.stopped as usize,
            rate: self.rate,
            seconds: self.seconds,
            rounds: self.rounds as usize,
            bytes: self.bytes,
        }
    }
}

impl CompareArguments {
    pub(crate) fn compare(&self) -> Outcome<Compare> {
        let started = self.server.iter().map(|text| Entrant::binary(text));
        let running = self.address.iter().map(|text| Entrant::running(text));
        let entrants: Vec<_> = started.chain(running).collect::<Outcome<_>>()?;
        let mut names: Vec<_> = entrants.iter().map(|entrant| &entrant.name).collect();
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let name = pair[0];
            return Err(Failure::new(format!(
                "two servers are called {name}: add name="
            )));
        }
        Ok(Compare {
            entrants,
            cases: compare::cases(&self.only, self.quick)?,
            runs: self.runs as usize,
            server_cpu: self.server_cpu.clone(),
            bench_cpu: self.bench_cpu.clone(),
            sources: self.source.clone(),
        })
    }
}

fn at_least_one(text: &str) -> Result<u64, String> {
    let number = text
        .parse()
        .map_err(|_| "expected a whole number".to_owned())?;
    match number {
        0 => Err("expected at least 1".to_owned()),
        number => Ok(number),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_agrees_with_itself() {
        CommandLine::command().debug_assert();
    }
}
