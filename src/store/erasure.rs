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
    /// The file's name in the folder for data, `keys_copy` or `key_file` elsewhere, or a part of the
    /// process's memory.
    pub place: Box<str>,
    /// How much of it there was, in bytes; 0 of what is no file.
    pub bytes: u64,
    /// How many entries were looked at, of what is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// How many of the things that were looked for are in it.
    pub found: u32,
}

impl SearchedPlace {
    /// A part of the process's memory, of which so many entries were looked at and so many found.
    pub fn memory(place: &str, entries: usize, found: usize) -> Self {
        Self {
            place: place.into(),
            bytes: 0,
            entries: Some(entries as u64),
            found: found as u32,
        }
    }
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

/// Erasing accounts. What was begun is never forgotten: whoever starts the process anew finds it
/// among [`Erasures::unfinished_erasures`], until it is concluded.
pub trait Erasures: Send + Sync + 'static {
    /// The first step: from now on it is known that the account goes, and by which receipt that
    /// can be looked up.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn begin_erasure(&self, id: AccountId, receipt: ReceiptId) -> Call<'_, ()>;

    /// Erases everything that is kept of an account, and looks for it in every file. To be called
    /// again when an obstacle was met. Begins the erasure when that was not done. The receipt is
    /// only looked up as complete when it was concluded.
    ///
    /// # Errors
    /// `Gone` when there is no such account, and no such erasure.
    fn erase_account(&self, id: AccountId, receipt: ReceiptId) -> Call<'_, Receipt>;

    /// The last step: the receipt is what it will be, and what named the account is forgotten.
    fn conclude_erasure(&self, id: ReceiptId, receipt: Receipt) -> Call<'_, ()>;

    /// Erasures that were begun and not concluded.
    fn unfinished_erasures(&self) -> Call<'_, Vec<(ReceiptId, AccountId)>>;

    /// A receipt; kept for a day at least.
    fn receipt(&self, id: ReceiptId) -> Call<'_, Option<Receipt>>;
}
