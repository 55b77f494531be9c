//! Arguments, config, telemetry, signals; then the server.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use stereo::app::App;
use stereo::backup;
use stereo::config::{
    Arguments, BackingUp, Config, ConfigError, Counting, Proving, Restoring, Support, Task,
};
use stereo::privacy::prove;
use stereo::server::Server;
use stereo::telemetry;
use tokio::signal::unix::{SignalKind, signal};

/// Chosen by `stereo-bench compare --only one,rooms,join,idle`, the same server once with each: per
/// delivery in 100 rooms of ten 0.91 of what it costs with glibc's, per join 0.98, and 1,722 bytes
/// for somebody who listens in place of 1,944. jemalloc came close, and joining cost more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if !telemetry::forbid_core_dumps() {
        say_error(
            "the system does not let us forbid core dumps, which would hold what is personal",
        );
        return ExitCode::FAILURE;
    }
    let done = match Task::from_command_line() {
        Task::Check(arguments) => check(&arguments),
        Task::Backup(wanted) => back_up(&wanted),
        Task::Restore(wanted) => restore(&wanted),
        Task::ProvePurge(proving) => return prove_purge(&proving),
        Task::Serve(arguments) => serve(&arguments),
        Task::Stats(counting) => stats(&counting),
        Task::Support(asked) => support(&asked),
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

fn back_up(wanted: &BackingUp) -> Result<(), String> {
    let config = load(&wanted.arguments).map_err(|error| error.to_string())?;
    let wanted = backup::Wanted {
        to: wanted.to.as_deref(),
        without_keys_copy: wanted.without_keys_copy,
    };
    let written = backup::write(&config, &wanted, backup::now())?;
    for warning in &written.warnings {
        say_error(&format!("warning: {warning}"));
    }
    say(&format!("{}: written", written.path.display()));
    Ok(())
}

fn restore(wanted: &Restoring) -> Result<(), String> {
    let config = load(&wanted.arguments).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let parts = backup::Parts {
        from: &wanted.from,
        identity: &wanted.identity,
        keys: &wanted.keys,
        server_key: wanted.server_key.as_deref(),
        with_older_keys: wanted.with_older_keys,
    };
    let restored = runtime.block_on(backup::restore(&config, &parts))?;
    let left_out = restored.left_out;
    let why = match restored.with_older_keys {
        false => "who were deleted since",
        true => "whose keys are not in the copy: deleted since, or lost",
    };
    say(&format!(
        "{}: restored; {left_out} people {why} are not in it",
        config.store.data.display()
    ));
    Ok(())
}

/// Says what was searched and what was found. 0: nothing; 1: something; 2: it could not be searched.
fn prove_purge(proving: &Proving) -> ExitCode {
    match search(proving) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::FAILURE,
        Err(message) => {
            say_error(&message);
            ExitCode::from(2)
        }
    }
}

fn search(proving: &Proving) -> Result<bool, String> {
    let config = load(&proving.arguments).map_err(|error| error.to_string())?;
    let lines = std::io::stdin().lines();
    let lines = lines.collect::<Result<Vec<_>, _>>();
    let lines = lines.map_err(|error| format!("standard input: {error}"))?;
    let texts: Vec<String> = (lines.into_iter())
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if texts.is_empty() {
        return Err("expected texts to look for on standard input, one a line".into());
    }
    if let Some(place) = texts.iter().position(|text| text.len() < prove::LEAST) {
        let least = prove::LEAST;
        return Err(format!(
            "needle {}: expected at least {least} bytes",
            place + 1
        ));
    }
    let mut paths = vec![config.store.data.clone()];
    let given = [
        &config.store.keys_copy,
        &config.store.key_file,
        &config.backup.folder,
    ];
    let given = given.into_iter();
    // What was never made holds nothing.
    paths.extend(given.filter(|path| path.exists()).cloned());
    paths.extend(proving.also.iter().cloned());
    let search = prove::Search::new(&texts)?;
    let identity = proving.identity.as_deref();
    let places = prove::each_below(&paths, |file| look_through(&search, file, identity));
    let places = places.map_err(|(path, error)| format!("{}: {error}", path.display()))?;
    let total: u64 = places.iter().map(|place| tell(place, identity)).sum();
    let (needles, places) = (texts.len(), places.len());
    say(&format!(
        "{needles} needles, {places} places: found {total} times"
    ));
    Ok(total > 0)
}

/// Looks through a file, and through what the identity opens of it.
fn look_through(
    search: &prove::Search,
    file: &Path,
    identity: Option<&Path>,
) -> std::io::Result<prove::Place> {
    let mut place = search.file(file)?;
    if let Some(identity) = identity.filter(|_| place.sealed) {
        search.inside(backup::opened(file, identity)?, &mut place)?;
    }
    Ok(place)
}

fn stats(counting: &Counting) -> Result<(), String> {
    let config = load(&counting.arguments).map_err(|error| error.to_string())?;
    let told = stereo::visits::stats(&config, counting.days)?;
    say(told.trim_end());
    Ok(())
}

/// Says what was searched and what was found there, and returns how often.
fn tell(place: &prove::Place, identity: Option<&Path>) -> u64 {
    say(&format!(
        "searched {} ({} bytes)",
        place.path.display(),
        place.bytes
    ));
    if place.sealed && identity.is_none() {
        say(
            "  encrypted by age: only --identity FILE searches what is inside; what it holds of people is sealed with keys that are in the key store alone, and opens for nobody once those are destroyed",
        );
    }
    if place.too_much {
        say("  not all of what is packed in it was unpacked: unpack it and search again");
    }
    for ((number, how), count) in &place.found {
        say(&format!(
            "  found needle {} {how}: {count} times",
            number + 1
        ));
    }
    place.found.values().sum()
}

fn support(asked: &Support) -> Result<(), String> {
    let config = load(&asked.arguments).map_err(|error| error.to_string())?;
    let told = stereo::support::command::carry_out(&asked.ask, &config.store.data)?;
    say(told.trim_end());
    Ok(())
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let config = load(arguments).map_err(|error| error.to_string())?;
    telemetry::start(&config.telemetry);
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
    let done = runtime.block_on(run(config));
    // A thread that reads from somebody's slow server is not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    telemetry::finish();
    done
}

async fn run(config: Config) -> Result<(), String> {
    let public_url = config.server.public_url.clone();
    let app = App::open(config).map_err(|error| error.to_string())?;
    let app = Arc::new(app);
    let server = Server::bind(app).map_err(|error| error.to_string())?;
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
