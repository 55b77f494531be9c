//! What there is to tell of by itself: what became of rooms while their owners were away, and a
//! significant version of the policy.

use super::Mail;
use crate::store::{AccountId, RoomNews, StoreError, Topic};
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::RoomId;
use tokio::sync::mpsc;

/// News that wait to be looked at; beyond, they are left out.
const WAITING: usize = 256;
/// Accounts looked at in one go.
const PAGE: usize = 200;
/// Until there is room in the queue, or the store is well again.
const AGAIN: Duration = Duration::from_secs(1);

/// What rooms tell. Never waits: when too much is told, the rest is left out.
#[derive(Clone, Debug)]
pub struct News(mpsc::Sender<(AccountId, RoomId, RoomNews)>);

/// Where it is heard.
#[derive(Debug)]
pub struct Heard(mpsc::Receiver<(AccountId, RoomId, RoomNews)>);

/// A way for rooms to tell their owners something.
pub fn news() -> (News, Heard) {
    let (tell, heard) = mpsc::channel(WAITING);
    (News(tell), Heard(heard))
}

impl News {
    /// Tells an account something of a room that it keeps.
    pub fn tell(&self, account: AccountId, room: RoomId, news: RoomNews) {
        if self.0.try_send((account, room, news)).is_err() {
            tracing::debug!("news of a room were left out: too many wait");
        }
    }
}

impl Mail {
    /// Mails what rooms tell to those who wish it, one thing of one room once a day, for ever.
    pub async fn tell_of_rooms(self: Arc<Self>, mut heard: Heard) {
        while let Some((account, room, news)) = heard.0.recv().await {
            let told = (account, room, news);
            if self.rooms_told.look_key(told).is_ok()
                && self.tell(account, Topic::Room { room, news }).await
            {
                let _ = self.rooms_told.take_key(told);
            }
        }
    }

    /// Mails the newest significant version of the policy to those who wish it and were not told.
    /// What an earlier run has told is noted with the accounts, so this can be killed and begun
    /// anew.
    pub async fn tell_of_policy(self: Arc<Self>) {
        let significant = self.versions.iter().find(|version| version.significant);
        let Some(version) = significant.filter(|_| self.is_by_smtp()) else {
            return;
        };
        let mut after = None;
        loop {
            let wishes = self.store.policy_wishes(after, version.number, PAGE);
            let Some(wishes) = again_later(wishes.await).await else {
                continue;
            };
            let Some((last, _)) = wishes.last() else {
                return;
            };
            after = Some(*last);
            for (account, _) in wishes.into_iter().filter(|(_, wish)| *wish) {
                while again_later(self.tell_version(account, version.number).await)
                    .await
                    .is_none()
                {}
            }
        }
    }

    async fn tell_version(&self, account: AccountId, version: u32) -> Result<(), StoreError> {
        if self.store.tell_policy(account, version).await? {
            self.wake.notify_one();
        }
        Ok(())
    }
}

/// The value; or, after a while, nothing: it is to be asked for again.
async fn again_later<T>(result: Result<T, StoreError>) -> Option<T> {
    if result.is_err() {
        tokio::time::sleep(AGAIN).await;
    }
    result.ok()
}
