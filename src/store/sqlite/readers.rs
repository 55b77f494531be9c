//! A few threads that read, each with a connection of its own. A reader that is in the way of an
//! erasure gives way: it is interrupted, and reads again afterwards.

use super::super::error::StoreError;
use super::Shared;
use super::fault::Fault;
use crate::keystore::KeyStore;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Questions that wait; beyond, callers do.
const QUEUE: usize = 256;

/// What one question is asked of.
pub(super) struct Reading<'a> {
    pub(super) db: &'a Connection,
    pub(super) keys: &'a KeyStore,
}

type Question = Box<dyn FnOnce(&Connection, &Shared) + Send>;

/// The callers' side of the threads.
#[derive(Debug)]
pub(super) struct Readers {
    questions: mpsc::Sender<Question>,
}

impl Readers {
    /// Starts one thread for each connection.
    pub(super) fn start(
        connections: Vec<Connection>,
        shared: &Arc<Shared>,
    ) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (questions, received) = mpsc::channel(QUEUE);
        let received = Arc::new(Mutex::new(received));
        let mut threads = Vec::new();
        for db in connections {
            let (received, shared) = (received.clone(), shared.clone());
            let thread = std::thread::Builder::new().name("stereo-read".into());
            threads.push(thread.spawn(move || answer_all(&db, &received, &shared))?);
        }
        Ok((Self { questions }, threads))
    }

    /// Asks; `question` may be asked again when it had to give way.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&Reading<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |db, shared| {
            let _ = answer.send(ask_until_done(db, shared, &question));
        });
        let sent = self.questions.send(question).await;
        sent.map_err(|_| StoreError::Stopped)?;
        // A question that panicked has no answer; the panic itself was reported.
        answered.await.map_err(|_| StoreError::Broken)?
    }
}

fn ask_until_done<T>(
    db: &Connection,
    shared: &Shared,
    question: impl Fn(&Reading<'_>) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    let keys = &shared.keys;
    loop {
        // Whoever erases holds the gate meanwhile.
        let _in_the_gate = shared.gate.read();
        match question(&Reading { db, keys }) {
            Err(fault) if fault.is_interruption() => continue,
            done => return done.map_err(|fault| shared.report(fault)),
        }
    }
}

fn answer_all(db: &Connection, questions: &Mutex<mpsc::Receiver<Question>>, shared: &Shared) {
    loop {
        // One thread waits for the next question, the others for their turn to wait.
        let Some(question) = questions.lock().blocking_recv() else {
            return;
        };
        let asked = std::panic::AssertUnwindSafe(|| question(db, shared));
        // A panic is reported by the hook; the other questions have nothing to do with it.
        let _ = std::panic::catch_unwind(asked);
    }
}
