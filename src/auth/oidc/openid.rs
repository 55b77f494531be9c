//! A provider that speaks OpenID Connect: found by its issuer (Discovery 1.0), asked by the code
//! flow with PKCE (Core §3.1, RFC 7636), believed by the signature of its token alone. What it
//! says of itself is kept for a while, in memory; no token is.

use super::ask::Asker;
use super::{Fault, Proven, Sent, SentBack};
use crate::config;
use crate::outgoing::ClientError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJsonWebKeySet,
    CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope, SignatureVerificationError, TokenResponse,
};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long what a provider says of itself is believed.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How often its keys are asked for again because of a token whose key is not among them.
const KEYS_AGAIN: Duration = Duration::from_secs(30);
/// Letters of a subject (Core §2).
const LONGEST_SUBJECT: usize = 255;
/// What a token may be signed with: by the provider alone, never by a shared secret or not at all.
const SIGNED: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

pub(super) struct OpenId {
    issuer: String,
    client_id: ClientId,
    secret: Option<ClientSecret>,
    asker: Asker,
    known: Mutex<Option<Known>>,
}

/// What a provider says of itself.
#[derive(Clone)]
struct Known {
    metadata: Arc<CoreProviderMetadata>,
    since: Instant,
    keys_since: Option<Instant>,
}

impl OpenId {
    pub(super) fn new(issuer: &str, provider: &config::Provider) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: ClientId::new(provider.client_id.clone()),
            secret: provider.client_secret().map(ClientSecret::new),
            asker: Asker::of(issuer),
            known: Mutex::new(None),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Where to send the person.
    pub(super) async fn address(&self, sent: &Sent<'_>) -> Result<String, Fault> {
        let metadata = self.metadata().await?;
        let client = CoreClient::from_provider_metadata(
            CoreProviderMetadata::clone(&metadata),
            self.client_id.clone(),
            None,
        );
        let redirect = redirect(sent.redirect)?;
        let verifier = PkceCodeVerifier::new(sent.verifier.to_owned());
        let (state, nonce) = (sent.state.to_owned(), sent.nonce.to_owned());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .set_redirect_uri(std::borrow::Cow::Owned(redirect))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scope(Scope::new("email".into()));
        if sent.picture {
            request = request.add_scope(Scope::new("profile".into()));
        }
        Ok(request.url().0.into())
    }

    /// Redeems a code; who the person is, as the provider proves it. Its tokens end here.
    pub(super) async fn redeem(&self, back: &SentBack<'_>) -> Result<Proven, Fault> {
        // Somebody else's answer, brought here (RFC 9207).
        if back.issuer.is_some_and(|issuer| issuer != self.issuer) {
            return Err(Fault::Wrong("another issuer answered"));
        }
        let metadata = self.metadata().await?;
        let (token, access) = self.tokens(&metadata, back).await?;
        let nonce = Nonce::new(back.nonce.to_owned());
        let subject = match self.verified(&metadata, &token, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(error)) if is_of_keys(&error) => {
                let metadata = self.with_keys_again(&metadata).await?;
                self.verified(&metadata, &token, &nonce)
            }
            other => other,
        };
        let subject = subject.map_err(|error| Fault::Wrong(why(&error)))?;
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(Fault::Wrong("the subject is none"));
        }
        let mut claims = claims(&token).ok_or(Fault::Wrong("the token is broken"))?;
        if claims["email"].is_null() || (back.picture && claims["picture"].is_null()) {
            // Most say more only when they are asked for it (Core §5.4).
            let more = self.more(&metadata, &access, &subject).await?;
            claims = more.unwrap_or(claims);
        }
        Ok(Proven {
            subject: subject.into(),
            email: verified_email(&claims),
            picture: claims["picture"].as_str().map(Box::from),
        })
    }

    /// The token that says who it is, and the one that opens what else is said.
    async fn tokens(
        &self,
        metadata: &CoreProviderMetadata,
        back: &SentBack<'_>,
    ) -> Result<(CoreIdToken, AccessToken), Fault> {
        let mut client = CoreClient::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            self.secret.clone(),
        );
        let ways = metadata.token_endpoint_auth_methods_supported();
        let takes = |way| ways.is_none_or(|ways| ways.contains(&way));
        if !takes(CoreClientAuthMethod::ClientSecretBasic)
            && takes(CoreClientAuthMethod::ClientSecretPost)
        {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        let code = AuthorizationCode::new(back.code.to_owned());
        let request = client.exchange_code(code);
        let request = request.map_err(|_| Fault::Unavailable("it has no address for tokens"))?;
        let answer = request
            .set_redirect_uri(std::borrow::Cow::Owned(redirect(back.redirect)?))
            .set_pkce_verifier(PkceCodeVerifier::new(back.verifier.to_owned()))
            .request_async(&self.asker)
            .await;
        use openidconnect::RequestTokenError as Error;
        let answer = answer.map_err(|error| match error {
            Error::ServerResponse(_) => Fault::Wrong("it does not take the code"),
            Error::Request(error) => unavailable(error),
            Error::Parse(..) | Error::Other(_) => Fault::Wrong("its answer is broken"),
        })?;
        let token = answer.id_token().cloned();
        let token = token.ok_or(Fault::Wrong("it gave no token of who it is"))?;
        Ok((token, answer.access_token().clone()))
    }

    /// What the provider says of the same person when it is asked (Core §5.3); `None` when it says
    /// nothing.
    async fn more(
        &self,
        metadata: &CoreProviderMetadata,
        access: &AccessToken,
        subject: &str,
    ) -> Result<Option<Value>, Fault> {
        let Some(address) = metadata.userinfo_endpoint() else {
            return Ok(None);
        };
        let request = http::Request::get(address.as_str())
            .header("authorization", format!("Bearer {}", access.secret()))
            .header("accept", "application/json")
            .body(Vec::new());
        let request = request.map_err(|_| Fault::Wrong("its answer is broken"))?;
        let answer = self.asker.ask(request).await.map_err(unavailable)?;
        if !answer.status().is_success() {
            return Ok(None);
        }
        let said: Option<Value> = serde_json::from_slice(answer.body()).ok();
        match said.filter(Value::is_object) {
            Some(said) if said["sub"] != subject => Err(Fault::Wrong("it speaks of somebody else")),
            said => Ok(said),
        }
    }

    /// The subject of a token that is what it should be (Core §3.1.3.7).
    fn verified(
        &self,
        metadata: &CoreProviderMetadata,
        token: &CoreIdToken,
        nonce: &Nonce,
    ) -> Result<String, ClaimsVerificationError> {
        let issuer = metadata.issuer().clone();
        let keys = metadata.jwks().clone();
        let client = CoreClient::new(self.client_id.clone(), issuer, keys);
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNED);
        let claims = token.claims(&verifier, nonce)?;
        Ok(claims.subject().as_str().to_owned())
    }

    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, Fault> {
        let known = self.known.lock().clone();
        if let Some(known) = known.filter(|known| known.since.elapsed() < FRESH) {
            return Ok(known.metadata);
        }
        let issuer = IssuerUrl::new(self.issuer.clone());
        let issuer = issuer.map_err(|_| Fault::Unavailable("its issuer is no address"))?;
        let found = CoreProviderMetadata::discover_async(issuer, &self.asker).await;
        use openidconnect::DiscoveryError as Error;
        let found = Arc::new(found.map_err(|error| match error {
            Error::Request(error) => unavailable(error),
            Error::Validation(_) => Fault::Unavailable("it names another issuer than the config"),
            _ => Fault::Unavailable("what it says of itself is broken"),
        })?);
        *self.known.lock() = Some(Known {
            metadata: found.clone(),
            since: Instant::now(),
            keys_since: None,
        });
        Ok(found)
    }

    /// As it was, with the keys of now: it may have changed them meanwhile. Asked for seldom,
    /// whatever tokens come.
    async fn with_keys_again(
        &self,
        metadata: &Arc<CoreProviderMetadata>,
    ) -> Result<Arc<CoreProviderMetadata>, Fault> {
        let known = self.known.lock().clone();
        let asked = known.and_then(|known| known.keys_since);
        if asked.is_some_and(|asked| asked.elapsed() < KEYS_AGAIN) {
            return Ok(metadata.clone());
        }
        let keys = CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.asker).await;
        let keys = keys.map_err(|_| Fault::Unavailable("it does not give its keys"))?;
        let metadata = Arc::new(CoreProviderMetadata::clone(metadata).set_jwks(keys));
        if let Some(known) = self.known.lock().as_mut() {
            known.metadata = metadata.clone();
            known.keys_since = Some(Instant::now());
        }
        Ok(metadata)
    }
}

fn redirect(address: &str) -> Result<RedirectUrl, Fault> {
    RedirectUrl::new(address.to_owned())
        .map_err(|_| Fault::Unavailable("this server's own address is none"))
}

fn unavailable(error: ClientError) -> Fault {
    Fault::Unavailable(match error {
        ClientError::Address => "its address may not be asked",
        ClientError::Silent => "it does not answer",
        ClientError::Broken => "its answer is broken or too long",
    })
}

/// Whether newer keys could make a token good.
fn is_of_keys(error: &SignatureVerificationError) -> bool {
    matches!(
        error,
        SignatureVerificationError::NoMatchingKey
            | SignatureVerificationError::AmbiguousKeyId(_)
            | SignatureVerificationError::CryptoError(_)
    )
}

/// What is wrong with a token, without a word of what stands in it.
fn why(error: &ClaimsVerificationError) -> &'static str {
    use ClaimsVerificationError as Error;
    match error {
        Error::Expired(_) => "the token is over",
        Error::InvalidAudience(_) => "the token is for somebody else",
        Error::InvalidIssuer(_) => "the token is from somebody else",
        Error::InvalidNonce(_) => "the token is of another sign-in",
        Error::SignatureVerification(_) => "the token is not signed by a key of the provider",
        _ => "the token is not good",
    }
}

/// What a verified token says, as it is written: the library would take `"true"` for true.
fn claims(token: &CoreIdToken) -> Option<Value> {
    let written = token.to_string();
    let payload = written.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// An address that the provider itself has proven: `true`, and nothing that resembles it.
fn verified_email(claims: &Value) -> Option<Box<str>> {
    let email = claims["email"].as_str()?;
    let is_address = email.len() <= 254 && email.parse::<lettre::Address>().is_ok();
    (claims["email_verified"] == Value::Bool(true) && is_address).then(|| email.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_true_is_a_verified_address() {
        let email = |verified: Value| {
            verified_email(&json!({"email": "ada@example.org", "email_verified": verified}))
        };
        assert_eq!(email(json!(true)).as_deref(), Some("ada@example.org"));
        for verified in [
            json!(false),
            json!("true"),
            json!(1),
            json!(null),
            json!([true]),
        ] {
            assert_eq!(email(verified.clone()), None, "{verified}");
        }
        assert_eq!(verified_email(&json!({"email": "ada@example.org"})), None);
        let odd = json!({"email": "ada@example.org\r\nBcc: x", "email_verified": true});
        assert_eq!(verified_email(&odd), None);
    }
}
