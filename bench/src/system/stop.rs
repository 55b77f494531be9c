//! Ctrl-C: the first ends what runs, with what there is so far; the second ends us.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody wants an end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens to signals from now on.
    pub(crate) fn listen() -> Self {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // Without them a signal ends us at once, as it would by default.
            let _ = flag::register_conditional_default(signal, stop.0.clone());
            let _ = flag::register(signal, stop.0.clone());
        }
        stop
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
