//! Who somebody is: sessions of browsers and programs, tickets for sockets, and the sockets that a
//! session holds. Knows the store, not HTTP: what travels in a cookie or header comes in as text.

pub mod cookie;
pub mod email;
mod handle;
mod live;
pub mod oidc;
pub mod passkey;
mod tickets;

pub use handle::{check_handle, made_up_handle};

use crate::clock::Clock;
use crate::connection::Outlet;
use crate::secret;
use crate::store::{AccountId, Day, NewSession, SessionId, SessionKind, Store, StoreError};
use live::Live;
use passkey::Ceremonies;
use std::hash::RandomState;
use std::sync::Arc;
use stereo_protocol::CloseCode;
use tickets::Tickets;

const DAY_MS: u64 = 86_400_000;
/// How long a browser stays signed in that does not come back.
const BROWSER_MS: u64 = 90 * DAY_MS;
/// How long a program's token is good.
const TOKEN_MS: u64 = 365 * DAY_MS;

/// Somebody who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// As whom.
    pub account: AccountId,
    /// By which session.
    pub session: SessionId,
    /// What holds it.
    pub kind: SessionKind,
    /// The day on which it is over.
    pub ends: Day,
}

/// Sessions, tickets, and the sockets of those who are signed in.
pub struct Auth {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    tickets: Tickets,
    live: Live,
    ceremonies: Ceremonies,
    /// By which those who ask for links are told apart; never written.
    askers: RandomState,
}

impl Auth {
    /// On a store.
    pub fn new(store: Arc<dyn Store>, clock: Arc<Clock>) -> Self {
        Self {
            store,
            clock,
            tickets: Tickets::default(),
            live: Live::default(),
            ceremonies: Ceremonies::default(),
            askers: RandomState::new(),
        }
    }

    /// The day it is, by the server's clock.
    pub fn today(&self) -> Day {
        Day::of(self.clock.now_ms())
    }

    /// Begins a session; the token that its holder shows from now on, and the session.
    ///
    /// # Errors
    /// `Gone` when there is no such account.
    pub async fn begin(
        &self,
        account: AccountId,
        kind: SessionKind,
        label: &str,
    ) -> Result<(Box<str>, SessionId), StoreError> {
        let token = secret::token();
        let lasts = match kind {
            SessionKind::Browser => BROWSER_MS,
            SessionKind::Token => TOKEN_MS,
        };
        let new = NewSession {
            account,
            kind,
            hash: secret::hash(&token),
            label: label.into(),
            ends: Day::ending(self.clock.now_ms() + lasts),
        };
        let session = self.store.begin_session(new).await?;
        Ok((token, session))
    }

    /// Who holds a token of this kind.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find(&self, token: &str, kind: SessionKind) -> Result<Option<Who>, StoreError> {
        let hash = secret::hash(token);
        let found = self.store.session(hash, self.today()).await?;
        let found = found.filter(|session| session.kind == kind);
        Ok(found.map(|session| Who {
            account: session.account,
            session: session.id,
            kind,
            ends: session.ends,
        }))
    }

    /// Lets a browser's session that is half over go on for its whole time again. Returns whether
    /// it does: then the browser has to keep its cookie for as long.
    pub async fn renew(&self, who: Who) -> bool {
        let now = self.clock.now_ms();
        let is_over_half = who.ends <= Day::ending(now + BROWSER_MS / 2);
        if who.kind != SessionKind::Browser || !is_over_half {
            return false;
        }
        // It holds as it is when this fails; the next time tries again.
        let longer = Day::ending(now + BROWSER_MS);
        let renewed = self.store.extend_session(who.session, longer).await;
        let renewed = renewed.unwrap_or(false);
        if renewed {
            self.live.renewed(who.session, longer);
        }
        renewed
    }

    /// Closes the sockets of sessions that are over with the day. To be called once a minute.
    ///
    /// # Errors
    /// When the store cannot be read; the next time tries again.
    pub async fn end_over(&self) -> Result<(), StoreError> {
        for who in self.live.over(self.today()) {
            // It may have been renewed since its sockets came.
            if !self.still_holds(who).await? {
                self.live.close(who.session, CloseCode::Moved);
            }
        }
        Ok(())
    }

    /// Whether a session has not ended meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn still_holds(&self, who: Who) -> Result<bool, StoreError> {
        let sessions = self.store.sessions(who.account, self.today()).await?;
        Ok(sessions.iter().any(|session| session.id == who.session))
    }

    /// Ends a session of an account, with its sockets. Returns whether there was one.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn end(&self, account: AccountId, session: SessionId) -> Result<bool, StoreError> {
        let ended = self.store.end_session(account, session).await?;
        self.live.close(session, CloseCode::Moved);
        Ok(ended)
    }

    /// Ends all sessions of an account but `except`, with their sockets. Returns how many.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn end_all(
        &self,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u32, StoreError> {
        let sessions = self.store.sessions(account, self.today()).await?;
        let ended = self.store.end_sessions(account, except).await?;
        for session in sessions {
            if Some(session.id) != except {
                self.live.close(session.id, CloseCode::Moved);
            }
        }
        Ok(ended)
    }

    /// A ticket with which one socket joins as `who`, within half a minute; `None` when too many
    /// are out.
    pub fn ticket(&self, who: Who) -> Option<Box<str>> {
        self.tickets.give(who, self.clock.now_ms())
    }

    /// Who a ticket stands for; it is used up.
    pub fn redeem(&self, ticket: &str) -> Option<Who> {
        self.tickets.take(ticket, self.clock.now_ms())
    }

    /// A socket is held by a session from now on, and ends with it.
    pub fn hold(&self, who: Who, outlet: &Arc<Outlet>) {
        self.live.hold(who, outlet);
    }

    /// A socket has ended.
    pub fn let_go(&self, who: Who, outlet: &Outlet) {
        self.live.let_go(who, outlet);
    }

    /// How many sockets, tickets and ceremonies there are, and how many of them are of an account.
    pub fn holds(&self, account: AccountId) -> (usize, usize) {
        let held = [
            self.tickets.hold(account),
            self.live.hold_of(account),
            self.ceremonies.hold(account),
        ];
        let sum = |(all, of): (usize, usize), one: (usize, usize)| (all + one.0, of + one.1);
        held.into_iter().fold((0, 0), sum)
    }

    /// Closes every socket of an account; its tickets and ceremonies are nothing any more.
    pub fn close_all(&self, account: AccountId, code: CloseCode) {
        self.tickets.forget(account);
        self.ceremonies.forget(account);
        self.live.close_all(account, code);
    }
}
