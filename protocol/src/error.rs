//! Faults after which the socket lives: JSON-RPC error objects. An error has changed nothing.

use serde::{Deserialize, Serialize};

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// `join` comes first.
    NotJoined,
    /// The role does not allow it.
    NotAllowed,
    /// Not there, or not for you.
    NotFound,
    /// Contradicts what happened before.
    Conflict,
    /// A count is at its limit.
    TooMany,
    /// A size is over its limit.
    TooLarge,
    /// Not what was expected; `field` says where.
    Invalid,
    /// Too fast; `retry_after_ms` says when.
    RateLimited,
    /// Not now; try again.
    Unavailable,
    /// Our fault; `reference` finds it in the operator's reports.
    Internal,
}

impl ErrorKind {
    /// The JSON-RPC code; standard ones where they fit.
    pub fn code(self) -> i32 {
        match self {
            ErrorKind::NotJoined => -32000,
            ErrorKind::NotAllowed => -32001,
            ErrorKind::NotFound => -32002,
            ErrorKind::Conflict => -32003,
            ErrorKind::TooMany => -32004,
            ErrorKind::TooLarge => -32005,
            ErrorKind::RateLimited => -32006,
            ErrorKind::Unavailable => -32007,
            ErrorKind::Invalid => -32602,
            ErrorKind::Internal => -32603,
        }
    }

    /// Whether the same request may succeed later.
    pub fn retry(self) -> bool {
        matches!(self, ErrorKind::RateLimited | ErrorKind::Unavailable)
    }
}

/// The `error` member of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct ErrorObject {
    /// The JSON-RPC code.
    pub code: i32,
    /// For people, in English; clients translate by `kind`.
    pub message: String,
    /// For programs.
    pub data: ErrorData,
}

/// The `data` member of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct ErrorData {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether to try again.
    pub retry: bool,
    /// The field that was wrong, such as `tracks[3]`.
    pub field: Option<String>,
    /// Finds an internal error in the operator's reports; names nobody.
    pub reference: Option<String>,
    /// When to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(type = "number", optional))]
    pub retry_after_ms: Option<u64>,
}

impl ErrorObject {
    /// An error of `kind`, saying `message` to people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            code: kind.code(),
            message: message.into(),
            data: ErrorData {
                kind,
                retry: kind.retry(),
                field: None,
                reference: None,
                retry_after_ms: None,
            },
        }
    }

    /// An `invalid` error: `field` should have been `expected`.
    pub fn invalid(field: impl Into<String>, expected: impl AsRef<str>) -> Self {
        Self::new(ErrorKind::Invalid, "").at(field, expected.as_ref())
    }

    fn at(mut self, field: impl Into<String>, expected: &str) -> Self {
        let field = field.into();
        self.message = if field.is_empty() {
            expected.to_owned()
        } else {
            format!("{field}: {expected}")
        };
        self.data.field = (!field.is_empty()).then_some(field);
        self
    }

    /// Names the field that was wrong.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.data.field = Some(field.into());
        self
    }

    /// Says when to try again, in milliseconds from now.
    pub fn with_retry_after(mut self, retry_after_ms: u64) -> Self {
        self.data.retry_after_ms = Some(retry_after_ms);
        self
    }

    /// Gives the reference under which it was reported.
    pub fn with_reference(mut self, reference: impl Into<String>) -> Self {
        self.data.reference = Some(reference.into());
        self
    }
}

impl From<crate::DecodeError> for ErrorObject {
    fn from(error: crate::DecodeError) -> Self {
        use crate::DecodeError;
        let (code, field, message) = match error {
            DecodeError::Parse => (-32700, String::new(), "not JSON".to_owned()),
            DecodeError::Request(why) => (-32600, String::new(), why.to_owned()),
            DecodeError::UnknownMethod => {
                (-32601, "method".to_owned(), "no such method".to_owned())
            }
            DecodeError::Invalid { field, expected } => (-32602, field, expected),
        };
        let mut object = ErrorObject::invalid(field, message);
        object.code = code;
        object
    }
}
