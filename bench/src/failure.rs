//! What goes wrong, in words for the person at the keyboard. Nothing here decides what to do.

use std::fmt;

/// Why a run cannot start, or cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// What may fail with a message.
pub(crate) type Outcome<T> = Result<T, Failure>;
