//! One entry of the key store: 128 bytes, so that none straddles a sector, with a checksum. What it
//! says is sealed by the server's key. Pure: bytes in, bytes out.

use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of an entry in the file.
pub(super) const SIZE: usize = 128;

const ID: std::ops::Range<usize> = 8..40;
const NONCE: std::ops::Range<usize> = 40..64;
const SEALED: std::ops::Range<usize> = 64..112;
const CHECKSUM: std::ops::Range<usize> = 112..120;

/// The random name of a person's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

/// The keyed hash of an e-mail address, a provider's subject or a passkey's id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupHash(pub [u8; 32]);

/// The random name of a sign-in that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub [u8; 16]);

impl KeyId {
    /// A new one.
    pub fn random() -> Self {
        Self(crate::secret::random())
    }
}

impl AttemptId {
    /// A new one.
    pub fn random() -> Self {
        Self(crate::secret::random())
    }
}

// What stands for a person is not for logs.
macro_rules! told_without_its_value {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
told_without_its_value!(KeyId LookupHash AttemptId);

/// Names an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryId {
    /// A person's key.
    Key(KeyId),
    /// A way to find an account.
    Lookup(LookupHash),
    /// A way to find the sign-ins under way of an address, so that they go with it.
    Attempt(AttemptId),
}

/// An entry to add.
#[derive(Clone, Copy, Debug)]
pub enum NewEntry {
    /// A fresh random key under this name.
    Key(KeyId),
    /// This hash leads to this account.
    Lookup(LookupHash, u64),
    /// This attempt is for the address with this hash.
    Attempt(AttemptId, LookupHash),
}

/// Whether the data have confirmed an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Unsettled = 1,
    Settled = 2,
}

/// What an entry says, as far as it is kept in memory: never a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Account(u64),
    Address(LookupHash),
}

/// An entry as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) state: State,
    pub(super) id: EntryId,
    pub(super) nonce: [u8; 24],
    pub(super) sealed: [u8; 48],
}

impl EntryId {
    pub(super) fn kind(self) -> u8 {
        match self {
            Self::Key(_) => 1,
            Self::Lookup(_) => 2,
            Self::Attempt(_) => 3,
        }
    }

    /// The id alone, filled up with zeros.
    pub(super) fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match self {
            Self::Key(KeyId(id)) | Self::Attempt(AttemptId(id)) => bytes[..16].copy_from_slice(&id),
            Self::Lookup(LookupHash(hash)) => bytes = hash,
        }
        bytes
    }

    /// The entry of a kind as the file numbers them; `None` when there is no such kind.
    pub(crate) fn read(kind: u8, bytes: [u8; 32]) -> Option<Self> {
        let short: [u8; 16] = bytes[..16].try_into().ok()?;
        Some(match kind {
            1 => Self::Key(KeyId(short)),
            2 => Self::Lookup(LookupHash(bytes)),
            3 => Self::Attempt(AttemptId(short)),
            _ => return None,
        })
    }
}

impl NewEntry {
    /// The name of what is added.
    pub fn id(&self) -> EntryId {
        match *self {
            Self::Key(id) => EntryId::Key(id),
            Self::Lookup(hash, _) => EntryId::Lookup(hash),
            Self::Attempt(id, _) => EntryId::Attempt(id),
        }
    }

    pub(super) fn parts(&self) -> (EntryId, Zeroizing<[u8; 32]>, Says) {
        let mut content = Zeroizing::new([0; 32]);
        let says = match *self {
            Self::Key(_) => {
                *content = crate::secret::random();
                Says::Nothing
            }
            Self::Lookup(_, account) => {
                content[..8].copy_from_slice(&account.to_be_bytes());
                Says::Account(account)
            }
            Self::Attempt(_, LookupHash(hash)) => {
                *content = hash;
                Says::Address(LookupHash(hash))
            }
        };
        (self.id(), content, says)
    }
}

impl Says {
    pub(super) fn read(id: EntryId, content: &[u8; 32]) -> Self {
        let mut account = [0; 8];
        account.copy_from_slice(&content[..8]);
        match id {
            EntryId::Key(_) => Self::Nothing,
            EntryId::Lookup(_) => Self::Account(u64::from_be_bytes(account)),
            EntryId::Attempt(_) => Self::Address(LookupHash(*content)),
        }
    }
}

impl Record {
    pub(super) fn encode(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[0] = self.state as u8;
        bytes[1] = self.id.kind();
        bytes[ID].copy_from_slice(&self.id.bytes());
        bytes[NONCE].copy_from_slice(&self.nonce);
        bytes[SEALED].copy_from_slice(&self.sealed);
        let checksum = checksum(&bytes);
        bytes[CHECKSUM].copy_from_slice(&checksum);
        bytes
    }

    /// `None` when the bytes are no whole entry.
    pub(super) fn decode(bytes: &[u8; SIZE]) -> Option<Self> {
        let state = match bytes[0] {
            1 => State::Unsettled,
            2 => State::Settled,
            _ => return None,
        };
        if bytes[CHECKSUM] != checksum(bytes) {
            return None;
        }
        Some(Self {
            state,
            id: EntryId::read(bytes[1], bytes[ID].try_into().ok()?)?,
            nonce: bytes[NONCE].try_into().ok()?,
            sealed: bytes[SEALED].try_into().ok()?,
        })
    }

    /// Whether a place holds nothing. Destroying begins with the first byte.
    pub(super) fn is_free(bytes: &[u8; SIZE]) -> bool {
        bytes[0] == 0
    }

    pub(super) fn traces(bytes: &[u8; SIZE]) -> Vec<Vec<u8>> {
        vec![bytes[ID][..16].to_vec(), bytes[SEALED].to_vec()]
    }
}

/// Of everything but the state, which changes in place.
fn checksum(bytes: &[u8; SIZE]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&Sha256::digest(&bytes[1..CHECKSUM.start])[..8]);
    sum
}
