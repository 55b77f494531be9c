//! What people read before they trust us: the policy, and the source of what runs.

use super::error::Problem;
use super::{Request, Response, json};
use crate::app::App;
use crate::privacy::policy::{self, Language};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use serde_json::json as value;

/// The source of this very build, as git gave it out; empty when it was not built from a checkout.
static SOURCE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/source.tar.gz"));

/// `GET /api/policy`.
pub(super) fn summary(app: &App) -> Response {
    json(StatusCode::OK, &policy::summary(&app.config, app.versions))
}

/// `GET /api/policy/text`.
pub(super) fn text(app: &App, query: Option<&str>) -> Result<Response, Problem> {
    let tag = query.unwrap_or_default().split('&');
    let tag = tag.filter_map(|pair| pair.strip_prefix("language=")).next();
    let policy = policy::policy(&app.config, Language::of(tag.unwrap_or_default()));
    let policy = policy.ok_or_else(|| Problem::internal("the policy cannot be read"))?;
    Ok(json(StatusCode::OK, &value!(policy)))
}

/// `GET /privacy`: the page as always, with the whole policy in it for whom scripts are off.
pub(super) fn page(app: &App, request: &Request) -> Result<Response, Problem> {
    let tags = request.headers().get(header::ACCEPT_LANGUAGE);
    let language = Language::of(tags.and_then(|tags| tags.to_str().ok()).unwrap_or_default());
    let policy = policy::policy(&app.config, language);
    let policy = policy.ok_or_else(|| Problem::internal("the policy cannot be read"))?;
    let page = app
        .assets
        .page_without_scripts(&policy.html(&app.config, app.versions));
    let mut response = Response::new(Full::from(page));
    let headers = response.headers_mut();
    for (name, text) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "accept-language"),
        (header::CONTENT_LANGUAGE, language.tag()),
    ] {
        headers.insert(name, HeaderValue::from_static(text));
    }
    Ok(response)
}

/// `GET /source`: leads to the source of what runs here, wherever the operator has put it. Pages
/// without scripts know no more of it than this.
pub(super) fn lead_to_source(app: &App) -> Response {
    let mut response = super::empty(StatusCode::FOUND);
    let address = policy::source(&app.config);
    let address = HeaderValue::from_str(&address);
    let address = address.unwrap_or(HeaderValue::from_static(policy::OWN_SOURCE));
    response.headers_mut().insert(header::LOCATION, address);
    response
}

/// `GET /source.tar.gz`.
pub(super) fn source() -> Result<Response, Problem> {
    if SOURCE.is_empty() {
        return Err(Problem::not_found());
    }
    let mut response = Response::new(Full::from(Bytes::from_static(SOURCE)));
    let headers = response.headers_mut();
    for (name, text) in [
        (header::CONTENT_TYPE, "application/gzip"),
        (header::CACHE_CONTROL, "no-cache"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"stereo-source.tar.gz\"",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(text));
    }
    Ok(response)
}
