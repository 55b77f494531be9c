//! A passkey of the test's own: makes one, and signs in with it, as a browser and its authenticator
//! would (WebAuthn Level 3 §6), over HTTP.

use crate::support::exchange;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A browser on `http://localhost:…`, where there are passkeys, with one authenticator.
pub(crate) struct Holder {
    address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    key: EcdsaKeyPair,
    id: [u8; 16],
    person: Value,
}

impl Holder {
    pub(crate) fn at(address: SocketAddr, cookies: BTreeMap<String, String>) -> Self {
        Self {
            address,
            cookies,
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: *b"id of a passkey!",
            person: Value::Null,
        }
    }

    fn origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    async fn ask(&mut self, path: &str, body: Value) -> (u16, Value) {
        let origin = self.origin();
        let host = origin.trim_start_matches("http://").to_owned();
        let pairs: Vec<String> = (self.cookies.iter())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookie = pairs.join("; ");
        let headers = [
            ("host", host.as_str()),
            ("origin", origin.as_str()),
            ("content-type", "application/json"),
            ("cookie", cookie.as_str()),
        ];
        let body = body.to_string();
        let asked = exchange(self.address, "POST", path, &headers, body.as_bytes());
        let (status, head, answer) = asked.await;
        for line in head.lines() {
            let lower = line.to_lowercase();
            if let Some(cookie) = lower.strip_prefix("set-cookie: ") {
                let name = cookie.split('=').next().unwrap().to_owned();
                let value = &line["set-cookie: ".len() + name.len() + 1..];
                let value = value.split(';').next().unwrap().to_owned();
                match lower.contains("max-age=0;") {
                    true => self.cookies.remove(&name),
                    false => self.cookies.insert(name, value),
                };
            }
        }
        (status, serde_json::from_slice(&answer).unwrap_or_default())
    }

    fn client_data(&self, kind: &str, asked: &Value) -> Vec<u8> {
        json!({"type": kind, "challenge": asked["publicKey"]["challenge"], "origin": self.origin(), "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    /// What an authenticator says of itself: here, verified, and perhaps with a new key.
    fn said(&self, flags: u8) -> Vec<u8> {
        let mut said = digest(&SHA256, b"localhost").as_ref().to_vec();
        said.push(flags);
        said.extend([0; 4]);
        said
    }

    /// Makes a passkey for the account of its cookie, and adds it.
    pub(crate) async fn add(&mut self) {
        let (status, asked) = self.ask("/api/me/passkeys/begin", json!({})).await;
        assert_eq!(status, 200, "{asked}");
        self.person = asked["publicKey"]["user"]["id"].clone();
        let mut said = self.said(0b0100_0101);
        said.extend([0; 16]);
        said.extend([0, 16]);
        said.extend(self.id);
        // The key, as COSE (RFC 9053 §7.1.1): EC2, ES256, P-256, x, y.
        let point = self.key.public_key().as_ref();
        said.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        said.extend(&point[1..33]);
        said.extend([0x22, 0x58, 32]);
        said.extend(&point[33..65]);
        let mut attested = vec![0xa3, 0x63];
        attested.extend(b"fmt");
        attested.push(0x64);
        attested.extend(b"none");
        attested.push(0x67);
        attested.extend(b"attStmt");
        attested.extend([0xa0, 0x68]);
        attested.extend(b"authData");
        attested.extend([0x58, said.len() as u8]);
        attested.extend(said);
        let made = json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": {
                "attestationObject": text(&attested),
                "clientDataJSON": text(&self.client_data("webauthn.create", &asked)),
            },
        });
        let shown = json!({"credential": made, "label": "Blue key"});
        let (status, told) = self.ask("/api/me/passkeys/finish", shown).await;
        assert_eq!(status, 201, "{told}");
    }

    /// Signs in with it: what the server says.
    pub(crate) async fn sign_in(&mut self) -> Value {
        self.cookies.clear();
        let (status, asked) = self.ask("/api/sign-in/passkey/begin", json!({})).await;
        assert_eq!(status, 200, "{asked}");
        let data = self.client_data("webauthn.get", &asked);
        let said = self.said(0b0000_0101);
        let signed = [&said[..], digest(&SHA256, &data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let shown = json!({"credential": {
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": {
                "authenticatorData": text(&said),
                "clientDataJSON": text(&data),
                "signature": text(signature.as_ref()),
                "userHandle": self.person,
            },
        }});
        let (status, told) = self.ask("/api/sign-in/passkey/finish", shown).await;
        assert_eq!(status, 200, "{told}");
        told
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
