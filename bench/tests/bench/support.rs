//! Runs the binary, and finds the server's.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

pub(crate) const BENCH: &str = env!("CARGO_BIN_EXE_stereo-bench");

/// The server's binary: the one beside ours, which a test of the workspace builds; built here when
/// only this package is tested.
pub(crate) fn stereo() -> &'static str {
    static STEREO: OnceLock<String> = OnceLock::new();
    STEREO.get_or_init(|| {
        let folder = Path::new(BENCH).parent().unwrap();
        let binary = folder.join("stereo");
        if !binary.is_file() {
            let mut build = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
            build.args(["build", "--quiet", "--package", "stereo", "--bin", "stereo"]);
            build.arg("--target-dir").arg(folder.parent().unwrap());
            if folder.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().unwrap().success(), "the server builds");
        }
        binary.to_str().unwrap().to_owned()
    })
}

/// What came of a command.
pub(crate) struct Outcome {
    pub(crate) good: bool,
    pub(crate) out: String,
    pub(crate) error: String,
}

/// Runs a command to its end.
pub(crate) fn bench(arguments: &[&str]) -> Outcome {
    finished(Command::new(BENCH).args(arguments))
}

pub(crate) fn finished(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        good: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a scenario and gives its one run, which must have gone well.
pub(crate) fn run(arguments: &[&str]) -> Value {
    let outcome = bench(&[arguments, &["--json", "-", "--quiet"]].concat());
    assert!(
        outcome.good,
        "{arguments:?}: {}{}",
        outcome.error, outcome.out
    );
    let runs: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(runs[0]["failure"], Value::Null);
    runs[0].clone()
}

/// A figure of a run.
pub(crate) fn figure(run: &Value, key: &str) -> f64 {
    let figures = run["figures"].as_array().unwrap();
    let figure = figures.iter().find(|figure| figure["key"] == key);
    let figure = figure.unwrap_or_else(|| panic!("no {key} in {run}"));
    figure["value"].as_f64().unwrap()
}

/// A server of the test: ends with it.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    _output: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start(name: &str) -> Self {
        let folder = folder(name);
        let config = concat!(env!("CARGO_MANIFEST_DIR"), "/load.toml");
        let listen = "127.0.0.1:0";
        let mut child = Command::new(stereo())
            .args([
                "--config",
                config,
                "--listen",
                listen,
                "--ops-listen",
                listen,
            ])
            .arg("--data")
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        output.read_line(&mut address).unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
            _output: output,
            folder,
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A folder of a test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("stereo-bench-test-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A bench that runs, watched until it says `line`.
pub(crate) struct Running {
    pub(crate) child: Child,
    error: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(BENCH)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal signals whole groups: this one is the test's to signal.
            .process_group(0)
            .spawn()
            .unwrap();
        let error = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            error,
            said: String::new(),
        }
    }

    pub(crate) fn until(&mut self, line: &str) {
        while !self.said.lines().any(|said| said == line) {
            let read = self.error.read_line(&mut self.said).unwrap();
            assert!(read > 0, "ended before it said {line:?}: {}", self.said);
        }
    }

    pub(crate) fn end(mut self) -> Outcome {
        let mut out = String::new();
        let stdout = self.child.stdout.take();
        stdout.unwrap().read_to_string(&mut out).unwrap();
        self.error.read_to_string(&mut self.said).unwrap();
        Outcome {
            good: self.child.wait().unwrap().success(),
            out,
            error: self.said,
        }
    }
}
