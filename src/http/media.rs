//! Files of hosted tracks, in byte ranges.

use super::error::Problem;
use super::{Request, Response};
use crate::app::App;
use crate::media::range::{Selection, select};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;

pub(super) fn serve(app: &App, path: &str, request: &Request) -> Result<Response, Problem> {
    let file = app.library.file(path).ok_or_else(Problem::not_found)?;
    let length = file.bytes.len() as u64;
    let (status, body, range) = match select(request.headers(), length, &file.etag) {
        Selection::Whole => (StatusCode::OK, file.bytes.clone(), None),
        Selection::NotModified => (StatusCode::NOT_MODIFIED, Bytes::new(), None),
        Selection::Part { first, last } => {
            let part = file.bytes.slice(first as usize..=last as usize);
            (
                StatusCode::PARTIAL_CONTENT,
                part,
                Some(format!("bytes {first}-{last}/{length}")),
            )
        }
        Selection::Unsatisfiable => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            Bytes::new(),
            Some(format!("bytes */{length}")),
        ),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.content_type),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // The address holds the hash of what is in it: it never changes.
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    for (name, value) in [
        (header::ETAG, Some(file.etag.to_string())),
        (header::CONTENT_RANGE, range),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}
