//! Headers of every response.

use crate::media::direct::Origin;
use http::{HeaderMap, HeaderValue};

/// Where Fathom's script comes from, and counts.
const FATHOM: &str = " https://cdn.usefathom.com";

/// What headers depend on.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    /// The hash of the one script that stands in the page.
    pub(super) import_map: &'a str,
    /// The host that was asked for.
    pub(super) host: &'a str,
    pub(super) is_https: bool,
    /// The operator lets Fathom count visits: the one third party that there is.
    pub(super) has_fathom: bool,
}

/// Adds what keeps a page to itself: nothing from elsewhere, nothing framed, nothing told.
pub(super) fn secure(headers: &mut HeaderMap, page: Page<'_>) {
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    // Fathom answers only when told the host; the path stays here.
    let told = if page.has_fathom {
        "strict-origin"
    } else {
        "no-referrer"
    };
    set("referrer-policy", told);
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set(
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    );
    if page.is_https {
        // RFC 6797: from now on this host by HTTPS alone.
        set("strict-transport-security", "max-age=31536000");
    }
    let sockets = sockets_of(page.host);
    let fathom = if page.has_fathom { FATHOM } else { "" };
    let policy = format!(
        "default-src 'self'; script-src 'self' '{}'{fathom}; connect-src 'self'{sockets}{fathom}; img-src 'self' data: blob:{fathom}; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        page.import_map
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert("content-security-policy", policy);
    }
}

/// Lets the empty page of a frame load sound from one other server, and be framed by ours alone.
/// After [`secure`]: what that says otherwise, holds.
pub(super) fn frame(headers: &mut HeaderMap, origin: &Origin) {
    let policy = format!(
        "default-src 'none'; media-src {origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert("content-security-policy", policy);
    }
    // Who serves the sound hears nothing of us, whatever else does.
    let told = HeaderValue::from_static("no-referrer");
    headers.insert("referrer-policy", told);
}

/// What keeps an answer to itself that is no page, of the listeners that serve none.
pub(super) fn bare(headers: &mut HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
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

    fn page(host: &str) -> Page<'_> {
        Page {
            import_map: "sha256-map",
            host,
            is_https: false,
            has_fathom: false,
        }
    }

    fn secured(host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        secure(&mut headers, page(host));
        headers
    }

    #[test]
    fn fathom_is_the_one_third_party_and_only_where_the_operator_wants_it() {
        let mut headers = HeaderMap::new();
        let host = "stereo.example";
        let wanted = Page {
            has_fathom: true,
            ..page(host)
        };
        secure(&mut headers, wanted);
        let policy = headers["content-security-policy"].to_str().unwrap();
        let unwanted = secured(host);
        let without = policy.replace(FATHOM, "");
        assert_eq!(policy.matches("://cdn").count(), 3, "{policy}");
        assert_eq!(without, unwanted["content-security-policy"]);
        assert_eq!(headers["referrer-policy"], "strict-origin");
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
        let headers = secured("stereo.example:8443");
        let policy = headers["content-security-policy"].to_str().unwrap();
        let directives: Vec<&str> = policy.split("; ").collect();
        for expected in [
            "default-src 'self'",
            "script-src 'self' 'sha256-map'",
            "connect-src 'self' ws://stereo.example:8443 wss://stereo.example:8443",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(directives.contains(&expected), "{expected}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
        // Whatever is loaded comes from here: of anybody else, neither host nor scheme is named.
        let sources = directives.iter().flat_map(|one| one.split(' ').skip(1));
        for source in sources.filter(|source| !source.starts_with('\'')) {
            let is_ours = source.ends_with("://stereo.example:8443");
            assert!(is_ours || ["data:", "blob:"].contains(&source), "{source}");
        }
    }

    #[test]
    fn a_frame_loads_sound_of_one_server_and_nothing_else() {
        let mut headers = secured("stereo.example");
        let origin = Origin::parse("https://music.example.org").unwrap();
        frame(&mut headers, &origin);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert_eq!(
            policy,
            "default-src 'none'; media-src https://music.example.org; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        );
        assert_eq!(headers["referrer-policy"], "no-referrer");
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
