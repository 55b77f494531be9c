//! Headers of every response.

use super::Assets;
use http::{HeaderMap, HeaderValue};

/// Adds what keeps a page to itself: nothing from elsewhere, nothing framed, nothing told.
pub(super) fn secure(headers: &mut HeaderMap, assets: &Assets, host: &str, https: bool) {
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
    if https {
        // RFC 6797: from now on this host by HTTPS alone.
        set("strict-transport-security", "max-age=31536000");
    }
    let sockets = sockets_of(host);
    let policy = format!(
        "default-src 'self'; script-src 'self' '{}'; connect-src 'self'{sockets}; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        assets.import_map_hash()
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert("content-security-policy", policy);
    }
}

/// The sockets of our own host, by name: `'self'` covers them in CSP level 3, but not in level 2.
/// A host that could end the directive is left out.
fn sockets_of(host: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(plain) {
        return String::new();
    }
    format!(" ws://{host} wss://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secured(host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        secure(&mut headers, &Assets::default(), host, false);
        headers
    }

    #[test]
    fn every_response_keeps_to_itself() {
        let headers = secured("stereo.example");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        let permissions = headers["permissions-policy"].to_str().unwrap();
        for feature in ["camera=()", "microphone=()", "geolocation=()"] {
            assert!(permissions.contains(feature), "{feature}");
        }
    }

    #[test]
    fn the_policy_names_the_import_map_and_our_own_sockets_only() {
        let assets = Assets::default();
        let headers = secured("stereo.example:8443");
        let policy = headers["content-security-policy"].to_str().unwrap();
        let directives: Vec<&str> = policy.split("; ").collect();
        let script = format!("script-src 'self' '{}'", assets.import_map_hash());
        for expected in [
            "default-src 'self'",
            &script,
            "connect-src 'self' ws://stereo.example:8443 wss://stereo.example:8443",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(directives.contains(&expected), "{expected}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
    }

    #[test]
    fn a_host_cannot_write_into_the_policy() {
        for host in ["", "a; script-src *", "a b", "a'", "a,b", "a\r\nb"] {
            let headers = secured(host);
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("; connect-src 'self'; img-src"), "{host}");
        }
        assert_eq!(sockets_of("[::1]:80"), " ws://[::1]:80 wss://[::1]:80");
    }
}
