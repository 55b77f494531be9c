//! Spotify: OAuth 2 alone (RFC 6749) with PKCE, and a page of its own that says who it is. Asked for
//! no scope at all: its id is what signs in, and the address that it could give is not verified by
//! it, so nobody could use it. The token is asked once who it is of, and dropped.

use super::ask::Asker;
use super::{Fault, Proven, Sent, SentBack};
use crate::config;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openidconnect::PkceCodeChallenge;
use openidconnect::PkceCodeVerifier;
use openidconnect::url::{Url, form_urlencoded};
use serde::Deserialize;

/// What stands for it where an identity is kept.
const ISSUER: &str = "https://accounts.spotify.com";
const API: &str = "https://api.spotify.com";
const LONGEST_SUBJECT: usize = 255;

pub(super) struct Spotify {
    accounts: String,
    api: String,
    client_id: String,
    secret: String,
    asker: Asker,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Me {
    id: Box<str>,
    #[serde(default)]
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Image {
    url: Box<str>,
}

impl Spotify {
    /// Spotify itself, or what stands in for it at `provider.issuer`.
    pub(super) fn new(provider: &config::Provider) -> Self {
        let stand_in = Some(provider.issuer.trim_end_matches('/'));
        let stand_in = stand_in.filter(|issuer| !issuer.is_empty());
        Self {
            accounts: stand_in.unwrap_or(ISSUER).to_owned(),
            api: stand_in.unwrap_or(API).to_owned(),
            client_id: provider.client_id.clone(),
            secret: provider.client_secret().unwrap_or_default(),
            asker: Asker::of(&provider.issuer),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.accounts
    }

    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Where to send the person.
    pub(super) fn address(&self, sent: &Sent<'_>) -> Result<String, Fault> {
        let verifier = PkceCodeVerifier::new(sent.verifier.to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let pairs = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", sent.redirect),
            ("state", sent.state),
            ("code_challenge_method", "S256"),
            ("code_challenge", challenge.as_str()),
        ];
        let address = format!("{}/authorize", self.accounts);
        let address = Url::parse_with_params(&address, pairs);
        Ok(address
            .map_err(|_| Fault::Unavailable("its issuer is no address"))?
            .into())
    }

    /// Redeems a code, and asks who it is.
    pub(super) async fn redeem(&self, back: &SentBack<'_>) -> Result<Proven, Fault> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", back.code)
            .append_pair("redirect_uri", back.redirect)
            .append_pair("client_id", &self.client_id)
            .append_pair("code_verifier", back.verifier)
            .finish();
        let pair = STANDARD.encode(format!("{}:{}", self.client_id, self.secret));
        let request = http::Request::post(format!("{}/api/token", self.accounts))
            .header("authorization", format!("Basic {pair}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.into_bytes());
        let token: Token = self.ask(request, "it does not take the code").await?;
        let request = http::Request::get(format!("{}/v1/me", self.api))
            .header("authorization", format!("Bearer {}", token.access_token))
            .header("accept", "application/json")
            .body(Vec::new());
        let me: Me = self.ask(request, "it does not say who it is").await?;
        if me.id.is_empty() || me.id.len() > LONGEST_SUBJECT {
            return Err(Fault::Wrong("the subject is none"));
        }
        Ok(Proven {
            subject: me.id,
            email: None,
            picture: me.images.into_iter().next().map(|image| image.url),
        })
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        request: http::Result<http::Request<Vec<u8>>>,
        refused: &'static str,
    ) -> Result<T, Fault> {
        let request = request.map_err(|_| Fault::Wrong("its answer is broken"))?;
        let response = self.asker.ask(request).await;
        let response = response.map_err(|_| Fault::Unavailable("it does not answer"))?;
        match response.status() {
            status if status.is_success() => serde_json::from_slice(response.body())
                .map_err(|_| Fault::Wrong("its answer is broken")),
            status if status.is_server_error() => Err(Fault::Unavailable("it has a fault")),
            _ => Err(Fault::Wrong(refused)),
        }
    }
}
