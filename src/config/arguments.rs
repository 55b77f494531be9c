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
    /// Write an encrypted copy of the data, while a server runs or not
    Backup(BackingUp),
    /// Put the data together again, into an empty folder
    Restore(Restoring),
    /// Look for texts, one a line on standard input, in everything that is kept
    ProvePurge(Proving),
    /// Print how often pages were visited, while a server runs or not
    Stats(Counting),
    /// Read and answer letters, beside the server that runs on the folder for data
    Support(Support),
}

/// `stereo support [--config FILE] [--data DIR] list|show|answer|close|look [THREAD]`
#[derive(Args, Clone, Debug)]
pub struct Support {
    /// Which folder it is
    #[command(flatten)]
    pub arguments: Arguments,
    /// What to do
    #[command(subcommand)]
    pub ask: Ask,
}

/// What the operator asks for.
#[derive(Clone, Debug, Subcommand)]
pub enum Ask {
    /// List threads; those that wait for an answer come first
    List,
    /// Show the letters of a thread
    Show {
        /// As the list names it
        thread: String,
    },
    /// Answer a thread with what standard input says
    Answer {
        /// As the list names it
        thread: String,
    },
    /// Hold a thread to be done; the person's next letter opens it again
    Close {
        /// As the list names it
        thread: String,
    },
    /// Look at what the person allows for this thread; they are shown that you did
    Look {
        /// As the list names it
        thread: String,
    },
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

/// Which visits are printed.
#[derive(Args, Clone, Debug)]
pub struct Counting {
    /// What names the folder for data.
    #[command(flatten)]
    pub arguments: Arguments,
    /// The newest days on which somebody came
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub days: u32,
}

/// Where a backup goes.
#[derive(Args, Clone, Debug, Default)]
pub struct BackingUp {
    /// What names the folder for data, and who can read the backup.
    #[command(flatten)]
    pub arguments: Arguments,
    /// Write this file, rather than one of today into `backup.folder`; removing it is left to you
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Write it although there is no copy of the key store: lost with this disk unless you have one
    #[arg(long)]
    pub without_keys_copy: bool,
}

/// What a restore is made of.
#[derive(Args, Clone, Debug, Default)]
pub struct Restoring {
    /// What names the folder for data.
    #[command(flatten)]
    pub arguments: Arguments,
    /// The backup
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// The age identity that opens it
    #[arg(long, value_name = "FILE")]
    pub identity: PathBuf,
    /// The copy of the key store (store.keys_copy)
    #[arg(long, value_name = "FILE")]
    pub keys: PathBuf,
    /// The server's key (server.key); without it, what store.key_file names
    #[arg(long, value_name = "FILE")]
    pub server_key: Option<PathBuf>,
    /// Restore although the copy of the key store is older than the backup: who came in between is lost
    #[arg(long)]
    pub with_older_keys: bool,
}

/// What is searched beside what the configuration names.
#[derive(Args, Clone, Debug, Default)]
pub struct Proving {
    /// What names the folder for data.
    #[command(flatten)]
    pub arguments: Arguments,
    /// Search this file or folder too, such as a log; backup.folder is searched by itself
    #[arg(long, value_name = "PATH")]
    pub also: Vec<PathBuf>,
    /// Search inside of backups too, which this age identity opens
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
}

impl Task {
    /// Reads the process's command line; ends the process with help or an error.
    pub fn from_command_line() -> Self {
        let line = CommandLine::parse();
        line.task.unwrap_or(Task::Serve(line.arguments))
    }
}
