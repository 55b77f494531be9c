//! `GET /sign-in/{provider}` and its callback: a person goes to another site and comes back. Both
//! are pages that a browser is led through, so what goes wrong is told by one of ours.

use super::super::me;
use super::super::session::{Shown, says_from_here};
use super::super::{Asker, Request, Response, empty, host_of};
use super::{Problem, hand_session, local_path};
use crate::app::App;
use crate::auth::cookie::Cookie;
use crate::auth::oidc::{Back, Entered, Entry, Fault, Wish};
use crate::media::picture::LARGEST;
use crate::store::AccountId;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use openidconnect::url::form_urlencoded;
use std::collections::HashMap;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Before what is sealed in the cookie: other ways to sign in use it too.
const MARK: &str = "o.";

/// What stands behind the question mark; of two of one name, the first.
struct Query(HashMap<String, String>);

impl Query {
    fn of(request: &Request) -> Self {
        let pairs = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        let mut query = HashMap::new();
        for (name, value) in pairs.into_owned() {
            query.entry(name).or_insert(value);
        }
        Self(query)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn is_on(&self, name: &str) -> bool {
        self.get(name) == Some("1")
    }
}

/// Sends a person to a provider, who wants that. `then` is the page to come back to; `link=1` adds the provider to
/// the account that is signed in; `picture=1` takes the picture that it has.
pub(in super::super) async fn begin(
    app: &Arc<App>,
    request: Request,
    provider: &str,
    asker: Asker,
) -> Result<Response, Problem> {
    if request.method() != Method::GET {
        return Err(Problem::method("GET"));
    }
    let query = Query::of(&request);
    let then = query.get("then").map(|then| {
        let wrong = || ErrorObject::invalid("then", "expected a path such as /rooms/abc");
        local_path(then).map(Box::from).ok_or_else(wrong)
    });
    let then = then.transpose()?;
    let links = query.is_on("link");
    if !is_meant(app, &request, &query) {
        return Ok(match links {
            true => failed(Some(ErrorKind::NotAllowed), true),
            false => failed(None, false),
        });
    }
    let add_to = match links {
        true => {
            let shown = Shown::of(app, request.method(), request.headers(), asker);
            match shown.who(app).await? {
                Some(who) => Some(who.account.bits()),
                None => return Ok(failed(Some(ErrorKind::NotAllowed), true)),
            }
        }
        false => None,
    };
    if app.sign_ins_of_askers.take(asker.address.get()).is_err() {
        return Ok(failed(Some(ErrorKind::RateLimited), links));
    }
    let wish = Wish {
        then,
        add_to,
        picture: query.is_on("picture"),
    };
    let redirect = redirect(app, &request, provider);
    let now = app.node.clock.now_ms();
    let begun = app.providers.begin(provider, &redirect, wish, now).await;
    let (address, sealed) = match begun {
        Ok(begun) => begun,
        Err(fault) => return fault_of(fault, links),
    };
    let mut response = see(&address);
    let cookie = format!("{MARK}{sealed}");
    Cookie::SignIn.set(response.headers_mut(), &cookie, app.is_https());
    Ok(response)
}

/// Takes a person back from a provider. Whatever comes of it, this sign-in is over.
pub(in super::super) async fn callback(
    app: &Arc<App>,
    request: Request,
    provider: &str,
    asker: Asker,
) -> Result<Response, Problem> {
    if request.method() != Method::GET {
        return Err(Problem::method("GET"));
    }
    let mut response = come_back(app, &request, provider, asker).await?;
    if Cookie::SignIn
        .read(request.headers(), app.is_https())
        .is_some()
        && !response.headers().contains_key("set-cookie")
    {
        Cookie::SignIn.clear(response.headers_mut(), app.is_https());
    }
    Ok(response)
}

async fn come_back(
    app: &Arc<App>,
    request: &Request,
    provider: &str,
    asker: Asker,
) -> Result<Response, Problem> {
    if app.confirmations.take(asker.address.get()).is_err() {
        return Ok(failed(Some(ErrorKind::RateLimited), false));
    }
    let query = Query::of(request);
    let cookie = Cookie::SignIn.read(request.headers(), app.is_https());
    let cookie = cookie.and_then(|cookie| cookie.strip_prefix(MARK));
    let redirect = redirect(app, request, provider);
    let back = Back {
        redirect: &redirect,
        cookie: cookie.unwrap_or_default(),
        state: query.get("state").unwrap_or_default(),
        code: query.get("code").filter(|_| query.get("error").is_none()),
        issuer: query.get("iss"),
    };
    let now = app.node.clock.now_ms();
    let (wish, entry) = app.providers.finish(provider, back, now).await;
    let links = wish.add_to.is_some();
    let entry = match entry {
        Ok(entry) => entry,
        Err(fault) => return fault_of(fault, links),
    };
    let shown = Shown::of_browser_back(app, request.headers());
    let who = shown.who(app).await?;
    let (account, fresh) = match app.auth.enter_with(&entry, wish.add_to, who).await {
        Ok(Entered::SignedIn { account, fresh }) => (account, fresh),
        Ok(Entered::Added(account)) => {
            take_picture(app, &entry, &wish, account).await;
            return Ok(see(wish.then.as_deref().unwrap_or("/settings")));
        }
        Ok(Entered::NotSignedIn) => return Ok(failed(Some(ErrorKind::NotAllowed), links)),
        Ok(Entered::Taken) => return Ok(failed(Some(ErrorKind::Conflict), links)),
        Err(_) => return Ok(failed(Some(ErrorKind::Unavailable), links)),
    };
    take_picture(app, &entry, &wish, account).await;
    // Where they came from, first of all; else whoever is new here may choose a name.
    let otherwise = if fresh { "/settings#fresh" } else { "/" };
    let mut response = see(wish.then.as_deref().unwrap_or(otherwise));
    hand_session(app, &shown, account, &mut response).await?;
    Ok(response)
}

/// Takes the picture that a provider has, when the person wanted that. Without one they come in
/// all the same.
async fn take_picture(app: &Arc<App>, entry: &Entry, wish: &Wish, account: AccountId) {
    if !wish.picture {
        return;
    }
    if let Some(bytes) = app.providers.picture(entry, LARGEST).await {
        let _ = me::keep_picture(app, Bytes::from(bytes), account).await;
    }
}

/// Where a provider sends people back to: to be registered there.
fn redirect(app: &App, request: &Request, provider: &str) -> String {
    let origin = app.origin(&host_of(request));
    format!("{origin}/sign-in/{provider}/callback")
}

/// Whether the person wants it, as far as can be told: else a page elsewhere could send somebody
/// through a provider who is signed in here as another, or change their picture, or add an account
/// of its own to theirs. A browser that does not say where a wish comes from (Fetch Metadata)
/// begins only what ends and changes nothing.
fn is_meant(app: &App, request: &Request, query: &Query) -> bool {
    let headers = request.headers();
    let changes = query.is_on("link") || query.is_on("picture");
    let signed_in = Cookie::Session.read(headers, app.is_https()).is_some();
    let says_nothing = !headers.contains_key("sec-fetch-site");
    says_from_here(headers) || (says_nothing && !changes && !signed_in)
}

fn fault_of(fault: Fault, links: bool) -> Result<Response, Problem> {
    let kind = match fault {
        Fault::Unknown => return Err(Problem::not_found()),
        Fault::Unavailable(_) => ErrorKind::Unavailable,
        Fault::Wrong(_) => ErrorKind::Invalid,
        Fault::Refused => ErrorKind::NotAllowed,
        Fault::Over => ErrorKind::NotFound,
    };
    Ok(failed(Some(kind), links))
}

/// Our page that tells what went wrong, with the kind of it behind the `#`: that of Settings for
/// who wanted to add a way, else the one to sign in. Kinds: `conflict`, the provider's person or
/// their address has another account here; `not_allowed`, somebody said no, or is not signed in any
/// more; `not_found`, begun elsewhere or too long ago; `invalid`, the provider is not to be
/// believed; `unavailable`; `rate_limited`.
fn failed(kind: Option<ErrorKind>, links: bool) -> Response {
    let page = if links { "/settings" } else { "/sign-in" };
    let Some(kind) = kind else {
        return see(page);
    };
    let kind = serde_json::to_value(kind).unwrap_or_default();
    see(&format!(
        "{page}#error={}",
        kind.as_str().unwrap_or("internal")
    ))
}

/// Leads a browser on.
fn see(address: &str) -> Response {
    let mut response = empty(StatusCode::SEE_OTHER);
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert("location", address);
    }
    response
}
