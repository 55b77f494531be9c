//! The thread that sees to it that what was deleted is gone from every file: replaces the copy of
//! the keys, has the log of writes emptied, searches, and has the database written anew when
//! something remains. Those who wait share one pass. What meets an obstacle is tried again every
//! second.

use super::super::AccountId;
use super::super::erasure::{Obstacle, Receipt, ReceiptId, SearchedPlace};
use super::super::error::StoreError;
use super::super::folder;
use super::Shared;
use super::deletions::Looked;
use super::erase::{self, Sought};
use super::fault::Fault;
use super::search::{self, Needles};
use super::writer::Writer;
use crate::killpoint;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Erasures that wait; beyond, callers do.
const QUEUE: usize = 64;
/// How often, and how long apart, readers of other processes are waited for.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(50);
/// How long our own readers may go on before they are interrupted.
const COURTESY: Duration = Duration::from_millis(20);
/// After how long it is tried again what met an obstacle.
const AGAIN: Duration = Duration::from_secs(1);
/// Things that are looked for at most when something keeps them in a file; beyond, all is written
/// anew, and what they were need not be known.
const MOST_LEFT: usize = 20_000;
/// Writing all anew holds up every change: for small deletions it is done again only after so many
/// times as long as it took.
const REST: u32 = 20;

/// An account that is to be erased.
struct Asked {
    account: AccountId,
    receipt: ReceiptId,
    answer: Answer,
}

type Answer = oneshot::Sender<Result<Receipt, StoreError>>;

/// The callers' side of the thread.
#[derive(Debug)]
pub(super) struct Eraser {
    asked: mpsc::Sender<Asked>,
}

impl Eraser {
    pub(super) fn start(
        writer: Arc<Writer>,
        shared: Arc<Shared>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (asked, received) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let erasing = Erasing {
            writer,
            shared,
            asked: received,
            left: Needles::default(),
            jobs: HashMap::new(),
            obstacle: None,
            unknown: false,
            marked: true,
            anew_not_before: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("stereo-erase".into());
        let thread = thread.spawn(move || runtime.block_on(erasing.run()))?;
        Ok((Self { asked }, thread))
    }

    pub(super) async fn erase(
        &self,
        account: AccountId,
        receipt: ReceiptId,
    ) -> Result<Receipt, StoreError> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            account,
            receipt,
            answer,
        };
        let sent = self.asked.send(asked).await;
        sent.map_err(|_| StoreError::Stopped)?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

struct Erasing {
    writer: Arc<Writer>,
    shared: Arc<Shared>,
    asked: mpsc::Receiver<Asked>,
    /// Of smaller deletions that met an obstacle.
    left: Needles,
    /// Of accounts that did: whoever erases them asks again.
    jobs: HashMap<ReceiptId, Needles>,
    /// What the last pass met.
    obstacle: Option<Obstacle>,
    /// Something may remain of which it is not known any more what it was.
    unknown: bool,
    /// The database says that something may remain, or it may say so.
    marked: bool,
    /// For small deletions.
    anew_not_before: Instant,
}

/// What one pass looks for.
#[derive(Default)]
struct Pass {
    jobs: Vec<(ReceiptId, Needles, Answer)>,
    /// Smaller deletions up to this one are in it.
    until: u64,
}

/// What was found in the end.
#[derive(Default)]
struct Found {
    /// Of accounts, by place.
    places: Vec<SearchedPlace>,
    /// Whether anything was of smaller deletions.
    of_small: bool,
}

impl Erasing {
    async fn run(mut self) {
        let unclean = "SELECT unclean FROM store";
        let unclean = self.alone(|db, _| db.query_row(unclean, [], |row| row.get::<_, bool>(0)));
        self.unknown = matches!(unclean.await, Ok(Ok(true)));
        if self.unknown {
            self.carry_out(Vec::new()).await;
        }
        while let Some(asked) = self.next().await {
            self.carry_out(asked).await;
        }
        self.carry_out(Vec::new()).await;
        self.unmark().await;
    }

    /// What the next pass is for; `None` when nobody can ask any more.
    async fn next(&mut self) -> Option<Vec<Asked>> {
        loop {
            let waits = self.obstacle.is_some() || self.marked;
            tokio::select! {
                biased;
                first = self.asked.recv() => {
                    let mut asked = vec![first?];
                    while asked.len() < QUEUE && let Ok(one) = self.asked.try_recv() {
                        asked.push(one);
                    }
                    return Some(asked);
                }
                () = self.shared.deletions.news() => return Some(Vec::new()),
                () = tokio::time::sleep(AGAIN), if waits => match self.obstacle {
                    Some(_) => return Some(Vec::new()),
                    None => self.unmark().await,
                }
            }
        }
    }

    async fn carry_out(&mut self, asked: Vec<Asked>) {
        let mut pass = Pass::default();
        for one in asked {
            self.delete(one, &mut pass).await;
        }
        let (noted, until) = self.shared.deletions.take();
        self.marked |= !noted.is_empty();
        self.left.extend(noted);
        pass.until = until;
        if self.left.len() > MOST_LEFT {
            self.left = Needles::default();
            self.unknown = true;
        }
        let small = !self.left.is_empty() || self.unknown;
        let looked = match small || !pass.jobs.is_empty() {
            true => self.until_nothing_is_found(&pass).await,
            false => Ok(Found::default()),
        };
        let (of_small, of_jobs, places) = match looked {
            Ok(found) => {
                let remains = |clean: bool| (!clean).then_some(Obstacle::Remains);
                let of_jobs = remains(is_clean(&found.places));
                (remains(!found.of_small), of_jobs, found.places)
            }
            Err(obstacle) => (Some(obstacle), Some(obstacle), Vec::new()),
        };
        self.note_obstacle(of_small.filter(|_| small));
        self.shared.deletions.tell(Looked {
            until: pass.until,
            obstacle: self.obstacle,
        });
        for (id, needles, answer) in pass.jobs {
            let receipt = Receipt {
                erased: of_jobs.is_none(),
                waits_for: of_jobs,
                searched_ms: self.shared.clock.now_ms(),
                sought: needles.len() as u32,
                places: places.clone(),
            };
            let told = receipt.clone();
            let report = self
                .writer
                .change(move |work| erase::report(work.db, id, &told));
            let done = report.await;
            if of_jobs.is_some() {
                self.jobs.insert(id, needles);
            }
            // Whoever asked may be gone: the job is found at the next start.
            let _ = answer.send(done.map(|()| receipt));
        }
    }

    /// Deletes the rows of an account, unless that was done before.
    async fn delete(&mut self, asked: Asked, pass: &mut Pass) {
        let Asked {
            account,
            receipt,
            answer,
        } = asked;
        let deleted = self
            .writer
            .change(move |work| erase::carry_out(work, account, receipt));
        let Sought {
            mut needles,
            is_all,
        } = match deleted.await {
            Ok(sought) => sought,
            Err(error) => return drop(answer.send(Err(error))),
        };
        killpoint::reached("rows");
        if !is_all {
            match self.jobs.remove(&receipt) {
                Some(known) => needles = known,
                None => self.unknown = true,
            }
        }
        pass.jobs.push((receipt, needles, answer));
    }

    /// What keeps a small deletion from being complete.
    fn note_obstacle(&mut self, obstacle: Option<Obstacle>) {
        match obstacle {
            None => self.left = Needles::default(),
            Some(obstacle) if self.obstacle != Some(obstacle) => {
                tracing::warn!(
                    ?obstacle,
                    "something that was deleted is still in a file: it is tried again every second"
                );
            }
            Some(_) => {}
        }
        self.obstacle = obstacle;
    }

    /// Sees to it that nothing is found, and says where it was looked for.
    async fn until_nothing_is_found(&mut self, pass: &Pass) -> Result<Found, Obstacle> {
        if let Err(error) = self.shared.keys.refresh_copy() {
            tracing::warn!(%error, "the copy of the key store cannot be replaced");
            return Err(Obstacle::KeysCopy);
        }
        self.empty_log().await?;
        let jobs: Vec<&Needles> = pass.jobs.iter().map(|(_, needles, _)| needles).collect();
        if !self.unknown {
            let all = [&jobs[..], &[&self.left]].concat();
            let places = self.search(&all)?;
            if is_clean(&places) {
                let of_small = false;
                return Ok(Found { places, of_small });
            }
            if jobs.is_empty() && Instant::now() < self.anew_not_before {
                return Err(Obstacle::Remains);
            }
        }
        // Pages keep copies of rows that were moved to others: only writing all anew drops them.
        let began = Instant::now();
        let written = self.alone(|db, _| db.execute_batch("VACUUM")).await?;
        written.map_err(|error| self.failed(Fault::from(error)))?;
        self.empty_log().await?;
        self.anew_not_before = Instant::now() + began.elapsed() * REST;
        self.unknown = false;
        let places = self.search(&jobs)?;
        let of_small = self.search(&[&self.left])?;
        // Of what was written anew only that is in the database which is there again: a room that
        // was deleted and is kept once more.
        let remains =
            |place: &SearchedPlace| place.found > 0 && !place.place.starts_with(folder::DATABASE);
        let of_small = of_small.iter().any(remains);
        Ok(Found { places, of_small })
    }

    /// The log of writes holds what was deleted until it is emptied, and it is emptied only while
    /// nobody reads.
    async fn empty_log(&self) -> Result<(), Obstacle> {
        // Whoever was waited for in vain is not waited for each time.
        let tries = match self.obstacle {
            Some(Obstacle::OtherReaders) => 1,
            _ => TRIES,
        };
        for left in (0..tries).rev() {
            let emptied = self.alone(|db, shared| {
                let _gate = loop {
                    match shared.gate.try_write_for(COURTESY) {
                        Some(gate) => break gate,
                        None => shared.interrupt_readers(),
                    }
                };
                super::checkpoint(db)
            });
            match emptied.await? {
                Ok(true) => return Ok(()),
                Ok(false) if left > 0 => tokio::time::sleep(BETWEEN).await,
                Ok(false) => {}
                Err(error) => return Err(self.failed(Fault::from(error))),
            }
        }
        Err(Obstacle::OtherReaders)
    }

    fn search(&self, needles: &[&Needles]) -> Result<Vec<SearchedPlace>, Obstacle> {
        let shared = &self.shared;
        let elsewhere = [
            ("keys_copy", shared.keys.copy_path()),
            ("key_file", shared.key_file.as_deref()),
        ];
        let searched = search::search(shared.folder.path(), &shared.held, &elsewhere, needles);
        searched.map_err(|error| {
            let folder = shared.folder.path().display();
            tracing::error!(%folder, %error, "the data cannot be searched");
            Obstacle::Disk
        })
    }

    /// Nothing that was deleted is in a file: a start need not look.
    async fn unmark(&mut self) {
        if self.obstacle.is_some() || self.unknown {
            return;
        }
        let unmarked = self.alone(|db, shared| {
            let deletions = &shared.deletions;
            // What was deleted since is looked for first.
            match deletions.is_looked_for() {
                true => db.execute("UPDATE store SET unclean = 0 WHERE unclean = 1", []),
                false => Ok(0),
            }
        });
        if matches!(unmarked.await, Ok(Ok(_))) {
            self.marked = false;
        }
    }

    async fn alone<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection, &Shared) -> T + Send + 'static,
    ) -> Result<T, Obstacle> {
        let shared = self.shared.clone();
        let done = self.writer.alone(move |db| act(db, &shared)).await;
        done.map_err(|_| Obstacle::Disk)
    }

    fn failed(&self, fault: Fault) -> Obstacle {
        self.shared.report(fault);
        Obstacle::Disk
    }
}

fn is_clean(places: &[SearchedPlace]) -> bool {
    places.iter().all(|place| place.found == 0)
}

impl Drop for Erasing {
    /// Nobody waits for a thread that is no more.
    fn drop(&mut self) {
        let obstacle = self.obstacle.or(Some(Obstacle::Disk));
        let obstacle = obstacle.filter(|_| std::thread::panicking() || self.obstacle.is_some());
        self.shared.deletions.tell(Looked {
            until: u64::MAX,
            obstacle,
        });
    }
}
