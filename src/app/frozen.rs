//! Accounts that are frozen: kept, and used for nothing. What that means is in here and where
//! [`App::refuse_frozen`] is asked; joining is refused where people come in, mails where they are
//! written.

use super::App;
use crate::http::error::Problem;
use crate::store::{AccountId, StoreError};
use stereo_protocol::{CloseCode, ErrorKind, ErrorObject};

/// What somebody is told whose account is frozen.
const FROZEN: &str = "your account is frozen: use it again in Settings, or sign out to be a guest";

/// The refusal of whatever a frozen account would be used for. Its field tells it from a role that
/// does not suffice, and from a ban.
pub(crate) fn frozen() -> ErrorObject {
    ErrorObject::new(ErrorKind::NotAllowed, FROZEN).with_field("account")
}

impl App {
    /// Lets pass whose account is in use.
    ///
    /// # Errors
    /// `not_allowed` while it is frozen; when the store cannot be read.
    pub(crate) async fn refuse_frozen(&self, account: AccountId) -> Result<(), Problem> {
        let account = self.store.account(account).await?;
        match account.is_some_and(|account| account.preferences.frozen) {
            true => Err(frozen().into()),
            false => Ok(()),
        }
    }

    /// An account has been frozen, or is used again: its rooms are in no list, or may be again; who
    /// is somewhere under it is not any more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn freeze(&self, account: AccountId, frozen: bool) -> Result<(), StoreError> {
        for room in self.store.rooms_of(account).await? {
            self.node.registry.hide(room, frozen);
        }
        if frozen {
            self.auth.close_all(account, CloseCode::Moved);
        }
        Ok(())
    }
}
