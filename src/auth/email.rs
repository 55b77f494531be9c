//! Signing in by a link in a mail: what is asked, what is confirmed, and into which account it
//! leads. The answer to asking is the same whether there is such an account or not; confirming
//! takes the link and the browser that asked, or that browser and the code that the link shows
//! anywhere else.

use super::{Auth, Who, made_up_handle};
use crate::http::limited_unit;
use crate::secret;
use crate::store::{
    AccountId, CodeAnswer, Confirmed, Identity, LinkAnswer, NewAccount, NewAttempt, StoreError,
};
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher;
use std::net::IpAddr;

/// How long a link is good, in milliseconds.
pub(crate) const GOOD_MS: u64 = 10 * 60_000;
/// Names that are tried for an account that has none yet, before the world is taken to be full.
const TRIES: usize = 64;

/// A sign-in that was begun.
pub struct Begun {
    /// The secret that goes into the link.
    pub link: Box<str>,
    /// The secret that the browser keeps.
    pub browser: Box<str>,
}

/// What an attempt is for; sealed with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// The page to come back to.
    pub then: Option<Box<str>>,
    /// The account that the address is to be added to, by number.
    pub add_to: Option<u64>,
}

/// What confirming came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody is who they say.
    SignedIn {
        /// As whom.
        account: AccountId,
        /// The account was made just now.
        fresh: bool,
        /// The page to come back to.
        then: Option<Box<str>>,
    },
    /// The address belongs to the account from now on.
    Added {
        /// The page to come back to.
        then: Option<Box<str>>,
    },
    /// Confirmed, but for somebody who is not signed in here any more.
    NotSignedIn,
    /// The address belongs to another account.
    Taken,
    /// It was another browser that asked: this code does it there.
    Elsewhere {
        /// Six digits.
        code: Box<str>,
    },
    /// A wrong code; so many more may be tried.
    WrongCode {
        /// At least 1.
        left: u8,
    },
    /// No such attempt, or not any more.
    Nothing,
}

impl Auth {
    /// Begins a sign-in by mail, asked for from an address of the network.
    ///
    /// # Errors
    /// `TooMany` when others have as many under way for that e-mail address as may be; when the
    /// store cannot.
    pub async fn begin_email(
        &self,
        email: &str,
        asker: IpAddr,
        purpose: &Purpose,
    ) -> Result<Begun, StoreError> {
        let begun = Begun {
            link: secret::token(),
            browser: secret::token(),
        };
        let attempt = NewAttempt {
            email: email.into(),
            asker: self.askers.hash_one(limited_unit(asker)),
            link: begun.link.clone(),
            browser: begun.browser.clone(),
            code: code(),
            ends_ms: self.clock.now_ms() + GOOD_MS,
            then: serde_json::to_string(purpose).unwrap_or_default().into(),
            account: purpose.add_to.map(AccountId::from_bits),
        };
        self.store.begin_attempt(attempt).await?;
        Ok(begun)
    }

    /// Confirms by the link, in the browser that has this secret.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn confirm_link(
        &self,
        link: &str,
        browser: Option<&str>,
        who: Option<Who>,
    ) -> Result<Outcome, StoreError> {
        let now = self.clock.now_ms();
        let browser = browser.map(Box::from);
        match self.store.confirm_link(link.into(), browser, now).await? {
            LinkAnswer::Confirmed(confirmed) => self.carry_out(confirmed, who).await,
            LinkAnswer::Elsewhere { code } => Ok(Outcome::Elsewhere { code }),
            LinkAnswer::Nothing => Ok(Outcome::Nothing),
        }
    }

    /// Confirms by the code, in the browser that has this secret.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn confirm_code(
        &self,
        code: &str,
        browser: &str,
        who: Option<Who>,
    ) -> Result<Outcome, StoreError> {
        let now = self.clock.now_ms();
        let answer = self.store.confirm_code(browser.into(), code.into(), now);
        match answer.await? {
            CodeAnswer::Right(confirmed) => self.carry_out(confirmed, who).await,
            CodeAnswer::Wrong { left } => Ok(Outcome::WrongCode { left }),
            CodeAnswer::Nothing => Ok(Outcome::Nothing),
        }
    }

    async fn carry_out(
        &self,
        confirmed: Confirmed,
        who: Option<Who>,
    ) -> Result<Outcome, StoreError> {
        let purpose: Purpose = serde_json::from_str(&confirmed.then).unwrap_or_default();
        let identity = Identity::Email(confirmed.email);
        let then = purpose.then;
        let Some(owner) = purpose.add_to.map(AccountId::from_bits) else {
            let (account, fresh) = self.account_for(identity).await?;
            return Ok(Outcome::SignedIn {
                account,
                fresh,
                then,
            });
        };
        if who.is_none_or(|who| who.account != owner) {
            return Ok(Outcome::NotSignedIn);
        }
        match self.store.add_identity(owner, identity).await {
            Ok(()) => Ok(Outcome::Added { then }),
            Err(StoreError::Taken) => Ok(Outcome::Taken),
            Err(error) => Err(error),
        }
    }

    /// The account that a proven identity signs in to, and whether it was made for it.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn account_for(&self, identity: Identity) -> Result<(AccountId, bool), StoreError> {
        if let Some(account) = self.store.account_of(identity.clone()).await? {
            return Ok((account, false));
        }
        let mut error = StoreError::HandleTaken;
        for _ in 0..TRIES {
            let new = NewAccount {
                handle: made_up_handle(),
                identities: vec![identity.clone()],
            };
            match self.store.create_account(new).await {
                Ok(account) => return Ok((account, true)),
                // Confirmed twice at the same moment: the other one made it.
                Err(StoreError::Taken) => {
                    let account = self.store.account_of(identity).await?;
                    return account
                        .map(|account| (account, false))
                        .ok_or(StoreError::Taken);
                }
                Err(StoreError::HandleTaken) => error = StoreError::HandleTaken,
                Err(other) => return Err(other),
            }
        }
        Err(error)
    }
}

/// Six digits, each as likely as any other.
fn code() -> Box<str> {
    loop {
        let number = u32::from_ne_bytes(secret::random());
        // What is left over at the top would make some codes likelier.
        if number < u32::MAX / 1_000_000 * 1_000_000 {
            return format!("{:06}", number % 1_000_000).into();
        }
    }
}
