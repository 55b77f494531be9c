//! Asking one provider: whom the operator named, in plain HTTP only on this machine; and for a
//! picture, whose address a provider tells, so that nobody inside is asked for it.

use crate::outgoing::{Answer, Client, ClientError, Much, Reach, Request};
use openidconnect::AsyncHttpClient;
use std::future::Future;
use std::pin::Pin;

/// Bytes of a document or token.
const MOST: usize = 256 << 10;

/// Asks one provider.
#[derive(Clone)]
pub(super) struct Asker {
    client: Client,
    /// The provider is on this machine, and so may its pictures be.
    is_here: bool,
}

impl Asker {
    /// For a provider whose address begins so.
    pub(super) fn of(issuer: &str) -> Self {
        Self {
            client: Client::default(),
            is_here: issuer.starts_with("http://"),
        }
    }

    /// One request, and its answer of at most [`MOST`] bytes.
    pub(super) async fn ask(&self, request: Request) -> Result<Answer, ClientError> {
        let is_plain = request.uri().scheme_str() == Some("http");
        if is_plain && !self.is_here {
            return Err(ClientError::Address);
        }
        (self.client.ask(request, Reach::Named, Much::Whole(MOST))).await
    }

    /// A picture, of at most `most` bytes.
    pub(super) async fn picture(&self, url: &str, most: usize) -> Result<Vec<u8>, ClientError> {
        let request = http::Request::get(url).body(Vec::new());
        let request = request.map_err(|_| ClientError::Address)?;
        let reach = match self.is_here {
            true => Reach::Named,
            false => Reach::Open,
        };
        let response = (self.client.ask(request, reach, Much::Whole(most))).await?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => Err(ClientError::Broken),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Asker {
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, ClientError>> + Send + 'c>>;

    fn call(&'c self, request: Request) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_provider_elsewhere_is_never_asked_in_the_clear() {
        let request = http::Request::get("http://127.0.0.1:1/").body(Vec::new());
        let asker = Asker::of("https://id.example");
        let refused = asker.ask(request.unwrap()).await.unwrap_err();
        assert_eq!(refused, ClientError::Address);
        let picture = asker.picture("https://127.0.0.1:1/", 1).await.unwrap_err();
        assert_eq!(picture, ClientError::Address);
    }
}
