//! The listener for plain HTTP beside HTTPS: it answers nothing but the way there.

use super::error::Problem;
use super::{Request, Response, host_of, is_our_host, serve_bare};
use crate::app::App;
use http::{HeaderValue, StatusCode};
use http_body_util::Full;
use std::sync::Arc;
use stereo_protocol::ErrorKind;

/// 308 to the same path by HTTPS (RFC 9110 §15.4.9), which is at `port`: the method stays.
pub async fn lead_to_https(app: Arc<App>, request: Request, port: u16) -> Response {
    serve_bare(async { lead(&app, &request, port) }).await
}

fn lead(app: &App, request: &Request, port: u16) -> Result<Response, Problem> {
    let host = host_of(request);
    let public = &app.config.server.public_url;
    let misdirected = || {
        let message = "this name is not ours: set server.public_url to the address that people use";
        let status = StatusCode::MISDIRECTED_REQUEST;
        Problem::new(status, ErrorKind::NotAllowed, message)
    };
    let target = target(&host, public, port).ok_or_else(misdirected)?;
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let location = HeaderValue::from_str(&format!("{target}{path}"));
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let headers = response.headers_mut();
    headers.insert("location", location.map_err(|_| misdirected())?);
    Ok(response)
}

/// The origin to go to: the public one, or the name that was asked for, when it is ours.
fn target(host: &str, public: &str, port: u16) -> Option<String> {
    let public = public.trim_end_matches('/');
    if public.starts_with("https://") {
        return Some(public.to_owned());
    }
    is_our_host(host, public).then_some(())?;
    let name = match host.rsplit_once(':') {
        Some((name, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    match port {
        443 => Some(format!("https://{name}")),
        port => Some(format!("https://{name}:{port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_a_name_that_is_not_ours() {
        let to = |host, public| target(host, public, 4443);
        assert_eq!(
            to("localhost:80", ""),
            Some("https://localhost:4443".into())
        );
        assert_eq!(to("[::1]:80", ""), Some("https://[::1]:4443".into()));
        assert_eq!(to("evil.example", ""), None);
        let usual = target("localhost", "", 443);
        assert_eq!(usual, Some("https://localhost".into()));
        let public = "https://stereo.example";
        assert_eq!(to("evil.example", public), Some(public.into()));
    }
}
