//! Who asks: by the cookie, from our own pages only, or by a Bearer token (RFC 6750).

use super::error::Problem;
use super::{Asker, Origin, Response};
use crate::app::App;
use crate::auth::Who;
use crate::auth::cookie::Cookie;
use crate::store::SessionKind;
use http::{HeaderMap, Method, StatusCode};
use stereo_protocol::ErrorKind;

/// What a request shows of who asks, taken out of it so that its body can be read meanwhile.
#[derive(Debug)]
pub(super) struct Shown {
    bearer: Option<Box<str>>,
    session: Option<Box<str>>,
}

impl Shown {
    /// Of a request's headers. A cookie counts from our own pages alone.
    pub(super) fn of(app: &App, method: &Method, headers: &HeaderMap, asker: Asker) -> Self {
        let counts = match *method {
            Method::GET | Method::HEAD => is_from_here(headers, asker),
            _ => asker.origin == Origin::Own,
        };
        let session = || Cookie::Session.read(headers, app.is_https());
        Self {
            bearer: bearer(headers).map(Box::from),
            session: counts.then(session).flatten().map(Box::from),
        }
    }

    /// Of a browser that comes back from elsewhere with a secret that only it can have: then its
    /// cookie counts, wherever the way led.
    pub(super) fn of_browser_back(app: &App, headers: &HeaderMap) -> Self {
        let session = Cookie::Session.read(headers, app.is_https());
        Self {
            bearer: None,
            session: session.map(Box::from),
        }
    }

    /// Who it is.
    ///
    /// # Errors
    /// 401 for a Bearer token that is none, 503 when the store cannot be read.
    pub(super) async fn who(&self, app: &App) -> Result<Option<Who>, Problem> {
        if let Some(token) = &self.bearer {
            let who = app.auth.find(token, SessionKind::Token).await?;
            let wrong = || unauthorized("that token is none, or not any more");
            return Ok(Some(who.ok_or_else(wrong)?));
        }
        match &self.session {
            Some(token) => Ok(app.auth.find(token, SessionKind::Browser).await?),
            None => Ok(None),
        }
    }

    /// Keeps the browser of `who` signed in that has come back in the second half of its session's
    /// time: the session goes on, and so does the cookie that it was shown by.
    pub(super) async fn renew(&self, app: &App, who: Who, response: &mut Response) {
        if let Some(token) = &self.session
            && self.bearer.is_none()
            && app.auth.renew(who).await
        {
            Cookie::Session.set(response.headers_mut(), token, app.is_https());
        }
    }

    /// Who it is, when it has to be somebody.
    ///
    /// # Errors
    /// 401 when nobody is signed in, and as [`Shown::who`].
    pub(super) async fn signed_in(&self, app: &App) -> Result<Who, Problem> {
        let who = self.who(app).await?;
        who.ok_or_else(|| unauthorized("sign in first"))
    }
}

fn unauthorized(message: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, ErrorKind::NotAllowed, message)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let line = headers.get("authorization")?.to_str().ok()?;
    let (scheme, token) = line.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

/// Whether a browser says that a page of ours, or the person, asked for this: what a page elsewhere
/// could lead somebody to unawares needs it said, by a header that no page can write.
pub(super) fn says_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    matches!(
        site.and_then(|site| site.to_str().ok()),
        Some("same-origin" | "none")
    )
}

/// Whether a request that only reads was made by a page of ours, or typed. Browsers say no origin
/// then, but most say the site (Fetch Metadata); a page elsewhere could not read the answer anyway.
fn is_from_here(headers: &HeaderMap, asker: Asker) -> bool {
    let site = headers.get("sec-fetch-site");
    let site = site.and_then(|site| site.to_str().ok());
    match asker.origin {
        Origin::Own => true,
        Origin::Refused => false,
        Origin::Foreign => {
            !headers.contains_key("origin") && matches!(site, None | Some("same-origin" | "none"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Personal;
    use http::HeaderValue;
    use std::net::{IpAddr, Ipv4Addr};

    fn judged(lines: &[(&'static str, &'static str)], origin: Origin) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        is_from_here(
            &headers,
            Asker {
                address: Personal::new(address),
                origin,
            },
        )
    }

    #[test]
    fn a_page_elsewhere_reads_nothing_with_our_cookie() {
        assert!(judged(&[], Origin::Foreign));
        assert!(judged(
            &[("sec-fetch-site", "same-origin")],
            Origin::Foreign
        ));
        assert!(judged(&[("sec-fetch-site", "none")], Origin::Foreign));
        for site in ["cross-site", "same-site"] {
            assert!(
                !judged(&[("sec-fetch-site", site)], Origin::Foreign),
                "{site}"
            );
        }
        assert!(!judged(
            &[("origin", "https://friend.example")],
            Origin::Foreign
        ));
        assert!(!judged(&[], Origin::Refused));
    }
}
