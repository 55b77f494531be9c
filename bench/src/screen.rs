//! What a person sees while it runs: a line of what happens, a bar with the time left, and results.
//! Progress goes to standard error, results to standard output.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Where progress is shown, or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) quiet: bool,
}

/// One piece of work under way.
pub(crate) struct Bar(ProgressBar);

impl Screen {
    /// Begins something of so many steps.
    pub(crate) fn bar(self, what: &str, steps: u64) -> Bar {
        // Nothing is drawn where standard error is no terminal: there, a line says what begins.
        if !std::io::stderr().is_terminal() {
            self.say(what);
        }
        let target = match self.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr_with_hz(5),
        };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        let style = "{msg:28} {wide_bar} {pos}/{len}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Bar(bar)
    }

    /// Something that takes so long, whatever happens.
    pub(crate) fn wait(self, what: &str, seconds: f64) -> Bar {
        self.bar(what, seconds.ceil() as u64)
    }

    /// Says one line of progress.
    pub(crate) fn say(self, line: &str) {
        if !self.quiet {
            error(line);
        }
    }
}

impl Bar {
    pub(crate) fn at(&self, step: u64) {
        self.0.set_position(step);
    }

    pub(crate) fn at_time(&self, elapsed: Duration) {
        self.0.set_position(elapsed.as_secs());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Writes a line of results.
pub(crate) fn out(line: &str) {
    // A closed standard output is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{line}");
    let _ = std::io::stdout().flush();
}

/// Writes a line to standard error.
pub(crate) fn error(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
