//! Signing in and out over HTTP: what each way comes to, and the cookies.

mod email;
mod passkey;
mod provider;

pub(super) use email::{Ask, Confirm};
pub(super) use passkey::{Made, Shows, add as add_passkey, begin_adding as begin_passkey};
pub(super) use provider::{begin, callback};

use super::error::Problem;
use super::me;
use super::session::Shown;
use super::{Asker, Request, Response, changing, host_of, json, purged};
use crate::app::App;
use crate::auth::cookie::Cookie;
use crate::auth::passkey::can_have_passkeys;
use crate::store::{AccountId, SessionKind};
use http::{Method, StatusCode};
use serde_json::json as value;
use std::sync::Arc;

/// `/api/sign-in…`, by what stands behind.
pub(super) async fn route(
    app: &Arc<App>,
    request: Request,
    rest: &[&str],
    asker: Asker,
) -> Result<Response, Problem> {
    match (rest, request.method()) {
        ([], &Method::GET | &Method::HEAD) => Ok(ways(app, &request)),
        ([], _) => Err(Problem::method("GET, HEAD")),
        (["email"], &Method::POST) => email::ask(app, request, asker).await,
        (["email", "confirm"], &Method::POST) => email::confirm(app, request, asker).await,
        (["passkey", "begin"], &Method::POST) => passkey::begin(app, &request, asker),
        (["passkey", "finish"], &Method::POST) => passkey::finish(app, request, asker).await,
        (["email"] | ["email", "confirm"] | ["passkey", "begin" | "finish"], _) => {
            Err(Problem::method("POST"))
        }
        _ => Err(Problem::not_found()),
    }
}

/// `GET /api/sign-in`: the ways that there are.
fn ways(app: &App, request: &Request) -> Response {
    let passkeys = can_have_passkeys(&app.origin(&host_of(request)));
    let named = |(id, name)| value!({"id": id, "name": name});
    let providers: Vec<_> = app.providers.list().map(named).collect();
    let ways =
        value!({"email": app.mail.is_set_up(), "passkeys": passkeys, "providers": providers});
    json(StatusCode::OK, &ways)
}

/// `POST /api/sign-out`: ends the session of the cookie; nobody signed in is signed out already.
pub(super) async fn out(
    app: &Arc<App>,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let shown = Shown::of(app, request.method(), request.headers(), asker);
    if let Some(who) = shown.who(app).await? {
        app.auth.end(who.account, who.session).await?;
    }
    let mut response = purged(app);
    Cookie::Session.clear(response.headers_mut(), app.is_https());
    Ok(response)
}

/// Signs a browser in: the session's cookie comes, the one of the sign-in goes. A session that the
/// browser had before ends, so that none is left behind that nobody holds.
pub(super) async fn enter(
    app: &App,
    former: &Shown,
    account: AccountId,
    fresh: bool,
    then: Option<&str>,
) -> Result<Response, Problem> {
    let me = me::shown(app, account).await?;
    let mut response = json(
        StatusCode::OK,
        &value!({"me": me, "fresh": fresh, "then": then}),
    );
    hand_session(app, former, account, &mut response).await?;
    Ok(response)
}

/// The cookies of somebody who has signed in, in a response.
async fn hand_session(
    app: &App,
    former: &Shown,
    account: AccountId,
    response: &mut Response,
) -> Result<(), Problem> {
    if let Ok(Some(who)) = former.who(app).await
        && who.kind == SessionKind::Browser
    {
        app.auth.end(who.account, who.session).await?;
    }
    let (token, _) = app.auth.begin(account, SessionKind::Browser, "").await?;
    let https = app.is_https();
    Cookie::Session.set(response.headers_mut(), &token, https);
    Cookie::SignIn.clear(response.headers_mut(), https);
    Ok(())
}

/// A page of ours to come back to: a path, and no way to anywhere else.
pub(super) fn local_path(path: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let local = path.starts_with('/') && !path.starts_with("//") && path.len() <= 200;
    (local && path.bytes().all(plain)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_come_back_to() {
        for path in ["/", "/rooms/abc", "/settings#fresh"] {
            assert_eq!(local_path(path), Some(path));
        }
        let long = format!("/{}", "x".repeat(200));
        for path in [
            "",
            "rooms",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/a b",
            &long,
        ] {
            assert_eq!(local_path(path), None, "{path}");
        }
    }
}
