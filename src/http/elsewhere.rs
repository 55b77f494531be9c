//! `GET /elsewhere?origin=`: an empty page that may load sound from one other server and nothing
//! else. A page of ours puts it into a frame once its listener agreed to that server, and plays from
//! within it: so the browser itself keeps the page from whomever nobody agreed to.

use super::error::Problem;
use super::{Request, Response, reading};
use crate::app::App;
use crate::media::direct::Origin;
use http::HeaderValue;
use http_body_util::Full;

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Stereo</title>";

/// Marks the page of a frame, for the headers that go with it.
#[derive(Clone)]
pub(super) struct FrameFor(pub(super) Origin);

pub(super) fn frame(app: &App, request: &Request) -> Result<Response, Problem> {
    let asked = reading(request, "GET, HEAD")?.uri().query();
    let asked = url::form_urlencoded::parse(asked.unwrap_or_default().as_bytes());
    let origin = asked.filter(|(name, _)| name == "origin");
    let origin = origin.last().and_then(|(_, origin)| Origin::parse(&origin));
    let direct = app.library.direct();
    let taken = |origin: &Origin| direct.is_some_and(|direct| direct.takes(origin));
    let origin = origin.filter(taken).ok_or_else(Problem::not_found)?;
    let mut response = Response::new(Full::from(PAGE));
    response.extensions_mut().insert(FrameFor(origin));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert("content-type", kind);
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    Ok(response)
}
