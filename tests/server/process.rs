//! The real binary in a process of its own, whose every word is kept.

use crate::person::Mailbox;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// A server that can be killed.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ops: SocketAddr,
    said: Option<JoinHandle<String>>,
    heard: PathBuf,
}

impl Process {
    /// Starts one on a folder for data; it logs as much as it can.
    pub(crate) fn start(data: &Path, mailbox: &Mailbox) -> Self {
        Self::start_with(data, mailbox, &[])
    }

    /// As [`Self::start`], with more of the environment.
    pub(crate) fn start_with(data: &Path, mailbox: &Mailbox, more: &[(&str, &str)]) -> Self {
        Self::start_under(&[], data, mailbox, more)
    }

    /// As [`Self::start_with`], by a command that makes way for it, such as a tracer.
    pub(crate) fn start_under(
        command: &[&str],
        data: &Path,
        mailbox: &Mailbox,
        more: &[(&str, &str)],
    ) -> Self {
        let heard = data.with_extension("log");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&heard)
            .unwrap();
        let before = std::fs::metadata(&heard).unwrap().len() as usize;
        let words = [command, &[env!("CARGO_BIN_EXE_stereo")]].concat();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .env("STEREO_TELEMETRY__LOG", "debug")
            .env("STEREO_MAIL__SMTP", &mailbox.url)
            .env("STEREO_MAIL__FROM", "stereo@example.org")
            .env("STEREO_ROOMS__PER_ADDRESS_PER_HOUR", "0")
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", words[0]));
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("http://");
        let address = address.unwrap_or_else(|| panic!("{first}"));
        let address = address.parse().unwrap();
        let said = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = output.read_to_string(&mut rest);
            rest
        });
        Self {
            child,
            address,
            ops: ops_address(&heard, before),
            said: Some(said),
            heard,
        }
    }

    /// What a server says that does not start on this folder. Modes of files hold for it, whoever
    /// runs the tests.
    pub(crate) fn refused(data: &Path) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stereo"));
        let command = command
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(data);
        // SAFETY: two system calls, between fork and exec.
        let command = unsafe { command.pre_exec(heed_modes) };
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut first).unwrap();
        if !first.is_empty() {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert!(
            first.is_empty() && !output.status.success(),
            "it started: {first}"
        );
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.end()
    }

    /// Asks it to end, as an operator would, and waits for that.
    pub(crate) fn stop(mut self) -> String {
        let id = self.child.id().try_into().unwrap();
        // SAFETY: a signal to a process that we started and have not waited for.
        assert_eq!(unsafe { libc::kill(id, libc::SIGTERM) }, 0);
        self.end()
    }

    fn end(&mut self) -> String {
        self.child.wait().unwrap();
        let said = self.said.take().unwrap().join().unwrap();
        said + &std::fs::read_to_string(&self.heard).unwrap()
    }
}

/// Root does without what lets it read and write everything. Others cannot, and need not.
fn heed_modes() -> std::io::Result<()> {
    /// `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH` (capabilities(7)).
    const PRIVILEGES: [libc::c_ulong; 2] = [1, 2];
    for privilege in PRIVILEGES {
        // SAFETY: it takes a number, and touches no memory.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, privilege, 0, 0, 0) };
    }
    Ok(())
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where operations listen: this start says it in the log, behind what was there `before`.
fn ops_address(log: &Path, before: usize) -> SocketAddr {
    for _ in 0..600 {
        let text = std::fs::read_to_string(log).unwrap();
        let told = text[before..].rsplit_once("operations ops=");
        let address = told.and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
        if let Some(address) = address {
            return address;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the log does not say where operations listen");
}
