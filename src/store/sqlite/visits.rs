//! Counts of visits, in SQLite.

use super::super::visits::{PageVisits, VisitCounts};
use super::super::{Call, Day, OpenError};
use super::{SqliteStore, folder, schema};
use crate::config;
use rusqlite::{Connection, params};

impl VisitCounts for SqliteStore {
    fn add_visits(&self, counts: Vec<PageVisits>) -> Call<'_, ()> {
        let add = "INSERT INTO visits (day, page, visits, visitors) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (day, page) DO UPDATE
            SET visits = visits + excluded.visits, visitors = visitors + excluded.visitors";
        Box::pin(self.change(move |work| {
            let mut add = work.db.prepare_cached(add)?;
            for count in &counts {
                add.execute(params![
                    count.day.0,
                    count.page,
                    count.visits,
                    count.visitors
                ])?;
            }
            Ok(())
        }))
    }
}

/// What is kept of the newest `days` days on which somebody came, the newest first, while a server
/// has the folder open or not.
///
/// # Errors
/// When there is no database, or it is damaged.
pub fn visits(config: &config::Store, days: u32) -> Result<Vec<PageVisits>, OpenError> {
    let database = config.data.join(folder::DATABASE);
    let db = schema::open_reader(&config.data, &database)?;
    let failed = |error| OpenError::database(&config.data, &database, error);
    read(&db, days).map_err(failed)
}

fn read(db: &Connection, days: u32) -> rusqlite::Result<Vec<PageVisits>> {
    let select = "SELECT day, page, visits, visitors FROM visits
        WHERE day IN (SELECT DISTINCT day FROM visits ORDER BY day DESC LIMIT ?1)
        ORDER BY day DESC, page";
    let mut select = db.prepare(select)?;
    let counts = select.query_map([days], |row| {
        Ok(PageVisits {
            day: Day(row.get(0)?),
            page: row.get(1)?,
            visits: row.get(2)?,
            visitors: row.get(3)?,
        })
    })?;
    counts.collect()
}
