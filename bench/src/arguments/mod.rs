//! The command line.

mod common;
mod compare;
mod events;
mod people;
mod values;

use clap::{Parser, Subcommand};
pub(crate) use common::Common;
pub(crate) use compare::{CompareArguments, FloorArguments, ReportArguments};
use events::{FanoutArguments, PacedArguments, SlowArguments};
use people::{IdleArguments, JoinArguments, MixedArguments, SoakArguments};

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_agrees_with_itself() {
        CommandLine::command().debug_assert();
    }
}
