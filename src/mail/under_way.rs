//! Which mails are being sent just now, so that each is sent by one task, and one that is dropped
//! meanwhile can be stopped.

use crate::store::MailId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Mails that are being sent.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<MailId, Sending>>>);

/// One that is being sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Sending {
    stop: CancellationToken,
    over: CancellationToken,
}

impl Sending {
    /// Returns when it is over, one way or the other.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        self.over.cancelled().await;
    }

    /// Waits until it is to be stopped.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

/// Over when dropped.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) id: MailId,
    pub(super) sending: Sending,
    all: UnderWay,
}

impl UnderWay {
    /// Begins one. From now on it is found by [`Self::all`]: only after that may it be read.
    pub(super) fn begin(&self, id: MailId) -> Begun {
        let sending = Sending::default();
        self.0.lock().insert(id, sending.clone());
        let all = self.clone();
        Begun { id, sending, all }
    }

    pub(super) fn ids(&self) -> Vec<MailId> {
        self.0.lock().keys().copied().collect()
    }

    pub(super) fn all(&self) -> Vec<(MailId, Sending)> {
        let all = self.0.lock();
        all.iter()
            .map(|(id, sending)| (*id, sending.clone()))
            .collect()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.id);
        self.sending.over.cancel();
    }
}
