//! Room passwords: argon2id, off the async threads. A room without a password, or no room at all,
//! costs the same work, so that the time tells nothing.

use crate::room::Gate;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// Hashes computed at once: each takes 19 MiB (the default of RFC 9106's second choice).
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What stands in for a hash that is not there.
static DUMMY: LazyLock<String> = LazyLock::new(|| hashed("no password").unwrap_or_default());

fn hashed(password: &str) -> Option<String> {
    let salt = SaltString::encode_b64(&crate::secret::random::<16>()).ok()?;
    Some(
        Argon2::default()
            .hash_password(password.as_bytes(), &salt)
            .ok()?
            .to_string(),
    )
}

/// Hashes a password into PHC format; `None` when the system failed.
pub async fn hash(password: Box<str>) -> Option<Box<str>> {
    let _permit = AT_ONCE.acquire().await.ok()?;
    tokio::task::spawn_blocking(move || hashed(&password).map(Into::into))
        .await
        .ok()?
}

/// The version of the gate's password, when `password` is it.
pub async fn prove(gate: Option<Arc<Gate>>, password: Box<str>) -> Option<u32> {
    let _permit = AT_ONCE.acquire().await.ok()?;
    let proven = tokio::task::spawn_blocking(move || {
        let kept = gate.as_ref().and_then(|gate| gate.password.as_deref());
        let hash = PasswordHash::new(kept.unwrap_or(&DUMMY)).ok()?;
        let right = Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok();
        (right && kept.is_some())
            .then(|| gate.map(|gate| gate.version))
            .flatten()
    });
    proven.await.ok()?
}
