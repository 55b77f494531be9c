//! What is done to data that were put back from a backup before anybody is served from them: people
//! who were deleted since go, everybody is signed out, and the key store holds what the data name and
//! nothing else.

use super::super::AccountId;
use super::super::error::StoreError;
use super::SqliteStore;
use super::rows::account_id;
use super::writer::Work;
use super::{Needles, fault::Fault};
use super::{mails, settle};
use crate::keystore::{KeyId, NewEntry};

impl SqliteStore {
    /// Makes the data and the key store agree. Returns how many accounts were in the data whose keys
    /// are gone: they were deleted, if the key store is not older than the data.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn agree_with_keys(&self) -> Result<u32, StoreError> {
        let gone = self.delete(leave_out_unreadable).await?;
        let shared = self.shared.clone();
        // Whoever came after the backup has keys and no data: nobody could erase them any more.
        let settled = self.asked()?.writer.alone(move |db| {
            shared.keys.unsettle(&shared.keys.entries())?;
            settle::settle(db, &shared.keys)
        });
        let settled = settled.await?;
        settled.map_err(|fault| self.shared.report(fault))?;
        self.change(find_again).await?;
        Ok(gone)
    }
}

fn leave_out_unreadable(work: &mut Work<'_>, needles: &mut Needles) -> Result<u32, Fault> {
    let mut gone = 0;
    for (id, key) in accounts(work)? {
        if work.keys.key(key)?.is_none() {
            needles.add_row(id);
            work.db
                .execute("DELETE FROM accounts WHERE id = ?1", [id])?;
            gone += 1;
        }
    }
    for table in ["room_members", "room_bans", "room_tracks"] {
        let guests = format!("SELECT DISTINCT key FROM {table} WHERE key IS NOT NULL");
        let mut select = work.db.prepare(&guests)?;
        let keys = select.query_map([], |row| row.get(0))?;
        let keys: Vec<[u8; 16]> = keys.collect::<rusqlite::Result<_>>()?;
        for key in keys {
            if work.keys.key(KeyId(key))?.is_none() {
                needles.add(&key);
                let delete = format!("DELETE FROM {table} WHERE key = ?1");
                work.db.execute(&delete, [key])?;
            }
        }
    }
    // Whoever was written to since would be written to again.
    mails::remove_all(work, needles)?;
    // Whoever was signed out since would be signed in again.
    work.db
        .execute_batch("DELETE FROM sessions; DELETE FROM attempts;")?;
    work.rooms.forget_all();
    Ok(gone)
}

/// What leads to an account by the data, and not by the key store: an address that was changed since.
fn find_again(work: &mut Work<'_>) -> Result<(), Fault> {
    for (id, _) in accounts(work)? {
        let account: AccountId = account_id(id);
        for hash in settle::lookups_of(work.db, work.keys, account)? {
            if work.keys.find(hash).is_none() {
                work.add_entries(&[NewEntry::Lookup(hash, account.bits())])?;
            }
        }
    }
    Ok(())
}

fn accounts(work: &Work<'_>) -> rusqlite::Result<Vec<(i64, KeyId)>> {
    let mut select = work.db.prepare("SELECT id, key FROM accounts")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, KeyId(row.get(1)?))))?;
    rows.collect()
}
