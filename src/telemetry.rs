//! What the process says of itself, on standard error. There is no access log, and nothing about
//! a person at any level: neither address, agent, name, text nor token is ever a field.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging at `level`. Only our own words are logged: what a library says may hold what a
/// person sent.
pub fn start(level: &str) {
    let level: LevelFilter = level.parse().unwrap_or(LevelFilter::INFO);
    let ours = filter_fn(|metadata| metadata.target().starts_with("stereo"));
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .with_filter(ours);
    // A second start, as in tests, changes nothing.
    let _ = tracing_subscriber::registry()
        .with(level)
        .with(layer)
        .try_init();
}

/// Reports a panic by its place alone: its message may hold what a person sent.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let reference = crate::secret::reference();
        let place = panic.location().map_or_else(String::new, |place| {
            format!("{}:{}", place.file(), place.line())
        });
        tracing::error!(%reference, place, "a task panicked");
    }));
}
