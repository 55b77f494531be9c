//! What erasing an account does to the rows. Steps, each on the disk before the next:
//!
//! 1. one transaction writes the job: which account goes, under which receipt;
//! 2. one transaction deletes the account's rows; the key store's entries are unsettled before it
//!    and destroyed after it, or at the next start;
//! 3. the copy of the key store is replaced, the log of writes emptied, every file searched
//!    (`eraser`);
//! 4. one transaction turns the job into a receipt.
//!
//! Killed anywhere, the job says that there is something left to do, and each step can be repeated.

use super::super::AccountId;
use super::super::day::Day;
use super::super::erasure::{Receipt, ReceiptId};
use super::super::error::StoreError;
use super::attempts;
use super::fault::Fault;
use super::rooms;
use super::rows::{key_of, row_id};
use super::search::Needles;
use super::writer::Work;
use crate::keystore::{EntryId, KeyId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

/// How long a receipt is kept, in milliseconds.
const KEPT_MS: u64 = 86_400_000;

/// Where the bytes of an account are: table, the column that says whose, and what to look for.
const OWNED: &[(&str, &str, &str)] = &[
    (
        "accounts",
        "id",
        "key, handle, picture, preferences, policy_told",
    ),
    ("emails", "account", "address"),
    ("subjects", "account", "subject"),
    ("pictures", "account", "name, small, large"),
    ("passkeys", "account", "credential_id, credential, label"),
    ("sessions", "account", "hash, label"),
    ("threads", "account", "content"),
    ("letters", "account", "content"),
    ("mails", "account", "content"),
    ("unsubscribes", "account", "hash"),
    ("rooms", "owner", "settings"),
    ("room_members", "account", "person"),
    ("room_bans", "account", "banned"),
    ("room_tracks", "account", "content"),
];

/// A room of the account.
const OWN_ROOM: &str = "room IN (SELECT id FROM rooms WHERE owner = ?1)";

/// Letters of a room's id, and of the name that a picture is found by.
const NAMES: [usize; 2] = [16, 43];

/// What an erasure has to look for.
#[derive(Debug)]
pub(super) struct Sought {
    pub(super) needles: Needles,
    /// Whether that is everything. It is not when the rows went before, and an earlier run of the
    /// process took along what stood in them.
    pub(super) is_all: bool,
}

/// Step 1.
pub(super) fn begin(
    work: &mut Work<'_>,
    account: AccountId,
    receipt: ReceiptId,
) -> Result<(), Fault> {
    let key = key_name(work.db, account)?.ok_or(StoreError::Gone)?;
    let insert = "INSERT INTO erasures (receipt, sought) VALUES (?1, ?2)";
    let sought = [&account.bits().to_be_bytes()[..], &key.0].concat();
    (work.db.prepare_cached(insert)?).execute(params![receipt.0, masked(&sought)])?;
    Ok(())
}

fn key_name(db: &Connection, account: AccountId) -> Result<Option<KeyId>, Fault> {
    let select = "SELECT key FROM accounts WHERE id = ?1";
    let key = (db.query_row(select, [row_id(account)], |row| row.get(0))).optional()?;
    Ok(key.map(KeyId))
}

/// Step 2, and step 1 when that was left out.
pub(super) fn carry_out(
    work: &mut Work<'_>,
    account: AccountId,
    receipt: ReceiptId,
) -> Result<Sought, Fault> {
    let select = "SELECT sought FROM erasures WHERE receipt = ?1 AND sought IS NOT NULL";
    let job: Option<Vec<u8>> =
        (work.db.query_row(select, [receipt.0], |row| row.get(0))).optional()?;
    if job.is_none() {
        begin(work, account, receipt)?;
    }
    if let Some(key) = key_name(work.db, account)? {
        let needles = delete(work, account, key)?;
        let is_all = true;
        return Ok(Sought { needles, is_all });
    }
    let mut needles = Needles::default();
    if let Some((account, key)) = unmasked(&job.unwrap_or_default()).split_first_chunk() {
        needles.add_row(i64::from_be_bytes(*account));
        needles.add(key);
    }
    let is_all = false;
    Ok(Sought { needles, is_all })
}

/// Deletes the rows; gives what stood in them.
fn delete(work: &mut Work<'_>, account: AccountId, key: KeyId) -> Result<Needles, Fault> {
    let mut needles = needles_of(work, account)?;
    let mut entries = vec![EntryId::Key(key)];
    // Guests of the account's rooms go with the rooms.
    let guests = rooms::guest_keys(work.db, OWN_ROOM, row_id(account))?;
    entries.extend(guests.into_iter().map(EntryId::Key));
    let own = "SELECT id FROM rooms WHERE owner = ?1";
    needles.add_columns(work.db, own, [row_id(account)])?;
    for table in ["room_members", "room_bans", "room_tracks"] {
        let select = format!("SELECT * FROM {table} WHERE key IS NOT NULL AND {OWN_ROOM}");
        needles.add_columns(work.db, &select, [row_id(account)])?;
    }
    let mut attempts = attempts::of_account(work.db, account)?;
    for lookup in work.keys.lookups_of(account.bits()) {
        entries.push(EntryId::Lookup(lookup));
        attempts.extend(work.keys.attempts_of(lookup));
    }
    attempts.sort_unstable();
    attempts.dedup();
    for attempt in attempts {
        attempts::remove(work, attempt, &mut needles)?;
    }
    for entry in &entries {
        needles.add_traces(work, *entry)?;
    }
    let delete = "DELETE FROM accounts WHERE id = ?1";
    (work.db.prepare_cached(delete)?).execute([row_id(account)])?;
    work.rooms.forget_all();
    work.remove_entries(&entries)?;
    Ok(needles)
}

/// Everything that stands for an account in the database, as it stands there.
fn needles_of(work: &Work<'_>, account: AccountId) -> Result<Needles, Fault> {
    let mut needles = Needles::default();
    needles.add_row(row_id(account));
    if let Some(key) = key_of(work.db, work.keys, account)? {
        // Never written anywhere: found, it would be a fault of ours.
        needles.add(key.bytes());
    }
    for (table, owner, columns) in OWNED {
        let select = format!("SELECT {columns} FROM {table} WHERE {owner} = ?1");
        needles.add_columns(work.db, &select, [row_id(account)])?;
    }
    Ok(needles)
}

impl Needles {
    /// The blobs of every row that `select` gives, and the names of rooms and pictures.
    pub(super) fn add_columns(
        &mut self,
        db: &Connection,
        select: &str,
        of: impl rusqlite::Params,
    ) -> rusqlite::Result<()> {
        let mut select = db.prepare_cached(select)?;
        let columns = select.column_count();
        let mut rows = select.query(of)?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Blob(bytes) => self.add_ends(bytes),
                    ValueRef::Text(bytes) if NAMES.contains(&bytes.len()) => self.add(bytes),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// What stands for an entry of the key store.
    pub(super) fn add_traces(&mut self, work: &Work<'_>, entry: EntryId) -> Result<(), Fault> {
        let traces = work.keys.traces(entry)?;
        traces.iter().for_each(|trace| self.add(trace));
        Ok(())
    }
}

/// Erasures that were begun and not concluded.
pub(super) fn unfinished(db: &Connection) -> rusqlite::Result<Vec<(ReceiptId, AccountId)>> {
    let mut select = db.prepare("SELECT receipt, sought FROM erasures WHERE sought IS NOT NULL")?;
    let mut rows = select.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let sought = unmasked(&row.get::<_, Vec<u8>>(1)?);
        if let Some((account, _)) = sought.split_first_chunk() {
            let account = AccountId::from_bits(u64::from_be_bytes(*account));
            found.push((ReceiptId(row.get(0)?), account));
        }
    }
    Ok(found)
}

/// What is known so far. However much that is, nobody is told yet that it is complete.
pub(super) fn report(db: &Connection, id: ReceiptId, receipt: &Receipt) -> Result<(), Fault> {
    let so_far = Receipt {
        erased: false,
        ..receipt.clone()
    };
    let report = "UPDATE erasures SET report = ?2 WHERE receipt = ?1 AND sought IS NOT NULL";
    (db.prepare_cached(report)?).execute(params![id.0, written(&so_far)?])?;
    Ok(())
}

/// Step 4.
pub(super) fn conclude(
    db: &Connection,
    id: ReceiptId,
    receipt: &Receipt,
    now_ms: u64,
) -> Result<(), Fault> {
    let conclude =
        "UPDATE erasures SET report = ?2, ends_day = ?3, sought = NULL WHERE receipt = ?1";
    let ends = Day::ending(now_ms + KEPT_MS);
    (db.prepare_cached(conclude)?).execute(params![id.0, written(receipt)?, ends.0])?;
    Ok(())
}

fn written(receipt: &Receipt) -> Result<String, Fault> {
    serde_json::to_string(receipt).map_err(|_| Fault::Unreadable("report"))
}

pub(super) fn read(db: &Connection, id: ReceiptId) -> Result<Option<Receipt>, Fault> {
    let mut select = db.prepare_cached("SELECT report FROM erasures WHERE receipt = ?1")?;
    let report: Option<Option<String>> = select.query_row([id.0], |row| row.get(0)).optional()?;
    let Some(report) = report else {
        return Ok(None);
    };
    let Some(report) = report else {
        return Ok(Some(Receipt::under_way()));
    };
    let receipt = serde_json::from_str(&report).map_err(|_| Fault::Unreadable("report"))?;
    Ok(Some(receipt))
}

impl Receipt {
    /// Of an erasure that was not yet searched for.
    fn under_way() -> Self {
        Self {
            erased: false,
            waits_for: None,
            searched_ms: 0,
            sought: 0,
            places: Vec::new(),
        }
    }
}

/// Ids so written that looking for them does not find the job that remembers them.
fn masked(ids: &[u8]) -> Vec<u8> {
    let mask: [u8; 24] = crate::secret::random();
    let ids = ids.iter().zip(mask).map(|(byte, mask)| byte ^ mask);
    mask.into_iter().chain(ids).collect()
}

fn unmasked(bytes: &[u8]) -> Vec<u8> {
    let (mask, ids) = bytes.split_at(bytes.len() / 2);
    ids.iter()
        .zip(mask)
        .map(|(byte, mask)| byte ^ mask)
        .collect()
}
