//! The command line.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `stereo [serve] [--config FILE] [--listen ADDR] [--ops-listen ADDR] [--data DIR]`
#[derive(Clone, Debug, Parser)]
#[command(
    name = "stereo",
    version,
    about = "Listening rooms that anyone can run."
)]
#[command(args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    arguments: Arguments,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Task {
    /// Serve rooms (what happens without a command, too)
    Serve(Arguments),
    /// Read the configuration and say whether it is right
    Check(Arguments),
}

/// What overrides the file and the environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Read this file; without it the built-in defaults hold
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve on this address; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Serve /live, /ready and /metrics on this address
    #[arg(long, value_name = "ADDR")]
    pub ops_listen: Option<SocketAddr>,
    /// Keep data in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Task {
    /// Reads the process's command line; ends the process with help or an error.
    pub fn from_command_line() -> Self {
        let line = CommandLine::parse();
        line.task.unwrap_or(Task::Serve(line.arguments))
    }
}
