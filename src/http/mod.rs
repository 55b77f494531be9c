//! The HTTP side: pages, the small API, media, and the door to the sockets. Reads what is asked,
//! asks the leaves, and answers; [`error`] is the only place where errors become responses.

mod assets;
mod body;
mod elsewhere;
pub mod error;
mod headers;
mod me;
mod media;
mod operator;
mod ops;
mod origin;

mod policy;
mod redirect;
pub(crate) mod rooms;
mod session;
mod sign_in;
mod tickets;
mod unsubscribe;
mod upgrade;
mod visits;

pub use assets::Assets;
#[doc(hidden)]
pub use body::{BODIES, Decode};
pub use ops::serve_ops;
pub use origin::{Network, client_address, is_our_host, limited_unit, origin_of};
pub use redirect::lead_to_https;
pub(crate) use upgrade::Door;

use crate::app::App;
use crate::telemetry::{Personal, caught};
use bytes::Bytes;
use error::Problem;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use origin::Origin;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use stereo_protocol::ErrorKind;

/// A response: everything that we serve is in memory.
pub type Response = http::Response<Full<Bytes>>;
/// A request.
pub type Request = http::Request<Incoming>;

/// What is known of whoever asks.
#[derive(Clone, Copy, Debug)]
struct Asker {
    /// What limits apply to.
    address: Personal<IpAddr>,
    origin: Origin,
}

/// Answers a request of the public listener that came from `peer`.
pub async fn serve(app: Arc<App>, request: Request, peer: IpAddr) -> Response {
    let host = host_of(&request);
    let mut response = match caught(answer(&app, request, peer)).await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into(),
        Err(reference) => Problem::reported(reference).into(),
    };
    let page = headers::Page {
        import_map: app.assets.import_map_hash(),
        host: &host,
        is_https: app.is_https(),
        has_fathom: !app.config.analytics.fathom_site.is_empty(),
    };
    headers::secure(response.headers_mut(), page);
    if let Some(elsewhere::FrameFor(origin)) = response.extensions_mut().remove() {
        headers::frame(response.headers_mut(), &origin);
    }
    response
}

/// As [`serve`], for the listeners that serve no pages.
async fn serve_bare(work: impl Future<Output = Result<Response, Problem>>) -> Response {
    let mut response = match caught(work).await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into(),
        Err(reference) => Problem::reported(reference).into(),
    };
    headers::bare(response.headers_mut());
    response
}

/// The host that was asked for: of the request line, or of the header (RFC 9112 §3.2).
fn host_of(request: &Request) -> String {
    let uri = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let header = || {
        request
            .headers()
            .get("host")
            .and_then(|host| host.to_str().ok())
    };
    uri.or_else(header).unwrap_or_default().to_owned()
}

async fn answer(app: &Arc<App>, request: Request, peer: IpAddr) -> Result<Response, Problem> {
    if !app.config.serves_in_the_clear(peer) {
        let message =
            "plain HTTP is for the proxy in front of this server: open the address with https";
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            ErrorKind::NotAllowed,
            message,
        ));
    }
    let host = host_of(&request);
    let public = &app.config.server.public_url;
    if !is_our_host(&host, public) {
        let message = "this name is not ours: set server.public_url to the address that people use";
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            ErrorKind::NotAllowed,
            message,
        ));
    }
    let address = client_address(peer, request.headers(), &app.config.server.trusted_proxies);
    let origin = origin::judge_origin(
        request.headers(),
        &host,
        if app.config.tls.is_on() {
            "https"
        } else {
            "http"
        },
        public,
        &app.config.server.allowed_origins,
    );
    let asker = Asker {
        address: Personal::new(address),
        origin,
    };
    let path = request.uri().path().to_owned();
    route(app, request, &path, asker).await
}

async fn route(
    app: &Arc<App>,
    request: Request,
    path: &str,
    asker: Asker,
) -> Result<Response, Problem> {
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    match segments[..] {
        ["rooms", room, "socket"] => upgrade::socket(app, request, room, asker).await,
        ["api", "openapi.json"] => {
            reading(&request, "GET, HEAD")?;
            let description = include_str!("openapi.json");
            Ok(described(description, "application/json"))
        }
        ["api", "export.schema.json"] => {
            reading(&request, "GET, HEAD")?;
            Ok(described(crate::privacy::SCHEMA, "application/schema+json"))
        }
        ["api", "rooms"] if *request.method() == Method::POST => {
            rooms::create(app, request, asker).await
        }
        ["api", "rooms"] => {
            rooms::list(app, reading(&request, "GET, HEAD, POST")?.uri().query()).await
        }
        ["api", "rooms", room, "me"] if *request.method() == Method::DELETE => {
            rooms::forget_guest(app, room, request, asker).await
        }
        ["api", "rooms", _, "me"] => Err(Problem::method("DELETE")),
        ["api", "rooms", room] => rooms::show(app, room, reading(&request, "GET, HEAD")?).await,
        ["api", "sign-in", ref rest @ ..] => sign_in::route(app, request, rest, asker).await,
        ["sign-in", provider] if provider != "email" => {
            sign_in::begin(app, request, provider, asker).await
        }
        ["sign-in", provider, "callback"] => sign_in::callback(app, request, provider, asker).await,
        ["api", "sign-out"] if *request.method() == Method::POST => {
            sign_in::out(app, request, asker).await
        }
        ["api", "sign-out"] => Err(Problem::method("POST")),
        ["api", "tickets"] if *request.method() == Method::POST => {
            tickets::create(app, &request, asker).await
        }
        ["api", "tickets"] => Err(Problem::method("POST")),
        ["api", "visits"] if *request.method() == Method::POST => {
            visits::count(app, request, asker).await
        }
        ["api", "visits"] => Err(Problem::method("POST")),
        ["api", "policy"] => {
            reading(&request, "GET, HEAD")?;
            Ok(policy::summary(app))
        }
        ["api", "policy", "text"] => {
            policy::text(app, reading(&request, "GET, HEAD")?.uri().query())
        }
        ["privacy"] => policy::page(app, reading(&request, "GET, HEAD")?),
        ["source"] => {
            reading(&request, "GET, HEAD")?;
            Ok(policy::lead_to_source(app))
        }
        ["source.tar.gz"] => {
            reading(&request, "GET, HEAD")?;
            policy::source()
        }
        // Open to every origin: mail programs post here too.
        ["unsubscribe", token] => unsubscribe::route(app, request, token).await,
        ["api", "me", ref rest @ ..] => me::route(app, request, rest, asker).await,
        ["api", "receipts", id] => {
            reading(&request, "GET, HEAD")?;
            me::look_up_receipt(app, id).await
        }
        ["api", "tracks", "resolve"] if *request.method() == Method::POST => {
            rooms::resolve(app, request, asker).await
        }
        ["api", "tracks", "resolve"] => Err(Problem::method("POST")),
        ["api", "tracks"] => rooms::tracks(app, reading(&request, "GET, HEAD")?.uri().query()),
        ["pictures", file] => {
            reading(&request, "GET, HEAD")?;
            me::serve_picture(app, file).await
        }
        ["elsewhere"] => elsewhere::frame(app, &request),
        ["media", file] => media::serve(app, file, reading(&request, "GET, HEAD")?),
        ["assets", ..] => app.assets.serve(
            "web",
            &path["/assets/".len()..],
            reading(&request, "GET, HEAD")?,
        ),
        ["protocol", ..] => app.assets.serve(
            "protocol",
            &path["/protocol/".len()..],
            reading(&request, "GET, HEAD")?,
        ),
        ["favicon.ico"] => app
            .assets
            .serve("web", "icon.svg", reading(&request, "GET, HEAD")?),
        [""] | ["rooms", _] | ["settings"] | ["support"] | ["sign-in"] | ["sign-in", "email"] => {
            app.assets.page(reading(&request, "GET, HEAD")?)
        }
        #[cfg(test)]
        ["fault", text] => panic!("{text}"),
        _ => Err(Problem::not_found()),
    }
}

/// A request that reads.
fn reading<'a>(request: &'a Request, allow: &'static str) -> Result<&'a Request, Problem> {
    match *request.method() {
        Method::GET | Method::HEAD => Ok(request),
        _ => Err(Problem::method(allow)),
    }
}

/// Refuses a change that a foreign page asks for. A request without an origin comes from no page:
/// it carries no cookie that counts, and is let through.
fn changing(asker: Asker) -> Result<(), Problem> {
    match asker.origin {
        Origin::Refused => Err(Problem::new(
            StatusCode::FORBIDDEN,
            ErrorKind::NotAllowed,
            "that page's origin may not change anything here",
        )),
        Origin::Own | Origin::Foreign => Ok(()),
    }
}

/// A description for programs: of all this (OpenAPI 3.1), or of an export (JSON Schema).
fn described(description: &'static str, kind: &'static str) -> Response {
    let mut response = Response::new(Full::from(description));
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static(kind));
    let cache = http::HeaderValue::from_static("no-cache");
    headers.insert("cache-control", cache);
    response
}

/// A response without a body.
fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    let store = http::HeaderValue::from_static("no-store");
    response.headers_mut().insert("cache-control", store);
    response
}

/// What is said of a deletion: that it is complete, or what keeps something in a file for now.
fn purged(app: &App) -> Response {
    match app.store.obstacle() {
        None => empty(StatusCode::NO_CONTENT),
        Some(obstacle) => {
            let told = serde_json::json!({"erased": false, "waits_for": obstacle});
            json(StatusCode::ACCEPTED, &told)
        }
    }
}

/// A JSON response.
fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = Response::new(Full::from(value.to_string()));
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(
        "content-type",
        http::HeaderValue::from_static("application/json"),
    );
    headers.insert("cache-control", http::HeaderValue::from_static("no-store"));
    response
}
