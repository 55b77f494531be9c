//! Coming into a room: who it is, what they can show at the door, and the same answer, after the
//! same work, whether the room is not there or not for them.

use super::{Conversation, Seat, failed};
use crate::app::frozen;
use crate::connection::Outlet;
use crate::media::small_picture;
use crate::room::actor::{Arriving, Reply, RoomEvent, failure};
use crate::room::{Arrival, Join, MemberKey, not_found};
use crate::store::{Account, StoreError};
use crate::{password, secret};
use std::sync::Arc;
use stereo_protocol::{CloseCode, ErrorKind, ErrorObject, JoinParams, RequestId};
use tokio::sync::oneshot;

/// Joins that may fail on one socket.
const ATTEMPTS: u8 = 3;

impl Conversation {
    pub(super) async fn join(&mut self, outlet: &Arc<Outlet>, params: JoinParams, id: RequestId) {
        if self.seated.is_some() {
            outlet.push(&[failure(
                &id,
                &ErrorObject::new(ErrorKind::Conflict, "this socket has joined already"),
            )]);
            return;
        }
        // It stays while somebody is on the way in.
        let joined = match self.app.enter(self.room).await {
            Ok(arrival) => self.try_join(outlet, params, &id, arrival.as_ref()).await,
            Err(error) => {
                let message = "rooms cannot be opened now: try again";
                let error = unreadable(error, "a room could not be read", message);
                outlet.push(&[failure(&id, &error)]);
                Err(error)
            }
        };
        let Err(error) = joined else {
            outlet.settle();
            return;
        };
        if error.data.kind != ErrorKind::NotFound {
            return;
        }
        self.refused += 1;
        if self.refused >= ATTEMPTS {
            outlet.close(CloseCode::NotFound);
        }
    }

    async fn try_join(
        &mut self,
        outlet: &Arc<Outlet>,
        params: JoinParams,
        id: &RequestId,
        arrival: Option<&Arrival>,
    ) -> Result<(), ErrorObject> {
        let shown = async {
            let account = self.account(outlet, &params).await?;
            Ok((account, self.proven(&params, arrival).await?))
        };
        let (account, password_version) = match shown.await {
            Ok(shown) => shown,
            Err(error) => {
                outlet.push(&[failure(id, &error)]);
                return Err(error);
            }
        };
        let Some(arrival) = arrival else {
            outlet.push(&[failure(id, &not_found())]);
            return Err(not_found());
        };
        let token = secret::token();
        let guest = MemberKey::Guest(secret::hash(&token));
        let (fresh, handle, picture, token) = match account {
            Some(account) => (
                MemberKey::Account(account.id.bits()),
                Some(account.handle),
                account.picture.map(|name| small_picture(&name)),
                None,
            ),
            None => (guest, None, None, Some(token)),
        };
        let join = Join {
            connection: outlet.id(),
            known: params
                .token
                .as_deref()
                .map(|token| MemberKey::Guest(secret::hash(token))),
            fresh,
            name: params.name,
            handle,
            picture,
            password_version,
            invite: params.invite.as_deref().map(secret::hash),
            resume: params.resume,
        };
        let (admitted, answer) = oneshot::channel();
        let reply = Reply {
            outlet: outlet.clone(),
            id: id.clone(),
        };
        let arriving = Arriving {
            join,
            reply,
            token,
            admitted,
        };
        let room = arrival.room().clone();
        if !room.send(RoomEvent::Join(Box::new(arriving))).await {
            outlet.push(&[failure(id, &not_found())]);
            return Err(not_found());
        }
        // The room answers the client itself, in order with its events.
        let member = answer.await.map_err(|_| not_found())??;
        self.seated = Some(Box::new(Seat { room, member }));
        Ok(())
    }

    /// The account that joins, by the handshake's cookie or a ticket.
    async fn account(
        &mut self,
        outlet: &Arc<Outlet>,
        params: &JoinParams,
    ) -> Result<Option<Account>, ErrorObject> {
        if let Some(ticket) = params.ticket.as_deref() {
            let who = self.app.auth.redeem(ticket);
            let wrong = || ErrorObject::invalid("ticket", "expected one that is not used or over");
            self.be(outlet, Box::new(who.ok_or_else(wrong)?));
        }
        let Some(who) = self.who.as_deref().copied() else {
            return Ok(None);
        };
        let read = async {
            // The session may have ended before this socket was known to be its own.
            let held = self.app.auth.still_holds(who).await?;
            let account = self.app.store.account(who.account).await?;
            Ok::<_, StoreError>(account.filter(|_| held))
        };
        let unavailable = |error| {
            let message = "accounts cannot be read now: try again";
            unreadable(error, "an account could not be read", message)
        };
        let ended = || {
            let message = "you are not signed in any more";
            ErrorObject::new(ErrorKind::NotAllowed, message).with_field("session")
        };
        let account = read.await.map_err(unavailable)?.ok_or_else(ended)?;
        if account.preferences.frozen {
            return Err(frozen());
        }
        Ok(Some(account))
    }

    /// Verifies a password that was given, or does the same work for nothing.
    async fn proven(
        &self,
        params: &JoinParams,
        arrival: Option<&Arrival>,
    ) -> Result<Option<u32>, ErrorObject> {
        let Some(password) = params.password.clone() else {
            return Ok(None);
        };
        let limiter = &self.app.wrong_passwords;
        let limited = |retry_after| {
            ErrorObject::new(ErrorKind::RateLimited, "too many wrong passwords")
                .with_retry_after(retry_after)
        };
        limiter.look(self.address).map_err(limited)?;
        let proven = password::prove(arrival.map(|arrival| arrival.room().gate()), password).await;
        if proven.is_none() {
            limiter.take(self.address).map_err(limited)?;
        }
        Ok(proven)
    }
}

/// What somebody is told when the store cannot be read: that it passes, or, when something of ours
/// is broken, the reference under which `what` was reported.
fn unreadable(error: StoreError, what: &'static str, message: &str) -> ErrorObject {
    match error {
        StoreError::Broken => failed(crate::telemetry::report(what)),
        _ => ErrorObject::new(ErrorKind::Unavailable, message),
    }
}
