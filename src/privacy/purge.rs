//! Forgetting a person: what an account's owner sets off in Settings.
//!
//! 1. Nobody is signed in as the account any more: tickets go, sockets are closed with 4503.
//! 2. Open rooms redact what they hold: names, messages, the ring, history and log; rooms of the
//!    account are handed over or end, by their setting. Rooms that rest are the store's to erase.
//! 3. The store erases the rest: rows, sessions, keys, lookups, in one durable step first, and then
//!    every file is searched. Killed anywhere after that step, the next start goes on.
//! 4. Once more through the rooms, for those that were woken in between.
//!
//! Only when all of it is done does anybody say "erased".

use crate::app::App;
use crate::store::{AccountId, Obstacle, Receipt, ReceiptId, StoreError};
use std::sync::Arc;
use stereo_protocol::CloseCode;

/// Erases an account everywhere; `receipt` is how it can be looked up from the first step on.
///
/// # Errors
/// `Gone` when there is no such account; otherwise nothing has changed.
pub async fn purge(
    app: Arc<App>,
    account: AccountId,
    receipt: ReceiptId,
) -> Result<Receipt, StoreError> {
    app.auth.close_all(account, CloseCode::AccountDeleted);
    // A room that cannot write what is left of it goes on trying; the store leaves out in any case
    // who has no account any more.
    let _ = app.erase_in_rooms(account).await;
    let mut erased = app.store.erase_account(account, receipt).await?;
    // What was being sent to them is stopped.
    app.mail.let_go().await;
    // Who joined between the two had a session that was good then.
    app.auth.close_all(account, CloseCode::AccountDeleted);
    if app.erase_in_rooms(account).await.is_err() {
        erased.erased = false;
        erased.waits_for = Some(Obstacle::Disk);
    }
    Ok(erased)
}
