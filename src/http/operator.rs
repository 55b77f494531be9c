//! `/support…` of the operations listener: threads, for whoever holds the token of the folder for
//! data. What was written to the operator, and the handle of who wrote it; anything else of an
//! account only while its owner allows it, and they are shown that it was read.

use super::error::Problem;
use super::me::correspondence::{TEXT, brief, letter, thread, written};
use super::{Request, Response, body, empty, json};
use crate::app::App;
use crate::store::{Look, Side, Thread, Topic};
use crate::support::What;
use crate::text::clean;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::ErrorKind;

/// Threads in the list.
const LISTED: usize = 200;

pub(super) async fn route(
    app: &Arc<App>,
    request: Request,
    rest: &[&str],
) -> Result<Response, Problem> {
    let shown = bearer(request.headers()).is_some_and(|token| app.support.admits(token));
    if !shown {
        let message = "this needs the token of the folder for data";
        let status = StatusCode::UNAUTHORIZED;
        return Err(Problem::new(status, ErrorKind::NotAllowed, message));
    }
    match (rest, request.method()) {
        ([], &Method::GET) => list(app).await,
        ([], _) => Err(Problem::method("GET")),
        ([id], &Method::GET) => show(app, id).await,
        ([_], _) => Err(Problem::method("GET")),
        ([id, "answer"], &Method::POST) => answer(app, request, id).await,
        ([id, "close"], &Method::POST) => {
            let thread = thread(app, id).await?;
            app.store.close_thread(thread.id).await?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        ([id, "look"], &Method::POST) => look(app, id).await,
        ([_, "answer" | "close" | "look"], _) => Err(Problem::method("POST")),
        _ => Err(Problem::not_found()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let line = headers.get("authorization")?.to_str().ok()?;
    line.strip_prefix("Bearer ")
}

async fn list(app: &App) -> Result<Response, Problem> {
    let mut listed = Vec::new();
    for thread in app.store.all_threads(LISTED).await? {
        listed.push(with_handle(app, &thread, brief(&thread)).await?);
    }
    Ok(json(StatusCode::OK, &value!({"threads": listed})))
}

async fn with_handle(app: &App, thread: &Thread, mut value: Value) -> Result<Value, Problem> {
    let account = app.store.account(thread.account).await?;
    value["handle"] = value!(account.map(|account| account.handle));
    Ok(value)
}

async fn show(app: &App, id: &str) -> Result<Response, Problem> {
    let thread = thread(app, id).await?;
    let mut whole = brief(&thread);
    whole["letters"] = thread.letters.iter().map(written).collect();
    let grant = (app.support.grants).holding(thread.id, app.node.clock.now_ms());
    whole["grant"] = value!(grant.map(|grant| grant.what));
    Ok(json(
        StatusCode::OK,
        &with_handle(app, &thread, whole).await?,
    ))
}

#[derive(Deserialize)]
pub(super) struct Answer {
    text: Box<str>,
}

async fn answer(app: &App, request: Request, id: &str) -> Result<Response, Problem> {
    let thread = thread(app, id).await?;
    let given: Answer = body::json(request).await?;
    let text = clean("text", &given.text, TEXT)?;
    let letter = letter(app, Side::Support, text);
    app.store.add_letter(thread.id, letter).await?;
    let topic = Topic::Answer {
        thread: thread.id.0,
    };
    app.mail.tell(thread.account, topic).await;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// What its owner allows, noted where they see it before it is shown.
async fn look(app: &App, id: &str) -> Result<Response, Problem> {
    let thread = thread(app, id).await?;
    let holding = || (app.support.grants).holding(thread.id, app.node.clock.now_ms());
    let refused = || {
        let message = "the person has not allowed this, or not any more: ask them, in the thread";
        Problem::new(StatusCode::FORBIDDEN, ErrorKind::NotAllowed, message)
    };
    let grant = holding().ok_or_else(refused)?;
    let today = app.auth.today();
    let look = Look {
        what: grant.what.word().into(),
        day: today.0,
    };
    app.store.note_look(thread.id, look).await?;
    let export = crate::privacy::export(&*app.store, thread.account, today).await?;
    let export = export.ok_or_else(Problem::not_found)?;
    // It may have been taken back meanwhile.
    if holding() != Some(grant) {
        return Err(refused());
    }
    Ok(json(StatusCode::OK, &part(export.document, grant.what)))
}

/// The part of an export that a consent is for.
fn part(mut document: Value, what: What) -> Value {
    match what {
        What::Rooms => value!({"rooms": document["rooms"].take()}),
        What::Account => {
            if let Some(fields) = document.as_object_mut() {
                fields.remove("rooms");
                fields.remove("correspondence");
            }
            document
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_consent_shows_one_thing() {
        let document = value!({"handle": "ada", "rooms": [1], "correspondence": [2]});
        let account = part(document.clone(), What::Account);
        assert_eq!(account, value!({"handle": "ada"}));
        assert_eq!(part(document, What::Rooms), value!({"rooms": [1]}));
    }
}
