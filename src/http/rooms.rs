//! Rooms and tracks over HTTP: opening, listing, showing, searching.

use super::error::Problem;
use super::session::Shown;
use super::{Asker, Request, Response, body, changing, json, purged};
use crate::app::App;
use crate::room::MemberKey;
use crate::secret;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json as value};
use std::sync::Arc;
use stereo_protocol::{
    ErrorKind, ErrorObject, HostLeaves, Order, PermissionsUpdate, RoomId, RoomUpdate, Track,
    Visibility,
};

/// Rooms on one page of the list.
const PAGE: usize = 24;

/// `POST /api/rooms`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewRoom {
    pub(crate) title: Option<Box<str>>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) password: Option<Box<str>>,
    pub(crate) permissions: Option<PermissionsUpdate>,
    pub(crate) order: Option<Order>,
    pub(crate) vote_skip_percent: Option<u8>,
    pub(crate) longest_track_ms: Option<u64>,
    pub(crate) items_per_person: Option<u32>,
    pub(crate) slow_mode_ms: Option<u32>,
    pub(crate) host_leaves: Option<HostLeaves>,
    /// Whether a room of somebody who is signed in goes when it is empty.
    pub(crate) temporary: Option<bool>,
}

crate::telemetry::closed!(NewRoom);

impl NewRoom {
    /// The settings, but for title, visibility and password.
    pub(crate) fn update(&self) -> RoomUpdate {
        RoomUpdate {
            permissions: self.permissions,
            order: self.order,
            vote_skip_percent: self.vote_skip_percent,
            longest_track_ms: self.longest_track_ms,
            items_per_person: self.items_per_person,
            slow_mode_ms: self.slow_mode_ms,
            host_leaves: self.host_leaves,
            ..RoomUpdate::default()
        }
    }
}

pub(super) async fn create(
    app: &Arc<App>,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let shown = Shown::of(app, request.method(), request.headers(), asker);
    let wanted: NewRoom = body::json(request).await?;
    let account = match wanted.temporary {
        Some(false) => Some(shown.signed_in(app).await?),
        _ => shown.who(app).await?,
    };
    let account = account.map(|who| who.account);
    let (settings, token) = app.open_room(wanted, asker.address.get(), account).await?;
    let mut response = json(
        StatusCode::CREATED,
        &value!({"room": settings, "token": token}),
    );
    if let Ok(location) = http::HeaderValue::from_str(&format!("/rooms/{}", settings.id)) {
        response.headers_mut().insert("location", location);
    }
    Ok(response)
}

pub(super) async fn list(app: &App, query: Option<&str>) -> Result<Response, Problem> {
    let query = Query::read(query)?;
    let (ids, rooms): (Vec<RoomId>, Vec<_>) =
        app.node.registry.listed(&query.query).into_iter().unzip();
    let people = app.node.presence.people(&ids).await;
    let mut listed: Vec<_> = people.into_iter().zip(ids).zip(rooms).collect();
    listed.sort_by_key(|((people, id), _)| (std::cmp::Reverse(*people), *id));
    // Pages count from 1; 0 is taken for the first as well.
    let (total, start) = (
        listed.len(),
        query.page.saturating_sub(1).saturating_mul(PAGE),
    );
    let rooms: Vec<Value> = listed
        .iter()
        .skip(start)
        .take(PAGE)
        .map(|((people, id), room)| shown(*id, room, *people))
        .collect();
    Ok(json(
        StatusCode::OK,
        &value!({"rooms": rooms, "page": query.page, "total": total, "more": start.saturating_add(PAGE) < total}),
    ))
}

pub(super) fn shown(id: RoomId, room: &crate::room::Summary, listeners: u32) -> Value {
    let current = room.current.as_deref().map(|track: &Track| value!({"title": track.title, "artists": track.artists, "artwork": track.artwork, "accent": track.accent}));
    value!({"id": id, "title": room.title, "visibility": room.visibility, "listeners": listeners, "current": current})
}

/// A private room looks exactly like one that does not exist.
pub(super) async fn show(app: &App, room: &str, _request: &Request) -> Result<Response, Problem> {
    let arrival = app.enter(RoomId::parse(room)).await?;
    let arrival = arrival.ok_or_else(Problem::not_found)?;
    let room = arrival.room();
    let summary = room.summary();
    if summary.visibility == Visibility::Private || room.gate().password.is_some() {
        return Err(Problem::not_found());
    }
    let people = app.node.presence.people(&[room.id()]).await;
    let listeners = people.first().copied().unwrap_or_default();
    Ok(json(
        StatusCode::OK,
        &value!({"room": shown(room.id(), &summary, listeners)}),
    ))
}

/// `DELETE /api/rooms/{room}/me`.
#[derive(Deserialize)]
pub(super) struct Forget {
    /// The guest's own.
    token: Box<str>,
}

crate::telemetry::closed!(Forget);

/// Erases the guest who shows their token from a room, also when they may not come in any more. The
/// answer is the same whether or not there is such a room or guest.
pub(super) async fn forget_guest(
    app: &Arc<App>,
    room: &str,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let shown: Forget = body::json(request).await?;
    let guest = MemberKey::Guest(secret::hash(&shown.token));
    app.erase_guest(RoomId::parse(room), guest).await?;
    Ok(purged(app))
}

pub(super) fn tracks(app: &App, query: Option<&str>) -> Result<Response, Problem> {
    let query = Query::read(query)?;
    Ok(json(
        StatusCode::OK,
        &value!({"tracks": app.library.search(&query.query)}),
    ))
}

/// `POST /api/tracks/resolve`.
#[derive(Deserialize)]
pub(super) struct Resolve {
    tracks: Vec<Box<str>>,
}

pub(super) async fn resolve(
    app: &App,
    request: Request,
    asker: Asker,
) -> Result<Response, Problem> {
    changing(asker)?;
    let wanted: Resolve = body::json(request).await?;
    let most = app.rules.limits.tracks_per_add as usize;
    if wanted.tracks.len() > most {
        return Err(ErrorObject::new(
            ErrorKind::TooMany,
            format!("tracks: at most {most} at once"),
        )
        .with_field("tracks")
        .into());
    }
    let longest = app.rules.limits.url as usize;
    let mut lengths = wanted.tracks.iter().map(|track| track.chars().count());
    if let Some(place) = lengths.position(|length| length > longest) {
        let field = format!("tracks[{place}]");
        let message = format!("{field}: at most {longest} characters");
        let error = ErrorObject::new(ErrorKind::TooLarge, message);
        return Err(error.with_field(field).into());
    }
    let tracks = app.look_up(asker.address.get(), &wanted.tracks).await?;
    Ok(json(StatusCode::OK, &value!({"tracks": tracks})))
}

/// `?query=&page=`.
struct Query {
    query: String,
    page: usize,
}

impl Query {
    fn read(text: Option<&str>) -> Result<Self, Problem> {
        let mut read = Query {
            query: String::new(),
            page: 1,
        };
        for (name, value) in text
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
        {
            match name {
                "query" => read.query = unescape(value).chars().take(200).collect(),
                "page" if value.is_empty() => {}
                "page" => {
                    read.page = value.parse().map_err(|_| {
                        Problem::from(ErrorObject::invalid(
                            "page",
                            "expected a whole number from 1",
                        ))
                    })?
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

/// `application/x-www-form-urlencoded`, as URLs have it.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        rest = after;
        match (first, after.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
