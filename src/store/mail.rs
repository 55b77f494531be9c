//! Mails that wait to be sent. What one is about is sealed, with the key of the account that it is
//! for; one to somebody who may have no account, with a key of its own, which goes with it. What it
//! says, and to which address, is found out when it is sent. Nothing tells when it was written;
//! when it is tried next is kept as long as it waits.

use super::{AccountId, Call};
use serde::{Deserialize, Serialize};
use stereo_protocol::RoomId;

/// Links to sign in that wait.
pub(super) const MOST_LINKS: usize = 1_000;
/// Mails of other kinds that wait.
pub(super) const MOST_OTHERS: usize = 1_000;
/// Mails of other kinds that wait for one account.
pub(super) const MOST_OF_ONE: usize = 20;

/// Names a mail. Random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailId(pub u64);

/// What a person can wish mails about; each is a choice of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Their rooms.
    Rooms,
    /// Changes of the policy.
    Policy,
    /// Answers to what they wrote to whoever runs the server.
    Support,
}

impl MailKind {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Rooms, Self::Policy, Self::Support];

    /// Its number in the store.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Rooms => 1,
            Self::Policy => 2,
            Self::Support => 3,
        }
    }

    pub(super) fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What became of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomNews {
    /// Somebody holds it, because its host is away.
    Held,
    /// It is this account's from now on.
    Yours,
    /// Somebody wanted to come in, and it is closed.
    Asked,
}

/// What a mail to an account is about. No names of other people, and no text of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A room of theirs.
    Room {
        /// Which.
        room: RoomId,
        /// What became of it.
        news: RoomNews,
    },
    /// A significant version of the policy.
    Policy {
        /// Its number.
        version: u32,
    },
    /// An answer to their letter.
    Answer {
        /// In which thread.
        thread: u64,
    },
}

impl Topic {
    /// Of which kind it is.
    pub fn kind(self) -> MailKind {
        match self {
            Self::Room { .. } => MailKind::Rooms,
            Self::Policy { .. } => MailKind::Policy,
            Self::Answer { .. } => MailKind::Support,
        }
    }
}

/// A link to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkMail {
    /// Where to.
    pub address: Box<str>,
    /// The whole link.
    pub link: Box<str>,
    /// The language of whoever asked, as a BCP 47 tag; `None`: not said.
    pub language: Option<Box<str>>,
    /// When the link is over, in server time.
    pub ends_ms: u64,
}

crate::telemetry::closed!(LinkMail, Whom, WaitingMail);

/// For whom a mail is, and what about.
#[derive(Clone, PartialEq, Eq)]
pub enum Whom {
    /// Whoever asked for a link.
    Asker(LinkMail),
    /// An account.
    Account(AccountId, Topic),
    /// Whoever runs the server: somebody wrote to them.
    Operator,
}

/// A mail that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct WaitingMail {
    /// Names it.
    pub id: MailId,
    /// For whom it is.
    pub whom: Whom,
    /// How often it was tried in vain.
    pub tries: u32,
}

/// What is to be sent now, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueMails {
    /// Due, the longest waiting first.
    pub due: Vec<MailId>,
    /// When the next one is, in server time; `None`: no other waits.
    pub next_ms: Option<u64>,
}

/// Mails that wait, and what ends them.
pub trait Mails: Send + Sync + 'static {
    /// Queues the mail of a sign-in under way, by the secret of its link. It ends with the sign-in.
    /// `account` is to whom the address is to be added, when it is.
    ///
    /// # Errors
    /// `Gone` when there is no such sign-in, or account; `TooMany` when `MOST_LINKS` wait.
    fn queue_link(
        &self,
        secret: Box<str>,
        mail: LinkMail,
        account: Option<AccountId>,
    ) -> Call<'_, ()>;

    /// Queues a mail to an account that wishes this kind, has an address and is not frozen, unless
    /// one of the same topic waits. Returns whether it was queued.
    ///
    /// # Errors
    /// `TooMany` when `MOST_OTHERS` wait, or `MOST_OF_ONE` for this account.
    fn queue_mail(&self, account: AccountId, topic: Topic) -> Call<'_, bool>;

    /// Queues word for whoever runs the server that somebody wrote, unless one waits.
    ///
    /// # Errors
    /// `TooMany` when `MOST_OTHERS` wait.
    fn queue_for_operator(&self, due_ms: u64) -> Call<'_, ()>;

    /// Queues the mail about a version of the policy, and notes in the same step that the account
    /// was told, so that it is told once. Returns whether it was queued.
    ///
    /// # Errors
    /// `TooMany` when as many mails wait as may; then nothing is noted.
    fn tell_policy(&self, account: AccountId, version: u32) -> Call<'_, bool>;

    /// Notes that an account knows the policy up to this version.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn note_policy(&self, account: AccountId, version: u32) -> Call<'_, ()>;

    /// Up to which version of the policy an account was told by mail; `None`: it never was.
    fn policy_told(&self, account: AccountId) -> Call<'_, Option<u32>>;

    /// Accounts, behind `after` in the order of their numbers and at most `most`, with whether they
    /// wish to be told of this version and were not.
    fn policy_wishes(
        &self,
        after: Option<AccountId>,
        version: u32,
        most: usize,
    ) -> Call<'_, Vec<(AccountId, bool)>>;

    /// What is due at `now_ms`, without those in `but`; at most `most`.
    fn due_mails(&self, now_ms: u64, but: Vec<MailId>, most: usize) -> Call<'_, DueMails>;

    /// A mail, while it waits.
    fn mail(&self, id: MailId) -> Call<'_, Option<WaitingMail>>;

    /// Mails that wait for an account, for its owner to see.
    fn mails_of(&self, account: AccountId) -> Call<'_, Vec<WaitingMail>>;

    /// Counts a try in vain; the next is at `due_ms`.
    fn try_mail_later(&self, id: MailId, due_ms: u64) -> Call<'_, ()>;

    /// Removes a mail, everywhere: it was sent, or cannot be.
    fn remove_mail(&self, id: MailId) -> Call<'_, ()>;

    /// The secret of the link that switches a kind of mail off. Always the same for one account and
    /// kind; random to everybody else.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn unsubscribe_token(&self, account: AccountId, kind: MailKind) -> Call<'_, Box<str>>;

    /// What a link switches off; `None`: it is nobody's, or not any more.
    fn unsubscribes(&self, token: Box<str>) -> Call<'_, Option<MailKind>>;

    /// Switches off what the link is for, and drops what waits of it. Once more changes nothing.
    fn unsubscribe(&self, token: Box<str>) -> Call<'_, Option<MailKind>>;
}
