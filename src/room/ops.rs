//! Operations applied once: what each member asked for under which `op`, and what it was told.
//! Holds hashes and ids, no content.

use super::input::{Done, Ms};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use stereo_protocol::{Command, ErrorKind, ErrorObject, Place};

/// Successes remembered per member.
const REMEMBERED: usize = 128;

/// One member's operations, oldest first.
#[derive(Debug, Default)]
pub(super) struct OpMemory {
    done: VecDeque<(u64, u64, Done)>,
    /// When its member left.
    pub(super) left_at: Option<Ms>,
}

/// An operation as it is remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpKey {
    op: u64,
    asked: u64,
}

impl OpKey {
    pub(super) fn new(op: &str, asked: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        op.hash(&mut hasher);
        Self {
            op: hasher.finish(),
            asked,
        }
    }
}

/// What adding these was asked by, as a number: ids and URLs, as they came.
pub fn asked_to_add(tracks: &[Box<str>], place: &Place) -> u64 {
    let mut hasher = DefaultHasher::new();
    ("queue.add", tracks, place).hash(&mut hasher);
    hasher.finish()
}

/// What was asked for, as a number: two wishes that differ have different ones.
pub(super) fn fingerprint(wish: &super::Wish) -> u64 {
    use super::Wish;
    let mut hasher = DefaultHasher::new();
    match wish {
        Wish::Add { asked, .. } => return *asked,
        // A password's hash is salted, so a repeat has another one; whether there is one counts.
        Wish::Update { update, password } => {
            "room.update".hash(&mut hasher);
            update.hash(&mut hasher);
            password.as_ref().map(Option::is_some).hash(&mut hasher);
        }
        Wish::Command(command) => hash_command(command, &mut hasher),
    }
    hasher.finish()
}

fn hash_command(command: &Command, hasher: &mut DefaultHasher) {
    // Commands carry floats nowhere but in probes and reports, which have no op.
    serde_json::to_vec(command).unwrap_or_default().hash(hasher);
}

impl OpMemory {
    /// What this operation was answered the first time.
    ///
    /// # Errors
    /// `conflict`, when the same `op` asked for something else.
    pub(super) fn recall(&self, key: OpKey) -> Result<Option<Done>, ErrorObject> {
        match self.done.iter().rev().find(|(op, ..)| *op == key.op) {
            None => Ok(None),
            Some((_, asked, done)) if *asked == key.asked => Ok(Some(done.clone())),
            Some(_) => Err(ErrorObject::new(
                ErrorKind::Conflict,
                "this op was used for something else",
            )
            .with_field("op")),
        }
    }

    pub(super) fn remember(&mut self, key: OpKey, done: Done) {
        if self.done.len() == REMEMBERED {
            self.done.pop_front();
        }
        self.done.push_back((key.op, key.asked, done));
    }
}
