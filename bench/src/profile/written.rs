//! A profile as it is written down: TOML, unknown keys refused.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) room: Option<Room>,
    pub(super) socket: Socket,
    pub(super) join: Option<Join>,
    pub(super) publish: Send,
    pub(super) delivery: Delivery,
    pub(super) refusal: Option<Holds>,
    pub(super) heartbeat: Option<Heartbeat>,
    pub(super) probe: Option<Ask>,
    pub(super) track: Option<Get>,
    pub(super) fill: Option<Ask>,
    pub(super) item: Option<Item>,
    #[serde(default)]
    pub(super) action: Vec<Action>,
    pub(super) server: Option<Server>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Room {
    pub(super) post: String,
    #[serde(default)]
    pub(super) body: String,
    pub(super) id: Spanned<String>,
    pub(super) token: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Socket {
    pub(super) path: Spanned<String>,
    pub(super) subprotocol: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    pub(super) send: Spanned<String>,
    pub(super) send_host: Option<Spanned<String>>,
    pub(super) joined: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) send: Spanned<String>,
    #[serde(default = "yes")]
    pub(super) echo: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    #[serde(default)]
    pub(super) prefix: String,
    pub(super) number_after: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holds {
    pub(super) holds: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    pub(super) is: String,
    pub(super) answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    pub(super) send: Spanned<String>,
    pub(super) answer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Get {
    pub(super) get: String,
    pub(super) id: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) after: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) per_minute: Option<Spanned<f64>>,
    pub(super) per_minute_room: Option<Spanned<f64>>,
    pub(super) send: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// What the binary is started with; `{config}`, `{data}` and `{profile}` are filled in.
    pub(crate) arguments: Vec<String>,
    /// The environment variable that says how many threads it has.
    pub(crate) workers: Option<String>,
    /// The environment variables that take the files of a certificate and of its key (PEM).
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
}

fn yes() -> bool {
    true
}
