//! `/api/me/sessions…`: browsers and programs that are signed in, with nothing but a label.

use super::super::{Request, Response, body, json, purged};
use super::Problem;
use crate::app::App;
use crate::auth::Who;
use crate::store::{Session, SessionId, SessionKind};
use crate::text::clean_line;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Letters of a label.
const LABEL: u32 = 40;
/// Sessions of one account, so that a program gone wrong does not fill the store.
const MOST: usize = 100;

pub(super) async fn route(
    app: &Arc<App>,
    request: Request,
    rest: &[&str],
    who: Who,
) -> Result<Response, Problem> {
    match (rest, request.method().clone()) {
        ([], Method::GET | Method::HEAD) => list(app, who).await,
        ([], Method::POST) => begin(app, request, who).await,
        ([], Method::DELETE) => {
            app.auth.end_all(who.account, Some(who.session)).await?;
            Ok(purged(app))
        }
        ([], _) => Err(Problem::method("GET, HEAD, POST, DELETE")),
        ([id], Method::GET | Method::HEAD) => {
            let session = find(app, who, id).await?;
            Ok(json(StatusCode::OK, &shown(&session, who)))
        }
        ([id], Method::PATCH) => label(app, request, who, id).await,
        ([id], Method::DELETE) => {
            let session = find(app, who, id).await?;
            app.auth.end(who.account, session.id).await?;
            Ok(purged(app))
        }
        ([_], _) => Err(Problem::method("GET, HEAD, PATCH, DELETE")),
        _ => Err(Problem::not_found()),
    }
}

async fn all(app: &App, who: Who) -> Result<Vec<Session>, Problem> {
    Ok(app.store.sessions(who.account, app.auth.today()).await?)
}

async fn find(app: &App, who: Who, id: &str) -> Result<Session, Problem> {
    let number = u64::from_str_radix(id, 16).map(SessionId);
    let sessions = all(app, who).await?;
    let found = sessions.into_iter().find(|one| Ok(one.id) == number);
    found.ok_or_else(Problem::not_found)
}

async fn list(app: &App, who: Who) -> Result<Response, Problem> {
    let sessions = all(app, who).await?;
    let sessions: Vec<Value> = sessions.iter().map(|one| shown(one, who)).collect();
    Ok(json(StatusCode::OK, &value!({"sessions": sessions})))
}

fn shown(session: &Session, who: Who) -> Value {
    let kind = match session.kind {
        SessionKind::Browser => "browser",
        SessionKind::Token => "token",
    };
    value!({
        "id": format!("{:x}", session.id.0),
        "kind": kind,
        "label": session.label,
        "ends": session.ends.date(),
        "current": session.id == who.session,
    })
}

#[derive(Deserialize)]
pub(in crate::http) struct Label {
    label: Box<str>,
}

async fn begin(app: &App, request: Request, who: Who) -> Result<Response, Problem> {
    let given: Label = body::json(request).await?;
    let label = checked(&given.label)?;
    if all(app, who).await?.len() >= MOST {
        let message = format!("{MOST} sessions are the most: end some first");
        return Err(ErrorObject::new(ErrorKind::TooMany, message).into());
    }
    let begun = app.auth.begin(who.account, SessionKind::Token, &label);
    let (token, id) = begun.await?;
    let told = value!({"token": token, "id": format!("{:x}", id.0)});
    Ok(json(StatusCode::CREATED, &told))
}

async fn label(app: &App, request: Request, who: Who, id: &str) -> Result<Response, Problem> {
    let mut session = find(app, who, id).await?;
    let given: Label = body::json(request).await?;
    session.label = checked(&given.label)?;
    let set = app
        .store
        .label_session(who.account, session.id, session.label.clone());
    match set.await? {
        true => Ok(json(StatusCode::OK, &shown(&session, who))),
        false => Err(Problem::not_found()),
    }
}

fn checked(label: &str) -> Result<Box<str>, Problem> {
    match label.trim().is_empty() {
        true => Ok("".into()),
        false => Ok(clean_line("label", label, LABEL)?),
    }
}
