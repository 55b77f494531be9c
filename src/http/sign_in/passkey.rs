//! `POST /api/sign-in/passkey/begin|finish`, and `POST /api/me/passkeys/begin|finish`: both are
//! ceremonies of two steps, bound to the browser that began by the cookie of a sign-in under way.

use super::super::session::Shown;
use super::super::{Asker, Request, Response, body, changing, host_of, json};
use super::email::limited;
use super::{Problem, enter};
use crate::app::App;
use crate::auth::Who;
use crate::auth::cookie::Cookie;
use crate::auth::passkey::{Begun, PasskeyFault};
use crate::store::StoreError;
use crate::text::clean_line;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json as value;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

/// Before the browser's secret in the cookie: other ways to sign in use it too.
const MARK: &str = "p.";
/// Letters of a label.
const LABEL: u32 = 40;

/// Begins to sign in.
pub(super) fn begin(app: &App, request: &Request, asker: Asker) -> Result<Response, Problem> {
    changing(asker)?;
    limited(app.confirmations.take(asker.address.get()))?;
    let origin = app.origin(&host_of(request));
    Ok(asked(app, app.auth.begin_with_passkey(&origin)?))
}

#[derive(Deserialize)]
pub(in crate::http) struct Shows {
    credential: PublicKeyCredential,
}

/// Signs in.
pub(super) async fn finish(
    app: &Arc<App>,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    limited(app.confirmations.take(asker.address.get()))?;
    let origin = app.origin(&host_of(&request));
    let browser = browser_of(app, request.headers())?;
    let former = Shown::of(app, request.method(), request.headers(), asker);
    let shows: Shows = body::json(request).await?;
    let entered = app
        .auth
        .enter_with_passkey(&origin, &browser, &shows.credential);
    let account = entered.await?;
    enter(app, &former, account, false, None).await
}

/// Begins to add one.
pub(in super::super) async fn begin_adding(
    app: &App,
    request: &Request,
    who: Who,
) -> Result<Response, Problem> {
    let origin = app.origin(&host_of(request));
    let account = app.store.account(who.account).await?;
    let account = account.ok_or(StoreError::Gone)?;
    let begun = app
        .auth
        .begin_passkey(&origin, who.account, &account.handle);
    Ok(asked(app, begun.await?))
}

#[derive(Deserialize)]
pub(in crate::http) struct Made {
    credential: RegisterPublicKeyCredential,
    #[serde(default)]
    label: Option<Box<str>>,
}

/// Adds it.
pub(in super::super) async fn add(
    app: &App,
    request: Request,
    who: Who,
) -> Result<Response, Problem> {
    let origin = app.origin(&host_of(&request));
    let browser = browser_of(app, request.headers())?;
    let made: Made = body::json(request).await?;
    let label = made.label.as_deref().map(str::trim);
    let label = label.filter(|label| !label.is_empty()).unwrap_or("Passkey");
    let label = clean_line("label", label, LABEL)?;
    let added = app
        .auth
        .add_passkey(&origin, who.account, &browser, &made.credential, &label);
    let id = added.await?;
    let way = value!({"id": format!("p{:x}", id.0), "kind": "passkey", "name": label});
    let mut response = json(StatusCode::CREATED, &way);
    Cookie::SignIn.clear(response.headers_mut(), app.is_https());
    Ok(response)
}

fn asked(app: &App, begun: Begun) -> Response {
    let mut response = json(StatusCode::OK, &begun.options);
    let browser = format!("{MARK}{}", begun.browser);
    Cookie::SignIn.set(response.headers_mut(), &browser, app.is_https());
    response
}

fn browser_of(app: &App, headers: &HeaderMap) -> Result<Box<str>, Problem> {
    let cookie = Cookie::SignIn.read(headers, app.is_https());
    let browser = cookie.and_then(|cookie| cookie.strip_prefix(MARK));
    Ok(browser.ok_or(PasskeyFault::Over)?.into())
}

impl From<PasskeyFault> for Problem {
    fn from(fault: PasskeyFault) -> Self {
        let (kind, message) = match fault {
            PasskeyFault::NoParty => (
                ErrorKind::Unavailable,
                "passkeys need a name, and https: this server is reached by a number, or openly",
            ),
            PasskeyFault::Full => (ErrorKind::Unavailable, "too many at once: try again"),
            PasskeyFault::TooMany => (
                ErrorKind::TooMany,
                "those are as many passkeys as there can be: remove one first",
            ),
            PasskeyFault::Over => (ErrorKind::NotFound, "that took too long: begin again"),
            PasskeyFault::Nobody => (
                ErrorKind::NotFound,
                "that passkey signs in to nothing here, or not any more",
            ),
            PasskeyFault::Wrong => {
                let expected = "expected what the browser made for this server";
                return ErrorObject::invalid("credential", expected).into();
            }
            PasskeyFault::Store(error) => return error.into(),
        };
        ErrorObject::new(kind, message).into()
    }
}
