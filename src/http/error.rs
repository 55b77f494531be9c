//! The only place where errors become HTTP responses: problem documents (RFC 9457) with the same
//! `kind` and `reference` as on the socket.

use super::Response;
use crate::store::StoreError;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use stereo_protocol::{ErrorKind, ErrorObject};

/// What is said of every fault of ours.
pub const FAILED: &str = "something of ours failed";

/// An error of the HTTP side.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    error: Box<ErrorObject>,
    allow: Option<&'static str>,
    /// Tries that are left of the thing that failed.
    left: Option<u8>,
}

impl Problem {
    /// A problem of another status than its kind's own.
    pub fn new(status: StatusCode, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            status,
            error: Box::new(ErrorObject::new(kind, message)),
            allow: None,
            left: None,
        }
    }

    /// Says how many tries are left.
    pub fn with_tries_left(mut self, left: u8) -> Self {
        self.left = Some(left);
        self
    }

    /// Nothing is here, or nothing for you.
    pub fn not_found() -> Self {
        ErrorObject::new(ErrorKind::NotFound, "there is nothing here").into()
    }

    /// Whether nothing is here, or nothing for you.
    pub fn is_not_found(&self) -> bool {
        self.error.data.kind == ErrorKind::NotFound
    }

    /// The route is there, the method is not.
    pub fn method(allow: &'static str) -> Self {
        let mut problem = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorKind::Invalid,
            format!("expected {allow}"),
        );
        problem.allow = Some(allow);
        problem
    }

    /// Something of ours failed. It is reported here, once, under a reference that the person is
    /// given; the report names nobody.
    pub fn internal(what: &'static str) -> Self {
        Self::reported(crate::telemetry::report(what))
    }

    /// Something of ours failed, and has been reported under this reference.
    pub fn reported(reference: String) -> Self {
        ErrorObject::new(ErrorKind::Internal, FAILED)
            .with_reference(reference)
            .into()
    }
}

impl From<ErrorObject> for Problem {
    fn from(error: ErrorObject) -> Self {
        let status = match error.data.kind {
            ErrorKind::NotJoined | ErrorKind::NotAllowed => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::TooMany | ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            status,
            error: Box::new(error),
            allow: None,
            left: None,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken | StoreError::LastWay => {
                ErrorObject::new(ErrorKind::Conflict, error.to_string()).into()
            }
            StoreError::HandleTaken => ErrorObject::new(ErrorKind::Conflict, error.to_string())
                .with_field("handle")
                .into(),
            StoreError::TooMany => ErrorObject::new(ErrorKind::TooMany, error.to_string()).into(),
            StoreError::Gone => Self::new(
                StatusCode::UNAUTHORIZED,
                ErrorKind::NotAllowed,
                error.to_string(),
            ),
            StoreError::Broken => Self::internal("the store failed"),
            StoreError::Full | StoreError::Stopped => {
                ErrorObject::new(ErrorKind::Unavailable, "nothing can be kept now: try again")
                    .into()
            }
        }
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Response {
        let Problem {
            status,
            error,
            allow,
            left,
        } = problem;
        let data = &error.data;
        let document = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": error.message,
            "kind": data.kind,
            "retry": data.retry,
            "field": data.field,
            "reference": data.reference,
            "retry_after_ms": data.retry_after_ms,
            "left": left,
        });
        let mut response = Response::new(Full::from(document.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(after) = data.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.div_ceil(1000)));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
        }
        if let Some(allow) = allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
