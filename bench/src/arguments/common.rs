//! Which server, and how it is measured: the same for every scenario.

use crate::system::cores::{self, Cores};
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;

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
    /// Let it speak TLS, with a certificate made for this run
    #[arg(long, requires = "server")]
    pub(crate) tls: bool,
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
