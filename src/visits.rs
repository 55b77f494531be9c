//! How often pages are visited, without knowing by whom. Of a visit, a hash of who came is kept
//! until the day is over, so that nobody counts twice; its salt is random, of that day alone, and
//! never leaves the memory: what is kept for longer are numbers. Knows the store, not HTTP.

use crate::config::Config;
use crate::secret;
use crate::store::{self, Day, PageVisits, Store};
use parking_lot::Mutex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Visitors of a day, counted once for each page; beyond, visits are counted and new visitors are
/// not.
const MOST: usize = 200_000;
/// All pages together, in what is kept.
const ALL: &str = "*";

/// The pages that are counted, each by the template of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum Page {
    /// The first page.
    #[serde(rename = "/")]
    Home,
    /// A room, whichever.
    #[serde(rename = "/rooms/{room}")]
    Room,
    /// Settings.
    #[serde(rename = "/settings")]
    Settings,
    /// Signing in.
    #[serde(rename = "/sign-in")]
    SignIn,
    /// The policy.
    #[serde(rename = "/privacy")]
    Privacy,
    /// Letters to whoever runs the server.
    #[serde(rename = "/support")]
    Support,
}

impl Page {
    /// The template of its path.
    pub fn template(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Room => "/rooms/{room}",
            Self::Settings => "/settings",
            Self::SignIn => "/sign-in",
            Self::Privacy => "/privacy",
            Self::Support => "/support",
        }
    }
}

/// What is counted of today, and what is not in the store yet.
#[derive(Default)]
pub struct Visits(Mutex<Counted>);

struct Counted {
    day: Day,
    salt: Zeroizing<[u8; 32]>,
    /// Who was counted today: for a page, or (`None`) for all of them.
    seen: HashSet<(Option<Page>, u64)>,
    waiting: BTreeMap<(Day, Option<Page>), (u32, u32)>,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            day: Day(0),
            salt: Zeroizing::new(secret::random()),
            seen: HashSet::new(),
            waiting: BTreeMap::new(),
        }
    }
}

impl Counted {
    /// From a new day on, nothing is known of those before.
    fn turn_to(&mut self, today: Day) {
        if self.day != today {
            self.day = today;
            self.salt = Zeroizing::new(secret::random());
            self.seen = HashSet::new();
        }
    }

    fn visitor(&self, address: IpAddr, agent: &[u8]) -> u64 {
        let address = crate::http::limited_unit(address).to_string();
        let hash = Sha256::new_with_prefix(*self.salt);
        let hash = hash.chain_update(address).chain_update([0]);
        let hash = hash.chain_update(agent).finalize();
        u64::from_ne_bytes(std::array::from_fn(|place| hash[place]))
    }
}

impl Visits {
    /// Counts a visit of today, by whoever comes from this address with a browser of this name.
    pub fn count(&self, today: Day, page: Page, address: IpAddr, agent: &[u8]) {
        let mut counted = self.0.lock();
        counted.turn_to(today);
        let visitor = counted.visitor(address, agent);
        for page in [Some(page), None] {
            let has_room = counted.seen.len() < MOST;
            let is_new = has_room && counted.seen.insert((page, visitor));
            let (visits, visitors) = counted.waiting.entry((today, page)).or_default();
            *visits = visits.saturating_add(1);
            *visitors = visitors.saturating_add(u32::from(is_new));
        }
    }

    /// Hands what was counted to the store, and forgets who came on another day than `today`. What
    /// cannot be kept now waits for the next time.
    pub async fn keep(&self, today: Day, store: &dyn Store) {
        let waiting = {
            let mut counted = self.0.lock();
            counted.turn_to(today);
            std::mem::take(&mut counted.waiting)
        };
        if waiting.is_empty() {
            return;
        }
        let counts = waiting.iter().map(|(&(day, page), &counts)| PageVisits {
            day,
            page: page.map_or(ALL, Page::template).into(),
            visits: counts.0,
            visitors: counts.1,
        });
        if store.add_visits(counts.collect()).await.is_err() {
            let mut counted = self.0.lock();
            for (of, (visits, visitors)) in waiting {
                let counts = counted.waiting.entry(of).or_default();
                counts.0 = counts.0.saturating_add(visits);
                counts.1 = counts.1.saturating_add(visitors);
            }
        }
    }
}

/// `stereo stats`: what is kept of the newest `days` days, as a table.
///
/// # Errors
/// What to say to the operator.
pub fn stats(config: &Config, days: u32) -> Result<String, String> {
    let counts = store::visits(&config.store, days).map_err(|error| error.to_string())?;
    Ok(table(&counts))
}

fn table(counts: &[PageVisits]) -> String {
    if counts.is_empty() {
        return "no visits were counted\n".into();
    }
    let width = counts.iter().map(|count| count.page.len()).max();
    let width = width.unwrap_or_default().max("all pages".len());
    let mut out = format!("{:<10}  {:<width$}  visits  visitors\n", "day", "page");
    let (mut visits, mut visitors) = (0_u64, 0_u64);
    for count in counts {
        let page = match &*count.page {
            ALL => {
                visits += u64::from(count.visits);
                visitors += u64::from(count.visitors);
                "all pages"
            }
            page => page,
        };
        let _ = writeln!(
            out,
            "{}  {page:<width$}  {:>6}  {:>8}",
            count.day.date(),
            count.visits,
            count.visitors
        );
    }
    let _ = writeln!(
        out,
        "{:<10}  {:<width$}  {visits:>6}  {visitors:>8}",
        "total", ""
    );
    out + "Who comes on two days is two visitors: nobody can tell.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config;
    use crate::store::SqliteStore;
    use std::sync::Arc;

    const TODAY: Day = Day(20_000);
    const TOMORROW: Day = Day(20_001);

    fn come(visits: &Visits, day: Day, page: Page, address: [u8; 4], agent: &str) {
        visits.count(day, page, IpAddr::from(address), agent.as_bytes());
    }

    /// What waits: visits and visitors of a day and page.
    fn waiting(visits: &Visits, day: Day, page: Option<Page>) -> (u32, u32) {
        let counted = visits.0.lock();
        counted
            .waiting
            .get(&(day, page))
            .copied()
            .unwrap_or_default()
    }

    #[test]
    fn each_visit_counts_and_each_visitor_once_a_day_and_page() {
        let visits = Visits::default();
        for (page, address, agent) in [
            (Page::Home, [192, 0, 2, 1], "fox"),
            (Page::Home, [192, 0, 2, 1], "fox"),
            (Page::Room, [192, 0, 2, 1], "fox"),
            (Page::Home, [192, 0, 2, 1], "owl"),
            (Page::Home, [192, 0, 2, 2], "fox"),
        ] {
            come(&visits, TODAY, page, address, agent);
        }
        assert_eq!(waiting(&visits, TODAY, Some(Page::Home)), (4, 3));
        assert_eq!(waiting(&visits, TODAY, Some(Page::Room)), (1, 1));
        assert_eq!(waiting(&visits, TODAY, None), (5, 3), "all pages");
    }

    #[test]
    fn a_visitor_of_yesterday_cannot_be_linked_to_today() {
        let visits = Visits::default();
        let hashes = || {
            let counted = visits.0.lock();
            let hashes: HashSet<u64> = counted.seen.iter().map(|seen| seen.1).collect();
            (hashes, *counted.salt)
        };
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        let (yesterday, salt) = hashes();
        come(&visits, TOMORROW, Page::Home, [192, 0, 2, 1], "fox");
        let (today, new_salt) = hashes();
        assert_eq!(
            (yesterday.len(), today.len()),
            (1, 1),
            "one, as far as a day tells"
        );
        assert!(
            yesterday.is_disjoint(&today),
            "the same visitor, another hash"
        );
        assert_ne!(salt, new_salt);
        assert_eq!(waiting(&visits, TODAY, None), (1, 1));
        assert_eq!(waiting(&visits, TOMORROW, None), (1, 1));
    }

    #[tokio::test]
    async fn who_came_is_forgotten_when_the_day_is_over_though_nobody_comes() {
        let (folder, visits) = (tempfile::tempdir().unwrap(), Visits::default());
        let store = store(folder.path());
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        visits.keep(TODAY, &store).await;
        assert_eq!(visits.0.lock().seen.len(), 2);
        let salt = *visits.0.lock().salt;
        visits.keep(TOMORROW, &store).await;
        assert!(visits.0.lock().seen.is_empty());
        assert_ne!(*visits.0.lock().salt, salt);
    }

    fn store(folder: &std::path::Path) -> SqliteStore {
        let config = config::Store {
            data: folder.join("data"),
            ..config::Store::default()
        };
        SqliteStore::open(&config, Arc::new(Clock::manual(0.0))).unwrap()
    }

    #[tokio::test]
    async fn counts_are_added_up_and_shown_while_the_store_is_open() {
        let (folder, visits) = (tempfile::tempdir().unwrap(), Visits::default());
        let store = store(folder.path());
        let mut config = Config::default();
        config.store.data = folder.path().join("data");
        assert_eq!(stats(&config, 30).unwrap(), "no visits were counted\n");
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        visits.keep(TODAY, &store).await;
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        come(&visits, TODAY, Page::Room, [192, 0, 2, 2], "fox");
        visits.keep(TODAY, &store).await;
        come(&visits, TOMORROW, Page::Home, [192, 0, 2, 1], "fox");
        visits.keep(TOMORROW, &store).await;
        let told = stats(&config, 30).unwrap();
        let lines: Vec<Vec<&str>> = told
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        for expected in [
            &["2024-10-04", "all", "pages", "3", "2"][..],
            &["2024-10-04", "/", "2", "1"],
            &["2024-10-04", "/rooms/{room}", "1", "1"],
            &["2024-10-05", "/", "1", "1"],
            &["total", "4", "3"],
        ] {
            assert!(
                lines.iter().any(|line| line == expected),
                "{expected:?}: {told}"
            );
        }
        let newest = stats(&config, 1).unwrap();
        assert!(newest.contains("2024-10-05") && !newest.contains("2024-10-04"));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_waits() {
        let (folder, visits) = (tempfile::tempdir().unwrap(), Visits::default());
        let store = store(folder.path());
        let db = rusqlite::Connection::open(folder.path().join("data/stereo.db")).unwrap();
        db.execute_batch("ALTER TABLE visits RENAME TO elsewhere")
            .unwrap();
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        visits.keep(TODAY, &store).await;
        assert_eq!(waiting(&visits, TODAY, None), (1, 1));
        db.execute_batch("ALTER TABLE elsewhere RENAME TO visits")
            .unwrap();
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        visits.keep(TODAY, &store).await;
        let kept: (u32, u32) = db
            .query_row(
                "SELECT visits, visitors FROM visits WHERE page = '*'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(kept, (2, 1));
    }

    #[test]
    fn more_visitors_than_are_held_apart_are_visits_still() {
        let visits = Visits::default();
        {
            let mut counted = visits.0.lock();
            counted.turn_to(TODAY);
            counted.seen = (0..MOST as u64).map(|one| (None, one)).collect();
        }
        come(&visits, TODAY, Page::Home, [192, 0, 2, 1], "fox");
        assert_eq!(waiting(&visits, TODAY, None), (1, 0));
        assert_eq!(visits.0.lock().seen.len(), MOST);
    }
}
