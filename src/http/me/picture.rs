//! `PUT|DELETE /api/me/picture`, and `GET /pictures/…`, where everybody sees it: under a random
//! name that leads to nobody.

use super::super::{Request, Response, body, json, purged};
use super::Problem;
use crate::app::App;
use crate::auth::Who;
use crate::media::picture::{self, LARGE, LARGEST, Picture, SMALL};
use crate::store::{AccountId, PictureSize, StoreError};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};

pub(super) async fn route(app: &Arc<App>, request: Request, who: Who) -> Result<Response, Problem> {
    match *request.method() {
        Method::PUT => put(app, request, who).await,
        Method::DELETE => {
            app.store.set_picture(who.account, None).await?;
            app.tell_picture(who.account, None).await;
            Ok(purged(app))
        }
        _ => Err(Problem::method("PUT, DELETE")),
    }
}

/// Where a picture is, in both sizes.
pub(super) fn shown(name: Option<&str>) -> Value {
    name.map_or(Value::Null, |name| {
        value!({"small": picture::small_picture(name), "large": picture::large_picture(name)})
    })
}

async fn put(app: &Arc<App>, request: Request, who: Who) -> Result<Response, Problem> {
    let bytes = body::upload(app, request, LARGEST).await?;
    let name = keep(app, bytes, who.account).await?;
    let told = value!({"picture": shown(name.as_deref())});
    Ok(json(StatusCode::OK, &told))
}

/// Makes a picture out of bytes, and keeps it.
///
/// # Errors
/// When they are no picture that is taken, the account is frozen, or nothing can be kept.
pub(in super::super) async fn keep(
    app: &Arc<App>,
    bytes: Bytes,
    account: AccountId,
) -> Result<Option<Box<str>>, Problem> {
    app.refuse_frozen(account).await?;
    let made = make(app, bytes).await?;
    Ok(set(app, account, made).await?)
}

/// Makes a picture out of bytes.
///
/// # Errors
/// When they are no picture that is taken.
pub(super) async fn make(app: &App, bytes: Bytes) -> Result<Picture, Problem> {
    // Decoding takes much memory for a moment: only a few at once, and whoever comes then waits.
    let Ok(permit) = app.decoding.clone().acquire_owned().await else {
        return Err(Problem::internal("no more pictures are decoded"));
    };
    let made = tokio::task::spawn_blocking(move || {
        let made = picture::make(&bytes);
        drop(permit);
        made
    });
    let made = made.await.map_err(|_| {
        // A decoder that panics has met a picture that is none.
        ErrorObject::new(ErrorKind::Invalid, "picture: expected one that is whole")
            .with_field("picture")
    })?;
    Ok(made?)
}

/// Keeps a picture, and tells the rooms; the name that it is found by.
///
/// # Errors
/// When nothing can be kept.
pub(super) async fn set(
    app: &App,
    account: AccountId,
    made: Picture,
) -> Result<Option<Box<str>>, StoreError> {
    let name = app.store.set_picture(account, Some(made)).await?;
    app.tell_picture(account, name.clone()).await;
    Ok(name)
}

/// `GET /pictures/{name}-{side}.jpg`.
pub(in super::super) async fn serve(app: &App, file: &str) -> Result<Response, Problem> {
    let parts = file.strip_suffix(".jpg").and_then(|it| it.rsplit_once('-'));
    let (name, side) = parts.ok_or_else(Problem::not_found)?;
    let size = match side.parse() {
        Ok(SMALL) => PictureSize::Small,
        Ok(LARGE) => PictureSize::Large,
        _ => return Err(Problem::not_found()),
    };
    let bytes = app.store.picture(name.into(), size).await?;
    let bytes = bytes.ok_or_else(Problem::not_found)?;
    let mut response = Response::new(Full::from(Bytes::from(bytes.into_vec())));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("image/jpeg"));
    // Not for long: it may be deleted, and then it should be gone.
    let cache = HeaderValue::from_static("private, max-age=300");
    headers.insert("cache-control", cache);
    headers.insert("content-disposition", HeaderValue::from_static("inline"));
    Ok(response)
}
