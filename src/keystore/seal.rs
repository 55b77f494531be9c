//! Sealing one field of one row: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under the key of
//! the person whom it is about. A sealed field opens only in its own place, and its length tells
//! the content's only to the next 32 bytes.

use super::server_key::mac;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const NONCE: usize = 24;
const BLOCK: usize = 32;

/// The key of one person. Wiped when dropped.
pub struct FieldKey(Zeroizing<[u8; 32]>);

/// Where a sealed field stands: it cannot be moved to another.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// What names the row.
    pub row: &'a [u8],
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        [
            self.table.as_bytes(),
            b".",
            self.column.as_bytes(),
            b"\0",
            self.row,
        ]
        .concat()
    }
}

impl FieldKey {
    /// A key of these bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The key that a secret of its own is made into for one purpose.
    pub fn derived(secret: &[u8], purpose: &[u8]) -> Self {
        Self(Zeroizing::new(mac(secret, &[purpose])))
    }

    /// A hash that only this key gives (HMAC-SHA256).
    pub fn mac(&self, value: &[u8]) -> [u8; 32] {
        mac(&self.0[..], &[b"stereo: hash\0", value])
    }

    /// The key itself, to look for where it may not be.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }

    /// Seals a text or other bytes for a place: nonce, then ciphertext and tag.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = crate::secret::random();
        let length = (plain.len() as u32).to_le_bytes();
        let mut padded = Zeroizing::new(Vec::with_capacity(4 + plain.len() + BLOCK));
        padded.extend_from_slice(&length);
        padded.extend_from_slice(plain);
        let whole = padded.len().next_multiple_of(BLOCK);
        padded.resize(whole, 0);
        let payload = Payload {
            msg: &padded,
            aad: &place.bytes(),
        };
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), payload);
        // Only a content of 256 GiB could fail.
        [&nonce[..], &sealed.unwrap_or_default()].concat()
    }

    /// Opens what was sealed for this place; `None` when the key, the place or the bytes are others.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = sealed.split_at_checked(NONCE)?;
        let aad = &place.bytes();
        let payload = Payload { msg, aad };
        let padded = self
            .cipher()
            .decrypt(XNonce::from_slice(nonce), payload)
            .ok()?;
        let padded = Zeroizing::new(padded);
        let (length, rest) = padded.split_first_chunk()?;
        let plain = rest.get(..u32::from_le_bytes(*length) as usize)?;
        Some(Zeroizing::new(plain.to_vec()))
    }
}

impl std::fmt::Debug for FieldKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FieldKey(…)")
    }
}
