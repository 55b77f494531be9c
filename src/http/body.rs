//! Bodies of requests: JSON, of a bounded size, with the field named when something is wrong. All
//! that are read as JSON are on one list, which is what the fuzz target `bodies` reads with.

use super::error::Problem;
use super::{Request, me, operator, rooms, sign_in, unsubscribe, visits};
use crate::app::App;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use serde::de::DeserializeOwned;
use std::time::Duration;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Bytes of a body.
const MOST: usize = 64 << 10;
/// How long a body takes at most that is no upload.
pub(super) const WAIT: Duration = Duration::from_secs(10);

/// A body that is a JSON object. What is not on the list below is not read.
pub(super) trait Body: DeserializeOwned {}

/// Reads bytes as one kind of body, and says only whether they are one.
pub type Decode = fn(&[u8]) -> Result<(), ErrorObject>;

macro_rules! bodies {
    ($($request:literal => $body:ty,)*) => {
        $(impl Body for $body {})*

        /// All bodies, by the request that brings them.
        #[doc(hidden)]
        pub const BODIES: &[(&str, Decode)] = &[
            $(($request, |bytes| decode::<$body>(bytes).map(drop)),)*
            ("POST /unsubscribe/{token}", unsubscribe::check_form),
        ];
    };
}

bodies! {
    "POST /api/rooms" => rooms::NewRoom,
    "DELETE /api/rooms/{room}/me" => rooms::Forget,
    "POST /api/tracks/resolve" => rooms::Resolve,
    "POST /api/visits" => visits::Visit,
    "POST /api/sign-in/email" => sign_in::Ask,
    "POST /api/sign-in/email/confirm" => sign_in::Confirm,
    "POST /api/sign-in/passkey/finish" => sign_in::Shows,
    "POST /api/me/passkeys/finish" => sign_in::Made,
    "PATCH /api/me" => me::Change,
    "DELETE /api/me" => me::Confirmation,
    "PUT /api/me/rooms/{room}" => me::Keep,
    "POST /api/me/sessions" => me::Label,
    "POST /api/me/correspondence" => me::correspondence::Begin,
    "POST /api/me/correspondence/{thread}" => me::correspondence::Add,
    "POST /api/me/correspondence/{thread}/grant" => me::correspondence::Give,
    "POST /support/{thread}/answer" => operator::Answer,
}

/// Reads a JSON object.
///
/// # Errors
/// 415 for another media type, 413 beyond 64 KiB, 408 when it does not come, 400 with the field.
pub(super) async fn json<T: Body>(request: Request) -> Result<T, Problem> {
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
    Ok(decode(&bytes)?)
}

fn decode<T: Body>(bytes: &[u8]) -> Result<T, ErrorObject> {
    Ok(stereo_protocol::decode_params(bytes)?)
}

/// Reads a picture or an export, for which people with slow lines have the time that the config says.
///
/// # Errors
/// As [`bytes`].
pub(super) async fn upload(app: &App, request: Request, most: usize) -> Result<Bytes, Problem> {
    let wait = Duration::from_millis(app.config.server.upload_timeout_ms);
    bytes(request, most, wait).await
}

/// Reads a body of at most `most` bytes, which may take so long.
///
/// # Errors
/// 413 beyond them, 408 when it does not come.
pub(super) async fn bytes(request: Request, most: usize, wait: Duration) -> Result<Bytes, Problem> {
    let too_large = || {
        let expected = format!("expected a body of at most {most} bytes");
        ErrorObject::new(ErrorKind::TooLarge, expected).into()
    };
    let body = request.into_body();
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    let read = tokio::time::timeout(wait, Limited::new(body, most).collect());
    let body = read.await.map_err(|_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            ErrorKind::Invalid,
            "the body did not come",
        )
    })?;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            too_large()
        } else {
            Problem::from(ErrorObject::new(ErrorKind::Invalid, "the body broke off"))
        }
    })?;
    Ok(body.to_bytes())
}
