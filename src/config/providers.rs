//! `[providers.<id>]`: others that people may sign in with. An id is part of an address,
//! `/sign-in/<id>`; `google` and `spotify` are known and need least.

use super::rule::{Invalid, Section};
use crate::http::origin_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

const SECTION: Section = Section("providers");
/// Ids that are ways of ours.
const OURS: [&str; 3] = ["email", "passkey", "callback"];
/// Longest id.
const LONGEST: usize = 32;

/// Providers, by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Providers(pub BTreeMap<String, Provider>);

/// One that people may sign in with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// What people are shown. Default: `Google`, `Spotify`, else the id.
    pub name: String,
    /// The issuer, such as `https://id.example.org`, whose `/.well-known/openid-configuration`
    /// tells the rest (OpenID Connect Discovery 1.0). Known for `google`; for `spotify`, which
    /// knows no OpenID Connect, only a stand-in has one.
    pub issuer: String,
    /// What this server is called there.
    pub client_id: String,
    /// The file that holds the secret that goes with it. Empty: none, as a public client.
    pub client_secret_file: PathBuf,
}

impl Provider {
    /// The secret; `None` when there is none, or its file cannot be read.
    pub fn client_secret(&self) -> Option<String> {
        if self.client_secret_file.as_os_str().is_empty() {
            return None;
        }
        let text = std::fs::read_to_string(&self.client_secret_file).ok()?;
        let secret = text.trim().to_owned();
        (!secret.is_empty()).then_some(secret)
    }

    fn validate(&self, id: &str) -> Result<(), Invalid> {
        let wrong = |key: &str, expected: &str| {
            let message = format!("{key}: {expected}");
            Err(SECTION.invalid(format!("{id}.{key}"), message))
        };
        if self.client_id.is_empty() {
            return wrong("client_id", "expected what the provider calls this server");
        }
        let is_known = matches!(id, "google" | "spotify");
        let left_out = is_known && self.issuer.is_empty();
        if !left_out && !is_issuer(&self.issuer) {
            let expected =
                "expected https://host, perhaps with a path (http:// only on this machine)";
            return wrong("issuer", expected);
        }
        let has_file = !self.client_secret_file.as_os_str().is_empty();
        if has_file && self.client_secret().is_none() {
            let expected = "expected a file that can be read, with the secret in it";
            return wrong("client_secret_file", expected);
        }
        if is_known && !has_file {
            let expected = "expected the file that holds the secret: it gives one to each server";
            return wrong("client_secret_file", expected);
        }
        Ok(())
    }
}

impl Providers {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        self.0.iter().try_for_each(|(id, one)| one.validate(id))
    }
}

/// What to say of an id that cannot be one; `None` when it can.
pub(super) fn id_fault(id: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_id = !id.is_empty() && id.len() <= LONGEST && id.bytes().all(good);
    if OURS.contains(&id) {
        return Some(format!("`{id}` is a way of ours: expected another name"));
    }
    let expected = format!("expected [providers.name], of a to z, 0 to 9 and -, not `{id}`");
    (!is_id).then_some(expected)
}

fn is_issuer(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let origin = format!("{scheme}://{authority}");
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['?', '#']);
    plain && origin_of(&origin).is_some() && (scheme == "https" || is_here(authority))
}

/// Whether an authority is this machine, by a name that no other can have.
fn is_here(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse().is_ok_and(|host: IpAddr| host.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_issuer_is_only_believed_on_this_machine() {
        for issuer in [
            "https://accounts.google.com",
            "https://id.example.org/realms/home",
            "http://127.0.0.1:4000",
            "http://localhost:4000/oidc",
            "http://[::1]:4000",
        ] {
            assert!(is_issuer(issuer), "{issuer}");
        }
        for issuer in [
            "",
            "id.example.org",
            "http://id.example.org",
            "http://127.0.0.1.example.org",
            "https://",
            "https://a@b",
            "https://id.example.org/?x=1",
            "https://id.example.org/#x",
            "https://id.example.org/a b",
        ] {
            assert!(!is_issuer(issuer), "{issuer}");
        }
    }

    #[test]
    fn an_id_fits_into_an_address() {
        for id in ["google", "my-org", "a1"] {
            assert_eq!(id_fault(id), None, "{id}");
        }
        for id in ["", "email", "callback", "A", "a/b", "a.b", &"a".repeat(33)] {
            assert!(id_fault(id).is_some(), "{id}");
        }
    }
}
