//! Sessions: browsers and programs that are signed in. Only the hash of what they hold is kept.

use super::{AccountId, Call, Day};

/// Names a session, to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// What holds a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A browser, by its cookie.
    Browser = 0,
    /// A program, by a Bearer token (RFC 6750) made in Settings.
    Token = 1,
}

/// A session to begin.
#[derive(Clone)]
pub struct NewSession {
    /// Whose.
    pub account: AccountId,
    /// What holds it.
    pub kind: SessionKind,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// What its owner calls it; empty: nothing.
    pub label: Box<str>,
    /// The day with which it is over.
    pub ends: Day,
}

crate::telemetry::closed!(NewSession);

/// A session as its owner sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Names it.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What holds it.
    pub kind: SessionKind,
    /// What its owner calls it; empty: nothing.
    pub label: Box<str>,
    /// The day with which it is over.
    pub ends: Day,
}

crate::telemetry::closed!(Session);

/// Sessions of accounts.
pub trait Sessions: Send + Sync + 'static {
    /// Begins a session.
    ///
    /// # Errors
    /// `Gone` when there is no such account, `Taken` when the hash is another session's.
    fn begin_session(&self, new: NewSession) -> Call<'_, SessionId>;

    /// The session whose token has this hash, unless it is over `today`.
    fn session(&self, hash: [u8; 32], today: Day) -> Call<'_, Option<Session>>;

    /// All sessions of an account that are not over `today`.
    fn sessions(&self, account: AccountId, today: Day) -> Call<'_, Vec<Session>>;

    /// Changes what its owner calls a session. Returns whether the account has such a session.
    fn label_session(&self, account: AccountId, id: SessionId, label: Box<str>) -> Call<'_, bool>;

    /// Moves the end of a session. Returns whether there is such a session.
    fn extend_session(&self, id: SessionId, ends: Day) -> Call<'_, bool>;

    /// Ends one session of an account. Returns whether there was one.
    fn end_session(&self, account: AccountId, id: SessionId) -> Call<'_, bool>;

    /// Ends all sessions of an account but `except`. Returns how many.
    fn end_sessions(&self, account: AccountId, except: Option<SessionId>) -> Call<'_, u32>;
}
