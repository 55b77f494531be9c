//! Headers of every response.

use super::Assets;
use http::{HeaderMap, HeaderValue};

/// Adds what keeps a page to itself: nothing from elsewhere, nothing framed, nothing told.
pub(super) fn secure(headers: &mut HeaderMap, assets: &Assets, host: &str) {
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set(
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    );
    // 'self' covers ws: of the same host in CSP level 3; browsers of level 2 want it by name.
    let host = if host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    {
        host
    } else {
        ""
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' '{}'; connect-src 'self' ws://{host} wss://{host}; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        assets.import_map_hash()
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert("content-security-policy", policy);
    }
}
