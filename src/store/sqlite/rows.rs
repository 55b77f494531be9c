//! What all tables have in common: the key of an account, sealed fields, ids.

use super::super::AccountId;
use super::super::error::StoreError;
use super::fault::Fault;
use crate::keystore::{FieldKey, KeyId, KeyStore, Place};
use rusqlite::{Connection, OptionalExtension};

/// The key of an account; `None` when there is no such account, or its key is destroyed.
pub(super) fn key_of(
    db: &Connection,
    keys: &KeyStore,
    account: AccountId,
) -> Result<Option<FieldKey>, Fault> {
    let mut wanted = db.prepare_cached("SELECT key FROM accounts WHERE id = ?1")?;
    let id: Option<[u8; 16]> =
        (wanted.query_row([row_id(account)], |row| row.get(0))).optional()?;
    match id {
        Some(id) => Ok(keys.key(KeyId(id))?),
        None => Ok(None),
    }
}

/// As [`key_of`]; no such account is an error.
pub(super) fn key_of_existing(
    db: &Connection,
    keys: &KeyStore,
    account: AccountId,
) -> Result<FieldKey, Fault> {
    key_of(db, keys, account)?.ok_or(Fault::Told(StoreError::Gone))
}

/// Numbers of rows are SQLite's signed ones.
pub(super) fn row_id(account: AccountId) -> i64 {
    account.bits() as i64
}

/// An account from the number of its row.
pub(super) fn account_id(row: i64) -> AccountId {
    AccountId::from_bits(row as u64)
}

/// A random number for a row: 62 bits, so that all are written at one length.
pub(super) fn fresh_row() -> i64 {
    row_id(AccountId::random())
}

/// A column that holds sealed fields.
#[derive(Clone, Copy)]
pub(super) struct Sealed {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
}

impl Sealed {
    pub(super) fn seal(self, key: &FieldKey, row: i64, plain: &[u8]) -> Vec<u8> {
        key.seal(self.place(&row.to_be_bytes()), plain)
    }

    pub(super) fn open(self, key: &FieldKey, row: i64, sealed: &[u8]) -> Result<Box<[u8]>, Fault> {
        let opened = key.open(self.place(&row.to_be_bytes()), sealed);
        let opened = opened.ok_or(Fault::Unreadable(self.column))?;
        Ok(opened.as_slice().into())
    }

    pub(super) fn open_text(
        self,
        key: &FieldKey,
        row: i64,
        sealed: &[u8],
    ) -> Result<Box<str>, Fault> {
        let opened = self.open(key, row, sealed)?;
        let text = String::from_utf8(opened.into()).map_err(|_| Fault::Unreadable(self.column))?;
        Ok(text.into())
    }

    fn place(self, row: &[u8]) -> Place<'_> {
        Place {
            table: self.table,
            column: self.column,
            row,
        }
    }
}
