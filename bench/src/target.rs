//! The server under load: one that runs, or one that is started for the purpose.

use crate::failure::{Failure, Outcome};
use crate::net::address::Address;
use crate::net::wire;
use crate::profile::{Profile, Server};
use crate::system::cores::{self, Cores};
use crate::system::process::Processes;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// Stereo's configuration for load tests.
const LOAD: &str = include_str!("../load.toml");
const STARTING: Duration = Duration::from_secs(30);

/// A server under load.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) address: Address,
    pub(crate) profile: Profile,
    pub(crate) processes: Option<Processes>,
    started: Option<Started>,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    pub(crate) config: Option<PathBuf>,
    /// Threads, where the profile says how they are set.
    pub(crate) workers: Option<usize>,
    pub(crate) cores: Option<Cores>,
    /// Whether it speaks TLS, where the profile says how that is set.
    pub(crate) tls: bool,
    /// Beside what the profile says.
    pub(crate) arguments: Vec<String>,
}

/// A server of ours: ends with this.
struct Started {
    child: Child,
    folder: PathBuf,
}

impl Target {
    /// One that runs.
    pub(crate) fn running(address: &str, profile: Profile, ids: &[i32]) -> Outcome<Self> {
        Ok(Self {
            name: profile.name.clone(),
            address: Address::parse(address)?,
            profile,
            processes: match ids {
                [] => None,
                ids => Some(Processes::new(ids)?),
            },
            started: None,
        })
    }

    /// One that is started, and ends with us.
    pub(crate) fn start(binary: &Binary, profile: Profile) -> Outcome<Self> {
        let shown = binary.path.display().to_string();
        let failed = |what: String| Failure::new(format!("{shown}: {what}"));
        let Some(server) = profile.server.clone() else {
            let message = "the profile has no [server], which says how it is started";
            return Err(failed(message.to_owned()));
        };
        let folder = new_folder().map_err(|error| failed(error.to_string()))?;
        let beside = profile.folder.as_deref();
        let mut command = command(binary, &server, &folder, beside)?;
        let before = cores::own();
        // What is started inherits where we may run; bound later, it would have counted the cores.
        if let Some(cores) = &binary.cores {
            cores::bind_self(cores)?;
        }
        let child = command.spawn();
        if let (Some(_), Some(before)) = (&binary.cores, before) {
            cores::bind_self(&before)?;
        }
        let child = child.map_err(|error| failed(format!("cannot be started: {error}")))?;
        let mut started = Started { child, folder };
        let address = started.address().map_err(failed)?;
        let id = started.child.id() as i32;
        Ok(Self {
            name: profile.name.clone(),
            address: Address::parse(&address)?,
            profile,
            processes: Some(Processes::new(&[id])?),
            started: Some(started),
        })
    }

    /// How a server of ours ended, when it has.
    pub(crate) fn end(&mut self) -> Option<String> {
        let status = self.started.as_mut()?.child.try_wait().ok()??;
        Some(format!("the server has ended: {status}"))
    }
}

/// `beside` is where the profile lies.
fn command(
    binary: &Binary,
    server: &Server,
    folder: &Path,
    beside: Option<&Path>,
) -> Outcome<Command> {
    let config = match &binary.config {
        Some(config) => config.clone(),
        None => {
            let config = folder.join("load.toml");
            std::fs::write(&config, LOAD)
                .map_err(|error| Failure::new(format!("{}: {error}", config.display())))?;
            config
        }
    };
    let path = std::fs::canonicalize(&binary.path).unwrap_or_else(|_| binary.path.clone());
    let mut command = Command::new(path);
    for argument in &server.arguments {
        let mut argument = argument
            .replace("{config}", &config.to_string_lossy())
            .replace("{data}", &folder.to_string_lossy());
        if let Some(beside) = beside {
            argument = argument.replace("{profile}", &beside.to_string_lossy());
        }
        command.arg(argument);
    }
    command.args(&binary.arguments);
    match (binary.workers, &server.workers) {
        (Some(workers), Some(variable)) => {
            command.env(variable, workers.to_string());
        }
        (Some(_), None) => {
            let message =
                "the profile does not say how the number of workers is set ([server] workers)";
            return Err(Failure::new(message));
        }
        _ => {}
    }
    if binary.tls {
        speak_tls(&mut command, server, folder)?;
    }
    // Ctrl-C is meant for us: the server goes on until we have measured what there is.
    command.process_group(0);
    // SAFETY: between fork and exec it makes one system call, and neither allocates nor locks.
    unsafe {
        command.pre_exec(|| {
            // However we end, no server is left behind.
            set_parent_process_death_signal(Some(Signal::TERM)).map_err(Into::into)
        });
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    // What it logs belongs to nobody's results; what it dies of is told by how it ends.
    command.stderr(Stdio::null());
    Ok(command)
}

/// Gives a server that is about to start a certificate of its own.
fn speak_tls(command: &mut Command, server: &Server, folder: &Path) -> Outcome<()> {
    let (Some(certificate), Some(key)) = (&server.certificate, &server.key) else {
        return Err(Failure::new(
            "the profile does not say how TLS is set ([server] certificate and key)",
        ));
    };
    let made = wire::certificate()?;
    for (variable, file, pem) in [
        (certificate, "certificate.pem", made.0),
        (key, "key.pem", made.1),
    ] {
        let path = folder.join(file);
        let mut options = OpenOptions::new();
        let written = options.write(true).create(true).truncate(true).mode(0o600);
        written
            .open(&path)
            .and_then(|mut file| file.write_all(pem.as_bytes()))
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        command.env(variable, path);
    }
    Ok(())
}

fn new_folder() -> std::io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("stereo-bench-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    // A server that keeps people's data takes no folder that others may read.
    DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

impl Started {
    /// The address that it says on its first line.
    fn address(&mut self) -> Result<String, String> {
        let Some(output) = self.child.stdout.take() else {
            return Err("has no standard output".to_owned());
        };
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines();
            let _ = said.send(lines.next().and_then(Result::ok));
            // What it says later is read, so that it does not have to wait.
            lines.for_each(drop);
        });
        match heard.recv_timeout(STARTING) {
            Ok(Some(line)) => Ok(line.trim().to_owned()),
            Ok(None) => {
                let status = self.child.wait().map_err(|error| error.to_string())?;
                Err(format!("ended before it served: {status}"))
            }
            Err(_) => Err("said no address on its standard output for 30 s".to_owned()),
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(id) = Pid::from_raw(self.child.id() as i32) {
            // Asked first: it may want to write something down.
            let _ = kill_process(id, Signal::TERM);
        }
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
