//! `POST /api/me/import`: what somebody took along from another server, read in. Everything is
//! checked before anything changes; then each part is taken or not, and the answer says which.

use super::super::{Request, Response, body, json};
use super::{LANGUAGES, Problem, picture};
use crate::app::App;
use crate::auth::Who;
use crate::privacy::{Import, LARGEST_ZIP, Taken, TakenRoom};
use crate::room::Summary;
use crate::store::{AccountId, Preferences, StoreError};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject, Visibility};

/// What no export can bring along, and why.
const STAYS_BEHIND: [(&str, &str); 7] = [
    ("emails", "an address needs proof anew: add it in Settings"),
    ("subjects", "sign in with the provider anew"),
    (
        "passkeys",
        "they are good for the server they were made on alone",
    ),
    (
        "sessions",
        "they are good for the server that began them alone",
    ),
    (
        "correspondence",
        "it was with whoever runs the other server",
    ),
    (
        "members",
        "names, roles and bans of other people are theirs",
    ),
    ("log", "it tells what was done on the other server"),
];

pub(super) async fn import(
    app: &Arc<App>,
    request: Request,
    who: Who,
) -> Result<Response, Problem> {
    let kind = request.headers().get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let known = ["application/zip", "application/octet-stream"];
    if !known.iter().any(|one| kind.eq_ignore_ascii_case(one)) {
        let (status, kind) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorKind::Invalid);
        return Err(Problem::new(
            status,
            kind,
            "expected application/zip or application/octet-stream",
        ));
    }
    app.refuse_frozen(who.account).await?;
    let limited = |retry_after| {
        let error = ErrorObject::new(ErrorKind::RateLimited, "many exports were read in: wait");
        Problem::from(error.with_retry_after(retry_after))
    };
    let account = who.account;
    app.imports.take_key(account.bits()).map_err(limited)?;
    let bytes = body::upload(app, request, LARGEST_ZIP).await?;
    let (taken, points) = read(app, bytes, account).await?;
    let points = match points {
        Some(points) => Some(picture::make(app, points).await?),
        None => None,
    };
    let mut report = Report::default();
    if let Some(points) = points {
        let set = picture::set(app, account, points).await;
        report.note("picture", set.map(|_| value!("picture.jpg")));
    }
    let handle = taken.handle.clone();
    let set = app.store.set_handle(account, taken.handle.clone()).await;
    report.note("handle", set.map(|()| value!(handle)));
    prefer(app, account, &taken, &mut report).await?;
    for room in taken.rooms {
        keep(app, account, room, &mut report).await;
    }
    Ok(json(StatusCode::OK, &report.told()))
}

/// Reads and checks an export, beside the tasks that others wait for. Unpacking takes much memory
/// for a moment: only a few at once.
async fn read(
    app: &Arc<App>,
    bytes: Bytes,
    account: AccountId,
) -> Result<(Taken, Option<Bytes>), Problem> {
    let Ok(permit) = app.decoding.clone().acquire_owned().await else {
        return Err(Problem::internal("no more exports are read"));
    };
    let app = app.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut import = Import::read(&bytes)?;
        let points = import.picture.take().map(Bytes::from);
        let taken = import.checked(account, &app.library, &app.rules)?;
        drop(permit);
        Ok::<_, ErrorObject>((taken, points))
    });
    let read = read.await;
    Ok(read.map_err(|_| Problem::internal("an export could not be read"))??)
}

async fn prefer(
    app: &App,
    account: AccountId,
    taken: &Taken,
    report: &mut Report,
) -> Result<(), Problem> {
    let wanted = &taken.preferences;
    let language = wanted.language.clone();
    let known = language.filter(|language| LANGUAGES.contains(&&**language));
    if known != wanted.language {
        report.leave("language", "this server does not speak it");
    }
    let before = super::account(app, account).await?.preferences;
    let preferences = Preferences {
        language: known.clone().or(before.language.clone()),
        room_mails: wanted.room_mails,
        policy_mails: wanted.policy_mails,
        support_mails: wanted.support_mails,
        uncounted: wanted.uncounted,
        ..before
    };
    let mails = value!({
        "rooms": wanted.room_mails,
        "policy": wanted.policy_mails,
        "support": wanted.support_mails,
    });
    let set = app.store.set_preferences(account, preferences).await;
    let failed = set.is_err();
    report.note("mails", set.map(|()| mails));
    if !failed {
        report.note("counted", Ok(value!(!wanted.uncounted)));
    }
    if let Some(language) = known.filter(|_| !failed) {
        report.note("language", Ok(value!(language)));
    }
    Ok(())
}

/// Keeps a room; it rests until somebody comes.
async fn keep(app: &App, account: AccountId, taken: TakenRoom, report: &mut Report) {
    let TakenRoom {
        room,
        missing,
        had_password,
    } = taken;
    let id = room.id();
    let told = value!({
        "id": id,
        "title": room.settings.title,
        "tracks": room.queue.len() + usize::from(room.current.is_some()),
        "missing_tracks": missing,
        "choose_password": had_password,
    });
    let summary = Summary {
        title: room.settings.title.clone(),
        visibility: room.settings.visibility,
        current: None,
    };
    let kept = app.keep_imported(account, room).await;
    if kept.is_ok() && summary.visibility == Visibility::Public {
        app.node.registry.rest(id, &summary);
    }
    match kept {
        Ok(()) => report.rooms.push(told),
        Err(error) => report.note("room", Err(error)),
    }
}

/// What was taken, and what was left and why.
#[derive(Default)]
struct Report {
    taken: serde_json::Map<String, Value>,
    rooms: Vec<Value>,
    left: Vec<Value>,
}

impl Report {
    fn note(&mut self, what: &str, done: Result<Value, StoreError>) {
        match done {
            Ok(value) => _ = self.taken.insert(what.into(), value),
            Err(StoreError::HandleTaken) => {
                self.leave(what, "somebody here has it, or one that looks like it");
            }
            Err(StoreError::TooMany) => self.leave(what, "an account keeps no more"),
            Err(error) => {
                let mut left = value!({"what": what, "why": "nothing can be kept now: try again"});
                if error == StoreError::Broken {
                    let reference = crate::telemetry::report("a part of an import was not kept");
                    left["reference"] = value!(reference);
                }
                self.left.push(left);
            }
        }
    }

    fn leave(&mut self, what: &str, why: &str) {
        self.left.push(value!({"what": what, "why": why}));
    }

    fn told(mut self) -> Value {
        for (what, why) in STAYS_BEHIND {
            self.leave(what, why);
        }
        self.taken.insert("rooms".into(), value!(self.rooms));
        value!({"taken": self.taken, "left": self.left})
    }
}
