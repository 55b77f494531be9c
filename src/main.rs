//! Arguments, config, telemetry, signals; then the server.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use stereo::app::App;
use stereo::config::{Arguments, Config, ConfigError, Task};
use stereo::server::Server;
use stereo::telemetry;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let done = match Task::from_command_line() {
        Task::Check(arguments) => check(&arguments),
        Task::Serve(arguments) => serve(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say_error(&message);
            ExitCode::FAILURE
        }
    }
}

fn load(arguments: &Arguments) -> Result<Config, ConfigError> {
    Config::load(
        arguments,
        std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }),
    )
}

fn check(arguments: &Arguments) -> Result<(), String> {
    load(arguments).map_err(|error| error.to_string())?;
    let what = arguments.config.as_ref().map_or_else(
        || "the built-in defaults".to_owned(),
        |path| path.display().to_string(),
    );
    say(&format!("{what}: good"));
    Ok(())
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let config = load(arguments).map_err(|error| error.to_string())?;
    telemetry::start(&config.telemetry.log);
    telemetry::report_panics();
    raise_descriptor_limit();
    survive_file_limit();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if config.server.workers > 0 {
        runtime.worker_threads(config.server.workers);
    }
    let runtime = runtime
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> Result<(), String> {
    let public_url = config.server.public_url.clone();
    let app = App::open(config).map_err(|error| error.to_string())?;
    let app = Arc::new(app);
    let server = Server::bind(app).map_err(|error| format!("cannot listen on {error}"))?;
    let address = server.address().map_err(|error| error.to_string())?;
    let ops = server.ops_address().map_err(|error| error.to_string())?;
    say(&if public_url.is_empty() {
        let scheme = if server.tls().is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{address}")
    } else {
        public_url
    });
    tracing::info!(%ops, "ready; operations");
    server.run(stopped()).await;
    Ok(())
}

/// Ready when the process is told to stop.
async fn stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Each connection is a descriptor: take as many as the system lets us.
fn raise_descriptor_limit() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit to be written to and read from.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

/// A file that may not grow is an error of a write, as a full disk is, and no reason to end.
fn survive_file_limit() {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

fn say(line: &str) {
    // A closed standard output is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{line}");
    let _ = std::io::stdout().flush();
}

fn say_error(message: &str) {
    let _ = writeln!(std::io::stderr(), "stereo: {message}");
}
