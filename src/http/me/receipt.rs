//! `GET /api/receipts/…`, where whoever holds a receipt looks it up.

use super::super::{Response, json};
use super::Problem;
use crate::app::App;
use crate::store::{Receipt, ReceiptId};
use http::StatusCode;
use serde_json::{Value, json as value};

/// A receipt, to whoever holds its number. It names nobody.
pub(in super::super) async fn look_up(app: &App, id: &str) -> Result<Response, Problem> {
    let id: ReceiptId = id.parse().map_err(|()| Problem::not_found())?;
    let receipt = app.store.receipt(id).await?;
    let receipt = receipt.ok_or_else(Problem::not_found)?;
    Ok(json(StatusCode::OK, &shown(id, &receipt)))
}

pub(super) fn shown(id: ReceiptId, receipt: &Receipt) -> Value {
    let mut shown = serde_json::to_value(receipt).unwrap_or_default();
    shown["receipt"] = value!(id.to_string());
    shown
}
