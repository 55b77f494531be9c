//! From a request to a socket: `GET /rooms/{room}/socket`.

use super::error::Problem;
use super::session::Shown;
use super::{Asker, Origin, Request, Response};
use crate::app::App;
use crate::auth::Who;
use crate::connection::{Outlet, Place, Socket, handshake};
use crate::conversation;
use http::StatusCode;
use http_body_util::Full;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, RoomId};

/// Accepts the handshake. Whether the room exists is told, or not told, by `join`.
pub(super) async fn socket(
    app: &Arc<App>,
    mut request: Request,
    room: &str,
    asker: Asker,
) -> Result<Response, Problem> {
    if asker.origin == Origin::Refused {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            ErrorKind::NotAllowed,
            "that page's origin may not open rooms here",
        ));
    }
    if !is_well_formed(room) {
        return Err(Problem::not_found());
    }
    let accepted = handshake::accept_stereo(request.method(), request.headers());
    let accepted =
        accepted.map_err(|(status, message)| Problem::new(status, ErrorKind::Invalid, message))?;
    if !app.is_ready() {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Unavailable,
            "the server restarts",
        ));
    }
    // A cookie counts from a page of ours alone; any other socket may show a ticket.
    let who = match asker.origin {
        Origin::Own => {
            let shown = Shown::of(app, request.method(), request.headers(), asker);
            shown.who(app).await?.map(Box::new)
        }
        _ => None,
    };
    let Some(door) = request.extensions_mut().remove::<Door>() else {
        return Err(Problem::internal("a socket came where none can"));
    };
    door.open(Opening {
        room: RoomId::parse(room),
        address: asker.address.get(),
        who,
        deflate: accepted.deflate,
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = accepted.headers;
    Ok(response)
}

/// Room ids are opaque to clients; anything that could be one is told by `join` that it is none.
fn is_well_formed(room: &str) -> bool {
    (1..=64).contains(&room.len())
        && room
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What a handshake has agreed on.
pub(crate) struct Opening {
    room: RoomId,
    address: IpAddr,
    who: Option<Box<Who>>,
    deflate: bool,
}

crate::telemetry::closed!(Opening);

/// Where a connection that speaks HTTP learns that it goes on as a socket. Each has one; a request
/// carries it to the handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door(Arc<Mutex<Option<Opening>>>);

impl Door {
    fn open(&self, opening: Opening) {
        *self.0.lock() = Some(opening);
    }

    /// What was agreed on, once the response has been written.
    pub(crate) fn opened(&self) -> Option<Opening> {
        self.0.lock().take()
    }
}

impl Opening {
    /// Goes on as a socket, in a task of its own that holds nothing of HTTP. What was `already`
    /// read belongs to the first frames.
    pub(crate) fn go_on(self, app: &Arc<App>, socket: Socket, already: &[u8], place: Place) {
        let most = app.rules.limits.outbox_bytes as usize;
        let outlet = Outlet::new(app.wheel.next_id(), socket, most, self.deflate);
        let outlet = Arc::new(outlet);
        let asker = (self.address, self.who);
        let held = conversation::hold(
            app.clone(),
            outlet,
            self.room,
            asker,
            already.to_vec(),
            place,
        );
        app.node.tracker.spawn(held);
    }
}
