//! The one thread that writes: takes changes from a bounded channel, gathers those that wait (for
//! at most 10 ms) into one transaction, and answers after its commit.

use super::super::Health;
use super::super::error::StoreError;
use super::Shared;
use super::copier::Copier;
use super::fault::Fault;
use super::rooms::Kept;
use super::search::Needles;
use crate::keystore::{EntryId, KeyStore, NewEntry};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Changes that wait; beyond, callers do.
const QUEUE: usize = 256;
/// How long changes are gathered for one commit.
const GATHER: Duration = Duration::from_millis(10);
/// Changes in one commit: few in tests, so that they meet it.
const MOST: usize = if cfg!(test) { 8 } else { 256 };
/// After so long without a change the log of writes is emptied.
const QUIET: Duration = Duration::from_secs(1);
/// It is emptied after so long even so.
const UNTIDY: Duration = Duration::from_secs(5);

/// What was deleted may be in a file until somebody has looked.
const UNCLEAN: &str = "UPDATE store SET unclean = 1 WHERE unclean = 0";

/// What one change works with.
pub(super) struct Work<'a> {
    pub(super) db: &'a Connection,
    pub(super) keys: &'a KeyStore,
    pub(super) rooms: &'a mut Kept,
    /// What stands for that which the change deletes: it is looked for once that is on the disk.
    pub(super) deleted: Needles,
    entries: Entries,
}

/// What a transaction does to the key store.
#[derive(Debug, Default)]
struct Entries {
    /// Entries that stay when it commits and go when it does not.
    added: Vec<EntryId>,
    /// The other way round.
    removed: Vec<EntryId>,
}

impl Work<'_> {
    /// Adds entries to the key store, for rows of this change.
    pub(super) fn add_entries(&mut self, entries: &[NewEntry]) -> Result<(), Fault> {
        self.entries.added.extend(entries.iter().map(NewEntry::id));
        Ok(self.keys.add(entries)?)
    }

    /// Destroys entries once the rows that name them are gone.
    pub(super) fn remove_entries(&mut self, entries: &[EntryId]) -> Result<(), Fault> {
        self.entries.removed.extend_from_slice(entries);
        Ok(self.keys.unsettle(entries)?)
    }
}

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Alone = Box<dyn FnOnce(&mut Connection) + Send>;

/// Something to do in a transaction, and whoever waits for it.
trait Change: Send {
    /// Does it; the answer is given when it is known whether the transaction committed.
    fn carry_out(self: Box<Self>, work: &mut Work<'_>) -> (Answer, Option<Fault>);

    /// It cannot be done.
    fn refuse(self: Box<Self>, error: StoreError);
}

struct Asked<F, T> {
    act: F,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Change for Asked<F, T>
where
    T: Send + 'static,
    F: FnOnce(&mut Work<'_>) -> Result<T, Fault> + Send,
{
    fn carry_out(self: Box<Self>, work: &mut Work<'_>) -> (Answer, Option<Fault>) {
        let Self { act, answer } = *self;
        let (value, fault) = match act(work) {
            Ok(value) => (Ok(value), None),
            Err(fault) => (Err(StoreError::Broken), Some(fault)),
        };
        // Whoever asked may be gone.
        let tell = move |committed: Result<(), StoreError>| {
            let _ = answer.send(committed.and(value));
        };
        (Box::new(tell), fault)
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(error));
    }
}

/// Everything that the thread is woken for.
enum Order {
    /// Something to do in a transaction, with others.
    Change(Box<dyn Change>),
    /// Something to do outside of any transaction.
    Alone(Alone),
}

/// The callers' side of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

impl Writer {
    /// Starts the thread around its connection.
    pub(super) fn start(
        db: Connection,
        shared: Arc<Shared>,
        copier: Copier,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (orders, received) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let thread = std::thread::Builder::new().name("stereo-store".into());
        let thread = thread.spawn(move || {
            let mut writing = Writing {
                db,
                shared: shared.clone(),
                orders: received,
                rooms: Kept::default(),
                copier,
            };
            // Dropped first, also when unwinding: it is told before nobody is heard any more.
            let _stopped = SayWhenStopped(shared);
            runtime.block_on(writing.run());
        })?;
        Ok((Self { orders }, thread))
    }

    /// Carries out a change and returns what it gives when that is on the disk.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let change = Box::new(Asked {
            act: change,
            answer,
        });
        self.order(Order::Change(change)).await?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }

    /// Does something between transactions.
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let alone: Alone = Box::new(move |db| {
            let _ = answer.send(act(db));
        });
        self.order(Order::Alone(alone)).await?;
        answered.await.map_err(|_| StoreError::Stopped)
    }

    async fn order(&self, order: Order) -> Result<(), StoreError> {
        let sent = self.orders.send(order).await;
        sent.map_err(|_| StoreError::Stopped)
    }
}

/// The thread's side.
struct Writing {
    db: Connection,
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    rooms: Kept,
    copier: Copier,
}

impl Writing {
    async fn run(&mut self) {
        let mut written: Option<Instant> = None;
        loop {
            if written.is_some_and(|first| first.elapsed() >= UNTIDY) {
                self.tidy();
                written = None;
            }
            let next = match written {
                Some(_) => tokio::time::timeout(QUIET, self.orders.recv()).await,
                None => Ok(self.orders.recv().await),
            };
            match next {
                // Whoever waits is told by the end of what they wait for.
                Ok(Some(_)) if self.is_damaged() => {}
                Ok(Some(Order::Change(change))) => {
                    let alone = self.commit_with_others(change);
                    if let Some(alone) = alone {
                        alone(&mut self.db);
                    }
                    written.get_or_insert_with(Instant::now);
                }
                Ok(Some(Order::Alone(alone))) => alone(&mut self.db),
                Ok(None) => break,
                Err(_) => {
                    self.tidy();
                    written = None;
                }
            }
        }
        self.tidy();
    }

    fn is_damaged(&self) -> bool {
        self.shared.health.get() == Health::Damaged
    }

    /// What was deleted does not wait in the log for the next change.
    fn tidy(&mut self) {
        if self.is_damaged() {
            return;
        }
        if let Err(error) = super::checkpoint(&self.db) {
            self.shared.report(error);
        }
    }

    /// One transaction. Returns an order that came meanwhile and has to be done outside of it.
    fn commit_with_others(&mut self, first: Box<dyn Change>) -> Option<Alone> {
        let begun = self.db.execute_batch("BEGIN IMMEDIATE");
        if let Err(error) = begun {
            let error = self.shared.report(error);
            self.tell_health(Err(error));
            first.refuse(error);
            return None;
        }
        let mut batch = Batch::default();
        let alone = self.gather(first, &mut batch);
        let committed = self.commit(&batch);
        let settled = self.settle(committed, &batch);
        let deleted = std::mem::take(&mut batch.deleted);
        if committed.is_ok() && !deleted.is_empty() {
            self.shared.deletions.note(deleted);
        }
        if batch.has_entries() {
            self.copier.nudge();
        }
        let told = committed.and(settled);
        self.tell_health(told);
        for answer in batch.answers {
            answer(told);
        }
        for (answer, error) in batch.failed {
            answer(Err(error));
        }
        alone
    }

    /// Carries out the first change and those that wait, but no longer than [`GATHER`].
    fn gather(&mut self, first: Box<dyn Change>, batch: &mut Batch) -> Option<Alone> {
        let until = Instant::now() + GATHER;
        self.carry_out(first, batch);
        for _ in 1..MOST {
            // What becomes of an entry has to be seen by whoever wants one of the same name.
            let to_destroy = batch.has_entries_to_destroy();
            if to_destroy || batch.lost.is_some() || Instant::now() >= until {
                break;
            }
            // Taken only to be carried out: a change that was taken and left would be lost.
            match self.orders.try_recv() {
                Ok(Order::Change(change)) => self.carry_out(change, batch),
                Ok(Order::Alone(alone)) => return Some(alone),
                Err(_) => break,
            }
        }
        None
    }

    /// One change, in a savepoint of its own: when it fails, the others stand.
    fn carry_out(&mut self, change: Box<dyn Change>, batch: &mut Batch) {
        if let Err(error) = self.db.execute_batch("SAVEPOINT change") {
            change.refuse(self.shared.report(error));
            return;
        }
        let mut work = Work {
            db: &self.db,
            keys: &self.shared.keys,
            rooms: &mut self.rooms,
            deleted: Needles::default(),
            entries: Entries::default(),
        };
        let (answer, fault) = change.carry_out(&mut work);
        let (entries, deleted) = (work.entries, work.deleted);
        let ended = match fault {
            None => self.db.execute_batch("RELEASE change").map_err(Fault::from),
            Some(fault) => {
                self.rooms.forget_all();
                // On a full disk SQLite undoes the whole transaction by itself.
                let undone = "ROLLBACK TO change; RELEASE change";
                if self.db.is_autocommit() || self.db.execute_batch(undone).is_err() {
                    batch.lost = Some(StoreError::Broken);
                }
                Err(fault)
            }
        };
        match ended {
            Ok(()) => {
                batch.answers.push(answer);
                batch.entries.extend(entries);
                batch.deleted.extend(deleted);
            }
            Err(fault) => {
                let error = self.shared.report(fault);
                batch.lost = batch.lost.map(|_| error);
                batch.failed.push((answer, error));
                batch.undone.extend(entries);
            }
        }
    }

    /// First the key store, then the database: rows never name a key that is not there.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let synced = match (batch.lost, batch.entries.is_empty()) {
            (Some(error), _) => Err(Fault::Told(error)),
            (None, true) => Ok(()),
            (None, false) => self.shared.keys.sync().map_err(Fault::from),
        };
        let marked = synced.and_then(|()| {
            if !batch.deleted.is_empty() {
                self.db.execute_batch(UNCLEAN)?;
            }
            if !batch.entries.added.is_empty() {
                self.note_generation()?;
            }
            Ok(())
        });
        let committed = marked.and_then(|()| Ok(self.db.execute_batch("COMMIT")?));
        committed.map_err(|fault| {
            self.rooms.forget_all();
            // SQLite may have rolled back by itself.
            if !self.db.is_autocommit() {
                let _ = self.db.execute_batch("ROLLBACK");
            }
            self.shared.report(fault)
        })
    }

    /// The rows say which generation of the key store they need: see [`super::schema`].
    fn note_generation(&self) -> rusqlite::Result<()> {
        let generation = self.shared.keys.generation();
        super::schema::set_generation(&self.db, generation)
    }

    /// Says to the key store what became of the rows.
    fn settle(&self, committed: Result<(), StoreError>, batch: &Batch) -> Result<(), StoreError> {
        let (entries, undone) = (&batch.entries, &batch.undone);
        let keys = &self.shared.keys;
        let settled = match committed {
            Ok(()) => keys
                .settle(&[&entries.added[..], &undone.removed].concat())
                .and_then(|()| keys.destroy(&[&entries.removed[..], &undone.added].concat())),
            // What should have gone stays unsettled: should the disk have taken the commit after
            // all, the next start finds out.
            Err(_) => keys.destroy(&[&entries.added[..], &undone.added].concat()),
        };
        settled.map_err(|error| self.shared.report(error))
    }

    fn tell_health(&self, last: Result<(), StoreError>) {
        self.shared.health.set(match last {
            Ok(()) => Health::Ready,
            Err(StoreError::Full) => Health::Full,
            Err(_) => Health::Broken,
        });
    }
}

/// What one transaction has gathered.
#[derive(Default)]
struct Batch {
    answers: Vec<Answer>,
    entries: Entries,
    /// What stands for that which was deleted.
    deleted: Needles,
    failed: Vec<(Answer, StoreError)>,
    /// Of changes that failed, whatever becomes of the others.
    undone: Entries,
    /// Why the whole transaction is lost.
    lost: Option<StoreError>,
}

impl Batch {
    fn has_entries(&self) -> bool {
        !self.entries.is_empty() || !self.undone.is_empty()
    }

    fn has_entries_to_destroy(&self) -> bool {
        !self.entries.removed.is_empty() || !self.undone.is_empty()
    }
}

impl Entries {
    fn extend(&mut self, other: Self) {
        self.added.extend(other.added);
        self.removed.extend(other.removed);
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// Tells that no more changes are taken, also when the thread panicked.
struct SayWhenStopped(Arc<Shared>);

impl Drop for SayWhenStopped {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let database = self.0.database.display();
            tracing::error!(%database, "the store's writer panicked: no more changes are taken; start the server again");
        }
        self.0.health.set(Health::Stopped);
    }
}

/// [`Health`] that several threads look at.
#[derive(Debug, Default)]
pub(super) struct SharedHealth(AtomicU8);

impl SharedHealth {
    pub(super) fn get(&self) -> Health {
        match self.0.load(Ordering::Acquire) {
            0 => Health::Ready,
            1 => Health::Full,
            2 => Health::Broken,
            3 => Health::Damaged,
            _ => Health::Stopped,
        }
    }

    /// Damaged and stopped are for good.
    pub(super) fn set(&self, health: Health) {
        let value = match health {
            Health::Ready => 0,
            Health::Full => 1,
            Health::Broken => 2,
            Health::Damaged => 3,
            Health::Stopped => 4,
        };
        let unless_for_good = |before| (before < 3 || before < value).then_some(value);
        let _ = (self.0).fetch_update(Ordering::AcqRel, Ordering::Acquire, unless_for_good);
    }
}
