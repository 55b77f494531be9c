//! `/api/me/rooms…`: the rooms that an account keeps.

use super::super::error::Problem;
use super::super::rooms::shown;
use super::super::{Request, Response, body, empty, json, purged};
use crate::app::App;
use crate::auth::Who;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json as value};
use stereo_protocol::RoomId;

pub(super) async fn route(
    app: &App,
    request: Request,
    rest: &[&str],
    who: Who,
) -> Result<Response, Problem> {
    match (rest, request.method().clone()) {
        ([], Method::GET | Method::HEAD) => list(app, who).await,
        ([], _) => Err(Problem::method("GET, HEAD")),
        ([room], Method::PUT) => keep(app, request, RoomId::parse(room), who).await,
        ([room], Method::DELETE) => {
            app.end_room(who.account, RoomId::parse(room)).await?;
            Ok(purged(app))
        }
        ([_], _) => Err(Problem::method("PUT, DELETE")),
        _ => Err(Problem::not_found()),
    }
}

async fn list(app: &App, who: Who) -> Result<Response, Problem> {
    let (ids, rooms): (Vec<RoomId>, Vec<_>) = app.rooms_of(who.account).await?.into_iter().unzip();
    let people = app.node.presence.people(&ids).await;
    let mut listed: Vec<_> = ids.into_iter().zip(rooms).zip(people).collect();
    listed.sort_by(|((_, one), _), ((_, other), _)| one.title.cmp(&other.title));
    let rooms: Vec<Value> = listed
        .iter()
        .map(|((id, room), people)| shown(*id, room, *people))
        .collect();
    Ok(json(StatusCode::OK, &value!({"rooms": rooms})))
}

/// `PUT /api/me/rooms/{room}`.
#[derive(Deserialize)]
pub(in crate::http) struct Keep {
    /// The guest's who is its host. Without one, its host has to be the account already.
    #[serde(default)]
    token: Option<Box<str>>,
}

async fn keep(app: &App, request: Request, room: RoomId, who: Who) -> Result<Response, Problem> {
    let wanted: Keep = body::json(request).await?;
    app.keep_room(who.account, room, wanted.token.as_deref())
        .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
