//! Correspondence: what a person and whoever runs the server write to each other, in threads. It is
//! the person's: sealed with their key, and gone when they say so.

use super::{AccountId, Call, Day};
use serde::{Deserialize, Serialize};

/// Threads of one account.
pub(super) const MOST_THREADS: usize = 50;
/// Letters of one thread.
pub(super) const MOST_LETTERS: usize = 200;
/// Notes of what support looked at, in one thread; beyond, the oldest go.
pub(super) const MOST_LOOKS: usize = 100;

/// Names a thread. Random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub u64);

/// Names a letter. Random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(pub u64);

/// Who wrote a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The person whose account it is.
    Person,
    /// Whoever runs the server.
    Support,
}

/// A letter to keep.
#[derive(Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// Who wrote it.
    pub by: Side,
    /// What it says.
    pub text: Box<str>,
    /// When: to the day, as the policy says of correspondence.
    pub day: Day,
}

/// A letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Names it.
    pub id: LetterId,
    /// Who wrote it.
    pub by: Side,
    /// What it says.
    pub text: Box<str>,
    /// When it was written, to the day.
    pub day: Day,
}

// What people write is not for logs.
macro_rules! told_without_its_value {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
told_without_its_value!(NewLetter Letter Thread);

/// That support looked at something of the account, with its owner's consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// What was looked at.
    pub what: Box<str>,
    /// When, to the day.
    pub day: u32,
}

/// A thread, with its letters in the order in which they were written.
#[derive(Clone, PartialEq, Eq)]
pub struct Thread {
    /// Names it.
    pub id: ThreadId,
    /// Whose.
    pub account: AccountId,
    /// What it is about; empty: not said.
    pub subject: Box<str>,
    /// Whether support holds it to be done. The next letter of the person opens it again.
    pub closed: bool,
    /// Its letters; never none.
    pub letters: Vec<Letter>,
    /// What support looked at.
    pub looks: Vec<Look>,
}

impl Thread {
    /// Whether the person waits for an answer.
    pub fn waits(&self) -> bool {
        let last = self.letters.last();
        !self.closed && last.is_some_and(|letter| letter.by == Side::Person)
    }

    /// The day of its latest letter.
    pub fn day(&self) -> Day {
        self.letters.last().map_or(Day(0), |letter| letter.day)
    }
}

/// Correspondence of accounts.
pub trait Correspondence: Send + Sync + 'static {
    /// Begins a thread with its first letter.
    ///
    /// # Errors
    /// `Gone` when there is no such account, `TooMany` when it has `MOST_THREADS`.
    fn begin_thread(
        &self,
        account: AccountId,
        subject: Box<str>,
        letter: NewLetter,
    ) -> Call<'_, ThreadId>;

    /// Adds a letter. One of the person opens the thread again.
    ///
    /// # Errors
    /// `Gone` when there is no such thread, `TooMany` when it has `MOST_LETTERS`.
    fn add_letter(&self, thread: ThreadId, letter: NewLetter) -> Call<'_, LetterId>;

    /// A thread.
    fn thread(&self, id: ThreadId) -> Call<'_, Option<Thread>>;

    /// All threads of an account, those with the latest letters first.
    fn threads(&self, account: AccountId) -> Call<'_, Vec<Thread>>;

    /// All threads of everybody: those that wait for an answer first, the longest waiting before
    /// the others; at most `most`.
    fn all_threads(&self, most: usize) -> Call<'_, Vec<Thread>>;

    /// Holds a thread to be done. Returns whether there is such a thread.
    fn close_thread(&self, id: ThreadId) -> Call<'_, bool>;

    /// Notes, where its owner sees it, that support looked at something.
    ///
    /// # Errors
    /// `Gone` when there is no such thread.
    fn note_look(&self, id: ThreadId, look: Look) -> Call<'_, ()>;

    /// Deletes a thread of an account, everywhere and at once. Returns whether there was one.
    fn delete_thread(&self, account: AccountId, id: ThreadId) -> Call<'_, bool>;

    /// Deletes a letter of a thread of an account, everywhere and at once; with the last one goes
    /// the thread. Returns whether there was one.
    fn delete_letter(
        &self,
        account: AccountId,
        thread: ThreadId,
        letter: LetterId,
    ) -> Call<'_, bool>;
}
