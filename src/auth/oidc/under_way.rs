//! What a sign-in with a provider needs again when the browser comes back: sealed in that browser's
//! cookie, with a key that lives in this process's memory, and good once. Nothing is kept here but
//! which ones have been used.

use crate::keystore::{FieldKey, Place};
use crate::secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// How long a person may take at the provider, in milliseconds.
const GOOD_MS: u64 = 10 * 60_000;
/// Used ones that are remembered until they are over anyway.
const MOST: usize = 100_000;

/// A sign-in with a provider that was begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnderWay {
    /// Comes back in the address, and shows that it was this browser that asked.
    pub(super) state: String,
    /// Comes back inside the token (OpenID Connect Core §3.1.2.1).
    pub(super) nonce: String,
    /// What the code's redemption needs (RFC 7636).
    pub(super) verifier: String,
    /// What the person wants.
    pub(super) wish: Wish,
    ends_ms: u64,
}

/// What a person wants of a sign-in with a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The page to come back to.
    pub then: Option<Box<str>>,
    /// The account that this way is to be added to, by number.
    pub add_to: Option<u64>,
    /// The picture that the provider has is wanted too.
    pub picture: bool,
}

impl UnderWay {
    pub(super) fn begin(wish: Wish, verifier: String, now: u64) -> Self {
        Self {
            state: secret::token().into(),
            nonce: secret::token().into(),
            verifier,
            wish,
            ends_ms: now + GOOD_MS,
        }
    }
}

/// Seals and opens them.
pub(super) struct Seal {
    key: FieldKey,
    used: Mutex<HashMap<[u8; 32], u64>>,
}

impl Default for Seal {
    fn default() -> Self {
        Self {
            key: FieldKey::new(Zeroizing::new(secret::random())),
            used: Mutex::default(),
        }
    }
}

impl Seal {
    /// As the cookie's value; opens for the same provider only.
    pub(super) fn seal(&self, provider: &str, under_way: &UnderWay) -> String {
        let plain = Zeroizing::new(serde_json::to_vec(under_way).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(self.key.seal(place(provider), &plain))
    }

    /// What a cookie holds, once, when it goes with the state in the address and is not over.
    pub(super) fn open(
        &self,
        provider: &str,
        cookie: &str,
        state: &str,
        now: u64,
    ) -> Option<UnderWay> {
        let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let plain = self.key.open(place(provider), &sealed)?;
        let under_way: UnderWay = serde_json::from_slice(&plain).ok()?;
        // By their hashes, so that the time it takes says nothing.
        let hash = secret::hash(&under_way.state);
        let good = hash == secret::hash(state) && now < under_way.ends_ms;
        (good && self.is_first_use(hash, under_way.ends_ms, now)).then_some(under_way)
    }

    fn is_first_use(&self, hash: [u8; 32], ends_ms: u64, now: u64) -> bool {
        let mut used = self.used.lock();
        if used.len() >= MOST {
            used.retain(|_, ends| *ends > now);
        }
        // Full, nobody can say any more which are used: better none than one twice.
        used.len() < MOST && used.insert(hash, ends_ms).is_none()
    }
}

fn place(provider: &str) -> Place<'_> {
    Place {
        table: "sign_in",
        column: "under_way",
        row: provider.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> UnderWay {
        let wish = Wish {
            then: Some("/rooms/abc".into()),
            ..Wish::default()
        };
        UnderWay::begin(wish, "verifier".into(), 1_000)
    }

    #[test]
    fn a_sign_in_under_way_is_opened_once_by_its_own_state() {
        let (seal, begun) = (Seal::default(), begun());
        let cookie = seal.seal("home", &begun);
        assert!(seal.open("home", &cookie, "another", 2_000).is_none());
        assert!(seal.open("google", &cookie, &begun.state, 2_000).is_none());
        assert!(seal.open("home", &cookie, &begun.state, 2_000) == Some(begun.clone()));
        assert!(
            seal.open("home", &cookie, &begun.state, 2_000).is_none(),
            "used"
        );
    }

    #[test]
    fn a_sign_in_under_way_is_over_after_ten_minutes_and_with_the_process() {
        let (seal, begun) = (Seal::default(), begun());
        let cookie = seal.seal("home", &begun);
        let over = 1_000 + GOOD_MS;
        assert!(seal.open("home", &cookie, &begun.state, over).is_none());
        let restarted = Seal::default();
        assert!(
            restarted
                .open("home", &cookie, &begun.state, 2_000)
                .is_none()
        );
    }

    #[test]
    fn what_was_altered_in_a_cookie_opens_nothing() {
        let (seal, begun) = (Seal::default(), begun());
        let cookie = seal.seal("home", &begun);
        for at in [0, 10, cookie.len() / 2, cookie.len() - 2] {
            let mut altered = cookie.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(
                seal.open("home", &altered, &begun.state, 2_000).is_none(),
                "{at}"
            );
        }
        for other in ["", "x", "....", &"A".repeat(3_000)] {
            assert!(seal.open("home", other, &begun.state, 2_000).is_none());
        }
        assert!(!cookie.contains(&begun.state));
    }

    #[test]
    fn the_longest_wish_fits_into_the_cookie() {
        let wish = Wish {
            then: Some(format!("/{}", "x".repeat(199)).into()),
            add_to: Some(u64::MAX),
            picture: true,
        };
        let begun = UnderWay::begin(wish, "v".repeat(128), u64::MAX / 2);
        assert!(Seal::default().seal("home", &begun).len() < 2_000);
    }
}
