//! Pictures, in SQLite: sealed like everything else of a person, and found by a random name.

use super::super::picture::{PictureSize, Pictures};
use super::super::{AccountId, Call};
use super::SqliteStore;
use super::accounts::name_picture;
use super::fault::Fault;
use super::rows::{Sealed, account_id, key_of, key_of_existing, row_id};
use super::search::Needles;
use super::writer::Work;
use crate::media::picture::Picture;
use rusqlite::{OptionalExtension, params};

const SMALL: Sealed = Sealed {
    table: "pictures",
    column: "small",
};
const LARGE: Sealed = Sealed {
    table: "pictures",
    column: "large",
};

impl Pictures for SqliteStore {
    fn set_picture(
        &self,
        account: AccountId,
        picture: Option<Picture>,
    ) -> Call<'_, Option<Box<str>>> {
        Box::pin(self.delete(move |work, needles| {
            remove(work, needles, account)?;
            let name = picture.map(|picture| insert(work, account, &picture));
            let name = name.transpose()?;
            name_picture(work, needles, account, name.as_deref())?;
            Ok(name)
        }))
    }

    fn picture(&self, name: Box<str>, size: PictureSize) -> Call<'_, Option<Box<[u8]>>> {
        Box::pin(self.ask(move |reading| {
            let (field, select) = match size {
                PictureSize::Small => {
                    (SMALL, "SELECT account, small FROM pictures WHERE name = ?1")
                }
                PictureSize::Large => {
                    (LARGE, "SELECT account, large FROM pictures WHERE name = ?1")
                }
            };
            let mut select = reading.db.prepare_cached(select)?;
            let row = select.query_row([&*name], |row| Ok((row.get(0)?, row.get(1)?)));
            let row: Option<(i64, Vec<u8>)> = row.optional()?;
            let Some((account, sealed)) = row else {
                return Ok(None);
            };
            let Some(key) = key_of(reading.db, reading.keys, account_id(account))? else {
                return Ok(None);
            };
            Ok(Some(field.open(&key, account, &sealed)?))
        }))
    }
}

fn insert(work: &Work<'_>, account: AccountId, picture: &Picture) -> Result<Box<str>, Fault> {
    let key = key_of_existing(work.db, work.keys, account)?;
    let (row, name) = (row_id(account), crate::secret::token());
    let small = SMALL.seal(&key, row, &picture.small);
    let large = LARGE.seal(&key, row, &picture.large);
    let insert = "INSERT INTO pictures (name, account, small, large) VALUES (?1, ?2, ?3, ?4)";
    (work.db.prepare_cached(insert)?).execute(params![&*name, row, small, large])?;
    Ok(name)
}

fn remove(work: &Work<'_>, needles: &mut Needles, account: AccountId) -> Result<(), Fault> {
    let of = [row_id(account)];
    let select = "SELECT name, small, large FROM pictures WHERE account = ?1";
    needles.add_columns(work.db, select, of)?;
    (work
        .db
        .prepare_cached("DELETE FROM pictures WHERE account = ?1")?)
    .execute(of)?;
    Ok(())
}
