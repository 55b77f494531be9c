//! Accounts: a chosen name, perhaps a picture, and what signs the person in.

use super::{Call, MailKind};
use serde::{Deserialize, Serialize};
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

/// What two handles have in common that could be taken for each other: case does not count, nor do
/// lines between letters, nor which of some letters and digits that look alike it is. (The idea is
/// that of the skeletons of Unicode's UTS #39 §4.)
pub(crate) fn skeleton(handle: &str) -> Box<str> {
    let folded: String = handle.nfkc().flat_map(char::to_lowercase).collect();
    let alike = folded.replace("rn", "m").replace("vv", "w");
    let letters = alike.chars().filter_map(|letter| match letter {
        '_' | '-' | '.' | ' ' => None,
        '0' => Some('o'),
        '1' | 'i' | '|' => Some('l'),
        '5' => Some('s'),
        '8' => Some('b'),
        letter => Some(letter),
    });
    letters.collect::<String>().into()
}

/// An account to make.
#[derive(Clone)]
pub struct NewAccount {
    /// The chosen name, unlike every other.
    pub handle: Box<str>,
    /// What signs the person in; may be none yet, when a passkey follows.
    pub identities: Vec<Identity>,
}

crate::telemetry::closed!(NewAccount);

/// An account as its owner sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Names it.
    pub id: AccountId,
    /// The chosen name.
    pub handle: Box<str>,
    /// The name that its picture is found by.
    pub picture: Option<Box<str>>,
    /// What signs the person in: e-mail addresses first.
    pub identities: Vec<Identity>,
    /// An address that a provider vouched for. It signs nobody in until its owner confirms it by a
    /// link, while signed in.
    pub contact: Option<Box<str>>,
    /// What they chose.
    pub preferences: Preferences,
}

crate::telemetry::closed!(Account);

/// What a person chose. Nothing is sent that was not chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The language of mails, as a BCP 47 tag; `None`: not said.
    pub language: Option<Box<str>>,
    /// Mails about their rooms.
    pub room_mails: bool,
    /// Mails about changes of the policy.
    pub policy_mails: bool,
    /// Mails about answers to what they wrote to whoever runs the server.
    pub support_mails: bool,
    /// Kept, and not used for anything: no mails, no joining under it, its rooms in no list.
    pub frozen: bool,
    /// Visits while signed in are not counted, in whichever browser.
    pub uncounted: bool,
}

impl Preferences {
    /// Whether mails of a kind are wished for.
    pub fn wish(&self, kind: MailKind) -> bool {
        let wished = match kind {
            MailKind::Rooms => self.room_mails,
            MailKind::Policy => self.policy_mails,
            MailKind::Support => self.support_mails,
        };
        wished && !self.frozen
    }

    /// With a kind of mail switched off.
    #[must_use]
    pub fn without(mut self, kind: MailKind) -> Self {
        match kind {
            MailKind::Rooms => self.room_mails = false,
            MailKind::Policy => self.policy_mails = false,
            MailKind::Support => self.support_mails = false,
        }
        self
    }
}

/// Accounts and their identities.
pub trait Accounts: Send + Sync + 'static {
    /// Makes an account.
    ///
    /// # Errors
    /// `Taken` when an identity belongs to another account, `HandleTaken` when somebody has the
    /// handle, or one that looks like it.
    fn create_account(&self, new: NewAccount) -> Call<'_, AccountId>;

    /// An account, if there is one of this id.
    fn account(&self, id: AccountId) -> Call<'_, Option<Account>>;

    /// Whose identity this is.
    fn account_of(&self, identity: Identity) -> Call<'_, Option<AccountId>>;

    /// Changes the chosen name; the former one is free at once.
    ///
    /// # Errors
    /// `Gone` when there is no such account, `HandleTaken` when somebody else has the handle, or
    /// one that looks like it.
    fn set_handle(&self, id: AccountId, handle: Box<str>) -> Call<'_, ()>;

    /// Changes what was chosen.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn set_preferences(&self, id: AccountId, preferences: Preferences) -> Call<'_, ()>;

    /// Adds an identity. Adding one's own again changes nothing.
    ///
    /// # Errors
    /// `Taken` when it belongs to another account, `Gone` when there is no such account.
    fn add_identity(&self, id: AccountId, identity: Identity) -> Call<'_, ()>;

    /// Keeps an address with an account, next to what signs in: no lookup leads from it, and any
    /// number of accounts may say the same one. Adding it as an identity ends that.
    ///
    /// # Errors
    /// `Gone` when there is no such account, `Taken` when it has such an address.
    fn add_contact(&self, id: AccountId, address: Box<str>) -> Call<'_, ()>;

    /// Removes that address, everywhere and at once. Returns whether it was there.
    fn remove_contact(&self, id: AccountId) -> Call<'_, bool>;

    /// Removes an identity, everywhere and at once. Returns whether it was there.
    ///
    /// # Errors
    /// `LastWay` when nothing else signs in to the account.
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
    fn handles_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("paul", "PAUL"),
            ("paul", "pau1"),
            ("oslo", "0s_l0"),
            ("mandy", "rnandy"),
            ("ada", "a_d_a"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        assert_ne!(skeleton("paul"), skeleton("paula"));
    }

    #[test]
    fn account_ids_are_written_at_one_length() {
        for _ in 0..1_000 {
            assert_eq!(AccountId::random().bits().leading_zeros(), 2);
        }
    }
}
