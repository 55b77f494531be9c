//! What the process says of itself: words on standard error, and a report of each unexpected error
//! to whom the operator chose. There is no access log, and nothing about a person at any level:
//! neither address, agent, name, text nor token is ever a field. Nothing else may set up a
//! subscriber or a panic hook; a test reads the source for it.

mod caught;
mod core_dumps;
mod personal;
mod post;
mod report;
#[cfg(test)]
mod tests;

pub use caught::{caught, caught_now};
pub use core_dumps::forbid_core_dumps;
pub use personal::Personal;
pub(crate) use personal::closed;
pub use report::{finish, report};

use crate::config;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging, and reporting where that is wanted.
pub fn start(config: &config::Telemetry) {
    start_log(&config.log);
    report::start(&config.sentry_dsn);
    report_panics();
}

/// Logs from `level` on. Only our own words: what a library says may hold what a person sent.
fn start_log(level: &str) {
    let level: LevelFilter = level.parse().unwrap_or(LevelFilter::INFO);
    let ours = filter_fn(|metadata| metadata.target().starts_with("stereo"));
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        // A log that cannot be written is no reason to panic: a full disk fills it too.
        .log_internal_errors(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .with_filter(ours);
    // A second start, as in tests, changes nothing.
    let _ = tracing_subscriber::registry()
        .with(level)
        .with(layer)
        .try_init();
}

/// Reports a panic by its place and stack alone: its message may hold what a person sent.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let reference = report::send("a task panicked");
        let place = panic.location().map_or_else(String::new, |place| {
            format!("{}:{}", report::crate_path(place.file()), place.line())
        });
        tracing::error!(%reference, place, "a task panicked");
        caught::remember(reference);
    }));
}
