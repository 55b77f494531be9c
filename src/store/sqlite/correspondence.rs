//! Correspondence, in SQLite.

use super::super::correspondence::{
    Correspondence, Letter, LetterId, Look, MOST_LETTERS, MOST_LOOKS, MOST_THREADS, NewLetter,
    Side, Thread, ThreadId,
};
use super::super::error::StoreError;
use super::super::{AccountId, Call, Day, Topic};
use super::fault::Fault;
use super::readers::Reading;
use super::rows::{Sealed, account_id, fresh_row, key_of, key_of_existing, row_id};
use super::search::Needles;
use super::writer::Work;
use super::{SqliteStore, mails};
use crate::keystore::FieldKey;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

const THREAD: Sealed = Sealed {
    table: "threads",
    column: "content",
};
const LETTER: Sealed = Sealed {
    table: "letters",
    column: "content",
};

/// What is sealed of a thread.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct About {
    subject: Box<str>,
    closed: bool,
    looks: Vec<Look>,
}

/// What is sealed of a letter.
#[derive(Serialize, Deserialize)]
struct Written {
    by: Side,
    day: u32,
    text: Box<str>,
}

impl Correspondence for SqliteStore {
    fn begin_thread(
        &self,
        account: AccountId,
        subject: Box<str>,
        letter: NewLetter,
    ) -> Call<'_, ThreadId> {
        Box::pin(self.change(move |work| {
            let key = key_of_existing(work.db, work.keys, account)?;
            let count = "SELECT count(*) FROM threads WHERE account = ?1";
            bounded(work.db, count, row_id(account), MOST_THREADS)?;
            let row = fresh_row();
            let about = About {
                subject,
                ..About::default()
            };
            let insert = "INSERT INTO threads (id, account, content) VALUES (?1, ?2, ?3)";
            let sealed = sealed(THREAD, &key, row, &about)?;
            (work.db.prepare_cached(insert)?).execute(params![row, row_id(account), sealed])?;
            insert_letter(work.db, &key, account, row, letter)?;
            Ok(ThreadId(row as u64))
        }))
    }

    fn add_letter(&self, thread: ThreadId, letter: NewLetter) -> Call<'_, LetterId> {
        Box::pin(self.delete(move |work, needles| {
            let row = thread.0 as i64;
            let account = owner(work.db, row)?.ok_or(StoreError::Gone)?;
            let key = key_of_existing(work.db, work.keys, account)?;
            let count = "SELECT count(*) FROM letters WHERE thread = ?1";
            bounded(work.db, count, row, MOST_LETTERS)?;
            if letter.by == Side::Person {
                change_about(work, needles, row, &key, |about| about.closed = false)?;
            }
            insert_letter(work.db, &key, account, row, letter)
        }))
    }

    fn thread(&self, id: ThreadId) -> Call<'_, Option<Thread>> {
        Box::pin(self.ask(move |reading| {
            let found = select(reading, "id = ?1 ORDER BY id LIMIT ?2", id.0 as i64, 1)?;
            Ok(found.into_iter().next())
        }))
    }

    fn threads(&self, account: AccountId) -> Call<'_, Vec<Thread>> {
        Box::pin(self.ask(move |reading| {
            let of = "account = ?1 ORDER BY id LIMIT ?2";
            let mut found = select(reading, of, row_id(account), MOST_THREADS)?;
            found.sort_by_key(|thread| std::cmp::Reverse(thread.day()));
            Ok(found)
        }))
    }

    fn all_threads(&self, most: usize) -> Call<'_, Vec<Thread>> {
        Box::pin(self.ask(move |reading| {
            let mut found = select(reading, "?1 = 0 ORDER BY id LIMIT ?2", 0, usize::MAX >> 1)?;
            found.sort_by_key(|thread| (!thread.waits(), thread.day()));
            found.truncate(most);
            Ok(found)
        }))
    }

    fn close_thread(&self, id: ThreadId) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| {
            let row = id.0 as i64;
            let Some(account) = owner(work.db, row)? else {
                return Ok(false);
            };
            let key = key_of_existing(work.db, work.keys, account)?;
            change_about(work, needles, row, &key, |about| about.closed = true)?;
            Ok(true)
        }))
    }

    fn note_look(&self, id: ThreadId, look: Look) -> Call<'_, ()> {
        Box::pin(self.delete(move |work, needles| {
            let row = id.0 as i64;
            let account = owner(work.db, row)?.ok_or(StoreError::Gone)?;
            let key = key_of_existing(work.db, work.keys, account)?;
            change_about(work, needles, row, &key, |about| {
                about.looks.push(look);
                let over = about.looks.len().saturating_sub(MOST_LOOKS);
                about.looks.drain(..over);
            })
        }))
    }

    fn delete_thread(&self, account: AccountId, id: ThreadId) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| remove(work, needles, account, id)))
    }

    fn delete_letter(
        &self,
        account: AccountId,
        thread: ThreadId,
        letter: LetterId,
    ) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| {
            let of = [letter.0 as i64, thread.0 as i64, row_id(account)];
            let condition = "id = ?1 AND thread = ?2 AND account = ?3";
            let select = format!("SELECT content FROM letters WHERE {condition}");
            needles.add_columns(work.db, &select, of)?;
            let delete = format!("DELETE FROM letters WHERE {condition}");
            if (work.db.prepare_cached(&delete)?).execute(of)? == 0 {
                return Ok(false);
            }
            needles.add_row(letter.0 as i64);
            let left = "SELECT 1 FROM letters WHERE thread = ?1";
            if !(work.db.prepare_cached(left)?).exists([thread.0 as i64])? {
                remove(work, needles, account, thread)?;
            }
            Ok(true)
        }))
    }
}

fn sealed<T: Serialize>(
    field: Sealed,
    key: &FieldKey,
    row: i64,
    content: &T,
) -> Result<Vec<u8>, Fault> {
    let json = serde_json::to_vec(content).map_err(|_| Fault::Unreadable(field.column))?;
    Ok(field.seal(key, row, &json))
}

fn opened<T: serde::de::DeserializeOwned>(
    field: Sealed,
    key: &FieldKey,
    row: i64,
    bytes: &[u8],
) -> Result<T, Fault> {
    let json = field.open(key, row, bytes)?;
    serde_json::from_slice(&json).map_err(|_| Fault::Unreadable(field.column))
}

fn bounded(db: &Connection, count: &str, of: i64, most: usize) -> Result<(), Fault> {
    let there: i64 = (db.prepare_cached(count)?).query_row([of], |row| row.get(0))?;
    match there as usize >= most {
        true => Err(StoreError::TooMany.into()),
        false => Ok(()),
    }
}

/// Whose thread it is.
fn owner(db: &Connection, thread: i64) -> Result<Option<AccountId>, Fault> {
    let mut select = db.prepare_cached("SELECT account FROM threads WHERE id = ?1")?;
    let account: Option<i64> = select.query_row([thread], |row| row.get(0)).optional()?;
    Ok(account.map(account_id))
}

/// Changes what is said of a thread; leaves no trace of the former text, in which the subject is.
fn change_about(
    work: &Work<'_>,
    needles: &mut Needles,
    row: i64,
    key: &FieldKey,
    change: impl FnOnce(&mut About),
) -> Result<(), Fault> {
    let select = "SELECT content FROM threads WHERE id = ?1";
    let bytes: Vec<u8> =
        (work.db.prepare_cached(select)?).query_row([row], |found| found.get(0))?;
    let mut about: About = opened(THREAD, key, row, &bytes)?;
    let before = about.clone();
    change(&mut about);
    if about == before {
        return Ok(());
    }
    needles.add_ends(&bytes);
    let set = "UPDATE threads SET content = ?2 WHERE id = ?1";
    let sealed = sealed(THREAD, key, row, &about)?;
    (work.db.prepare_cached(set)?).execute(params![row, sealed])?;
    Ok(())
}

fn insert_letter(
    db: &Connection,
    key: &FieldKey,
    account: AccountId,
    thread: i64,
    letter: NewLetter,
) -> Result<LetterId, Fault> {
    let row = fresh_row();
    let written = Written {
        by: letter.by,
        day: letter.day.0,
        text: letter.text,
    };
    let sealed = sealed(LETTER, key, row, &written)?;
    let insert = "INSERT INTO letters (id, thread, account, place, content) VALUES (?1, ?2, ?3, (SELECT coalesce(max(place), 0) + 1 FROM letters WHERE thread = ?2), ?4)";
    (db.prepare_cached(insert)?).execute(params![row, thread, row_id(account), sealed])?;
    Ok(LetterId(row as u64))
}

fn remove(
    work: &mut Work<'_>,
    needles: &mut Needles,
    account: AccountId,
    id: ThreadId,
) -> Result<bool, Fault> {
    let of = [id.0 as i64, row_id(account)];
    for select in [
        "SELECT content FROM threads WHERE id = ?1 AND account = ?2",
        "SELECT content FROM letters WHERE thread = ?1 AND account = ?2",
    ] {
        needles.add_columns(work.db, select, of)?;
    }
    let delete = "DELETE FROM threads WHERE id = ?1 AND account = ?2";
    let deleted = (work.db.prepare_cached(delete)?).execute(of)? > 0;
    if deleted {
        needles.add_row(id.0 as i64);
        // There is no answer to tell of any more.
        let topic = Topic::Answer { thread: id.0 };
        mails::drop_topics(work, needles, account, |about| about == topic)?;
    }
    Ok(deleted)
}

/// The threads for which a condition on `?1` holds, at most `?2`; those whose key is destroyed are
/// nobody's any more.
fn select(
    reading: &Reading<'_>,
    condition: &str,
    of: i64,
    most: usize,
) -> Result<Vec<Thread>, Fault> {
    let select = format!("SELECT id, account, content FROM threads WHERE {condition}");
    let mut select = reading.db.prepare_cached(&select)?;
    let mut rows = select.query(params![of, most as i64])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, account): (i64, i64) = (row.get(0)?, row.get(1)?);
        let account = account_id(account);
        let Some(key) = key_of(reading.db, reading.keys, account)? else {
            continue;
        };
        let bytes: Vec<u8> = row.get(2)?;
        let about: About = opened(THREAD, &key, id, &bytes)?;
        found.push(Thread {
            id: ThreadId(id as u64),
            account,
            subject: about.subject,
            closed: about.closed,
            looks: about.looks,
            letters: letters(reading, id, &key)?,
        });
    }
    Ok(found)
}

fn letters(reading: &Reading<'_>, thread: i64, key: &FieldKey) -> Result<Vec<Letter>, Fault> {
    let select = "SELECT id, content FROM letters WHERE thread = ?1 ORDER BY place";
    let mut select = reading.db.prepare_cached(select)?;
    let mut rows = select.query([thread])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, bytes): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let written: Written = opened(LETTER, key, id, &bytes)?;
        found.push(Letter {
            id: LetterId(id as u64),
            by: written.by,
            text: written.text,
            day: Day(written.day),
        });
    }
    Ok(found)
}
