//! Rooms that rest: kept in the store, without a task, while nobody is there. Whoever comes wakes
//! them; what would have played meanwhile has played.

use super::actor::{self, Node};
use super::handle::Arrival;
use super::rules::Rules;
use super::state::State;
use crate::media::small_picture;
use crate::secret;
use crate::store::{Store, StoreError, StoredKey, StoredRoom};
use std::sync::Arc;
use stereo_protocol::{Epoch, RoomId};
use tokio::sync::Semaphore;

/// Rooms that are read from the store at once; two of one turn come one after the other.
const TURNS: usize = 32;

/// The way from the store to a task.
#[derive(Debug)]
pub struct Resting {
    /// A room is read in its turn, so that it is opened once, and never as it was before.
    turns: [Semaphore; TURNS],
}

impl Default for Resting {
    fn default() -> Self {
        Self {
            turns: std::array::from_fn(|_| Semaphore::new(1)),
        }
    }
}

impl Resting {
    /// Opens a room that rests, under a new numbering, on behalf of somebody who wants to come in.
    ///
    /// # Errors
    /// When the store cannot be read, or no room is opened any more.
    pub(crate) async fn wake(
        &self,
        node: &Arc<Node>,
        rules: &Arc<Rules>,
        id: RoomId,
    ) -> Result<Option<Arrival>, StoreError> {
        let turn = &self.turns[(id.bits() % TURNS as u128) as usize];
        let _turn = turn.acquire().await.map_err(|_| StoreError::Stopped)?;
        // Somebody else may have woken it.
        if let Some(arrival) = node.registry.enter(id) {
            return Ok(Some(arrival));
        }
        let Some(mut stored) = node.store.room(id).await? else {
            return Ok(None);
        };
        stored.withhold(&node.takes);
        let stored = with_pictures(&*node.store, stored).await?;
        let epoch = Epoch::from_bits(u64::from_ne_bytes(secret::random()));
        let state = State::restore(rules.clone(), stored, epoch, node.clock.now_ms());
        let opened = actor::open(node, id, state).await;
        opened.map_err(|_| StoreError::Broken)?;
        Ok(node.registry.enter(id))
    }

    /// Returns when no room is being opened that was begun before.
    pub async fn settle(&self) {
        for turn in &self.turns {
            drop(turn.acquire().await);
        }
    }

    /// Opens no more rooms; returns when none is being opened.
    pub async fn stop(&self) {
        for turn in &self.turns {
            drop(turn.acquire().await);
            turn.close();
        }
    }
}

/// People of accounts appear with the pictures that the accounts have now.
async fn with_pictures(store: &dyn Store, mut room: StoredRoom) -> Result<StoredRoom, StoreError> {
    for member in room.members.values_mut() {
        if let StoredKey::Account(account) = member.key {
            let picture = store.account(account).await?;
            let picture = picture.and_then(|account| account.picture);
            member.picture = picture.map(|name| small_picture(&name));
        }
    }
    Ok(room)
}
