//! The thread that keeps the copy of the key store up to date while changes go on, so that whoever
//! came is in it a moment later. A copy is all of the key store: at most a twentieth of the time
//! goes to it, however much is written. Erasures do not wait for this: they replace it themselves.

use super::Shared;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two copies at least.
const BETWEEN: Duration = Duration::from_millis(100);
/// Before trying again what failed.
const AGAIN: Duration = Duration::from_secs(10);
/// How much longer than a copy took the next one waits.
const RATIO: u32 = 19;

/// The side of whoever changes something. The thread ends when it is gone, after a last copy.
#[derive(Debug)]
pub(super) struct Copier(SyncSender<()>);

impl Copier {
    /// Starts the thread, which looks after the copy once by itself.
    pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<(Self, JoinHandle<()>)> {
        // One is enough: it says that there is something to do, and not what.
        let (nudge, nudges) = sync_channel(1);
        let thread = std::thread::Builder::new().name("stereo-copy".into());
        let thread = thread.spawn(move || keep_fresh(&shared, &nudges))?;
        Ok((Self(nudge), thread))
    }

    /// The key store has changed.
    pub(super) fn nudge(&self) {
        // Full: the thread is told already.
        let _ = self.0.try_send(());
    }
}

fn keep_fresh(shared: &Shared, nudges: &Receiver<()>) {
    let mut reached = true;
    loop {
        let began = Instant::now();
        let done = refresh(shared, &mut reached);
        let mut due = !done;
        let pause = match done {
            true => (began.elapsed() * RATIO).max(BETWEEN),
            false => AGAIN,
        };
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let next = match (due, left.is_zero()) {
                (true, true) => break,
                (false, true) => nudges.recv().map_err(|_| RecvTimeoutError::Disconnected),
                (_, false) => nudges.recv_timeout(left),
            };
            match next {
                Ok(()) => due = true,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    refresh(shared, &mut reached);
                    return;
                }
            }
        }
    }
}

/// Says once that it cannot be done, and once that it can again.
fn refresh(shared: &Shared, reached: &mut bool) -> bool {
    let done = shared.keys.refresh_copy();
    match (&done, *reached) {
        (Err(error), true) => {
            tracing::warn!(%error, "the copy of the key store is out of date: whoever signs up now is lost with the disk");
        }
        (Ok(()), false) => tracing::info!("the copy of the key store is up to date again"),
        _ => {}
    }
    *reached = done.is_ok();
    *reached
}
