//! `/api/me/correspondence…`: letters to whoever runs the server, and their answers; and what the
//! person lets them look at.

use super::super::{Request, Response, body, empty, json, purged};
use super::Problem;
use crate::app::App;
use crate::auth::Who;
use crate::store::{Day, Letter, LetterId, Look, NewLetter, Side, Thread, ThreadId};
use crate::support::{Grant, What};
use crate::text::{clean, clean_line};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Letters of a text, and of a subject.
pub(in super::super) const TEXT: u32 = 5_000;
const SUBJECT: u32 = 120;

pub(super) async fn route(
    app: &Arc<App>,
    request: Request,
    rest: &[&str],
    who: Who,
) -> Result<Response, Problem> {
    match (rest, request.method().clone()) {
        ([], Method::GET | Method::HEAD) => list(app, who).await,
        ([], Method::POST) => begin(app, request, who).await,
        ([], _) => Err(Problem::method("GET, HEAD, POST")),
        ([id], Method::GET | Method::HEAD) => {
            let thread = find(app, who, id).await?;
            Ok(json(StatusCode::OK, &whole(app, &thread)))
        }
        ([id], Method::POST) => add(app, request, who, id).await,
        ([id], Method::DELETE) => remove(app, who, id).await,
        ([_], _) => Err(Problem::method("GET, HEAD, POST, DELETE")),
        ([id, "grant"], Method::POST) => give(app, request, who, id).await,
        ([id, "grant"], Method::DELETE) => {
            let thread = find(app, who, id).await?;
            app.support.grants.revoke(thread.id);
            Ok(empty(StatusCode::NO_CONTENT))
        }
        ([_, "grant"], _) => Err(Problem::method("POST, DELETE")),
        ([id, letter], Method::DELETE) => remove_letter(app, who, id, letter).await,
        ([_, _], _) => Err(Problem::method("DELETE")),
        _ => Err(Problem::not_found()),
    }
}

async fn list(app: &App, who: Who) -> Result<Response, Problem> {
    let threads = app.store.threads(who.account).await?;
    let threads: Vec<Value> = threads.iter().map(brief).collect();
    Ok(json(StatusCode::OK, &value!({"threads": threads})))
}

/// A thread of theirs: another's is as if it were not there.
async fn find(app: &App, who: Who, id: &str) -> Result<Thread, Problem> {
    let thread = thread(app, id).await?;
    let theirs = Some(thread).filter(|thread| thread.account == who.account);
    theirs.ok_or_else(Problem::not_found)
}

/// A thread by what it is called in paths.
pub(in super::super) async fn thread(app: &App, id: &str) -> Result<Thread, Problem> {
    let id = number(id).map(ThreadId).ok_or_else(Problem::not_found)?;
    let thread = app.store.thread(id).await?;
    thread.ok_or_else(Problem::not_found)
}

fn number(id: &str) -> Option<u64> {
    let is_hex = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u64::from_str_radix(id, 16).ok()).flatten()
}

/// A thread in a list.
pub(in super::super) fn brief(thread: &Thread) -> Value {
    value!({
        "id": format!("{:x}", thread.id.0),
        "subject": thread.subject,
        "closed": thread.closed,
        "waits": thread.waits(),
        "letters": thread.letters.len(),
        "day": thread.day().date(),
    })
}

fn whole(app: &App, thread: &Thread) -> Value {
    let now = app.node.clock.now_ms();
    let grant = app.support.grants.holding(thread.id, now);
    let mut whole = brief(thread);
    whole["letters"] = thread.letters.iter().map(written).collect();
    whole["grant"] = grant.map_or(Value::Null, |grant| granted(grant, now));
    whole["read"] = thread.looks.iter().map(looked).collect();
    whole
}

pub(in super::super) fn written(letter: &Letter) -> Value {
    value!({
        "id": format!("{:x}", letter.id.0),
        "by": match letter.by {
            Side::Person => "you",
            Side::Support => "support",
        },
        "day": letter.day.date(),
        "text": letter.text,
    })
}

fn looked(look: &Look) -> Value {
    value!({"what": look.what, "day": Day(look.day).date()})
}

fn granted(grant: Grant, now: u64) -> Value {
    value!({"what": grant.what, "ends_in_ms": grant.until_ms.saturating_sub(now)})
}

#[derive(Deserialize)]
pub(in crate::http) struct Begin {
    #[serde(default)]
    subject: Option<Box<str>>,
    text: Box<str>,
}

async fn begin(app: &App, request: Request, who: Who) -> Result<Response, Problem> {
    let given: Begin = body::json(request).await?;
    let text = clean("text", &given.text, TEXT)?;
    let subject = given.subject.unwrap_or_default();
    let subject = match subject.trim().is_empty() {
        true => "".into(),
        false => clean_line("subject", &subject, SUBJECT)?,
    };
    limited(app, who)?;
    let letter = letter(app, Side::Person, text);
    let begun = app.store.begin_thread(who.account, subject, letter);
    let id = begun.await?;
    app.mail.tell_operator().await;
    let thread = find(app, who, &format!("{:x}", id.0)).await?;
    Ok(json(StatusCode::CREATED, &whole(app, &thread)))
}

#[derive(Deserialize)]
pub(in crate::http) struct Add {
    text: Box<str>,
}

async fn add(app: &App, request: Request, who: Who, id: &str) -> Result<Response, Problem> {
    let thread = find(app, who, id).await?;
    let given: Add = body::json(request).await?;
    let text = clean("text", &given.text, TEXT)?;
    limited(app, who)?;
    let letter = letter(app, Side::Person, text);
    app.store.add_letter(thread.id, letter).await?;
    app.mail.tell_operator().await;
    let thread = find(app, who, id).await?;
    Ok(json(StatusCode::CREATED, &whole(app, &thread)))
}

/// A letter of today.
pub(in super::super) fn letter(app: &App, by: Side, text: Box<str>) -> NewLetter {
    let day = app.auth.today();
    NewLetter { by, text, day }
}

fn limited(app: &App, who: Who) -> Result<(), Problem> {
    let taken = app.letters_written.take_key(who.account.bits());
    taken.map_err(|retry_after| {
        let message = "many letters were written: wait a little";
        let error = ErrorObject::new(ErrorKind::RateLimited, message);
        error.with_retry_after(retry_after).into()
    })
}

async fn remove(app: &App, who: Who, id: &str) -> Result<Response, Problem> {
    let thread = find(app, who, id).await?;
    app.support.grants.revoke(thread.id);
    app.store.delete_thread(who.account, thread.id).await?;
    Ok(purged(app))
}

async fn remove_letter(app: &App, who: Who, id: &str, letter: &str) -> Result<Response, Problem> {
    let thread = find(app, who, id).await?;
    let letter = number(letter).ok_or_else(Problem::not_found)?;
    let deleted = (app.store).delete_letter(who.account, thread.id, LetterId(letter));
    if !deleted.await? {
        return Err(Problem::not_found());
    }
    // The last letter takes the thread along, and a consent is for a thread.
    if app.store.thread(thread.id).await?.is_none() {
        app.support.grants.revoke(thread.id);
    }
    Ok(purged(app))
}

#[derive(Deserialize)]
pub(in crate::http) struct Give {
    what: What,
}

async fn give(app: &App, request: Request, who: Who, id: &str) -> Result<Response, Problem> {
    let thread = find(app, who, id).await?;
    let given: Give = body::json(request).await?;
    let now = app.node.clock.now_ms();
    let grant = (app.support.grants).give(who.account, thread.id, given.what, now);
    let grant = grant.ok_or_else(|| {
        ErrorObject::new(
            ErrorKind::Unavailable,
            "too many consents hold: try again later",
        )
    })?;
    Ok(json(StatusCode::CREATED, &granted(grant, now)))
}
