//! A list that drops its oldest and grows at its end: history and log. Only what is new is
//! written.

use super::super::fault::Fault;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One of the two tables.
#[derive(Clone, Copy)]
pub(super) struct List {
    select: &'static str,
    drop: &'static str,
    append: &'static str,
}

pub(super) const HISTORY: List = List {
    select: "SELECT place, content FROM room_history WHERE room = ?1 ORDER BY place",
    drop: "DELETE FROM room_history WHERE room = ?1 AND place < ?2",
    append: "INSERT INTO room_history (room, place, content) VALUES (?1, ?2, ?3)",
};
pub(super) const LOG: List = List {
    select: "SELECT place, content FROM room_log WHERE room = ?1 ORDER BY place",
    drop: "DELETE FROM room_log WHERE room = ?1 AND place < ?2",
    append: "INSERT INTO room_log (room, place, content) VALUES (?1, ?2, ?3)",
};

impl List {
    /// The entries, and the place of the first.
    pub(super) fn load<T: DeserializeOwned>(
        self,
        db: &Connection,
        room: &str,
    ) -> Result<(Vec<T>, i64), Fault> {
        let mut select = db.prepare_cached(self.select)?;
        let mut rows = select.query([room])?;
        let (mut entries, mut first) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            if entries.is_empty() {
                first = row.get(0)?;
            }
            entries.push(from_json(row.get_ref(1)?.as_str().unwrap_or_default())?);
        }
        Ok((entries, first))
    }

    /// Makes `after` of `before`, whose first entry is at `first`, each written as `written` gives it.
    /// Returns where the first is now.
    pub(super) fn save<T: PartialEq, W: Serialize>(
        self,
        db: &Connection,
        room: &str,
        (before, first): (&[T], i64),
        after: &[T],
        written: impl Fn(&T) -> W,
    ) -> Result<i64, Fault> {
        let dropped = dropped(before, after);
        let start = first + dropped as i64;
        if dropped > 0 {
            (db.prepare_cached(self.drop)?).execute(params![room, start])?;
        }
        let kept = before.len() - dropped;
        for (entry, place) in after[kept..].iter().zip(start + kept as i64..) {
            let content = to_json(&written(entry))?;
            (db.prepare_cached(self.append)?).execute(params![room, place, content])?;
        }
        Ok(start)
    }
}

/// How many of the oldest are gone: the fewest for which the rest is where `after` begins.
fn dropped<T: PartialEq>(before: &[T], after: &[T]) -> usize {
    let fits = |dropped: &usize| after.starts_with(&before[*dropped..]);
    (0..=before.len()).find(fits).unwrap_or(before.len())
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|_| Fault::Unreadable("content"))
}

pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|_| Fault::Unreadable("content"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_dropped_is_told_from_what_it_became() {
        for (before, after, expected) in [
            (&[][..], &[1, 2][..], 0),
            (&[1, 2], &[1, 2], 0),
            (&[1, 2], &[1, 2, 3], 0),
            (&[1, 2], &[2, 3], 1),
            (&[1, 2], &[3, 4], 2),
            (&[1, 2], &[], 2),
            (&[1, 1, 1], &[1, 1, 1, 1], 0),
            (&[1, 1, 1], &[1, 1, 2], 1),
        ] {
            assert_eq!(dropped(before, after), expected, "{before:?} {after:?}");
        }
    }
}
