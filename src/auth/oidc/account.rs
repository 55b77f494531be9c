//! Into which account a provider's word leads. Its subject alone signs in. An address that it says
//! to have verified is kept with a new account as a contact, and signs in only once a link has
//! confirmed it: a provider that lies must not have somebody else's links lead into its account.
//! An address that signs in to an account already never joins two: the person signs in the way
//! they did before, and adds the provider in Settings.

use super::Entry;
use crate::auth::{Auth, Who, made_up_handle};
use crate::store::{AccountId, Identity, NewAccount, StoreError};

/// Names that are tried for an account that has none yet.
const TRIES: usize = 64;

/// What it came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Entered {
    /// Somebody is who they say.
    SignedIn {
        /// As whom.
        account: AccountId,
        /// The account was made just now.
        fresh: bool,
    },
    /// The provider signs in to this account from now on.
    Added(AccountId),
    /// To be added, but for somebody who is not signed in here any more.
    NotSignedIn,
    /// The provider's person signs in to another account, or their address does.
    Taken,
}

impl Auth {
    /// Signs in whom a provider has proven, or adds that to the account `add_to` of `who`.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn enter_with(
        &self,
        entry: &Entry,
        add_to: Option<u64>,
        who: Option<Who>,
    ) -> Result<Entered, StoreError> {
        let subject = Identity::Subject {
            provider: entry.provider.clone(),
            subject: entry.proven.subject.clone(),
        };
        let Some(owner) = add_to.map(AccountId::from_bits) else {
            return self
                .account_with(subject, entry.proven.email.as_deref())
                .await;
        };
        if who.is_none_or(|who| who.account != owner) {
            return Ok(Entered::NotSignedIn);
        }
        match self.store.add_identity(owner, subject).await {
            Ok(()) => Ok(Entered::Added(owner)),
            Err(StoreError::Taken) => Ok(Entered::Taken),
            Err(error) => Err(error),
        }
    }

    async fn account_with(
        &self,
        subject: Identity,
        email: Option<&str>,
    ) -> Result<Entered, StoreError> {
        let signed_in = |account, fresh| Ok(Entered::SignedIn { account, fresh });
        if let Some(account) = self.store.account_of(subject.clone()).await? {
            return signed_in(account, false);
        }
        if let Some(email) = email
            && (self.store.account_of(Identity::Email(email.into())).await?).is_some()
        {
            return Ok(Entered::Taken);
        }
        for _ in 0..TRIES {
            let new = NewAccount {
                handle: made_up_handle(),
                identities: vec![subject.clone()],
            };
            match self.store.create_account(new).await {
                Ok(account) => {
                    if let Some(email) = email {
                        self.store.add_contact(account, email.into()).await?;
                    }
                    return signed_in(account, true);
                }
                Err(StoreError::HandleTaken) => {}
                // Two came back at the same moment.
                Err(StoreError::Taken) => {
                    let made = self.store.account_of(subject).await?;
                    return made.map_or(Ok(Entered::Taken), |account| signed_in(account, false));
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::HandleTaken)
    }
}
