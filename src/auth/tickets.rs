//! Tickets: a secret, good once and for half a minute, with which a socket joins as somebody. In
//! memory only, by its hash.

use super::Who;
use crate::secret;
use crate::store::AccountId;
use parking_lot::Mutex;
use std::collections::HashMap;

/// How long a ticket is good, in milliseconds of server time.
const GOOD_MS: u64 = 30_000;
/// Tickets out at once.
const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Tickets(Mutex<HashMap<[u8; 32], (Who, u64)>>);

impl Tickets {
    pub(super) fn give(&self, who: Who, now: u64) -> Option<Box<str>> {
        let ticket = secret::token();
        let mut out = self.0.lock();
        if out.len() >= MOST {
            out.retain(|_, (_, ends)| *ends > now);
        }
        if out.len() >= MOST {
            return None;
        }
        out.insert(secret::hash(&ticket), (who, now + GOOD_MS));
        Some(ticket)
    }

    pub(super) fn take(&self, ticket: &str, now: u64) -> Option<Who> {
        let (who, ends) = self.0.lock().remove(&secret::hash(ticket))?;
        (now < ends).then_some(who)
    }

    /// How many are out, and how many of them are an account's.
    pub(super) fn hold(&self, account: AccountId) -> (usize, usize) {
        let out = self.0.lock();
        let of = out.values().filter(|(who, _)| who.account == account);
        (out.len(), of.count())
    }

    pub(super) fn forget(&self, account: AccountId) {
        self.0.lock().retain(|_, (who, _)| who.account != account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Day, SessionId, SessionKind};

    #[test]
    fn a_ticket_is_good_once_and_for_half_a_minute() {
        let (tickets, account) = (Tickets::default(), AccountId::from_bits(7));
        let who = Who {
            account,
            session: SessionId(1),
            kind: SessionKind::Browser,
            ends: Day::of(0),
        };
        let ticket = tickets.give(who, 0).unwrap();
        assert_eq!(tickets.take("another", 1), None);
        assert_eq!(tickets.take(&ticket, GOOD_MS - 1), Some(who));
        assert_eq!(tickets.take(&ticket, 2), None, "once");
        let ticket = tickets.give(who, 0).unwrap();
        assert_eq!(tickets.take(&ticket, GOOD_MS), None, "over");
        let ticket = tickets.give(who, 0).unwrap();
        assert_eq!(tickets.hold(account), (1, 1));
        tickets.forget(account);
        assert_eq!(tickets.hold(account), (0, 0));
        assert_eq!(tickets.take(&ticket, 1), None, "the account is gone");
    }
}
