//! Sessions, in SQLite.

use super::super::StoreError;
use super::super::session::{NewSession, Session, SessionId, SessionKind, Sessions};
use super::super::{AccountId, Call, Day};
use super::SqliteStore;
use super::fault::Fault;
use super::rows::{Sealed, account_id, fresh_row, key_of, key_of_existing, row_id};
use crate::keystore::FieldKey;
use rusqlite::{OptionalExtension, Row, params};

const LABEL: Sealed = Sealed {
    table: "sessions",
    column: "label",
};
const COLUMNS: &str = "SELECT id, account, kind, label, ends_day FROM sessions";

impl Sessions for SqliteStore {
    fn begin_session(&self, new: NewSession) -> Call<'_, SessionId> {
        Box::pin(self.change(move |work| {
            let key = key_of_existing(work.db, work.keys, new.account)?;
            let row = fresh_row();
            let label = LABEL.seal(&key, row, new.label.as_bytes());
            let insert = "INSERT INTO sessions (id, account, kind, hash, label, ends_day) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let (account, kind) = (row_id(new.account), new.kind as i64);
            (work.db.prepare_cached(insert)?)
                .execute(params![row, account, kind, new.hash, label, new.ends.0])?;
            Ok(SessionId(row as u64))
        }))
    }

    fn session(&self, hash: [u8; 32], today: Day) -> Call<'_, Option<Session>> {
        Box::pin(self.ask(move |reading| {
            let select = format!("{COLUMNS} {}", "WHERE hash = ?1 AND ends_day > ?2");
            let mut select = reading.db.prepare_cached(&select)?;
            let kept = select
                .query_row(params![hash, today.0], Kept::read)
                .optional()?;
            let Some(kept) = kept else { return Ok(None) };
            let key = key_of(reading.db, reading.keys, kept.account)?;
            key.map(|key| kept.open(&key)).transpose()
        }))
    }

    fn sessions(&self, account: AccountId, today: Day) -> Call<'_, Vec<Session>> {
        Box::pin(self.ask(move |reading| {
            let Some(key) = key_of(reading.db, reading.keys, account)? else {
                return Ok(Vec::new());
            };
            let select = format!("{COLUMNS} {}", "WHERE account = ?1 AND ends_day > ?2");
            let mut select = reading.db.prepare_cached(&select)?;
            let kept = select.query_map(params![row_id(account), today.0], Kept::read)?;
            kept.map(|kept| kept?.open(&key)).collect()
        }))
    }

    fn label_session(&self, account: AccountId, id: SessionId, label: Box<str>) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| {
            let key = key_of_existing(work.db, work.keys, account)?;
            let (row, of) = (id.0 as i64, row_id(account));
            let select = "SELECT label FROM sessions WHERE id = ?1 AND account = ?2";
            needles.add_columns(work.db, select, params![row, of])?;
            let sealed = LABEL.seal(&key, row, label.as_bytes());
            let set = "UPDATE sessions SET label = ?3 WHERE id = ?1 AND account = ?2";
            let changed = (work.db.prepare_cached(set)?).execute(params![row, of, sealed])?;
            Ok(changed > 0)
        }))
    }

    fn extend_session(&self, id: SessionId, ends: Day) -> Call<'_, bool> {
        Box::pin(self.change(move |work| {
            let extend = "UPDATE sessions SET ends_day = ?2 WHERE id = ?1";
            let extended =
                (work.db.prepare_cached(extend)?).execute(params![id.0 as i64, ends.0])?;
            Ok(extended > 0)
        }))
    }

    fn end_session(&self, account: AccountId, id: SessionId) -> Call<'_, bool> {
        Box::pin(async move {
            let only = "account = ?1 AND id = ?2";
            Ok(self.end(only, account, Some(id)).await? > 0)
        })
    }

    fn end_sessions(&self, account: AccountId, except: Option<SessionId>) -> Call<'_, u32> {
        Box::pin(self.end("account = ?1 AND id IS NOT ?2", account, except))
    }
}

impl SqliteStore {
    /// Ends the sessions that a condition holds for; leaves no trace of them.
    async fn end(
        &self,
        condition: &'static str,
        account: AccountId,
        id: Option<SessionId>,
    ) -> Result<u32, StoreError> {
        let deleted = self.delete(move |work, needles| {
            let of = params![row_id(account), id.map(|id| id.0 as i64)];
            let select = format!("SELECT hash, label FROM sessions WHERE {condition}");
            needles.add_columns(work.db, &select, of)?;
            let delete = format!("DELETE FROM sessions WHERE {condition}");
            Ok((work.db.prepare_cached(&delete)?).execute(of)? as u32)
        });
        deleted.await
    }
}

/// A row before its label is opened.
struct Kept {
    row: i64,
    account: AccountId,
    kind: SessionKind,
    label: Vec<u8>,
    ends: Day,
}

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind: i64 = row.get(2)?;
        Ok(Self {
            row: row.get(0)?,
            account: account_id(row.get(1)?),
            kind: match kind {
                0 => SessionKind::Browser,
                _ => SessionKind::Token,
            },
            label: row.get(3)?,
            ends: Day(row.get(4)?),
        })
    }

    fn open(self, key: &FieldKey) -> Result<Session, Fault> {
        Ok(Session {
            id: SessionId(self.row as u64),
            account: self.account,
            kind: self.kind,
            label: LABEL.open_text(key, self.row, &self.label)?,
            ends: self.ends,
        })
    }
}
