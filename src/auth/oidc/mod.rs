//! Signing in with others: OpenID Connect providers, and Spotify. What comes out of here is a
//! subject that a provider has proven, and an address if it has proven that too; no token of a
//! provider outlives its one use. Knows neither pages nor cookies.

mod account;
mod ask;
mod openid;
mod spotify;
mod under_way;

pub use account::Entered;
pub use under_way::Wish;

use crate::config;
use crate::secret;
use openid::OpenId;
use spotify::Spotify;
use under_way::{Seal, UnderWay};

const GOOGLE: &str = "https://accounts.google.com";

/// Those that people may sign in with.
pub struct Providers {
    all: Vec<Provider>,
    seal: Seal,
}

struct Provider {
    id: Box<str>,
    name: Box<str>,
    kind: Kind,
}

enum Kind {
    OpenId(OpenId),
    Spotify(Spotify),
}

/// Somebody as a provider proves them to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Proven {
    /// The provider's own, unchanging name for the person.
    pub subject: Box<str>,
    /// An address that the provider has verified.
    pub email: Option<Box<str>>,
    /// Where the picture is that the provider has.
    pub picture: Option<Box<str>>,
}

/// Why a sign-in with a provider came to nothing. The words are for the log: they name nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such provider.
    Unknown,
    /// It cannot be asked now.
    Unavailable(&'static str),
    /// What came back cannot be believed.
    Wrong(&'static str),
    /// The person said no there, or the provider did.
    Refused,
    /// Not begun in this browser, or used, or over.
    Over,
}

/// What an address to send a person to is made of.
struct Sent<'a> {
    redirect: &'a str,
    state: &'a str,
    nonce: &'a str,
    verifier: &'a str,
    picture: bool,
}

/// What redeeming a code takes.
struct SentBack<'a> {
    redirect: &'a str,
    code: &'a str,
    issuer: Option<&'a str>,
    nonce: &'a str,
    verifier: &'a str,
    picture: bool,
}

/// What came back in the address.
#[derive(Clone, Copy)]
pub struct Back<'a> {
    /// Where the provider sent the person, as it was told.
    pub redirect: &'a str,
    /// The cookie of this browser.
    pub cookie: &'a str,
    /// What was sent along.
    pub state: &'a str,
    /// What can be redeemed; absent when the person or the provider refused.
    pub code: Option<&'a str>,
    /// Who says that they answer (RFC 9207).
    pub issuer: Option<&'a str>,
}

impl Providers {
    /// Those of the config.
    pub fn new(config: &config::Providers) -> Self {
        let all = config.0.iter().map(|(id, one)| Provider::new(id, one));
        Self {
            all: all.collect(),
            seal: Seal::default(),
        }
    }

    /// All of them: id and name.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|one| (&*one.id, &*one.name))
    }

    /// What people call the provider of an issuer.
    pub fn name_of(&self, issuer: &str) -> Option<&str> {
        let found = self.all.iter().find(|one| one.issuer() == issuer)?;
        Some(&found.name)
    }

    /// Begins: where to send the person, and what their browser keeps meanwhile.
    ///
    /// # Errors
    /// `Unknown`, or `Unavailable` when the provider does not say where people sign in.
    pub async fn begin(
        &self,
        id: &str,
        redirect: &str,
        wish: Wish,
        now: u64,
    ) -> Result<(String, String), Fault> {
        let provider = self.find(id)?;
        let under_way = UnderWay::begin(wish, secret::token().into(), now);
        let sent = Sent {
            redirect,
            state: &under_way.state,
            nonce: &under_way.nonce,
            verifier: &under_way.verifier,
            picture: under_way.wish.picture,
        };
        let address = match &provider.kind {
            Kind::OpenId(openid) => openid.address(&sent).await,
            Kind::Spotify(spotify) => spotify.address(&sent),
        };
        let address = provider.told(address)?;
        Ok((address, self.seal.seal(id, &under_way)))
    }

    /// Goes on where the person has come back: what they wanted, and who they are. What they wanted
    /// is known, too, when nothing comes of it; nothing, when this browser did not begin it.
    ///
    /// # Errors
    /// `Over` when this browser did not begin it, or not lately, or it was finished before;
    /// `Refused` when somebody said no, `Wrong` when the provider cannot be believed, and
    /// `Unavailable` when it cannot be asked.
    pub async fn finish(&self, id: &str, back: Back<'_>, now: u64) -> (Wish, Result<Entry, Fault>) {
        let provider = match self.find(id) {
            Ok(provider) => provider,
            Err(fault) => return (Wish::default(), Err(fault)),
        };
        let Some(under_way) = self.seal.open(id, back.cookie, back.state, now) else {
            return (Wish::default(), Err(Fault::Over));
        };
        let entry = provider.redeem(&under_way, back).await;
        (under_way.wish, entry)
    }

    /// The picture that a provider has of somebody, as it is there, of at most `most` bytes.
    pub async fn picture(&self, entry: &Entry, most: usize) -> Option<Vec<u8>> {
        let provider = self
            .all
            .iter()
            .find(|one| one.issuer() == &*entry.provider)?;
        let asker = match &provider.kind {
            Kind::OpenId(openid) => openid.asker(),
            Kind::Spotify(spotify) => spotify.asker(),
        };
        let url = entry.proven.picture.as_deref()?;
        asker.picture(url, most).await.ok()
    }

    fn find(&self, id: &str) -> Result<&Provider, Fault> {
        let found = self.all.iter().find(|one| &*one.id == id);
        found.ok_or(Fault::Unknown)
    }
}

/// Somebody who has come back from a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The provider's issuer.
    pub provider: Box<str>,
    /// What it has proven.
    pub proven: Proven,
}

impl Provider {
    fn new(id: &str, config: &config::Provider) -> Self {
        let (name, kind) = match id {
            "google" if config.issuer.is_empty() => {
                ("Google", Kind::OpenId(OpenId::new(GOOGLE, config)))
            }
            "google" => ("Google", Kind::OpenId(OpenId::new(&config.issuer, config))),
            "spotify" => ("Spotify", Kind::Spotify(Spotify::new(config))),
            id => (id, Kind::OpenId(OpenId::new(&config.issuer, config))),
        };
        let own = Some(config.name.as_str()).filter(|own| !own.is_empty());
        Self {
            id: id.into(),
            name: own.unwrap_or(name).into(),
            kind,
        }
    }

    /// Who somebody is that has come back.
    async fn redeem(&self, under_way: &UnderWay, back: Back<'_>) -> Result<Entry, Fault> {
        let code = back.code.ok_or(Fault::Refused)?;
        let sent_back = SentBack {
            redirect: back.redirect,
            code,
            issuer: back.issuer,
            nonce: &under_way.nonce,
            verifier: &under_way.verifier,
            picture: under_way.wish.picture,
        };
        let proven = match &self.kind {
            Kind::OpenId(openid) => openid.redeem(&sent_back).await,
            Kind::Spotify(spotify) => spotify.redeem(&sent_back).await,
        };
        let proven = self.told(proven)?;
        Ok(Entry {
            provider: self.issuer().into(),
            proven,
        })
    }

    fn issuer(&self) -> &str {
        match &self.kind {
            Kind::OpenId(openid) => openid.issuer(),
            Kind::Spotify(spotify) => spotify.issuer(),
        }
    }

    /// Tells the operator what went wrong with a provider; nothing of who met it.
    fn told<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(Fault::Unavailable(why) | Fault::Wrong(why)) = &result {
            tracing::warn!(provider = &*self.id, why, "a sign-in came to nothing");
        }
        result
    }
}
