//! Scenarios about events on their way: `fanout`, `paced`, `slow`.

use super::Common;
use super::values::{at_least_one, positive};
use crate::scenario::fanout::Fanout;
use crate::scenario::pump::Pace;
use crate::scenario::slow::Slow;
use clap::Args;

/// Deliveries that are measured unless it is said how many events: enough for a steady figure.
const DELIVERIES: u64 = 500_000;

/// Who listens to how many events.
#[derive(Args, Clone, Debug)]
struct Room {
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
