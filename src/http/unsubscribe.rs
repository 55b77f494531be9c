//! `/unsubscribe/{token}`: the link that stands on every mail but those that sign in. Reading it
//! does nothing, so that a scanner of links may; what is posted to it switches one kind of mail off,
//! whoever posts it and from wherever (RFC 8058 §3.1), without scripts and without signing in.

use super::error::Problem;
use super::{Request, Response, body};
use crate::app::App;
use crate::mail::{self, Language};
use crate::store::MailKind;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::Full;
use stereo_protocol::ErrorObject;

/// Bytes of a form.
const MOST: usize = 4 << 10;
/// What is posted (RFC 8058 §3.1).
const FIELD: (&str, &str) = ("List-Unsubscribe", "One-Click");
/// The two kinds that a form has.
const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

pub(super) async fn route(app: &App, request: Request, token: &str) -> Result<Response, Problem> {
    let language = language_of(request.headers());
    match *request.method() {
        Method::GET | Method::HEAD => {
            let kind = app.store.unsubscribes(token.into()).await?;
            Ok(page(language, &asked(kind, language)))
        }
        Method::POST => {
            posted(request).await?;
            let kind = app.store.unsubscribe(token.into()).await?;
            // What was being sent of it is stopped.
            app.mail.let_go().await;
            Ok(page(language, &done(kind, language)))
        }
        _ => Err(Problem::method("GET, HEAD, POST")),
    }
}

fn language_of(headers: &HeaderMap) -> Language {
    let tags = headers.get(header::ACCEPT_LANGUAGE);
    let tags = tags.and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    Language::of(tags.get(..2))
}

/// A form with the one field, in either of the two forms that a form has.
async fn posted(request: Request) -> Result<(), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let bytes = body::bytes(request, MOST, body::WAIT).await?;
    Ok(check(&kind, &bytes)?)
}

fn check(kind: &str, bytes: &[u8]) -> Result<(), ErrorObject> {
    let text = String::from_utf8_lossy(bytes);
    let (name, value) = FIELD;
    let is_there = match kind {
        URL_ENCODED => text
            .split('&')
            .any(|pair| pair.trim() == format!("{name}={value}")),
        MULTIPART => text.contains(&format!("name=\"{name}\"")) && text.contains(value),
        _ => false,
    };
    let expected = "expected a form with List-Unsubscribe=One-Click (RFC 8058)";
    match is_there {
        true => Ok(()),
        false => Err(ErrorObject::invalid(name, expected)),
    }
}

/// Whether these bytes are the form, in either kind of it.
pub(super) fn check_form(bytes: &[u8]) -> Result<(), ErrorObject> {
    check(URL_ENCODED, bytes).or_else(|_| check(MULTIPART, bytes))
}

/// The main part of the page before anything is switched off. A link that is nobody's any more says
/// the same as one that was used: there are no such mails.
fn asked(kind: Option<MailKind>, language: Language) -> String {
    let Some(kind) = kind else {
        return done(None, language);
    };
    let what = mail::kind(kind, language);
    let (title, lead, button) = match language {
        Language::English => (
            "End these mails?",
            format!("No more {what} from this server to this account."),
            "End them",
        ),
        Language::Vietnamese => (
            "Dừng loại thư này?",
            format!("Máy chủ này sẽ không gửi {what} cho tài khoản này nữa."),
            "Dừng",
        ),
    };
    let (name, value) = FIELD;
    format!(
        "<h1>{title}</h1><p>{lead}</p><form method=\"post\"><input type=\"hidden\" name=\"{name}\" value=\"{value}\"><button class=\"primary\">{button}</button></form>"
    )
}

fn done(kind: Option<MailKind>, language: Language) -> String {
    let what = kind.map(|kind| mail::kind(kind, language));
    let (title, lead) = match (language, what) {
        (Language::English, Some(what)) => (
            "They have ended",
            format!("You get no more {what}. In Settings you can have them again."),
        ),
        (Language::English, None) => (
            "There are no such mails",
            "This link belongs to no account, or not any more: nothing is sent.".into(),
        ),
        (Language::Vietnamese, Some(what)) => (
            "Đã dừng",
            format!("Bạn không nhận {what} nữa. Trong Cài đặt, bạn bật lại được."),
        ),
        (Language::Vietnamese, None) => (
            "Không có loại thư này",
            "Đường dẫn này không thuộc tài khoản nào, hoặc không còn nữa: không gửi gì cả.".into(),
        ),
    };
    format!("<h1>{title}</h1><p role=\"status\">{lead}</p>")
}

fn page(language: Language, main: &str) -> Response {
    let tag = match language {
        Language::English => "en",
        Language::Vietnamese => "vi",
    };
    let page = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\"><title>Stereo</title><link rel=\"stylesheet\" href=\"/assets/app.css\"><link rel=\"stylesheet\" href=\"/assets/styles/controls.css\"><link rel=\"stylesheet\" href=\"/assets/styles/policy.css\"></head><body><main class=\"policy\">{main}</main></body></html>"
    );
    let mut response = Response::new(Full::from(page));
    let headers = response.headers_mut();
    for (name, text) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept-language"),
        (header::CONTENT_LANGUAGE, tag),
    ] {
        headers.insert(name, HeaderValue::from_static(text));
    }
    response
}
