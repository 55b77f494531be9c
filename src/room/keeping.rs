//! Sees to it that what stays of a room is on the disk before anybody is told that it is. The room
//! never waits for the disk: one save is under way at most, and what changes meanwhile is saved
//! together, next. While nothing can be saved, changes are refused; what the room is by then is
//! tried again until it is kept, so nothing that was acknowledged is lost.

use super::actor::Reply;
use super::input::{Effect, Ms};
use crate::store::{Health, Store, StoreError, StoredRoom};
use bytes::Bytes;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject, RoomId};
use tokio::sync::oneshot;

/// Answers that wait for one save; beyond, changes are refused.
const WAITING: usize = 1_024;
/// How long an answer waits for a disk that does not answer, in milliseconds.
const PATIENCE_MS: u64 = 10_000;
/// How long after a failure it is tried again: doubles from the first to the second.
const RETRY_MS: (u64, u64) = (250, 8_000);

type Call = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Whoever is told something when it is on the disk.
#[derive(Debug)]
pub(super) enum Told {
    /// A client, by this frame; what comes after it.
    Client(Reply, Bytes, Vec<Effect>),
    /// Somebody of this process.
    Caller(oneshot::Sender<Result<(), ErrorObject>>),
}

/// What of one room is on the disk, and what is not yet.
pub(super) struct Keeping {
    store: Arc<dyn Store>,
    room: RoomId,
    /// Rises with each change of what stays.
    changed: u64,
    /// Up to where that is on the disk.
    kept: u64,
    /// A save, and how far it goes.
    under_way: Option<(u64, Call)>,
    /// In the order in which they began to wait.
    waiting: VecDeque<Waiting>,
    trouble: Option<Trouble>,
}

struct Waiting {
    until: u64,
    since: Ms,
    told: Told,
}

/// The last save failed.
#[derive(Clone, Copy)]
struct Trouble {
    again_at: Ms,
    pause_ms: u64,
}

impl Keeping {
    pub(super) fn new(store: Arc<dyn Store>, room: RoomId) -> Self {
        Self {
            store,
            room,
            changed: 0,
            kept: 0,
            under_way: None,
            waiting: VecDeque::new(),
            trouble: None,
        }
    }

    /// What stays has changed.
    pub(super) fn note_change(&mut self) {
        self.changed += 1;
    }

    pub(super) fn is_saving(&self) -> bool {
        self.under_way.is_some()
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.kept < self.changed
    }

    /// Why no change can be taken now. Nothing has changed then.
    pub(super) fn refusal(&self) -> Option<ErrorObject> {
        let well = self.trouble.is_none() && self.store.health() == Health::Ready;
        (!well || self.waiting.len() >= WAITING).then(|| {
            let message = "nothing can be kept now, so nothing was changed: try again";
            ErrorObject::new(ErrorKind::Unavailable, message)
        })
    }

    /// Tells this when everything up to now is on the disk.
    pub(super) fn tell_when_kept(&mut self, told: Told, now: Ms) {
        self.waiting.push_back(Waiting {
            until: self.changed,
            since: now,
            told,
        });
    }

    /// Begins to save what the room is now, unless there is nothing to, or not yet.
    pub(super) fn begin(&mut self, now: Ms, room: impl FnOnce() -> Option<StoredRoom>) {
        let healthy = self.store.health() == Health::Ready;
        let not_yet = |trouble: &mut Trouble| {
            // Whether there is room on the disk again is found out elsewhere, for all rooms.
            if trouble.again_at <= now && !healthy {
                trouble.again_at = now + RETRY_MS.0;
            }
            trouble.again_at > now
        };
        if !self.is_unsaved() || self.under_way.is_some() {
            return;
        }
        if !self.trouble.as_mut().is_some_and(not_yet) {
            self.begin_at_once(room());
        }
    }

    /// Begins to save this, or to delete the room.
    pub(super) fn begin_at_once(&mut self, room: Option<StoredRoom>) {
        let (store, id) = (self.store.clone(), self.room);
        let room = room.map(Arc::new);
        let call = async move {
            match room {
                Some(room) => store.save_room(room).await,
                None => store.delete_room(id).await.map(drop),
            }
        };
        self.under_way = Some((self.changed, Box::pin(call)));
    }

    /// Waits for what is under way; for ever when nothing is. Dropping the call loses nothing.
    pub(super) async fn outcome(&mut self) -> Result<(), StoreError> {
        let Some((_, call)) = &mut self.under_way else {
            return std::future::pending().await;
        };
        call.await
    }

    /// Takes in how it went. Gives who has to be told, and what.
    pub(super) fn settle(
        &mut self,
        result: Result<(), StoreError>,
        now: Ms,
    ) -> Vec<(Told, Option<ErrorObject>)> {
        let Some((until, _)) = self.under_way.take() else {
            return Vec::new();
        };
        match result {
            Ok(()) => {
                self.kept = until;
                self.trouble = None;
                self.tell(None, |waiting| waiting.until <= until)
            }
            Err(_) => {
                let pause = self.trouble.map_or(RETRY_MS.0, |last| last.pause_ms * 2);
                let pause_ms = pause.min(RETRY_MS.1);
                self.trouble = Some(Trouble {
                    again_at: now + pause_ms,
                    pause_ms,
                });
                // Those behind it would wait for the same.
                self.tell(Some(&not_kept()), |_| true)
            }
        }
    }

    /// Those who have waited for too long.
    pub(super) fn impatient(&mut self, now: Ms) -> Vec<(Told, Option<ErrorObject>)> {
        let most = now.saturating_sub(PATIENCE_MS);
        let told = self.tell(Some(&not_kept()), |waiting| waiting.since <= most);
        if !told.is_empty() {
            self.trouble.get_or_insert(Trouble {
                again_at: now,
                pause_ms: RETRY_MS.0,
            });
        }
        told
    }

    fn tell(
        &mut self,
        error: Option<&ErrorObject>,
        whom: impl Fn(&Waiting) -> bool,
    ) -> Vec<(Told, Option<ErrorObject>)> {
        let count = self.waiting.iter().take_while(|one| whom(one)).count();
        let told = self.waiting.drain(..count);
        told.map(|one| (one.told, error.cloned())).collect()
    }

    /// When to look again without anything having happened.
    pub(super) fn wake_at(&self) -> Option<Ms> {
        let impatient = self.waiting.front().map(|one| one.since + PATIENCE_MS);
        let idle = self.under_way.is_none() && self.is_unsaved();
        let again = self
            .trouble
            .filter(|_| idle)
            .map(|trouble| trouble.again_at);
        impatient.into_iter().chain(again).min()
    }
}

/// The one error after which something has changed: the events went out before. With `op` it is
/// safe to ask again, and the answer then says whether it is kept.
fn not_kept() -> ErrorObject {
    let message = "it was done and could not be kept yet: ask again, with the same op";
    ErrorObject::new(ErrorKind::Unavailable, message)
}
