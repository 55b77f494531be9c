//! Consent: a person lets support look at one thing, for one thread, for an hour. In memory alone:
//! what a restart forgets is asked for again, and no file tells when it was given.

use crate::store::{AccountId, ThreadId};
use parking_lot::Mutex;
use std::collections::HashMap;

/// How long a grant holds, in milliseconds.
pub const GRANT_MS: u64 = 3_600_000;
/// Grants at once; beyond, none are given.
const MOST: usize = 10_000;

/// What may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The account: what its export says, but for rooms and correspondence.
    Account,
    /// Its rooms: what its export says of them.
    Rooms,
}

impl What {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Rooms => "rooms",
        }
    }
}

/// A consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To what.
    pub what: What,
    /// Until when, in server time.
    pub until_ms: u64,
}

/// All consents that hold.
#[derive(Debug, Default)]
pub struct Grants(Mutex<HashMap<ThreadId, (AccountId, Grant)>>);

impl Grants {
    /// Gives one for a thread of an account, in place of the one before. `None` when too many hold.
    pub fn give(
        &self,
        account: AccountId,
        thread: ThreadId,
        what: What,
        now_ms: u64,
    ) -> Option<Grant> {
        let mut held = self.0.lock();
        held.retain(|_, (_, grant)| grant.until_ms > now_ms);
        if held.len() >= MOST && !held.contains_key(&thread) {
            return None;
        }
        let until_ms = now_ms + GRANT_MS;
        let grant = Grant { what, until_ms };
        held.insert(thread, (account, grant));
        Some(grant)
    }

    /// Takes it back. Returns whether there was one.
    pub fn revoke(&self, thread: ThreadId) -> bool {
        self.0.lock().remove(&thread).is_some()
    }

    /// Takes back all that an account gave.
    pub fn revoke_all(&self, account: AccountId) {
        self.0.lock().retain(|_, (of, _)| *of != account);
    }

    /// How many hold, and how many of them an account gave.
    pub fn hold(&self, account: AccountId) -> (usize, usize) {
        let held = self.0.lock();
        let of = held.values().filter(|(of, _)| *of == account);
        (held.len(), of.count())
    }

    /// The one that holds for a thread.
    pub fn holding(&self, thread: ThreadId, now_ms: u64) -> Option<Grant> {
        let held = self.0.lock();
        let grant = held.get(&thread).map(|(_, grant)| *grant);
        grant.filter(|grant| grant.until_ms > now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_for_one_thread_for_an_hour_and_can_be_taken_back() {
        let grants = Grants::default();
        let (one, other) = (ThreadId(1), ThreadId(2));
        let (ada, bob) = (AccountId::from_bits(1), AccountId::from_bits(2));
        assert_eq!(grants.holding(one, 0), None, "none without asking");
        let given = grants.give(ada, one, What::Rooms, 5).unwrap();
        assert_eq!(grants.holding(one, 5), Some(given));
        assert_eq!(grants.holding(other, 5), None);
        assert_eq!(grants.holding(one, 4 + GRANT_MS), Some(given));
        assert_eq!(grants.holding(one, 5 + GRANT_MS), None, "it is over");
        grants.give(ada, one, What::Account, 5).unwrap();
        assert_eq!(grants.holding(one, 5).unwrap().what, What::Account);
        assert!(grants.revoke(one));
        assert_eq!(grants.holding(one, 5), None);
        assert!(!grants.revoke(one));
        grants.give(ada, one, What::Account, 5).unwrap();
        grants.give(bob, other, What::Account, 5).unwrap();
        grants.revoke_all(ada);
        assert_eq!(grants.holding(one, 5), None, "the account is gone");
        assert!(grants.holding(other, 5).is_some());
        assert_eq!((grants.hold(ada), grants.hold(bob)), ((1, 0), (1, 1)));
    }
}
