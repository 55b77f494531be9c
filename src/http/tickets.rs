//! `POST /api/tickets`: a way for a socket without our cookie to join as somebody.

use super::error::Problem;
use super::session::Shown;
use super::{Asker, Request, Response, changing, json};
use crate::app::App;
use http::StatusCode;
use serde_json::json as value;
use stereo_protocol::{ErrorKind, ErrorObject};

pub(super) async fn create(
    app: &App,
    request: &Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let shown = Shown::of(app, request.method(), request.headers(), asker);
    let who = shown.signed_in(app).await?;
    let full = || {
        ErrorObject::new(
            ErrorKind::Unavailable,
            "too many tickets are out: try again",
        )
    };
    let ticket = app.auth.ticket(who).ok_or_else(full)?;
    Ok(json(StatusCode::CREATED, &value!({"ticket": ticket})))
}
