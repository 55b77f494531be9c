//! What measures nothing by itself: `compare`, `report`, `floor`.

use super::values::at_least_one;
use crate::compare::{self, Compare, Entrant};
use crate::failure::{Failure, Outcome};
use crate::system::cores::{self, Cores};
use clap::Args;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

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
    /// Speak TLS, with a certificate made for this run
    #[arg(long)]
    pub(crate) tls: bool,
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
