//! Mails that wait, in SQLite.

use super::super::account::Preferences;
use super::super::error::StoreError;
use super::super::mail::{
    DueMails, LinkMail, MOST_LINKS, MOST_OF_ONE, MOST_OTHERS, MailId, MailKind, Mails, Topic,
    WaitingMail, Whom,
};
use super::super::{AccountId, Call};
use super::SqliteStore;
use super::accounts;
use super::fault::Fault;
use super::rows::{Sealed, account_id, fresh_row, key_of, key_of_existing, row_id};
use super::search::Needles;
use super::writer::Work;
use crate::keystore::{AttemptId, EntryId, FieldKey, KeyId, KeyStore, NewEntry};
use crate::secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

const CONTENT: Sealed = Sealed {
    table: "mails",
    column: "content",
};
const TOLD: Sealed = Sealed {
    table: "accounts",
    column: "policy_told",
};
/// Of the policy, what is known to whoever chose mails before it was noted.
const FIRST: u32 = 1;

/// What is sealed of a mail.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Link(LinkMail),
    Topic(Topic),
    Operator,
}

impl Mails for SqliteStore {
    fn queue_link(
        &self,
        secret: Box<str>,
        mail: LinkMail,
        account: Option<AccountId>,
    ) -> Call<'_, ()> {
        Box::pin(self.change(move |work| {
            let attempt = "SELECT id FROM attempts WHERE link = ?1";
            let attempt: Option<[u8; 16]> = (work.db.prepare_cached(attempt)?)
                .query_row([secret::hash(&secret)], |row| row.get(0))
                .optional()?;
            let attempt = attempt.ok_or(StoreError::Gone)?;
            bounded(work.db, "attempt IS NOT NULL", MOST_LINKS)?;
            let content = Content::Link(mail);
            insert(work, account, Some(AttemptId(attempt)), &content, 0)
        }))
    }

    fn queue_mail(&self, account: AccountId, topic: Topic) -> Call<'_, bool> {
        Box::pin(self.change(move |work| queue(work, account, topic)))
    }

    fn queue_for_operator(&self, due_ms: u64) -> Call<'_, ()> {
        Box::pin(self.change(move |work| {
            let waits = "SELECT 1 FROM mails WHERE account IS NULL AND attempt IS NULL";
            if (work.db.prepare_cached(waits)?).exists([])? {
                return Ok(());
            }
            bounded(work.db, "attempt IS NULL", MOST_OTHERS)?;
            insert(work, None, None, &Content::Operator, due_ms)
        }))
    }

    fn tell_policy(&self, account: AccountId, version: u32) -> Call<'_, bool> {
        Box::pin(self.change(move |work| {
            if !is_to_be_told(work.db, work.keys, account, version)? {
                return Ok(false);
            }
            note(work, account, version)?;
            queue(work, account, Topic::Policy { version })
        }))
    }

    fn note_policy(&self, account: AccountId, version: u32) -> Call<'_, ()> {
        Box::pin(self.change(move |work| note(work, account, version)))
    }

    fn policy_told(&self, account: AccountId) -> Call<'_, Option<u32>> {
        Box::pin(self.ask(
            move |reading| match key_of(reading.db, reading.keys, account)? {
                Some(key) => told(reading.db, account, &key),
                None => Ok(None),
            },
        ))
    }

    fn policy_wishes(
        &self,
        after: Option<AccountId>,
        version: u32,
        most: usize,
    ) -> Call<'_, Vec<(AccountId, bool)>> {
        Box::pin(self.ask(move |reading| {
            let select = "SELECT id FROM accounts WHERE id > ?1 ORDER BY id LIMIT ?2";
            let mut select = reading.db.prepare_cached(select)?;
            let after = after.map_or(i64::MIN, row_id);
            let ids = select.query_map(params![after, most as i64], |row| row.get(0))?;
            let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
            let wishes = ids.into_iter().map(account_id).map(|id| {
                let wish = is_to_be_told(reading.db, reading.keys, id, version)?;
                Ok((id, wish))
            });
            wishes.collect()
        }))
    }

    fn due_mails(&self, now_ms: u64, but: Vec<MailId>, most: usize) -> Call<'_, DueMails> {
        Box::pin(self.ask(move |reading| {
            let select = "SELECT id, due_ms FROM mails ORDER BY due_ms LIMIT ?1";
            let mut select = reading.db.prepare_cached(select)?;
            let mut rows = select.query([(but.len() + most + 1) as i64])?;
            let mut found = DueMails::default();
            while let Some(row) = rows.next()? {
                let (id, due) = (MailId(row.get::<_, i64>(0)? as u64), row.get::<_, i64>(1)?);
                if but.contains(&id) {
                    continue;
                }
                let due = due.max(0) as u64;
                if due > now_ms {
                    found.next_ms = Some(due);
                    break;
                }
                if found.due.len() < most {
                    found.due.push(id);
                }
            }
            Ok(found)
        }))
    }

    fn mail(&self, id: MailId) -> Call<'_, Option<WaitingMail>> {
        Box::pin(self.ask(move |reading| {
            let found = select(reading.db, reading.keys, "id = ?1", id.0 as i64)?;
            Ok(found.into_iter().next())
        }))
    }

    fn mails_of(&self, account: AccountId) -> Call<'_, Vec<WaitingMail>> {
        Box::pin(
            self.ask(move |reading| {
                select(reading.db, reading.keys, "account = ?1", row_id(account))
            }),
        )
    }

    fn try_mail_later(&self, id: MailId, due_ms: u64) -> Call<'_, ()> {
        Box::pin(self.change(move |work| {
            let later = "UPDATE mails SET tries = tries + 1, due_ms = ?2 WHERE id = ?1";
            (work.db.prepare_cached(later)?).execute(params![id.0 as i64, due_ms as i64])?;
            Ok(())
        }))
    }

    fn remove_mail(&self, id: MailId) -> Call<'_, ()> {
        Box::pin(self.delete(move |work, needles| remove(work, needles, "id = ?1", id.0 as i64)))
    }

    fn unsubscribe_token(&self, account: AccountId, kind: MailKind) -> Call<'_, Box<str>> {
        Box::pin(self.change(move |work| {
            let key = key_of_existing(work.db, work.keys, account)?;
            let number = kind.number();
            let secret = key.mac(format!("unsubscribe {number}").as_bytes());
            let token: Box<str> = URL_SAFE_NO_PAD.encode(secret).into();
            let insert =
                "INSERT OR IGNORE INTO unsubscribes (hash, account, kind) VALUES (?1, ?2, ?3)";
            let row = params![secret::hash(&token), row_id(account), number];
            (work.db.prepare_cached(insert)?).execute(row)?;
            Ok(token)
        }))
    }

    fn unsubscribes(&self, token: Box<str>) -> Call<'_, Option<MailKind>> {
        Box::pin(
            self.ask(move |reading| Ok(unsubscribe_of(reading.db, &token)?.map(|(_, kind)| kind))),
        )
    }

    fn unsubscribe(&self, token: Box<str>) -> Call<'_, Option<MailKind>> {
        Box::pin(self.delete(move |work, needles| {
            let Some((account, kind)) = unsubscribe_of(work.db, &token)? else {
                return Ok(None);
            };
            let Some(key) = key_of(work.db, work.keys, account)? else {
                return Ok(None);
            };
            let before = accounts::preferences_of(work.db, &key, account)?;
            let after = before.clone().without(kind);
            if after != before {
                accounts::set_preferences(work, needles, account, &after)?;
            }
            Ok(Some(kind))
        }))
    }
}

/// Drops what an account's owner does not wish any more.
pub(super) fn drop_unwished(
    work: &mut Work<'_>,
    needles: &mut Needles,
    account: AccountId,
    preferences: &Preferences,
) -> Result<(), Fault> {
    drop_topics(work, needles, account, |topic| {
        !preferences.wish(topic.kind())
    })
}

/// Drops mails of an account by what they are about.
pub(super) fn drop_topics(
    work: &mut Work<'_>,
    needles: &mut Needles,
    account: AccountId,
    which: impl Fn(Topic) -> bool,
) -> Result<(), Fault> {
    for mail in select(work.db, work.keys, "account = ?1", row_id(account))? {
        if matches!(mail.whom, Whom::Account(_, topic) if which(topic)) {
            remove(work, needles, "id = ?1", mail.id.0 as i64)?;
        }
    }
    Ok(())
}

/// Removes the mails of a sign-in under way, with their keys.
pub(super) fn remove_of_attempt(
    work: &mut Work<'_>,
    needles: &mut Needles,
    attempt: AttemptId,
) -> Result<(), Fault> {
    remove(work, needles, "attempt = ?1", attempt.0)
}

/// Removes every mail: what waited when a backup was made is not sent after it is restored.
pub(super) fn remove_all(work: &mut Work<'_>, needles: &mut Needles) -> Result<(), Fault> {
    remove(work, needles, "?1 = 0", 0)
}

/// Whether a mail has this key.
pub(super) fn names_key(db: &Connection, key: KeyId) -> rusqlite::Result<bool> {
    let named = "SELECT 1 FROM mails WHERE key = ?1";
    (db.prepare_cached(named)?).exists([key.0])
}

fn remove(
    work: &mut Work<'_>,
    needles: &mut Needles,
    condition: &str,
    of: impl rusqlite::ToSql + Copy,
) -> Result<(), Fault> {
    let select = format!("SELECT id, key, content FROM mails WHERE {condition}");
    needles.add_columns(work.db, &select, [of])?;
    let mut select = work.db.prepare_cached(&select)?;
    let rows = select.query_map([of], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(i64, Option<[u8; 16]>)> = rows.collect::<rusqlite::Result<_>>()?;
    drop(select);
    for (row, key) in rows {
        needles.add_row(row);
        if let Some(key) = key.map(|key| EntryId::Key(KeyId(key))) {
            needles.add_traces(work, key)?;
            work.remove_entries(&[key])?;
        }
        (work.db.prepare_cached("DELETE FROM mails WHERE id = ?1")?).execute([row])?;
    }
    Ok(())
}

fn bounded(db: &Connection, which: &str, most: usize) -> Result<(), Fault> {
    let count = format!("SELECT count(*) FROM mails WHERE {which}");
    let there: i64 = (db.prepare_cached(&count)?).query_row([], |row| row.get(0))?;
    match there as usize >= most {
        true => Err(StoreError::TooMany.into()),
        false => Ok(()),
    }
}

/// Seals a mail with the account's key, or with one of its own, and keeps it.
fn insert(
    work: &mut Work<'_>,
    account: Option<AccountId>,
    attempt: Option<AttemptId>,
    content: &Content,
    due_ms: u64,
) -> Result<(), Fault> {
    let (key, name) = match account {
        Some(account) => (key_of_existing(work.db, work.keys, account)?, None),
        None => {
            let name = KeyId::random();
            work.add_entries(&[NewEntry::Key(name)])?;
            let key = work.keys.key(name)?.ok_or(Fault::Unreadable("key"))?;
            (key, Some(name.0))
        }
    };
    let row = fresh_row();
    let json = serde_json::to_vec(content).map_err(|_| Fault::Unreadable("content"))?;
    let insert = "INSERT INTO mails (id, account, attempt, key, content, tries, due_ms) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
    (work.db.prepare_cached(insert)?).execute(params![
        row,
        account.map(row_id),
        attempt.map(|attempt| attempt.0),
        name,
        CONTENT.seal(&key, row, &json),
        due_ms as i64,
    ])?;
    Ok(())
}

fn queue(work: &mut Work<'_>, account: AccountId, topic: Topic) -> Result<bool, Fault> {
    let Some(key) = key_of(work.db, work.keys, account)? else {
        return Ok(false);
    };
    let preferences = accounts::preferences_of(work.db, &key, account)?;
    if !preferences.wish(topic.kind()) || !accounts::has_address(work.db, account)? {
        return Ok(false);
    }
    let waiting = select(work.db, work.keys, "account = ?1", row_id(account))?;
    let same = |mail: &WaitingMail| mail.whom == Whom::Account(account, topic);
    if waiting.iter().any(same) {
        return Ok(false);
    }
    if waiting.len() >= MOST_OF_ONE {
        return Err(StoreError::TooMany.into());
    }
    bounded(work.db, "attempt IS NULL", MOST_OTHERS)?;
    insert(work, Some(account), None, &Content::Topic(topic), 0)?;
    Ok(true)
}

fn is_to_be_told(
    db: &Connection,
    keys: &KeyStore,
    account: AccountId,
    version: u32,
) -> Result<bool, Fault> {
    let Some(key) = key_of(db, keys, account)? else {
        return Ok(false);
    };
    let wished = accounts::preferences_of(db, &key, account)?.wish(MailKind::Policy);
    Ok(wished
        && accounts::has_address(db, account)?
        && told(db, account, &key)?.unwrap_or(FIRST) < version)
}

/// Up to which version of the policy an account was told, as far as it is known.
fn told(db: &Connection, account: AccountId, key: &FieldKey) -> Result<Option<u32>, Fault> {
    let select = "SELECT policy_told FROM accounts WHERE id = ?1";
    let sealed: Option<Option<Vec<u8>>> = (db.prepare_cached(select)?)
        .query_row([row_id(account)], |row| row.get(0))
        .optional()?;
    let text = sealed.flatten().map(|sealed| {
        let text = TOLD.open_text(key, row_id(account), &sealed)?;
        text.parse().map_err(|_| Fault::Unreadable("policy_told"))
    });
    text.transpose()
}

fn note(work: &mut Work<'_>, account: AccountId, version: u32) -> Result<(), Fault> {
    let key = key_of_existing(work.db, work.keys, account)?;
    let sealed = TOLD.seal(&key, row_id(account), version.to_string().as_bytes());
    let set = "UPDATE accounts SET policy_told = ?2 WHERE id = ?1";
    (work.db.prepare_cached(set)?).execute(params![row_id(account), sealed])?;
    Ok(())
}

fn unsubscribe_of(db: &Connection, token: &str) -> Result<Option<(AccountId, MailKind)>, Fault> {
    let select = "SELECT account, kind FROM unsubscribes WHERE hash = ?1";
    let row: Option<(i64, i64)> = (db.prepare_cached(select)?)
        .query_row([secret::hash(token)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.and_then(|(account, kind)| Some((account_id(account), MailKind::of_number(kind)?))))
}

/// Mails for which a condition on `?1` holds. Those whose key is destroyed are nobody's any more.
fn select(
    db: &Connection,
    keys: &KeyStore,
    condition: &str,
    of: i64,
) -> Result<Vec<WaitingMail>, Fault> {
    let select = format!(
        "SELECT id, account, key, content, tries FROM mails WHERE {condition} ORDER BY due_ms, id"
    );
    let mut select = db.prepare_cached(&select)?;
    let mut rows = select.query([of])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, account): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
        let account = account.map(account_id);
        let own: Option<[u8; 16]> = row.get(2)?;
        let key = match (own, account) {
            (Some(own), _) => keys.key(KeyId(own))?,
            (None, Some(account)) => key_of(db, keys, account)?,
            (None, None) => None,
        };
        let Some(key) = key else { continue };
        let json = CONTENT.open(&key, id, &row.get::<_, Vec<u8>>(3)?)?;
        let content = serde_json::from_slice(&json).map_err(|_| Fault::Unreadable("content"))?;
        let whom = match (content, account) {
            (Content::Link(link), _) => Whom::Asker(link),
            (Content::Topic(topic), Some(account)) => Whom::Account(account, topic),
            (Content::Operator, None) => Whom::Operator,
            _ => return Err(Fault::Unreadable("content")),
        };
        let tries = row.get(4)?;
        let id = MailId(id as u64);
        found.push(WaitingMail { id, whom, tries });
    }
    Ok(found)
}
