//! Erasing: what is deleted is gone from every file, and a receipt says where that was looked up.

use super::{AccountId, Call};
use serde::{Deserialize, Serialize};

/// Names a receipt. Random: whoever holds it may look it up, and it names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReceiptId(pub [u8; 16]);

impl ReceiptId {
    /// A new one.
    pub fn random() -> Self {
        Self(crate::secret::random())
    }
}

impl std::fmt::Display for ReceiptId {
    /// As 32 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for ReceiptId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).map_err(|_| ())?;
        is_hex.then(|| Self(number.to_be_bytes())).ok_or(())
    }
}

/// What became of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whether it is complete: nothing was found any more anywhere.
    pub erased: bool,
    /// What it waits for, when it is not.
    pub waits_for: Option<Obstacle>,
    /// When it was looked for, in Unix milliseconds.
    pub searched_ms: u64,
    /// How many things were looked for: sealed fields, keys, lookups, hashes and ids.
    pub sought: u32,
    /// Each place that was searched.
    pub places: Vec<SearchedPlace>,
}

/// A place that was searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchedPlace {
    /// The file's name in the folder for data, or `keys_copy`.
    pub place: Box<str>,
    /// How much of it there was, in bytes.
    pub bytes: u64,
    /// How many of the things that were looked for are in it.
    pub found: u32,
}

/// What an erasure waits for. It goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The copy of the key store cannot be replaced.
    KeysCopy,
    /// Another process reads the database.
    OtherReaders,
    /// A file cannot be read or written.
    Disk,
    /// Something is still found.
    Remains,
}

/// Erasing accounts.
pub trait Erasures: Send + Sync + 'static {
    /// Erases an account with everything that is kept of it. An erasure that was cut short is
    /// finished at the next start; `receipt` is how it can be looked up from its first step on.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn erase_account(&self, id: AccountId, receipt: ReceiptId) -> Call<'_, Receipt>;

    /// A receipt; kept for a day at least.
    fn receipt(&self, id: ReceiptId) -> Call<'_, Option<Receipt>>;
}
