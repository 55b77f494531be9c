//! What the rest of the server holds of a room: a way to send to it, and what may be known of it
//! without asking. Handles are cloned out of the registry, never guards.

use super::actor::RoomEvent;
use super::read::Summary;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stereo_protocol::RoomId;
use tokio::sync::mpsc::{self, error::TrySendError};

/// Inputs that wait for one room; beyond, its connections are not read.
pub(super) const MAILBOX: usize = 256;

/// What has to be shown at the door.
#[derive(Clone, Default)]
pub struct Gate {
    /// The password's hash in PHC format.
    pub password: Option<Box<str>>,
    /// Rises with each change of the password.
    pub version: u32,
}

crate::telemetry::closed!(Gate);

/// A room of this node.
#[derive(Clone, Debug)]
pub struct RoomHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) id: RoomId,
    mailbox: mpsc::Sender<RoomEvent>,
    /// Connections that found the room and are not members yet: it is not disposed of meanwhile.
    arriving: AtomicUsize,
    pub(super) gate: ArcSwap<Gate>,
    pub(super) summary: ArcSwap<Summary>,
}

impl RoomHandle {
    pub(super) fn new(
        id: RoomId,
        mailbox: mpsc::Sender<RoomEvent>,
        gate: Gate,
        summary: Summary,
    ) -> Self {
        let arriving = AtomicUsize::new(0);
        Self {
            shared: Arc::new(Shared {
                id,
                mailbox,
                arriving,
                gate: gate.into_swap(),
                summary: ArcSwap::from_pointee(summary),
            }),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether this is the same room in the same life.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The room's id.
    pub fn id(&self) -> RoomId {
        self.shared.id
    }

    /// What has to be shown at the door.
    pub fn gate(&self) -> Arc<Gate> {
        self.shared.gate.load_full()
    }

    /// What is shown of it from outside.
    pub fn summary(&self) -> Arc<Summary> {
        self.shared.summary.load_full()
    }

    /// Sends to the room, waiting while its mailbox is full. False: the room is over.
    pub async fn send(&self, event: RoomEvent) -> bool {
        self.shared.mailbox.send(event).await.is_ok()
    }

    /// Sends without waiting: the event comes back when the mailbox is full. To a room that is
    /// over nothing is said, as by [`RoomHandle::send`].
    pub fn offer(&self, event: RoomEvent) -> Option<RoomEvent> {
        match self.shared.mailbox.try_send(event) {
            Err(TrySendError::Full(event)) => Some(event),
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        }
    }

    /// Says that somebody is on the way in. Call while the registry's entry is held.
    pub(crate) fn arrive(&self) -> Arrival {
        self.shared.arriving.fetch_add(1, Ordering::AcqRel);
        Arrival(self.clone())
    }

    /// Whether nobody is on the way in. Meaningful while the registry's entry is held.
    pub(crate) fn is_unvisited(&self) -> bool {
        self.shared.arriving.load(Ordering::Acquire) == 0
    }
}

impl Gate {
    fn into_swap(self) -> ArcSwap<Gate> {
        ArcSwap::from_pointee(self)
    }
}

/// Somebody on the way in. While it lives the room is not disposed of.
#[derive(Debug)]
pub struct Arrival(RoomHandle);

impl Arrival {
    /// The room.
    pub fn room(&self) -> &RoomHandle {
        &self.0
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.0.shared.arriving.fetch_sub(1, Ordering::AcqRel);
    }
}
