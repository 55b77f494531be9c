//! The operations listener: alive, ready, metrics; and the operator's side of support, which is
//! `operator`'s. Never a room or a person in here.

use super::error::Problem;
use super::{Request, Response, host_of, is_our_host, operator};
use crate::app::App;
use crate::store::Health;
use http::StatusCode;
use http_body_util::Full;
use std::fmt::Write;
use std::sync::Arc;
use stereo_protocol::ErrorKind;

/// Answers a request of the operations listener.
pub async fn serve_ops(app: Arc<App>, request: Request) -> Response {
    // Any page could reach it by DNS rebinding otherwise.
    let host = host_of(&request);
    if !is_our_host(&host, "") && !is_address(&host) {
        return Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            ErrorKind::NotAllowed,
            "this listener answers to addresses only",
        )
        .into();
    }
    let path = request.uri().path().to_owned();
    if let Some(rest) = path.strip_prefix("/support") {
        let rest: Vec<&str> = rest.split('/').skip(1).collect();
        let answer = operator::route(&app, request, &rest).await;
        return answer.unwrap_or_else(Response::from);
    }
    match &*path {
        "/live" => text(StatusCode::OK, "live\n"),
        "/ready" => match unready(&app) {
            None => text(StatusCode::OK, "ready\n"),
            Some(why) => text(
                StatusCode::SERVICE_UNAVAILABLE,
                &format!("not ready: {why}\n"),
            ),
        },
        "/metrics" => text(StatusCode::OK, &metrics(&app)),
        _ => Problem::not_found().into(),
    }
}

/// What is missing.
fn unready(app: &App) -> Option<&'static str> {
    match app.store.health() {
        _ if !app.is_ready() => Some("draining"),
        Health::Ready => None,
        Health::Full => Some("nothing can be kept, the disk is full"),
        Health::Broken => Some("nothing can be kept, the store failed as the log says"),
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
