//! Exports that are on their way to whoever asked for them: however slowly they read, what is still
//! here when they are erased goes nowhere.

use crate::store::AccountId;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use tokio::sync::{Notify, watch};

/// One connection, as far as an export may be on it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Whose export was asked for last.
    of: Mutex<Option<AccountId>>,
    cut: Notify,
    /// Closed when the connection has ended.
    ended: watch::Sender<()>,
}

impl Line {
    /// Another request came: whatever was asked for before has been answered and is through.
    pub(crate) fn free(&self) {
        *self.of.lock() = None;
    }

    /// Returns when the connection has to end, in the middle of an answer or not.
    pub(crate) async fn cut(&self) {
        self.cut.notified().await;
    }
}

/// All connections with an export.
#[derive(Debug, Default)]
pub struct Exports {
    lines: Mutex<Vec<Weak<Line>>>,
}

impl Exports {
    /// An account's export is gathered, and goes out on this connection.
    pub(crate) fn begin(&self, account: AccountId, line: &Arc<Line>) {
        *line.of.lock() = Some(account);
        let mut lines = self.lines.lock();
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(line));
    }

    /// Ends those of an account, and returns when nothing of them is left.
    pub(crate) async fn end_all(&self, account: AccountId) {
        let mut endings = Vec::new();
        for line in self.lines.lock().iter().filter_map(Weak::upgrade) {
            if *line.of.lock() == Some(account) {
                line.cut.notify_one();
                endings.push(line.ended.subscribe());
            }
        }
        for mut ending in endings {
            // Nothing is ever sent: it fails when the connection has ended.
            let _ = ending.changed().await;
        }
    }
}
