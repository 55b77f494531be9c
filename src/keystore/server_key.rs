//! The server's key: 32 random bytes in a file of their own. It wraps the keys of people and keys
//! the hashes by which accounts are looked up; it is never used itself, only keys derived from it.

use super::error::KeyStoreError;
use super::record::LookupHash;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::path::Path;
use zeroize::Zeroizing;

/// What an account is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupKind {
    /// An e-mail address, in its canonical form.
    Email,
    /// A provider and its name for a person.
    Subject,
    /// A passkey's credential id.
    Passkey,
    /// A handle's skeleton: what it looks like.
    Handle,
}

/// The keys derived from the server's. Wiped when dropped.
pub struct ServerKey {
    wrapping: Zeroizing<[u8; 32]>,
    lookups: Zeroizing<[u8; 32]>,
    check: Zeroizing<[u8; 32]>,
}

impl ServerKey {
    /// Reads the key from its file, or makes one, unless there are `keys` that it should open.
    pub(super) fn open(path: &Path, keys: Option<&Path>) -> Result<Self, KeyStoreError> {
        match (std::fs::read_to_string(path), keys) {
            (Ok(text), _) => {
                let text = Zeroizing::new(text);
                Self::read(&text).ok_or_else(|| KeyStoreError::NotAServerKey {
                    server_key: path.into(),
                })
            }
            (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => Self::make(path),
            (Err(error), Some(keys)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(KeyStoreError::ServerKeyMissing {
                    server_key: path.into(),
                    keys: keys.into(),
                })
            }
            (Err(error), _) => Err(KeyStoreError::io(path, "read", error)),
        }
    }

    fn make(path: &Path) -> Result<Self, KeyStoreError> {
        let bytes = Zeroizing::new(crate::secret::random::<32>());
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes) + "\n");
        super::copy::replace(path, text.as_bytes())
            .map_err(|error| KeyStoreError::io(path, "made", error))?;
        Ok(Self::new(&bytes))
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).ok()?);
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&bytes);
        Some(Self::new(&key))
    }

    /// The keys derived from these bytes.
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let derived = |label: &[u8]| Zeroizing::new(mac(key, &[label]));
        Self {
            wrapping: derived(b"stereo: wrap keys"),
            lookups: derived(b"stereo: look accounts up"),
            check: derived(b"stereo: is this the key"),
        }
    }

    /// What a key store says of the server key that it was made under.
    pub(super) fn check(&self, name: &[u8; 16]) -> [u8; 32] {
        mac(&self.check[..], &[name])
    }

    pub(super) fn lookup(&self, kind: LookupKind, value: &[u8]) -> LookupHash {
        LookupHash(mac(&self.lookups[..], &[&[kind as u8], value]))
    }

    pub(super) fn wrap(&self, bound_to: &[u8], content: &[u8; 32]) -> ([u8; 24], [u8; 48]) {
        let nonce = crate::secret::random();
        let payload = Payload {
            msg: content,
            aad: bound_to,
        };
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), payload);
        let mut bytes = [0; 48];
        // 32 bytes always seal into 48; zeros would not open.
        if let Some(sealed) = sealed.ok().filter(|sealed| sealed.len() == bytes.len()) {
            bytes.copy_from_slice(&sealed);
        }
        (nonce, bytes)
    }

    pub(super) fn unwrap(
        &self,
        bound_to: &[u8],
        nonce: &[u8; 24],
        sealed: &[u8; 48],
    ) -> Option<Zeroizing<[u8; 32]>> {
        let payload = Payload {
            msg: sealed,
            aad: bound_to,
        };
        let opened = self.cipher().decrypt(XNonce::from_slice(nonce), payload);
        let opened = Zeroizing::new(opened.ok()?);
        let mut content = Zeroizing::new([0; 32]);
        content.copy_from_slice(opened.get(..32)?);
        Some(content)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.wrapping).into())
    }
}

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

/// HMAC-SHA256 (RFC 2104) of the parts, one after the other.
pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is taken.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else {
        return [0; 32];
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
