//! Pictures of people, and where they are found.

use super::{AccountId, Call};
use crate::media::picture::Picture;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureSize {
    /// The small one.
    Small,
    /// The large one.
    Large,
}

/// Pictures of accounts.
pub trait Pictures: Send + Sync + 'static {
    /// Takes another picture in the place of the former one, of which nothing stays. Returns the
    /// name that it is found by from now on: random, and another each time.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    fn set_picture(
        &self,
        account: AccountId,
        picture: Option<Picture>,
    ) -> Call<'_, Option<Box<str>>>;

    /// A picture by its name: the bytes of a JPEG.
    fn picture(&self, name: Box<str>, size: PictureSize) -> Call<'_, Option<Box<[u8]>>>;
}
