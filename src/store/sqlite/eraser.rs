//! The thread that sees to it that what was deleted is gone from every file: replaces the copy of
//! the keys, has the log of writes emptied, searches, and has the database written anew when
//! something remains. Those who wait share one pass.

use super::super::AccountId;
use super::super::erasure::{Obstacle, Receipt, ReceiptId, SearchedPlace};
use super::super::error::StoreError;
use super::Shared;
use super::erase::{self, Job};
use super::fault::Fault;
use super::search::{self, Needles};
use super::writer::Writer;
use rusqlite::Connection;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Erasures that wait; beyond, callers do.
const QUEUE: usize = 64;
/// How often, and how long apart, readers of other processes are waited for.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(50);
/// How long our own readers may go on before they are interrupted.
const COURTESY: Duration = Duration::from_millis(20);

/// Everything that the thread is woken for.
enum Order {
    Erase(AccountId, ReceiptId, Answer),
    /// Something smaller was deleted; these are its traces.
    Shred(Needles, oneshot::Sender<()>),
    /// Look for erasures that are not finished.
    Resume,
}

/// The callers' side of the thread.
#[derive(Debug)]
pub(super) struct Eraser {
    orders: mpsc::Sender<Order>,
}

impl Eraser {
    pub(super) fn start(
        writer: Arc<Writer>,
        shared: Arc<Shared>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (orders, received) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let erasing = Erasing {
            writer,
            shared,
            orders: received,
            left: Needles::default(),
        };
        let thread = std::thread::Builder::new().name("stereo-erase".into());
        let thread = thread.spawn(move || runtime.block_on(erasing.run()))?;
        // There is room: nobody else has the channel yet.
        let _ = orders.try_send(Order::Resume);
        Ok((Self { orders }, thread))
    }

    pub(super) async fn erase(
        &self,
        id: AccountId,
        receipt: ReceiptId,
    ) -> Result<Receipt, StoreError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.orders.send(Order::Erase(id, receipt, answer)).await;
        sent.map_err(|_| StoreError::Stopped)?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }

    /// Returns when nothing of `needles` is found any more, or an obstacle was met: then it is
    /// done later.
    pub(super) async fn shred(&self, needles: Needles) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.orders.send(Order::Shred(needles, answer)).await;
        sent.map_err(|_| StoreError::Stopped)?;
        answered.await.map_err(|_| StoreError::Stopped)
    }

    /// Tries again what met an obstacle.
    pub(super) fn resume(&self) {
        // A full queue comes to it anyway.
        let _ = self.orders.try_send(Order::Resume);
    }
}

struct Erasing {
    writer: Arc<Writer>,
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    /// Of smaller deletions that met an obstacle.
    left: Needles,
}

type Answer = oneshot::Sender<Result<Receipt, StoreError>>;

/// What one pass is for.
#[derive(Default)]
struct Pass {
    /// With whoever waits: nobody does for those of an earlier run.
    jobs: Vec<(Job, Option<Answer>)>,
    shredded: Vec<oneshot::Sender<()>>,
    needles: Needles,
}

impl Erasing {
    async fn run(mut self) {
        while let Some(first) = self.orders.recv().await {
            let mut pass = Pass {
                needles: std::mem::take(&mut self.left),
                ..Pass::default()
            };
            let mut next = Some(first);
            for _ in 0..QUEUE {
                let Some(order) = next.take() else { break };
                self.take(order, &mut pass).await;
                next = self.orders.try_recv().ok();
            }
            if let Some(order) = next {
                self.take(order, &mut pass).await;
            }
            self.carry_out(pass).await;
        }
    }

    async fn take(&self, order: Order, pass: &mut Pass) {
        match order {
            Order::Shred(needles, answer) => {
                pass.needles.extend(needles);
                pass.shredded.push(answer);
            }
            Order::Erase(id, receipt, answer) => {
                let begun = self
                    .writer
                    .change(move |work| erase::begin(work, id, receipt));
                match begun.await {
                    Ok(job) => pass.jobs.push((job, Some(answer))),
                    Err(error) => drop(answer.send(Err(error))),
                }
            }
            Order::Resume => {
                let unfinished = self.writer.change(|work| Ok(erase::unfinished(work.db)?));
                for job in unfinished.await.unwrap_or_default() {
                    let known = |other: &(Job, _)| other.0.receipt == job.receipt;
                    if !pass.jobs.iter().any(known) {
                        pass.jobs.push((job, None));
                    }
                }
            }
        }
    }

    async fn carry_out(&mut self, mut pass: Pass) {
        for (job, _) in &mut pass.jobs {
            pass.needles.extend(std::mem::take(&mut job.needles));
        }
        if pass.needles.len() == 0 {
            return;
        }
        let receipt = self.receipt(&pass.needles).await;
        if let Some(obstacle) = receipt.waits_for {
            tracing::warn!(
                ?obstacle,
                "an erasure is not complete yet and goes on by itself"
            );
        }
        for (job, answer) in pass.jobs {
            let done = self.report(job.receipt, receipt.clone()).await;
            if let Some(answer) = answer {
                let _ = answer.send(done.map(|()| receipt.clone()));
            }
        }
        for answer in pass.shredded {
            let _ = answer.send(());
        }
        if !receipt.erased {
            self.left = pass.needles;
        }
    }

    async fn report(&self, id: ReceiptId, receipt: Receipt) -> Result<(), StoreError> {
        let now = self.shared.clock.now_ms();
        let report = self
            .writer
            .change(move |work| erase::report(work.db, id, &receipt, now));
        report.await
    }

    async fn receipt(&self, needles: &Needles) -> Receipt {
        let looked = self.until_nothing_is_found(needles).await;
        let (places, waits_for) = match looked {
            Ok(places) => {
                let clean = places.iter().all(|place| place.found == 0);
                (places, (!clean).then_some(Obstacle::Remains))
            }
            Err(obstacle) => (Vec::new(), Some(obstacle)),
        };
        Receipt {
            erased: waits_for.is_none(),
            waits_for,
            searched_ms: self.shared.clock.now_ms(),
            sought: needles.len() as u32,
            places,
        }
    }

    async fn until_nothing_is_found(
        &self,
        needles: &Needles,
    ) -> Result<Vec<SearchedPlace>, Obstacle> {
        if let Err(error) = self.shared.keys.refresh_copy() {
            tracing::warn!(%error, "the copy of the key store cannot be replaced");
            return Err(Obstacle::KeysCopy);
        }
        self.empty_log().await?;
        let places = self.search(needles)?;
        if places.iter().all(|place| place.found == 0) {
            return Ok(places);
        }
        // Pages keep copies of rows that were moved to others: only writing all anew drops them.
        let written = self.alone(|db, _| db.execute_batch("VACUUM")).await?;
        written.map_err(|error| self.failed(Fault::from(error)))?;
        self.empty_log().await?;
        self.search(needles)
    }

    /// The log of writes holds what was deleted until it is emptied, and it is emptied only while
    /// nobody reads.
    async fn empty_log(&self) -> Result<(), Obstacle> {
        for _ in 0..TRIES {
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
                Ok(false) => tokio::time::sleep(BETWEEN).await,
                Err(error) => return Err(self.failed(Fault::from(error))),
            }
        }
        Err(Obstacle::OtherReaders)
    }

    fn search(&self, needles: &Needles) -> Result<Vec<SearchedPlace>, Obstacle> {
        let shared = &self.shared;
        let copy = shared.keys.copy_path();
        let searched = search::search(shared.folder.path(), &shared.held, copy, needles);
        searched.map_err(|error| {
            let folder = shared.folder.path().display();
            tracing::error!(%folder, %error, "the data cannot be searched");
            Obstacle::Disk
        })
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
        fault.report(&self.shared.database);
        Obstacle::Disk
    }
}
