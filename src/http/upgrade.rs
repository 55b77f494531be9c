//! From a request to a socket: `GET /rooms/{room}/socket`.

use super::error::Problem;
use super::session::Shown;
use super::{Asker, Origin, Request, Response};
use crate::app::App;
use crate::connection::{Outlet, Socket, handshake};
use crate::conversation;
use http::StatusCode;
use http_body_util::Full;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, RoomId};
use tokio::net::TcpStream;

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
    let upgrade = hyper::upgrade::on(&mut request);
    let (app, room, deflate) = (app.clone(), RoomId::parse(room), accepted.deflate);
    let tracker = app.node.tracker.clone();
    tracker.spawn(async move {
        // A client that went away during the handshake is nobody's fault.
        if let Ok(upgraded) = upgrade.await {
            let (outlet, already) = open(&app, upgraded, deflate);
            // The outer task's frame holds hyper's state: a task of its own holds only the socket.
            let tracker = app.node.tracker.clone();
            tracker.spawn(conversation::hold(
                app,
                outlet,
                room,
                (asker.address, who),
                already,
            ));
        }
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

/// Takes the socket out of hyper, whose buffer is given back: what was read already is copied.
fn open(app: &App, upgraded: Upgraded, deflate: bool) -> (Arc<Outlet>, Vec<u8>) {
    let (socket, already) = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            (Socket::Direct(stream), parts.read_buf.to_vec())
        }
        Err(upgraded) => (Socket::tasked(TokioIo::new(upgraded)), Vec::new()),
    };
    let most = app.rules.limits.outbox_bytes as usize;
    (
        Arc::new(Outlet::new(app.wheel.next_id(), socket, most, deflate)),
        already,
    )
}
