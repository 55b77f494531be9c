//! What is kept: accounts with what signs them in, and the rooms that stay. A leaf: it uses config,
//! protocol and the key store; no HTTP and no room logic in here. The seam is a few small traits,
//! with an SQLite version, and one test suite for all versions.
//!
//! A call that changes something returns when the change is on the disk. Texts of people are
//! plain on this side of the traits and sealed on the other.

mod account;
mod attempt;
mod correspondence;
mod day;
mod erasure;
mod error;
mod folder;
mod mail;
mod passkey;
mod picture;
mod room;
mod session;
mod sqlite;
#[cfg(test)]
mod suite;
mod visits;

pub(crate) use account::skeleton;
pub use account::{Account, AccountId, Accounts, Identity, NewAccount, Preferences};
pub use attempt::{Attempts, CodeAnswer, Confirmed, LinkAnswer, NewAttempt};
pub use correspondence::{
    Correspondence, Letter, LetterId, Look, NewLetter, Side, Thread, ThreadId,
};
pub use day::Day;
pub use erasure::{Erasures, Obstacle, Receipt, ReceiptId, SearchedPlace};
pub use error::{OpenError, StoreError};
pub use folder::OPERATOR_TOKEN;
pub use mail::{DueMails, LinkMail, MailId, MailKind, Mails, RoomNews, Topic, WaitingMail, Whom};
pub use passkey::{NewPasskey, Passkey, PasskeyId, Passkeys};
pub use picture::{PictureSize, Pictures};
pub use room::{
    ListedRooms, Rooms, StoredBan, StoredEntry, StoredInvite, StoredKey, StoredMember, StoredPlay,
    StoredRoom,
};
pub use session::{NewSession, Session, SessionId, SessionKind, Sessions};
pub use sqlite::{Image, ImageError, Pages, Reader, SqliteStore, visits};
pub use visits::{PageVisits, VisitCounts};

use std::future::Future;
use std::pin::Pin;

/// A call under way. Dropping it does not take back a change that was asked for.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The whole seam.
pub trait Store:
    Accounts
    + Pictures
    + Sessions
    + Attempts
    + Passkeys
    + Rooms
    + Correspondence
    + Mails
    + Erasures
    + VisitCounts
{
    /// Whether changes are taken.
    fn health(&self) -> Health;

    /// Tries whether a change can be written, so that [`Store::health`] says it.
    fn probe(&self) -> Call<'_, ()>;

    /// What keeps something in a file that was deleted: it is tried again every second, and a
    /// deletion is only complete when this is `None`.
    fn obstacle(&self) -> Option<Obstacle>;

    /// Removes what has ended by server time `now_ms`. To be called once a minute.
    fn sweep(&self, now_ms: u64) -> Call<'_, ()>;
}

/// Whether a store takes changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Ready,
    /// The last change found no room on the disk. Goes over by itself when there is some.
    Full,
    /// The last change failed otherwise, as the log says.
    Broken,
    /// The database is not what was written to it: no more changes are taken, and it has to be put
    /// back from a backup.
    Damaged,
    /// No more changes are taken until the process is started again.
    Stopped,
}
