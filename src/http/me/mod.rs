//! `/api/me…`: what is kept of whoever is signed in, for them to see and to change.

pub(super) mod correspondence;
mod import;
mod picture;
mod purge;
mod receipt;
mod rooms;
mod sessions;

pub(super) use picture::{keep as keep_picture, serve as serve_picture};
pub(super) use purge::Confirmation;
pub(super) use receipt::look_up as look_up_receipt;
pub(super) use rooms::Keep;
pub(super) use sessions::Label;

use super::error::Problem;
use super::session::Shown;
use super::{Asker, Request, Response, body, changing, json, purged, sign_in};
use crate::app::App;
use crate::auth::{Who, check_handle};
use crate::store::{Account, AccountId, Identity, Passkey, PasskeyId, Preferences};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Languages that mails are written in.
const LANGUAGES: [&str; 2] = ["en", "vi"];

/// `/api/me…`, by what stands behind.
pub(super) async fn route(
    app: &Arc<App>,
    request: Request,
    rest: &[&str],
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let method = request.method().clone();
    let shown = Shown::of(app, &method, request.headers(), asker);
    let who = shown.signed_in(app).await?;
    match (rest, method) {
        ([], Method::GET | Method::HEAD) => {
            let mut told = json(StatusCode::OK, &self::shown(app, who.account).await?);
            // Every page of ours begins with this.
            shown.renew(app, who, &mut told).await;
            Ok(told)
        }
        ([], Method::DELETE) => purge::purge(app, request, who).await,
        ([], Method::PATCH) => change(app, request, who.account).await,
        ([], _) => Err(Problem::method("GET, HEAD, PATCH, DELETE")),
        (["contact"], Method::DELETE) => match app.store.remove_contact(who.account).await? {
            true => Ok(purged(app)),
            false => Err(Problem::not_found()),
        },
        (["contact"], _) => Err(Problem::method("DELETE")),
        (["ways", way], Method::DELETE) => remove_way(app, who.account, way).await,
        (["ways", _], _) => Err(Problem::method("DELETE")),
        (["export"], Method::GET | Method::HEAD) => export(app, &request, who).await,
        (["import"], Method::POST) => import::import(app, request, who).await,
        (["import"], _) => Err(Problem::method("POST")),
        (["export"], _) => Err(Problem::method("GET, HEAD")),
        (["picture"], _) => picture::route(app, request, who).await,
        (["rooms", rest @ ..], _) => rooms::route(app, request, rest, who).await,
        (["passkeys", "begin"], Method::POST) => sign_in::begin_passkey(app, &request, who).await,
        (["passkeys", "finish"], Method::POST) => sign_in::add_passkey(app, request, who).await,
        (["passkeys", "begin" | "finish"], _) => Err(Problem::method("POST")),
        (["correspondence", rest @ ..], _) => correspondence::route(app, request, rest, who).await,
        (["sessions", rest @ ..], _) => sessions::route(app, request, rest, who).await,
        _ => Err(Problem::not_found()),
    }
}

/// What an account's owner is shown of it.
pub(super) async fn shown(app: &App, id: AccountId) -> Result<Value, Problem> {
    let account = account(app, id).await?;
    let passkeys = app.store.passkeys(id).await?;
    let confirmed = account.identities.iter().find_map(|one| match one {
        Identity::Email(address) => Some(address),
        Identity::Subject { .. } => None,
    });
    let email = confirmed.or(account.contact.as_ref());
    let mut ways: Vec<Value> = account.identities.iter().map(|one| way(app, one)).collect();
    ways.extend(passkeys.iter().map(passkey_way));
    let Preferences {
        language,
        room_mails,
        policy_mails,
        support_mails,
        frozen,
        uncounted,
    } = &account.preferences;
    Ok(value!({
        "handle": account.handle,
        "email": email,
        "contact": account.contact,
        "picture": picture::shown(account.picture.as_deref()),
        "language": language,
        "mails": {"rooms": room_mails, "policy": policy_mails, "support": support_mails},
        "frozen": frozen,
        "counted": !uncounted,
        "ways": ways,
    }))
}

/// An account of somebody who is signed in.
///
/// # Errors
/// 401 when it is gone.
async fn account(app: &App, id: AccountId) -> Result<Account, Problem> {
    let account = app.store.account(id).await?;
    account.ok_or_else(gone)
}

fn gone() -> Problem {
    let message = "that account is gone";
    Problem::new(StatusCode::UNAUTHORIZED, ErrorKind::NotAllowed, message)
}

/// `GET /api/me/export`: everything, as a zip.
async fn export(app: &App, request: &Request, who: Who) -> Result<Response, Problem> {
    if let Some(line) = request.extensions().get() {
        app.exports.begin(who.account, line);
    }
    let today = app.auth.today();
    let export = crate::privacy::export(&*app.store, who.account, today).await?;
    let mut export = export.ok_or_else(gone)?;
    export.document["live"] = app.held_in_rooms(who.account).await.into();
    let zipped = tokio::task::spawn_blocking(move || export.zip()).await;
    let Ok(Ok(bytes)) = zipped else {
        return Err(Problem::internal("an export could not be written"));
    };
    let mut response = Response::new(Full::from(bytes));
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/zip"),
        (
            "content-disposition",
            "attachment; filename=\"stereo-export.zip\"",
        ),
        ("cache-control", "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn way(app: &App, identity: &Identity) -> Value {
    match identity {
        Identity::Email(address) => {
            value!({"id": way_id(identity), "kind": "email", "name": address})
        }
        Identity::Subject { provider, .. } => {
            let name = app.providers.name_of(provider).unwrap_or(provider);
            value!({"id": way_id(identity), "kind": "provider", "name": name})
        }
    }
}

fn passkey_way(passkey: &Passkey) -> Value {
    value!({"id": format!("p{:x}", passkey.id.0), "kind": "passkey", "name": passkey.label})
}

/// Names a way to sign in, to its owner: part of a hash, so that no path holds an address.
fn way_id(identity: &Identity) -> String {
    let whole = match identity {
        Identity::Email(address) => format!("email\n{address}"),
        Identity::Subject { provider, subject } => format!("subject\n{provider}\n{subject}"),
    };
    let hash = crate::secret::hash(&whole);
    hash[..8].iter().fold("i".to_owned(), |mut id, byte| {
        id.push_str(&format!("{byte:02x}"));
        id
    })
}

async fn remove_way(app: &App, id: AccountId, way: &str) -> Result<Response, Problem> {
    let account = account(app, id).await?;
    let passkeys = app.store.passkeys(id).await?;
    let identity = account.identities.iter().find(|one| way_id(one) == way);
    let number = way.strip_prefix('p');
    let number = number.and_then(|number| u64::from_str_radix(number, 16).ok());
    let passkey = number.map(PasskeyId);
    let passkey = passkey.filter(|id| passkeys.iter().any(|one| one.id == *id));
    if identity.is_none() && passkey.is_none() {
        return Err(Problem::not_found());
    }
    if let Some(identity) = identity {
        app.store.remove_identity(id, identity.clone()).await?;
        app.mail.let_go().await;
    }
    if let Some(passkey) = passkey {
        app.store.remove_passkey(id, passkey).await?;
    }
    Ok(purged(app))
}

/// `PATCH /api/me`. What is absent stays; `null` takes the language back.
#[derive(Deserialize)]
pub(in crate::http) struct Change {
    #[serde(default)]
    handle: Option<Box<str>>,
    #[serde(default, deserialize_with = "given")]
    language: Option<Option<Box<str>>>,
    #[serde(default)]
    mails: Option<Mails>,
    #[serde(default)]
    frozen: Option<bool>,
    #[serde(default)]
    counted: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Mails {
    #[serde(default)]
    rooms: Option<bool>,
    #[serde(default)]
    policy: Option<bool>,
    #[serde(default)]
    support: Option<bool>,
}

/// Tells `null` from what is absent.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Box<str>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn change(app: &App, request: Request, id: AccountId) -> Result<Response, Problem> {
    let change: Change = body::json(request).await?;
    let handle = change.handle.as_deref().map(check_handle).transpose()?;
    if let Some(Some(language)) = &change.language
        && !LANGUAGES.contains(&&**language)
    {
        return Err(ErrorObject::invalid("language", "expected en or vi").into());
    }
    let before = account(app, id).await?.preferences;
    // The handle first: it is what can be refused.
    if let Some(handle) = handle {
        app.store.set_handle(id, handle).await?;
    }
    let mails = change.mails.unwrap_or_default();
    let preferences = Preferences {
        language: change.language.unwrap_or(before.language.clone()),
        room_mails: mails.rooms.unwrap_or(before.room_mails),
        policy_mails: mails.policy.unwrap_or(before.policy_mails),
        support_mails: mails.support.unwrap_or(before.support_mails),
        frozen: change.frozen.unwrap_or(before.frozen),
        uncounted: change.counted.map_or(before.uncounted, |counted| !counted),
    };
    if preferences != before {
        let frozen = (preferences.frozen != before.frozen).then_some(preferences.frozen);
        if preferences.policy_mails && !before.policy_mails {
            // They are told of what changes from now on.
            app.store.note_policy(id, app.versions[0].number).await?;
        }
        app.store.set_preferences(id, preferences).await?;
        // What was being sent and is not wished any more is stopped.
        app.mail.let_go().await;
        if let Some(frozen) = frozen {
            app.freeze(id, frozen).await?;
        }
    }
    Ok(json(StatusCode::OK, &shown(app, id).await?))
}
