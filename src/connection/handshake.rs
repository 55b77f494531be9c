//! The opening handshake (RFC 6455 §4.2): headers in, the answer's headers or a refusal out.

use super::deflate;
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{HeaderMap, Method, StatusCode};
use stereo_protocol::SUBPROTOCOL;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A handshake that can be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Headers of the 101 response.
    pub headers: HeaderMap,
    /// Compression was negotiated.
    pub deflate: bool,
}

/// Why a request is no handshake for us: a status and a sentence.
pub type Refusal = (StatusCode, &'static str);

/// Reads the handshake of a client that wants `subprotocol`.
///
/// # Errors
/// 405 for another method, 426 for no upgrade or another version, 400 for a bad key or another
/// subprotocol.
pub fn accept(
    method: &Method,
    headers: &HeaderMap,
    subprotocol: Option<&'static str>,
) -> Result<Accepted, Refusal> {
    if method != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "a WebSocket opens with GET"));
    }
    if !has_token(headers, "connection", "upgrade") || !has_token(headers, "upgrade", "websocket") {
        return Err((
            StatusCode::UPGRADE_REQUIRED,
            "this address speaks WebSocket (RFC 6455)",
        ));
    }
    if headers
        .get("sec-websocket-version")
        .is_none_or(|version| version != "13")
    {
        return Err((
            StatusCode::UPGRADE_REQUIRED,
            "Sec-WebSocket-Version: expected 13",
        ));
    }
    let key = headers
        .get("sec-websocket-key")
        .filter(|key| is_key(key.as_bytes()));
    let key = key.ok_or((
        StatusCode::BAD_REQUEST,
        "Sec-WebSocket-Key: expected 16 bytes in base64",
    ))?;
    let mut answer = HeaderMap::new();
    answer.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        answer.insert("sec-websocket-accept", value);
    }
    if let Some(wanted) = subprotocol {
        if !has_token(headers, "sec-websocket-protocol", wanted) {
            return Err((
                StatusCode::BAD_REQUEST,
                "Sec-WebSocket-Protocol: expected stereo.v1",
            ));
        }
        answer.insert("sec-websocket-protocol", HeaderValue::from_static(wanted));
    }
    let offers = values(headers, "sec-websocket-extensions").find_map(deflate::negotiate);
    if let Some(extension) = offers {
        answer.insert(
            "sec-websocket-extensions",
            HeaderValue::from_static(extension),
        );
    }
    Ok(Accepted {
        headers: answer,
        deflate: offers.is_some(),
    })
}

/// As [`accept`], for our own subprotocol.
///
/// # Errors
/// As [`accept`].
pub fn accept_stereo(method: &Method, headers: &HeaderMap) -> Result<Accepted, Refusal> {
    accept(method, headers, Some(SUBPROTOCOL))
}

fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
}

fn has_token(headers: &HeaderMap, name: &'static str, token: &str) -> bool {
    values(headers, name)
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// 16 bytes in base64: 22 digits and two signs of padding.
fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(digit) && key.ends_with(b"==")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let good = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", "other, stereo.v1"),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in good.iter().chain(pairs) {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_rfcs_own_example_is_accepted() {
        let accepted = accept_stereo(&Method::GET, &headers(&[])).unwrap();
        assert_eq!(
            accepted.headers["sec-websocket-accept"],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert!(!accepted.deflate);
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let refused = |pairs: &[(&'static str, &'static str)]| {
            accept_stereo(&Method::GET, &headers(pairs)).unwrap_err().0
        };
        assert_eq!(refused(&[("upgrade", "h2c")]), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(
            refused(&[("sec-websocket-version", "8")]),
            StatusCode::UPGRADE_REQUIRED
        );
        assert_eq!(
            refused(&[("sec-websocket-key", "short")]),
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            refused(&[("sec-websocket-protocol", "stereo.v2")]),
            StatusCode::BAD_REQUEST
        );
        assert_eq!(
            accept_stereo(&Method::POST, &headers(&[])).unwrap_err().0,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
}
