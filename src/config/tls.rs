//! `[tls]`: encryption in transit, by certificate files.

use super::rule::{Invalid, Section};
use crate::tls::Certificate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::SocketAddr;
use std::path::PathBuf;

const SECTION: Section = Section("tls");

/// Encryption in transit. Without it the server speaks plain HTTP, which is for loopback and for
/// behind a proxy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate and those between it and the root (PEM). Read again when it
    /// changes. Default empty: no TLS.
    pub certificate: PathBuf,
    /// The file with its private key (PEM). Default empty.
    pub key: PathBuf,
    /// Where plain HTTP is answered with the way to HTTPS, such as `0.0.0.0:80`. Default empty:
    /// nowhere.
    #[serde(deserialize_with = "perhaps", serialize_with = "written")]
    pub redirect_listen: Option<SocketAddr>,
}

fn perhaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| {
        let message = "expected an address with its port, such as 0.0.0.0:80, or nothing";
        serde::de::Error::custom(format!("{message}, not {text:?}"))
    };
    text.parse().map(Some).map_err(wrong)
}

fn written<S: Serializer>(address: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = address.map(|address| address.to_string());
    serializer.serialize_str(&text.unwrap_or_default())
}

impl Tls {
    /// Whether there is a certificate.
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }

    pub(super) fn validate(&self) -> Result<(), Invalid> {
        let has_key = !self.key.as_os_str().is_empty();
        SECTION.agree(self.is_on() == has_key, "key", "certificate", || {
            "expected tls.certificate and tls.key, both or neither".into()
        })?;
        SECTION.agree(
            self.is_on() || self.redirect_listen.is_none(),
            "redirect_listen",
            "certificate",
            || "expected tls.certificate beside it: there is no HTTPS to lead to".into(),
        )?;
        if !self.is_on() {
            return Ok(());
        }
        Certificate::read(&self.certificate, &self.key).map_err(|fault| {
            let key = if fault.is_of_the_key() {
                "key"
            } else {
                "certificate"
            };
            SECTION.invalid(key, fault.to_string())
        })?;
        Ok(())
    }
}
