//! Bodies of requests: JSON, of a bounded size, with the field named when something is wrong.

use super::Request;
use super::error::Problem;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::time::Duration;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Bytes of a body.
const MOST: usize = 64 << 10;
/// How long a body takes at most that is no picture.
pub(super) const WAIT: Duration = Duration::from_secs(10);

/// Reads a JSON object.
///
/// # Errors
/// 415 for another media type, 413 beyond 64 KiB, 408 when it does not come, 400 with the field.
pub(super) async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let kind = request
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if !kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
    {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorKind::Invalid,
            "expected application/json",
        ));
    }
    let bytes = bytes(request, MOST, WAIT).await?;
    stereo_protocol::decode_params(&bytes).map_err(|error| ErrorObject::from(error).into())
}

/// Reads a body of at most `most` bytes, which may take so long.
///
/// # Errors
/// 413 beyond them, 408 when it does not come.
pub(super) async fn bytes(request: Request, most: usize, wait: Duration) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(wait, Limited::new(request.into_body(), most).collect());
    let body = read.await.map_err(|_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            ErrorKind::Invalid,
            "the body did not come",
        )
    })?;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let expected = format!("expected a body of at most {most} bytes");
            ErrorObject::new(ErrorKind::TooLarge, expected).into()
        } else {
            Problem::from(ErrorObject::new(ErrorKind::Invalid, "the body broke off"))
        }
    })?;
    Ok(body.to_bytes())
}
