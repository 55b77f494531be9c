//! Passkeys (WebAuthn Level 3): added by somebody who is signed in, and then signing in by
//! themselves; the browser knows which accounts it has one for, and nobody is asked for a name. What
//! a ceremony needs between its two steps is in memory only, bounded, good once and for five
//! minutes.

use super::Auth;
use crate::secret;
use crate::store::{AccountId, NewPasskey, PasskeyId, StoreError};
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::HashMap;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// How long a ceremony may take, in milliseconds: what browsers give it.
const GOOD_MS: u64 = 5 * 60_000;
/// Ceremonies under way at once.
const MOST: usize = 10_000;
/// Passkeys of one account.
const MOST_OF_ONE: usize = 20;

/// Ceremonies under way, by the hash of what their browser holds.
#[derive(Default)]
pub(super) struct Ceremonies(Mutex<HashMap<[u8; 32], (Ceremony, u64)>>);

enum Ceremony {
    Adding(AccountId, PasskeyRegistration),
    SigningIn(DiscoverableAuthentication),
}

impl Ceremony {
    fn is_of(&self, account: AccountId) -> bool {
        matches!(self, Self::Adding(owner, _) if *owner == account)
    }
}

/// A ceremony that was begun.
pub struct Begun {
    /// What the browser is asked, as `navigator.credentials` takes it once its binary parts are
    /// decoded: `{"publicKey": …}`.
    pub options: Value,
    /// The secret that the browser keeps.
    pub browser: Box<str>,
}

/// Why a ceremony came to nothing.
#[derive(Debug)]
pub enum PasskeyFault {
    /// People reach us by an address that passkeys cannot be bound to.
    NoParty,
    /// Too many ceremonies at once.
    Full,
    /// The account has as many as it can.
    TooMany,
    /// Not begun in this browser, or used, or over.
    Over,
    /// What the browser shows is not good.
    Wrong,
    /// Nobody has that passkey here, or not any more.
    Nobody,
    /// The store cannot.
    Store(StoreError),
}

impl From<StoreError> for PasskeyFault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<WebauthnError> for PasskeyFault {
    fn from(_: WebauthnError) -> Self {
        Self::Wrong
    }
}

/// Whether passkeys can be bound to an origin: to a name, and over https but on this machine. An
/// address in numbers is no name (WebAuthn §5.1.3, "effective domain").
pub fn can_have_passkeys(origin: &str) -> bool {
    party(origin).is_ok()
}

fn party(origin: &str) -> Result<Webauthn, PasskeyFault> {
    let url = Url::parse(origin).map_err(|_| PasskeyFault::NoParty)?;
    let name = url.domain().ok_or(PasskeyFault::NoParty)?;
    let is_here = name == "localhost" || name.ends_with(".localhost");
    if url.scheme() != "https" && !is_here {
        return Err(PasskeyFault::NoParty);
    }
    let builder = WebauthnBuilder::new(name, &url).map_err(|_| PasskeyFault::NoParty)?;
    let built = builder.rp_name("Stereo").build();
    built.map_err(|_| PasskeyFault::NoParty)
}

impl Ceremonies {
    fn keep(&self, ceremony: Ceremony, now: u64) -> Result<Box<str>, PasskeyFault> {
        let browser = secret::token();
        let mut all = self.0.lock();
        // Those that are over name accounts as well: they are not kept until there is no room.
        all.retain(|_, (_, ends)| *ends > now);
        if all.len() >= MOST {
            return Err(PasskeyFault::Full);
        }
        all.insert(secret::hash(&browser), (ceremony, now + GOOD_MS));
        Ok(browser)
    }

    /// Those of an account are nothing any more.
    pub(super) fn forget(&self, account: AccountId) {
        (self.0.lock()).retain(|_, (ceremony, _)| !ceremony.is_of(account));
    }

    /// How many are under way, and how many of them are an account's.
    pub(super) fn hold(&self, account: AccountId) -> (usize, usize) {
        let all = self.0.lock();
        let of = all.values().filter(|(ceremony, _)| ceremony.is_of(account));
        (all.len(), of.count())
    }

    fn take(&self, browser: &str, now: u64) -> Result<Ceremony, PasskeyFault> {
        let found = self.0.lock().remove(&secret::hash(browser));
        let found = found.filter(|(_, ends)| now < *ends);
        Ok(found.ok_or(PasskeyFault::Over)?.0)
    }
}

impl Auth {
    /// Begins to add a passkey to an account, which its owner sees as `handle`.
    ///
    /// # Errors
    /// `NoParty`, `Full`, `TooMany`, or when the store cannot.
    pub async fn begin_passkey(
        &self,
        origin: &str,
        account: AccountId,
        handle: &str,
    ) -> Result<Begun, PasskeyFault> {
        let party = party(origin)?;
        let kept = self.store.passkeys(account).await?;
        if kept.len() >= MOST_OF_ONE {
            return Err(PasskeyFault::TooMany);
        }
        let known = kept.iter().map(|one| one.credential_id.to_vec());
        let (options, state) = party.start_passkey_registration(
            person(account),
            handle,
            handle,
            Some(known.collect()),
        )?;
        let mut options = serde_json::to_value(&options).map_err(|_| PasskeyFault::Wrong)?;
        // The browser keeps it together with whom it is of: nobody types a name to sign in.
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = "required".into();
        selection["requireResidentKey"] = true.into();
        let ceremony = Ceremony::Adding(account, state);
        let browser = self.ceremonies.keep(ceremony, self.clock.now_ms())?;
        Ok(Begun { options, browser })
    }

    /// Keeps the passkey that a browser has made for the account.
    ///
    /// # Errors
    /// `Over`, `Wrong`, or when the store cannot (`Taken`: it is kept already).
    pub async fn add_passkey(
        &self,
        origin: &str,
        account: AccountId,
        browser: &str,
        made: &RegisterPublicKeyCredential,
        label: &str,
    ) -> Result<PasskeyId, PasskeyFault> {
        let ceremony = self.ceremonies.take(browser, self.clock.now_ms())?;
        let Ceremony::Adding(owner, state) = ceremony else {
            return Err(PasskeyFault::Over);
        };
        if owner != account {
            return Err(PasskeyFault::Over);
        }
        let passkey = party(origin)?.finish_passkey_registration(made, &state)?;
        let new = NewPasskey {
            account,
            credential_id: passkey.cred_id().to_vec().into(),
            credential: written(&passkey)?,
            label: label.into(),
        };
        Ok(self.store.add_passkey(new).await?)
    }

    /// Begins to sign in with whatever passkey the browser has.
    ///
    /// # Errors
    /// `NoParty` or `Full`.
    pub fn begin_with_passkey(&self, origin: &str) -> Result<Begun, PasskeyFault> {
        let (options, state) = party(origin)?.start_discoverable_authentication()?;
        let options = serde_json::to_value(&options).map_err(|_| PasskeyFault::Wrong)?;
        let options = serde_json::json!({"publicKey": options["publicKey"]});
        let ceremony = Ceremony::SigningIn(state);
        let browser = self.ceremonies.keep(ceremony, self.clock.now_ms())?;
        Ok(Begun { options, browser })
    }

    /// Whose passkey a browser has shown.
    ///
    /// # Errors
    /// `Over`, `Nobody`, `Wrong` (a counter that went back among it: there may be a copy), or when
    /// the store cannot.
    pub async fn enter_with_passkey(
        &self,
        origin: &str,
        browser: &str,
        shown: &PublicKeyCredential,
    ) -> Result<AccountId, PasskeyFault> {
        let ceremony = self.ceremonies.take(browser, self.clock.now_ms())?;
        let Ceremony::SigningIn(state) = ceremony else {
            return Err(PasskeyFault::Over);
        };
        let party = party(origin)?;
        let (named, id) = party.identify_discoverable_authentication(shown)?;
        let owner = self.store.account_of_passkey(id.into()).await?;
        let account = owner.ok_or(PasskeyFault::Nobody)?;
        if named != person(account) {
            return Err(PasskeyFault::Wrong);
        }
        let kept = self.store.passkeys(account).await?;
        let kept = kept.into_iter().find(|one| &*one.credential_id == id);
        let kept = kept.ok_or(PasskeyFault::Nobody)?;
        let mut passkey: Passkey =
            serde_json::from_slice(&kept.credential).map_err(|_| PasskeyFault::Nobody)?;
        let result = party.finish_discoverable_authentication_v2(shown, state, &passkey)?;
        if passkey.update_credential(&result) == Some(true) {
            let credential = written(&passkey)?;
            self.store
                .update_passkey(account, kept.id, credential)
                .await?;
        }
        Ok(account)
    }
}

fn written(passkey: &Passkey) -> Result<Box<[u8]>, PasskeyFault> {
    let written = serde_json::to_vec(passkey).map_err(|_| PasskeyFault::Wrong)?;
    Ok(written.into())
}

/// What authenticators keep as whom a passkey is of: it tells nothing (WebAuthn §14.6.1).
fn person(account: AccountId) -> Uuid {
    let hash = secret::hash(&format!("stereo: passkey\n{}", account.bits()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_bound_to_names_and_not_to_numbers() {
        for origin in [
            "https://stereo.example",
            "https://stereo.example:8443",
            "http://localhost:4410",
            "http://stereo.localhost:4410",
        ] {
            assert!(can_have_passkeys(origin), "{origin}");
        }
        for origin in [
            "",
            "http://127.0.0.1:4410",
            "https://192.0.2.1",
            "https://[::1]:4410",
            "http://stereo.example",
            "http://localhost.evil.example",
        ] {
            assert!(!can_have_passkeys(origin), "{origin}");
        }
    }

    #[test]
    fn a_ceremony_is_good_once_and_for_five_minutes() {
        let begin = || {
            let party = party("http://localhost").unwrap();
            Ceremony::SigningIn(party.start_discoverable_authentication().unwrap().1)
        };
        let ceremonies = Ceremonies::default();
        let browser = ceremonies.keep(begin(), 0).unwrap();
        assert!(ceremonies.take("another", 1).is_err());
        assert!(ceremonies.take(&browser, GOOD_MS - 1).is_ok());
        assert!(ceremonies.take(&browser, 1).is_err(), "used");
        let browser = ceremonies.keep(begin(), 0).unwrap();
        assert!(ceremonies.take(&browser, GOOD_MS).is_err(), "over");
        let (ada, bob) = (AccountId::from_bits(1), AccountId::from_bits(2));
        let adds = |account| {
            let party = party("http://localhost").unwrap();
            let begun = party.start_passkey_registration(Uuid::nil(), "ada", "ada", None);
            ceremonies.keep(Ceremony::Adding(account, begun.unwrap().1), 0)
        };
        let (adas, bobs) = (adds(ada).unwrap(), adds(bob).unwrap());
        ceremonies.forget(ada);
        assert!(ceremonies.take(&adas, 1).is_err(), "the account is gone");
        assert!(ceremonies.take(&bobs, 1).is_ok(), "others are not");
    }

    #[test]
    fn a_ceremony_of_an_account_that_goes_is_forgotten_and_so_is_one_that_is_over() {
        let begin = |account| {
            let party = party("http://localhost").unwrap();
            let begun = party.start_passkey_registration(person(account), "x", "x", None);
            Ceremony::Adding(account, begun.unwrap().1)
        };
        let ceremonies = Ceremonies::default();
        let (ada, bob) = (AccountId::from_bits(1), AccountId::from_bits(2));
        let of_ada = ceremonies.keep(begin(ada), 0).unwrap();
        let of_bob = ceremonies.keep(begin(bob), 0).unwrap();
        assert_eq!(ceremonies.hold(ada), (2, 1));
        ceremonies.forget(ada);
        assert_eq!(ceremonies.hold(ada), (1, 0));
        assert!(ceremonies.take(&of_ada, 1).is_err());
        ceremonies.keep(begin(ada), GOOD_MS).unwrap();
        assert_eq!(ceremonies.hold(bob), (1, 0), "it was over");
        assert!(ceremonies.take(&of_bob, 1).is_err());
    }
}
