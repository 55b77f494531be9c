//! Scenarios about people: `idle`, `join`, `mixed`, `soak`.

use super::Common;
use super::values::{at_least_one, positive};
use crate::crowd::Gathering;
use crate::scenario::idle::Idle;
use crate::scenario::join::Join;
use crate::scenario::mixed::Mixed;
use clap::Args;

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
    /// Let each do these of the profile's actions too, as often as it says: "report" is what
    /// clients do that play
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    act: Vec<String>,
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

impl IdleArguments {
    pub(crate) fn scenario(&self) -> Idle {
        Idle {
            rooms: self.rooms as usize,
            listeners: self.listeners as usize,
            seconds: self.seconds,
            sync: !self.no_sync,
            acts: self.act.clone(),
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
