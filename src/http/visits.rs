//! `POST /api/visits`: a page of ours says that it is being looked at. Nobody who objects is counted:
//! by their browser (DNT, Sec-GPC), or by their account, wherever they are signed in with it. Whoever
//! objects in one browser alone has its pages say nothing.

use super::error::Problem;
use super::session::Shown;
use super::{Asker, Origin, Request, Response, body, changing, empty};
use crate::app::App;
use crate::visits::Page;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stereo_protocol::{ErrorKind, ErrorObject};

#[derive(Deserialize)]
pub(super) struct Visit {
    page: Page,
}

pub(super) async fn count(app: &App, request: Request, asker: Asker) -> Result<Response, Problem> {
    if !app.config.analytics.enabled {
        return Err(Problem::not_found());
    }
    changing(asker)?;
    app.visits_told.take(asker.address.get()).map_err(|wait| {
        let error = ErrorObject::new(ErrorKind::RateLimited, "too many visits from this address");
        Problem::from(error.with_retry_after(wait))
    })?;
    let shown = Shown::of(app, request.method(), request.headers(), asker);
    let headers = request.headers().clone();
    let visit: Visit = body::json(request).await?;
    // What no page of ours says is no visit.
    let counts = asker.origin == Origin::Own && !browser_objects(&headers);
    if counts && !person_objects(app, &shown).await? {
        let agent = headers.get("user-agent").map(|agent| agent.as_bytes());
        let agent = agent.unwrap_or_default();
        app.visits
            .count(app.auth.today(), visit.page, asker.address.get(), agent);
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Do Not Track (W3C, 2019) and Global Privacy Control (W3C, `Sec-GPC`).
fn browser_objects(headers: &HeaderMap) -> bool {
    let says = |name| headers.get(name).is_some_and(|value| value == "1");
    says("dnt") || says("sec-gpc")
}

/// By a choice of theirs; a frozen account is used for nothing.
async fn person_objects(app: &App, shown: &Shown) -> Result<bool, Problem> {
    let Some(who) = shown.who(app).await? else {
        return Ok(false);
    };
    let account = app.store.account(who.account).await?;
    Ok(account.is_none_or(|account| account.preferences.uncounted || account.preferences.frozen))
}
