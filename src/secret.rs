//! Secrets and references: random, and kept by their hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Random bytes of the system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        // Nothing that we promise holds without randomness.
        tracing::error!(%error, "the system gives no randomness");
        std::process::abort();
    }
    bytes
}

/// A token of 32 random bytes, as text.
pub fn token() -> Box<str> {
    URL_SAFE_NO_PAD.encode(random::<32>()).into()
}

/// What is kept of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A name for one fault, under which a person can ask about it. Says nothing about the person.
pub fn reference() -> String {
    let [a, b, c, d, e] = random::<5>();
    format!("{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}")
}
