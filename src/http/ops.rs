//! The operations listener: alive, ready, metrics; and the operator's side of support, which is
//! `operator`'s. Never a room or a person in here.

use super::error::Problem;
use super::{Request, Response, host_of, is_our_host, operator, serve_bare};
use crate::app::App;
use crate::store::Health;
use http::StatusCode;
use http_body_util::Full;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use stereo_protocol::ErrorKind;

/// Answers a request of the operations listener that came from `peer`.
pub async fn serve_ops(app: Arc<App>, request: Request, peer: IpAddr) -> Response {
    serve_bare(answer(&app, request, peer)).await
}

async fn answer(app: &Arc<App>, request: Request, peer: IpAddr) -> Result<Response, Problem> {
    // Any page could reach it by DNS rebinding otherwise.
    let host = host_of(&request);
    if !is_our_host(&host, "") && !is_address(&host) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            ErrorKind::NotAllowed,
            "this listener answers to addresses only",
        ));
    }
    let path = request.uri().path().to_owned();
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(&path).split('/').collect();
    Ok(match segments[..] {
        ["live"] => text(StatusCode::OK, "live\n"),
        ["ready"] => match unready(app) {
            None => text(StatusCode::OK, "ready\n"),
            Some(why) => text(
                StatusCode::SERVICE_UNAVAILABLE,
                &format!("not ready: {why}\n"),
            ),
        },
        ["metrics"] => text(StatusCode::OK, &metrics(app)),
        ["support", ref rest @ ..] => {
            // The operator's token, and what people wrote, do not cross a network in the clear.
            if !peer.to_canonical().is_loopback() {
                return Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    ErrorKind::NotAllowed,
                    "support is for this machine alone",
                ));
            }
            return operator::route(app, request, rest).await;
        }
        _ => return Err(Problem::not_found()),
    })
}

/// What is missing.
fn unready(app: &App) -> Option<&'static str> {
    match app.store.health() {
        _ if !app.is_ready() => Some("draining"),
        Health::Ready => None,
        Health::Full => Some("nothing can be kept, the disk is full"),
        Health::Broken => Some("nothing can be kept, the store failed as the log says"),
        Health::Damaged => Some("nothing can be kept, the database is damaged as the log says"),
        Health::Stopped => Some("nothing can be kept until the server is started again"),
    }
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::SocketAddr>().is_ok() || host.parse::<std::net::IpAddr>().is_ok()
}

fn text(status: StatusCode, body: &str) -> Response {
    let mut response = Response::new(Full::from(body.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        "content-type",
        http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}

/// Prometheus' text format.
fn metrics(app: &App) -> String {
    let mut out = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = write!(
            out,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
        );
    };
    metric(
        "stereo_connections",
        "gauge",
        "WebSocket connections open now.",
        app.wheel.count() as u64,
    );
    metric(
        "stereo_rooms",
        "gauge",
        "Rooms on this node.",
        app.node.registry.count() as u64,
    );
    metric(
        "stereo_tasks",
        "gauge",
        "Rooms, connections and shards that must end before the process may.",
        app.node.tracker.len() as u64,
    );
    metric(
        "stereo_ready",
        "gauge",
        "1 while this node takes new connections.",
        u64::from(app.is_ready()),
    );
    out
}
