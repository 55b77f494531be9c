//! `POST /api/sign-in/email` and `…/confirm`.

use super::super::session::Shown;
use super::super::{Asker, Request, Response, body, changing, host_of, json, limited_unit, me};
use super::{Problem, enter, local_path};
use crate::app::App;
use crate::auth::cookie::Cookie;
use crate::auth::email::{GOOD_MS, Outcome, Purpose};
use crate::mail::Refused;
use crate::store::{AccountId, LinkMail};
use http::{HeaderMap, StatusCode};
use lettre::Address;
use serde::Deserialize;
use serde_json::json as value;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Bytes of an address (RFC 5321 §4.5.3.1.3, as corrected).
const LONGEST: usize = 254;
/// Before the browser's secret in the cookie: other ways to sign in use it too.
const MARK: &str = "e.";

#[derive(Deserialize)]
pub(in crate::http) struct Ask {
    email: Box<str>,
    #[serde(default)]
    then: Option<Box<str>>,
    /// Adds the address to the account that is signed in.
    #[serde(default)]
    add: bool,
}

/// Asks for a link. The answer is the same whether anybody has the address.
pub(super) async fn ask(
    app: &Arc<App>,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let origin = app.origin(&host_of(&request));
    let language = language_of(request.headers());
    let shown = Shown::of(app, request.method(), request.headers(), asker);
    let wish: Ask = body::json(request).await?;
    let address = address_of(&wish.email)?;
    let then = wish.then.as_deref().map(checked_path).transpose()?;
    let add_to = match wish.add {
        true => Some(shown.signed_in(app).await?.account.bits()),
        false => None,
    };
    if !app.mail.is_set_up() {
        return Err(not_set_up());
    }
    limited(app.sign_ins_of_askers.take(asker.address.get()))?;
    let canonical = AsRef::<str>::as_ref(&address).to_lowercase();
    // Of one asker first, so that nobody uses up the hour of somebody else's address alone.
    let from_one = (limited_unit(asker.address.get()), &canonical);
    limited(app.sign_ins_of_one_for_one.take_key(from_one))?;
    limited(app.sign_ins_of_addresses.take_key(&canonical))?;
    let purpose = Purpose { then, add_to };
    let begun = (app.auth).begin_email(&wish.email, asker.address.get(), &purpose);
    let begun = begun.await?;
    let link = format!("{origin}/sign-in/email#token={}", begun.link);
    let mail = LinkMail {
        address: AsRef::<str>::as_ref(&address).into(),
        link: link.into(),
        language: language.map(Box::from),
        ends_ms: app.node.clock.now_ms() + GOOD_MS,
    };
    let account = add_to.map(AccountId::from_bits);
    let sent = app.mail.send_link(&begun.link, mail, account).await;
    sent.map_err(|refused| match refused {
        Refused::NotSetUp => not_set_up(),
        Refused::Full => {
            ErrorObject::new(ErrorKind::Unavailable, "too many mails wait: try again").into()
        }
        Refused::Store(error) => Problem::from(error),
    })?;
    let mut response = json(StatusCode::ACCEPTED, &value!({"sent": true}));
    let browser = format!("{MARK}{}", begun.browser);
    Cookie::SignIn.set(response.headers_mut(), &browser, app.is_https());
    Ok(response)
}

#[derive(Deserialize)]
pub(in crate::http) struct Confirm {
    #[serde(default)]
    token: Option<Box<str>>,
    #[serde(default)]
    code: Option<Box<str>>,
}

/// Confirms, by the link's token or by the code.
pub(super) async fn confirm(
    app: &Arc<App>,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let cookie = Cookie::SignIn.read(request.headers(), app.is_https());
    let browser: Option<Box<str>> = cookie.and_then(|it| it.strip_prefix(MARK)).map(Box::from);
    let shown = Shown::of(app, request.method(), request.headers(), asker);
    let given: Confirm = body::json(request).await?;
    limited(app.confirmations.take(asker.address.get()))?;
    let who = shown.who(app).await?;
    let outcome = match (given.token, given.code, browser) {
        (Some(token), None, browser) => {
            app.auth
                .confirm_link(&token, browser.as_deref(), who)
                .await?
        }
        (None, Some(code), Some(browser)) => {
            let code: String = code.chars().filter(|it| !it.is_whitespace()).collect();
            app.auth.confirm_code(&code, &browser, who).await?
        }
        (None, Some(_), None) => Outcome::Nothing,
        _ => {
            let expected = "expected the link's token, or the code";
            return Err(ErrorObject::invalid("token", expected).into());
        }
    };
    told(app, &shown, outcome).await
}

async fn told(app: &App, shown: &Shown, outcome: Outcome) -> Result<Response, Problem> {
    match outcome {
        Outcome::SignedIn {
            account,
            fresh,
            then,
        } => enter(app, shown, account, fresh, then.as_deref()).await,
        Outcome::Added { then } => {
            let who = shown.signed_in(app).await?;
            let me = me::shown(app, who.account).await?;
            let told = value!({"me": me, "fresh": false, "then": then});
            let mut response = json(StatusCode::OK, &told);
            Cookie::SignIn.clear(response.headers_mut(), app.is_https());
            Ok(response)
        }
        Outcome::Elsewhere { code } => Ok(json(StatusCode::OK, &value!({"code": code}))),
        Outcome::WrongCode { left } => {
            let tries = if left == 1 { "try" } else { "tries" };
            let expected = format!("expected the code that the link shows; {left} {tries} left");
            let wrong = Problem::from(ErrorObject::invalid("code", expected));
            Err(wrong.with_tries_left(left))
        }
        Outcome::Taken => Err(ErrorObject::new(
            ErrorKind::Conflict,
            "that address signs in to another account",
        )
        .with_field("email")
        .into()),
        Outcome::NotSignedIn => Err(ErrorObject::new(
            ErrorKind::Conflict,
            "you are not signed in any more as the account that asked",
        )
        .into()),
        Outcome::Nothing => Err(ErrorObject::new(
            ErrorKind::NotFound,
            "the link was used, is over, or is not whole: ask for another",
        )
        .into()),
    }
}

fn address_of(text: &str) -> Result<Address, Problem> {
    let text = text.trim();
    let address = (text.len() <= LONGEST).then(|| text.parse::<Address>().ok());
    let wrong = || ErrorObject::invalid("email", "expected an address such as ada@example.org");
    Ok(address.flatten().ok_or_else(wrong)?)
}

fn checked_path(path: &str) -> Result<Box<str>, Problem> {
    let wrong = || ErrorObject::invalid("then", "expected a path such as /rooms/abc");
    Ok(local_path(path).ok_or_else(wrong)?.into())
}

/// The first of our languages that the browser prefers; English is the other.
fn language_of(headers: &HeaderMap) -> Option<&'static str> {
    let wanted = headers.get("accept-language")?.to_str().ok()?;
    let mut tags = wanted.split(',').map(str::trim);
    tags.find_map(|tag| match tag.get(..2)? {
        "vi" => Some("vi"),
        "en" => Some("en"),
        _ => None,
    })
}

fn not_set_up() -> Problem {
    ErrorObject::new(
        ErrorKind::Unavailable,
        "signing in by mail is not set up on this server",
    )
    .into()
}

pub(super) fn limited(taken: Result<(), u64>) -> Result<(), Problem> {
    taken.map_err(|retry_after| {
        ErrorObject::new(ErrorKind::RateLimited, "too many times: try again later")
            .with_retry_after(retry_after)
            .into()
    })
}
