//! What was deleted and has not been looked for yet: noted by the thread that writes when a deletion
//! is on the disk, taken by the one that erases. No caller has it in hand, so that one who goes away
//! takes nothing along.

use super::super::erasure::Obstacle;
use super::search::Needles;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

/// Between the two threads, and those who wait.
#[derive(Debug)]
pub(super) struct Deletions {
    noted: Mutex<Noted>,
    news: Notify,
    looked: watch::Sender<Looked>,
}

#[derive(Debug, Default)]
struct Noted {
    needles: Needles,
    /// Rises with each deletion.
    number: u64,
}

/// How far it was looked for what was deleted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looked {
    /// Up to which deletion.
    pub(super) until: u64,
    /// What keeps some of it in a file.
    pub(super) obstacle: Option<Obstacle>,
}

impl Default for Deletions {
    fn default() -> Self {
        Self {
            noted: Mutex::default(),
            news: Notify::new(),
            looked: watch::Sender::new(Looked::default()),
        }
    }
}

impl Deletions {
    /// Something was deleted, and that is on the disk.
    pub(super) fn note(&self, needles: Needles) {
        let mut noted = self.noted.lock();
        noted.needles.extend(needles);
        noted.number += 1;
        drop(noted);
        self.news.notify_one();
    }

    /// The number of the latest deletion.
    pub(super) fn number(&self) -> u64 {
        self.noted.lock().number
    }

    /// Everything noted since the last call, and the number of the latest.
    pub(super) fn take(&self) -> (Needles, u64) {
        let mut noted = self.noted.lock();
        (std::mem::take(&mut noted.needles), noted.number)
    }

    /// Returns when something was noted.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    pub(super) fn tell(&self, looked: Looked) {
        self.looked.send_replace(looked);
    }

    /// Returns when it was looked for a deletion, whether it is gone or something keeps it.
    pub(super) async fn looked_for(&self, number: u64) {
        let mut looked = self.looked.subscribe();
        // The sender is in here.
        let _ = looked.wait_for(|looked| looked.until >= number).await;
    }

    /// Whether it was looked for everything. Of use to the thread that notes deletions alone:
    /// elsewhere another may come meanwhile.
    pub(super) fn is_looked_for(&self) -> bool {
        self.looked.borrow().until >= self.number()
    }

    /// What keeps something in a file that was deleted.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        self.looked.borrow().obstacle
    }
}
