//! Accounts: a chosen name, perhaps a picture, and what signs the person in.

use super::Call;
use unicode_normalization::UnicodeNormalization;

/// Names an account. Random: it tells neither order nor time. Not for anybody else to see.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(u64);

impl AccountId {
    /// Of a number that [`AccountId::bits`] gave.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// As a number, for keys of members and rows.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// A new one. Always of 62 bits, so that it is written at one length and can be searched for.
    pub(super) fn random() -> Self {
        let bits = u64::from_ne_bytes(crate::secret::random());
        Self(bits >> 2 | 1 << 61)
    }
}

impl std::fmt::Debug for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountId(…)")
    }
}

/// What signs somebody in, beside passkeys. Each belongs to one account at most.
#[derive(Clone, PartialEq, Eq)]
pub enum Identity {
    /// A confirmed e-mail address, as its owner writes it.
    Email(Box<str>),
    /// A person as a provider names them.
    Subject {
        /// The provider's issuer.
        provider: Box<str>,
        /// Its own, unchanging name for the person.
        subject: Box<str>,
    },
}

impl Identity {
    /// The form in which two ways to write an e-mail address are equal: NFC, small letters, no
    /// space around it. (RFC 5321 lets the part before the @ distinguish capitals; nobody does.)
    pub(super) fn canonical(&self) -> Box<str> {
        match self {
            Self::Email(address) => canonical_email(address),
            Self::Subject { provider, subject } => format!("{provider}\n{subject}").into(),
        }
    }
}

pub(super) fn canonical_email(address: &str) -> Box<str> {
    let composed: String = address.trim().nfc().collect();
    composed.to_lowercase().into()
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(…)",
            Self::Subject { .. } => "Subject(…)",
        })
    }
}

/// An account to make.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The chosen name.
    pub handle: Box<str>,
    /// What signs the person in; may be none yet, when a passkey follows.
    pub identities: Vec<Identity>,
}

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Names it.
    pub id: AccountId,
    /// The chosen name.
    pub handle: Box<str>,
    /// The name of the picture's file.
    pub picture: Option<Box<str>>,
    /// What signs the person in: e-mail addresses first.
    pub identities: Vec<Identity>,
}

/// Accounts and their identities.
pub trait Accounts: Send + Sync + 'static {
    /// Makes an account.
    ///
    /// # Errors
    /// `Taken` when an identity belongs to another account.
    fn create_account(&self, new: NewAccount) -> Call<'_, AccountId>;

    /// An account, if there is one of this id.
    fn account(&self, id: AccountId) -> Call<'_, Option<Account>>;

    /// Whose identity this is.
    fn account_of(&self, identity: Identity) -> Call<'_, Option<AccountId>>;

    /// Changes the chosen name.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn set_handle(&self, id: AccountId, handle: Box<str>) -> Call<'_, ()>;

    /// Changes the name of the picture's file.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn set_picture(&self, id: AccountId, picture: Option<Box<str>>) -> Call<'_, ()>;

    /// Adds an identity. Adding one's own again changes nothing.
    ///
    /// # Errors
    /// `Taken` when it belongs to another account, `Gone` when there is no such account.
    fn add_identity(&self, id: AccountId, identity: Identity) -> Call<'_, ()>;

    /// Removes an identity, everywhere and at once. Returns whether it was there.
    fn remove_identity(&self, id: AccountId, identity: Identity) -> Call<'_, bool>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_however_it_is_written() {
        let address = |text: &str| Identity::Email(text.into()).canonical();
        assert_eq!(address(" Ada@Example.ORG "), address("ada@example.org"));
        assert_eq!(address("zoe\u{308}@a.b"), address("ZOË@a.b"));
        assert_ne!(address("ada@example.org"), address("ada@example.com"));
    }

    #[test]
    fn account_ids_are_written_at_one_length() {
        for _ in 0..1_000 {
            assert_eq!(AccountId::random().bits().leading_zeros(), 2);
        }
    }
}
