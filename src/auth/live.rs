//! The sockets of those who are signed in, so that they end with the session.

use super::Who;
use crate::connection::Outlet;
use crate::store::{AccountId, Day, SessionId};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use stereo_protocol::CloseCode;

#[derive(Debug, Default)]
pub(super) struct Live(Mutex<HashMap<SessionId, Held>>);

#[derive(Debug)]
struct Held {
    who: Who,
    outlets: Vec<Weak<Outlet>>,
}

impl Live {
    pub(super) fn hold(&self, who: Who, outlet: &Arc<Outlet>) {
        let mut sessions = self.0.lock();
        let held = sessions.entry(who.session).or_insert(Held {
            who,
            outlets: Vec::new(),
        });
        held.who = who;
        held.outlets.push(Arc::downgrade(outlet));
    }

    pub(super) fn let_go(&self, who: Who, outlet: &Outlet) {
        let mut sessions = self.0.lock();
        let Some(held) = sessions.get_mut(&who.session) else {
            return;
        };
        // Those of others that are gone by now go with it.
        held.outlets
            .retain(|one| one.upgrade().is_some_and(|one| one.id() != outlet.id()));
        if held.outlets.is_empty() {
            sessions.remove(&who.session);
        }
    }

    /// A session goes on until this day.
    pub(super) fn renewed(&self, session: SessionId, ends: Day) {
        if let Some(held) = self.0.lock().get_mut(&session) {
            held.who.ends = ends;
        }
    }

    /// Those whose sessions are over on this day.
    pub(super) fn over(&self, today: Day) -> Vec<Who> {
        let sessions = self.0.lock();
        let over = sessions.values().filter(|held| held.who.ends <= today);
        over.map(|held| held.who).collect()
    }

    /// How many sessions hold sockets, and how many of them are an account's.
    pub(super) fn hold_of(&self, account: AccountId) -> (usize, usize) {
        let sessions = self.0.lock();
        let of = sessions.values().filter(|held| held.who.account == account);
        (sessions.len(), of.count())
    }

    pub(super) fn close(&self, session: SessionId, code: CloseCode) {
        let held = self.0.lock().remove(&session);
        held.into_iter().for_each(|held| held.close(code));
    }

    pub(super) fn close_all(&self, account: AccountId, code: CloseCode) {
        let mut sessions = self.0.lock();
        let of = sessions.extract_if(|_, held| held.who.account == account);
        let ended: Vec<Held> = of.map(|(_, held)| held).collect();
        drop(sessions);
        ended.into_iter().for_each(|held| held.close(code));
    }
}

impl Held {
    fn close(self, code: CloseCode) {
        for outlet in self.outlets.iter().filter_map(Weak::upgrade) {
            outlet.close(code);
        }
    }
}
