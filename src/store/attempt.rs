//! Sign-ins under way: a link in a mail, and a code for the browser that asked. What is kept opens
//! only with the link or with what that browser holds: until then the server itself cannot read
//! the address. Nothing tells when it was asked for; the exact end is sealed in with it.

use super::{AccountId, Call};

/// Wrong codes after which an attempt is over.
pub(super) const MOST_WRONG_CODES: u8 = 5;
/// Attempts of one asker under way for one address; a further one takes the place of the oldest.
pub(super) const MOST_OF_ASKER: usize = 4;
/// Attempts under way for one address, whoever asked. None of them gives way to a stranger's.
pub(super) const MOST_ATTEMPTS: usize = 40;
/// How long an attempt of an earlier run of the server is kept, whose end only its holder knows,
/// in milliseconds.
pub(super) const LONGEST_MS: u64 = 10 * 60_000;

/// A sign-in to begin.
#[derive(Clone)]
pub struct NewAttempt {
    /// The address that the mail goes to.
    pub email: Box<str>,
    /// Who asks, as a hash by a key that is never written: kept in memory until the attempt is over.
    pub asker: u64,
    /// The secret in the link.
    pub link: Box<str>,
    /// The secret of the browser that asked.
    pub browser: Box<str>,
    /// The code that the link shows in another browser; good only with the browser's secret.
    pub code: Box<str>,
    /// When it is over, in server time; at most ten minutes ahead.
    pub ends_ms: u64,
    /// What whoever asked wants to know again; sealed too.
    pub then: Box<str>,
    /// The account that the address is to be added to: the attempt goes with it.
    pub account: Option<AccountId>,
}

/// An attempt whose holder has shown the right secret. It is over with that.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The address, now proven.
    pub email: Box<str>,
    /// As it was given.
    pub then: Box<str>,
}

impl std::fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confirmed(…)")
    }
}

/// What becomes of a link.
#[derive(Clone, PartialEq, Eq)]
pub enum LinkAnswer {
    /// It was shown by the browser that asked.
    Confirmed(Confirmed),
    /// It was shown by another one; it stays good. This code, typed into the browser that asked,
    /// does the same.
    Elsewhere {
        /// Six digits.
        code: Box<str>,
    },
    /// There is no such attempt, or not any more.
    Nothing,
}

impl std::fmt::Debug for LinkAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Confirmed(_) => "Confirmed(…)",
            Self::Elsewhere { .. } => "Elsewhere { … }",
            Self::Nothing => "Nothing",
        })
    }
}

/// What becomes of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// It is the one.
    Right(Confirmed),
    /// It is not; so many more may be tried.
    Wrong {
        /// At least 1.
        left: u8,
    },
    /// There is no attempt of this browser, or not any more.
    Nothing,
}

/// Sign-ins by mail.
pub trait Attempts: Send + Sync + 'static {
    /// Begins an attempt.
    ///
    /// # Errors
    /// `TooMany` when others have as many under way for the address as may be.
    fn begin_attempt(&self, new: NewAttempt) -> Call<'_, ()>;

    /// Confirms by the link's secret, once, when `browser` is the secret of the browser that asked.
    fn confirm_link(
        &self,
        link: Box<str>,
        browser: Option<Box<str>>,
        now_ms: u64,
    ) -> Call<'_, LinkAnswer>;

    /// Confirms by the browser's secret and the code, once. Right is only a code that the link has
    /// shown, in another browser.
    fn confirm_code(&self, browser: Box<str>, code: Box<str>, now_ms: u64) -> Call<'_, CodeAnswer>;
}
