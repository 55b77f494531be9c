//! Forgetting a person: what an account's owner sets off in Settings. Each step is on the disk
//! before the next, and each can be repeated: killed anywhere, the next start goes on.
//!
//! 0. The store writes that the account goes, and by which receipt that can be looked up.
//! 1. Nobody is signed in as the account any more: tickets go, sockets are closed with 4503; what
//!    support was allowed to look at is closed to it.
//! 2. Open rooms redact what they hold: names, messages, the ring, history and log; rooms of the
//!    account are handed over or end, by their setting. Rooms that rest are the store's to erase.
//! 3. The store erases the rest: rows, sessions, keys, lookups; and then every file is searched.
//! 4. Once more through 1 and 2, for whoever came in meanwhile; then what the process itself holds
//!    is searched.
//! 5. The store says in the receipt that it is done, and forgets whom it was about.
//!
//! Only then does anybody say "erased". What meets an obstacle is tried again every second.

use crate::app::App;
use crate::killpoint;
use crate::store::{AccountId, Obstacle, Receipt, ReceiptId, SearchedPlace, StoreError};
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::CloseCode;
use tokio::sync::watch;

/// After how long it is tried again what met an obstacle.
const AGAIN: Duration = Duration::from_secs(1);

/// How far a purge is.
#[derive(Clone, Debug)]
pub enum Purging {
    /// It is not on the disk yet that it was asked for.
    Beginning,
    /// It did not begin, and nothing has changed.
    Refused(StoreError),
    /// It goes on by itself, whatever happens; this is known so far.
    Known(Receipt),
}

/// Erases an account everywhere; `receipt` is how it can be looked up from the first step on. Goes
/// on whether or not anybody listens to what is said of it.
pub fn purge(app: Arc<App>, account: AccountId, receipt: ReceiptId) -> watch::Receiver<Purging> {
    let (told, hears) = watch::channel(Purging::Beginning);
    tokio::spawn(async move {
        if let Err(error) = app.store.begin_erasure(account, receipt).await {
            return drop(told.send_replace(Purging::Refused(error)));
        }
        killpoint::reached("begun");
        until_done(&app, account, receipt, &told).await;
    });
    hears
}

/// Goes on with what an earlier run of the server left.
pub async fn resume(app: &Arc<App>) {
    let unfinished = loop {
        match app.store.unfinished_erasures().await {
            Ok(unfinished) => break unfinished,
            Err(StoreError::Stopped) => return,
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    };
    for (receipt, account) in unfinished {
        let app = app.clone();
        let (told, _) = watch::channel(Purging::Beginning);
        tokio::spawn(async move { until_done(&app, account, receipt, &told).await });
    }
}

async fn until_done(
    app: &App,
    account: AccountId,
    receipt: ReceiptId,
    told: &watch::Sender<Purging>,
) {
    loop {
        match go_through(app, account, receipt).await {
            Ok(known) => {
                let done = known.erased;
                told.send_replace(Purging::Known(known));
                if done {
                    return;
                }
            }
            Err(StoreError::Stopped | StoreError::Gone) => return,
            // The log says what is wrong with the store.
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Steps 1 to 5.
async fn go_through(
    app: &App,
    account: AccountId,
    receipt: ReceiptId,
) -> Result<Receipt, StoreError> {
    forget(app, account);
    // A room that cannot write what is left of it goes on trying; the store leaves out in any case
    // who has no account any more.
    let _ = app.erase_in_rooms(account).await;
    killpoint::reached("rooms");
    let mut known = app.store.erase_account(account, receipt).await?;
    killpoint::reached("searched");
    // What was being sent to them is stopped.
    app.mail.let_go().await;
    app.exports.end_all(account).await;
    // Who joined between the two had a session that was good then.
    forget(app, account);
    if app.erase_in_rooms(account).await.is_err() {
        known.erased = false;
        known.waits_for.get_or_insert(Obstacle::Disk);
    }
    killpoint::reached("rooms again");
    known.places.extend(searched(app, account).await);
    if known.places.iter().any(|place| place.found > 0) {
        known.erased = false;
        known.waits_for.get_or_insert(Obstacle::Remains);
    }
    if known.erased {
        app.store.conclude_erasure(receipt, known.clone()).await?;
        killpoint::reached("concluded");
    }
    Ok(known)
}

/// What this process holds of an account, rooms aside.
fn forget(app: &App, account: AccountId) {
    app.auth.close_all(account, CloseCode::AccountDeleted);
    app.support.grants.revoke_all(account);
    app.letters_written.forget(account.bits());
    app.imports.forget(account.bits());
}

/// Looks for an account in what this process holds.
async fn searched(app: &App, account: AccountId) -> [SearchedPlace; 3] {
    let (held, found) = app.auth.holds(account);
    let sockets = SearchedPlace::memory("sockets, tickets and ceremonies", held, found);
    let (held, found) = app.support.grants.hold(account);
    let consents = SearchedPlace::memory("consents", held, found);
    let (held, found) = app.rooms_that_hold(account).await;
    let rooms = SearchedPlace::memory("open rooms", held, found);
    [sockets, consents, rooms]
}
