//! `DELETE /api/me`: forgetting whoever asks, for good.

use super::super::{Request, Response, body, json};
use super::Problem;
use super::receipt::shown;
use crate::app::App;
use crate::auth::Who;
use crate::auth::cookie::Cookie;
use crate::privacy::Purging;
use crate::store::ReceiptId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json as value;
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::ErrorObject;

/// After that long the person is given a receipt to look up, instead of the end.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
pub(in crate::http) struct Confirmation {
    confirm: Box<str>,
}

/// Erases the account of whoever asks, who has to say its handle.
pub(super) async fn purge(app: &Arc<App>, request: Request, who: Who) -> Result<Response, Problem> {
    let given: Confirmation = body::json(request).await?;
    let account = super::account(app, who.account).await?;
    if given.confirm.trim() != &*account.handle {
        return Err(
            ErrorObject::invalid("confirm", "expected your handle, letter by letter").into(),
        );
    }
    let receipt = ReceiptId::random();
    // Apart from this request: whoever goes away meanwhile is erased all the same.
    let mut purging = crate::privacy::purge(app.clone(), who.account, receipt);
    // What waits for something outside of us may wait for long.
    let is_told = |purging: &Purging| match purging {
        Purging::Beginning => false,
        Purging::Refused(_) => true,
        Purging::Known(known) => known.erased || known.waits_for.is_some(),
    };
    let waited = tokio::time::timeout(PATIENCE, purging.wait_for(is_told)).await;
    let known = match waited {
        Ok(Ok(told)) => Some(told.clone()),
        Ok(Err(_)) => return Err(Problem::internal("a purge ended early")),
        Err(_) => None,
    };
    let mut response = match known {
        Some(Purging::Refused(error)) => return Err(error.into()),
        Some(Purging::Known(known)) => {
            let status = match known.erased {
                true => StatusCode::OK,
                false => StatusCode::ACCEPTED,
            };
            json(status, &shown(receipt, &known))
        }
        _ => json(
            StatusCode::ACCEPTED,
            &value!({"receipt": receipt.to_string(), "erased": false}),
        ),
    };
    let https = app.is_https();
    Cookie::Session.clear(response.headers_mut(), https);
    Cookie::SignIn.clear(response.headers_mut(), https);
    Ok(response)
}
