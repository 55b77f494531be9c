//! The rooms of a node: opening one, finding one that may rest, keeping, ending, and erasing
//! somebody from all of them.

use super::App;
use crate::http::error::Problem;
use crate::http::rooms::NewRoom;
use crate::room::actor::{self, Ended, RoomEvent};
use crate::room::{Arrival, MemberKey, State, Summary, not_found};
use crate::store::{AccountId, StoreError, StoredRoom};
use crate::text::clean_line;
use crate::{password, secret};
use std::net::IpAddr;
use std::sync::Arc;
use stereo_protocol::{Epoch, ErrorKind, ErrorObject, RoomId, RoomSettings, Visibility};
use tokio::sync::oneshot;

/// Rooms that one account keeps.
const ROOMS_OF_ONE: usize = 100;
/// How often a room is looked for that goes to rest just then.
const TRIES: u32 = 3;

impl App {
    /// Finds a room on behalf of somebody who wants to come in; one that rests is woken.
    ///
    /// # Errors
    /// When the store cannot be read, or the server stops.
    pub async fn enter(&self, room: RoomId) -> Result<Option<Arrival>, StoreError> {
        if let Some(arrival) = self.node.registry.enter(room) {
            return Ok(Some(arrival));
        }
        let resting = &self.node.resting;
        resting.wake(&self.node, &self.rules, room).await
    }

    /// Makes the temporary room whose host shows the token stay, as an account's; the host is that
    /// account from then on. Returns when it is on the disk.
    ///
    /// # Errors
    /// `not_found` for whoever is not its host, `conflict` when it is another account's,
    /// `too_many`, and `unavailable` when nothing can be kept now.
    pub(crate) async fn keep_room(
        &self,
        account: AccountId,
        room: RoomId,
        token: Option<&str>,
    ) -> Result<(), Problem> {
        self.refuse_frozen(account).await?;
        let kept = self.store.rooms_of(account).await?;
        if kept.len() >= ROOMS_OF_ONE && !kept.contains(&room) {
            return Err(too_many_rooms());
        }
        let guest = token.map(secret::hash);
        self.ask_room(room, |done| RoomEvent::Keep {
            account,
            guest,
            done,
        })
        .await
    }

    /// Keeps a room that an account brings along from elsewhere; it rests until somebody comes.
    ///
    /// # Errors
    /// `TooMany` when the account keeps as many as it may; when nothing can be kept.
    pub(crate) async fn keep_imported(
        &self,
        account: AccountId,
        room: StoredRoom,
    ) -> Result<(), StoreError> {
        if self.store.rooms_of(account).await?.len() >= ROOMS_OF_ONE {
            return Err(StoreError::TooMany);
        }
        self.store.save_room(Arc::new(room)).await
    }

    /// Ends a room that an account keeps. Returns when nothing of it is on the disk.
    ///
    /// # Errors
    /// `not_found` when it is not the account's; `unavailable` when the disk refuses.
    pub(crate) async fn end_room(&self, account: AccountId, room: RoomId) -> Result<(), Problem> {
        self.ask_room(room, |done| RoomEvent::End { account, done })
            .await?;
        self.node.registry.hide(room, false);
        Ok(())
    }

    /// Has public rooms found that rest since the last run, but those of accounts that are frozen.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn list_resting(&self) -> Result<(), StoreError> {
        let listed = self.store.listed_rooms().await?;
        for room in listed.hidden {
            self.node.registry.hide(room, true);
        }
        for settings in listed.public {
            let (title, visibility) = (settings.title, settings.visibility);
            let summary = Summary {
                title,
                visibility,
                current: None,
            };
            let registry = &self.node.registry;
            registry.rest(settings.id, &summary);
            if registry.find(settings.id).is_some() {
                registry.forget_resting(settings.id);
            }
        }
        Ok(())
    }

    /// Rooms of an account, as they are shown from outside.
    pub(crate) async fn rooms_of(
        &self,
        account: AccountId,
    ) -> Result<Vec<(RoomId, Arc<Summary>)>, StoreError> {
        let mut rooms = Vec::new();
        for id in self.store.rooms_of(account).await? {
            if let Some(arrival) = self.enter(id).await? {
                rooms.push((id, arrival.room().summary()));
            }
        }
        Ok(rooms)
    }

    /// Erases an account from every room that is open: names and texts are redacted in what the
    /// rooms hold, its connections closed (4503), its own rooms handed over or ended. Returns when
    /// all of them have done it, on the disk too. Rooms that rest are the store's to erase from:
    /// call this before the store erases the account, and again after, for rooms that were woken
    /// in between.
    ///
    /// # Errors
    /// `unavailable` when a room could not keep what is left of it; it goes on trying.
    pub async fn erase_in_rooms(&self, account: AccountId) -> Result<(), ErrorObject> {
        // What was read before the store forgot somebody is found in the registry now.
        self.node.resting.settle().await;
        let unreadable = |_| ErrorObject::new(ErrorKind::Unavailable, "nothing can be read now");
        for own in self.store.rooms_of(account).await.map_err(unreadable)? {
            self.node.registry.forget_resting(own);
            self.node.registry.hide(own, false);
        }
        let key = MemberKey::Account(account.bits());
        let mut asked = Vec::new();
        for room in self.node.registry.all() {
            let (done, ended) = oneshot::channel();
            // A room that is over has nobody in it.
            if room.send(RoomEvent::Erase { key, done }).await {
                asked.push(ended);
            }
        }
        let mut failed = None;
        for ended in asked {
            if let Ok(Err(error)) = ended.await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// What open rooms hold in memory of an account, for its owner.
    pub(crate) async fn held_in_rooms(&self, account: AccountId) -> Vec<serde_json::Value> {
        let key = MemberKey::Account(account.bits());
        let mut asked = Vec::new();
        for room in self.node.registry.all() {
            let (done, told) = oneshot::channel();
            // A room that is over holds nothing.
            if room.send(RoomEvent::Tell { key, done }).await {
                asked.push(told);
            }
        }
        let mut held = Vec::new();
        for told in asked {
            held.extend(told.await.ok().flatten());
        }
        held
    }

    /// Erases a guest from a room, whether or not they may come in. Returns when nothing of them is
    /// left in it, on the disk too; there need be no such room and no such guest.
    ///
    /// # Errors
    /// `unavailable` when the room could not keep what is left of it; it goes on trying.
    pub(crate) async fn erase_guest(&self, room: RoomId, guest: MemberKey) -> Result<(), Problem> {
        let erased = self.ask_room(room, |done| RoomEvent::Erase { key: guest, done });
        match erased.await {
            Err(problem) if problem.is_not_found() => Ok(()),
            erased => erased,
        }
    }

    /// How many rooms are open, and how many of them hold something of an account.
    pub(crate) async fn rooms_that_hold(&self, account: AccountId) -> (usize, usize) {
        let key = MemberKey::Account(account.bits());
        let mut asked = Vec::new();
        for room in self.node.registry.all() {
            let (done, answer) = oneshot::channel();
            // A room that is over holds nobody.
            if room.send(RoomEvent::Holds { key, done }).await {
                asked.push(answer);
            }
        }
        let (all, mut found) = (asked.len(), 0);
        for answer in asked {
            found += usize::from(answer.await == Ok(true));
        }
        (all, found)
    }

    /// Asks a room for something that no client asks for. One that goes to rest just then is
    /// looked for again.
    async fn ask_room(
        &self,
        room: RoomId,
        event: impl Fn(Ended) -> RoomEvent,
    ) -> Result<(), Problem> {
        for _ in 0..TRIES {
            let Some(arrival) = self.enter(room).await? else {
                return Err(not_found().into());
            };
            let (done, ended) = oneshot::channel();
            if arrival.room().send(event(done)).await
                && let Ok(result) = ended.await
            {
                return Ok(result?);
            }
        }
        Err(not_found().into())
    }

    /// Opens a room. Without an account it is temporary, and whoever joins with the token is its
    /// host; an account is its host by itself, and keeps it unless it is wanted temporary. One that
    /// stays is on the disk when this returns.
    ///
    /// # Errors
    /// What is wrong with the wish, or that the address has opened enough of them.
    pub(crate) async fn open_room(
        &self,
        wanted: NewRoom,
        address: IpAddr,
        account: Option<AccountId>,
    ) -> Result<(RoomSettings, Option<Box<str>>), Problem> {
        if let Some(account) = account {
            self.refuse_frozen(account).await?;
        }
        let id = RoomId::from_bits(u128::from_ne_bytes(secret::random()));
        let title = clean_line(
            "title",
            wanted.title.as_deref().unwrap_or("Untitled"),
            self.rules.limits.title,
        )?;
        let mut settings = RoomSettings::new(id, &title);
        settings.visibility = wanted.visibility.unwrap_or_default();
        let given = wanted
            .password
            .as_deref()
            .filter(|password| !password.is_empty());
        if given.is_some_and(|password| password.chars().count() > 256) {
            return Err(
                ErrorObject::new(ErrorKind::TooLarge, "password: at most 256 characters")
                    .with_field("password")
                    .into(),
            );
        }
        if let (Some(_), Some(Visibility::Public | Visibility::Unlisted)) =
            (given, wanted.visibility)
        {
            return Err(
                ErrorObject::invalid("password", "expected only with visibility private").into(),
            );
        }
        if given.is_some() {
            settings.visibility = Visibility::Private;
        }
        crate::room::apply_update(&mut settings, &wanted.update(), &self.rules.limits)?;
        self.rooms_opened.take(address).map_err(|retry_after| {
            Problem::from(
                ErrorObject::new(
                    ErrorKind::RateLimited,
                    "this address has opened enough rooms for now",
                )
                .with_retry_after(retry_after),
            )
        })?;
        let keeper = account.filter(|_| wanted.temporary != Some(true));
        if let Some(account) = keeper
            && self.store.rooms_of(account).await?.len() >= ROOMS_OF_ONE
        {
            return Err(too_many_rooms());
        }
        let (host, token) = match account {
            Some(account) => (MemberKey::Account(account.bits()), None),
            None => {
                let token = secret::token();
                (MemberKey::Guest(secret::hash(&token)), Some(token))
            }
        };
        let epoch = Epoch::from_bits(u64::from_ne_bytes(secret::random()));
        let mut state = State::new(
            self.rules.clone(),
            settings,
            epoch,
            self.node.clock.now_ms(),
        );
        state.expect_owner(host, u128::from_ne_bytes(secret::random()));
        if let Some(account) = keeper {
            state.stay_for(account);
        }
        if let Some(password) = given {
            let hash = password::hash(password.into())
                .await
                .ok_or_else(|| Problem::internal("password hash"))?;
            state.set_password(hash);
        }
        let settings = state.public().room.clone();
        if let Some(stored) = state.to_keep() {
            let saved = self.store.save_room(Arc::new(stored)).await;
            // A disk that refuses is no fault of ours, and the same wish may succeed later.
            saved.map_err(|error| match error {
                StoreError::Broken => unavailable(),
                other => other.into(),
            })?;
        }
        actor::open(&self.node, id, state)
            .await
            .map_err(|_| Problem::internal("room could not be opened"))?;
        Ok((settings, token))
    }
}

fn unavailable() -> Problem {
    let message = "nothing can be kept now: try again";
    ErrorObject::new(ErrorKind::Unavailable, message).into()
}

fn too_many_rooms() -> Problem {
    let message = format!("an account keeps {ROOMS_OF_ONE} rooms at most: end one first");
    ErrorObject::new(ErrorKind::TooMany, message).into()
}
