//! Passkeys (WebAuthn): what verifies them, and what their owners call them.

use super::{AccountId, Call};

/// Names a passkey, to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PasskeyId(pub u64);

/// A passkey to keep.
#[derive(Clone)]
pub struct NewPasskey {
    /// Whose.
    pub account: AccountId,
    /// The credential's id, by which its owner is found.
    pub credential_id: Box<[u8]>,
    /// What verifies it, as the WebAuthn library writes it.
    pub credential: Box<[u8]>,
    /// What its owner calls it.
    pub label: Box<str>,
}

/// A passkey as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Names it.
    pub id: PasskeyId,
    /// The credential's id.
    pub credential_id: Box<[u8]>,
    /// What verifies it.
    pub credential: Box<[u8]>,
    /// What its owner calls it.
    pub label: Box<str>,
}

impl std::fmt::Debug for Passkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passkey(…)")
    }
}

/// Passkeys of accounts.
pub trait Passkeys: Send + Sync + 'static {
    /// Keeps a passkey.
    ///
    /// # Errors
    /// `Gone` when there is no such account, `Taken` when the credential is kept already.
    fn add_passkey(&self, new: NewPasskey) -> Call<'_, PasskeyId>;

    /// All passkeys of an account.
    fn passkeys(&self, account: AccountId) -> Call<'_, Vec<Passkey>>;

    /// Whose credential this is.
    fn account_of_passkey(&self, credential_id: Box<[u8]>) -> Call<'_, Option<AccountId>>;

    /// Replaces what verifies a passkey: its counter moves with each use. Returns whether there is
    /// such a passkey.
    fn update_passkey(
        &self,
        account: AccountId,
        id: PasskeyId,
        credential: Box<[u8]>,
    ) -> Call<'_, bool>;

    /// Removes a passkey, everywhere and at once. Returns whether it was there.
    ///
    /// # Errors
    /// `LastWay` when nothing else signs in to the account.
    fn remove_passkey(&self, account: AccountId, id: PasskeyId) -> Call<'_, bool>;
}
