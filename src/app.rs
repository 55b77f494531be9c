//! The composition root: everything that one node consists of, put together once.

mod frozen;
mod rooms;

pub(crate) use frozen::frozen;

use crate::auth::Auth;
use crate::auth::oidc::Providers;
use crate::bus::MemoryBus;
use crate::clock::Clock;
use crate::config::Config;
use crate::connection::Wheel;
use crate::http::Assets;
use crate::limiter::HourLimiter;
use crate::mail::{Heard, Mail, news};
use crate::media::Library;
use crate::media::small_picture;
use crate::presence::MemoryPresence;
use crate::privacy::Exports;
use crate::privacy::policy::{VERSIONS, Version};
use crate::registry::Registry;
use crate::room::actor::{Node, RoomEvent};
use crate::room::{MemberKey, Resting, Rules};
use crate::store::{AccountId, OpenError, SqliteStore, Store};
use crate::support::Support;
use crate::visits::Visits;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stereo_protocol::{ErrorKind, ErrorObject, Track};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Links that one address of the network may ask for, an hour.
const ASKED_BY_ONE: u32 = 60;
/// Links that one address of the network may ask for one e-mail address, an hour.
const ASKED_BY_ONE_FOR_ONE: u32 = 8;
/// Links that may be asked for one e-mail address, an hour, by all: more than a few strangers use
/// up, few enough for a mailbox.
const ASKED_FOR_ONE: u32 = 40;
/// Links and codes that one address of the network may show, an hour.
const SHOWN_BY_ONE: u32 = 300;

/// Letters to support that one account may write, an hour.
const LETTERS_OF_ONE: u32 = 30;
/// Exports that one account may have read in, an hour.
const IMPORTS_OF_ONE: u32 = 10;

/// Files elsewhere that one address may have looked at, an hour.
const LOOKED_AT_FOR_ONE: u32 = 200;

/// Visits that one address may tell of, an hour.
const VISITS_OF_ONE: u32 = 1_000;

/// One node.
pub struct App {
    /// What the operator decided.
    pub config: Config,
    /// What rooms are ruled by.
    pub rules: Arc<Rules>,
    /// What rooms need.
    pub node: Arc<Node>,
    /// All connections.
    pub wheel: Arc<Wheel>,
    /// All tracks.
    pub library: Library,
    /// What pages are made of.
    pub assets: Assets,
    /// Rooms opened, by address.
    rooms_opened: HourLimiter,
    /// Passwords that were wrong, by address.
    pub wrong_passwords: HourLimiter,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// Who is signed in.
    pub auth: Auth,
    /// Others that people may sign in with.
    pub providers: Providers,
    /// How letters leave.
    pub mail: Arc<Mail>,
    /// What rooms tell, until somebody hears it.
    pub(crate) heard: Mutex<Option<Heard>>,
    /// The versions of the policy, the newest first.
    pub versions: &'static [Version],
    /// Pictures that are decoded at once: one, since it may take a few hundred megabytes.
    pub decoding: Arc<Semaphore>,
    /// Links that were asked for, by who asked.
    pub sign_ins_of_askers: HourLimiter,
    /// Links that were asked for, by who asked and the address that they went to.
    pub sign_ins_of_one_for_one: HourLimiter,
    /// Links that were asked for, by the address that they went to.
    pub sign_ins_of_addresses: HourLimiter,
    /// Links and codes that were shown, by who showed them.
    pub confirmations: HourLimiter,
    /// The operator's side, and what people let it look at.
    pub support: Support,
    /// Letters to support, by who wrote them.
    pub letters_written: HourLimiter,
    /// How often pages are visited.
    pub visits: Visits,
    /// Visits that were told of, by address.
    pub visits_told: HourLimiter,
    /// Files elsewhere that were looked at, by the address of whoever added them.
    pub looked_at: HourLimiter,
    /// Exports on their way to their owners.
    pub exports: Exports,
    /// Exports that were read in, by whose account.
    pub imports: HourLimiter,
    ready: AtomicBool,
}

/// Whether only this machine reaches the server.
fn is_at_hand(config: &Config) -> bool {
    let listeners = [config.server.listen, config.server.ops_listen];
    let mut listeners = listeners.iter().chain(&config.tls.redirect_listen);
    config.server.public_url.is_empty() && listeners.all(|address| address.ip().is_loopback())
}

impl App {
    /// A node of its own, with what is kept in the folder that the config names.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_at(config, Arc::new(Clock::start()))
    }

    /// As [`App::open`], by this clock.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open_at(config: Config, clock: Arc<Clock>) -> Result<Self, OpenError> {
        Self::open_under(config, clock, VERSIONS)
    }

    /// As [`App::open_at`], under a policy of these versions, the newest first; never none.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open_under(
        config: Config,
        clock: Arc<Clock>,
        versions: &'static [Version],
    ) -> Result<Self, OpenError> {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.store, clock.clone())?);
        let (tell, heard) = news();
        let library = Library::new(&config.media);
        let node = Node {
            takes: library.judge(),
            clock: clock.clone(),
            registry: Arc::new(Registry::default()),
            bus: Arc::new(MemoryBus::default()),
            presence: Arc::new(MemoryPresence::default()),
            store: store.clone(),
            resting: Resting::default(),
            news: tell,
            tracker: TaskTracker::new(),
        };
        let mail = Mail::new(
            &config,
            store.clone(),
            clock.clone(),
            versions,
            is_at_hand(&config),
        );
        Ok(Self {
            rules: Arc::new(config.rules()),
            auth: Auth::new(store.clone(), clock),
            providers: Providers::new(&config.providers),
            mail: Arc::new(mail),
            heard: Mutex::new(Some(heard)),
            versions,
            store,
            decoding: Arc::new(Semaphore::new(1)),
            sign_ins_of_askers: HourLimiter::new(ASKED_BY_ONE),
            sign_ins_of_one_for_one: HourLimiter::new(ASKED_BY_ONE_FOR_ONE),
            sign_ins_of_addresses: HourLimiter::new(ASKED_FOR_ONE),
            confirmations: HourLimiter::new(SHOWN_BY_ONE),
            support: Support::default(),
            letters_written: HourLimiter::new(LETTERS_OF_ONE),
            visits: Visits::default(),
            visits_told: HourLimiter::new(VISITS_OF_ONE),
            looked_at: HourLimiter::new(LOOKED_AT_FOR_ONE),
            exports: Exports::default(),
            imports: HourLimiter::new(IMPORTS_OF_ONE),
            node: Arc::new(node),
            wheel: Arc::new(Wheel::default()),
            library,
            assets: Assets::default(),
            rooms_opened: HourLimiter::new(config.rooms.per_address_per_hour),
            wrong_passwords: HourLimiter::new(config.rooms.wrong_passwords_per_hour),
            ready: AtomicBool::new(true),
            config,
        })
    }

    /// Whether people reach us over https, so that cookies can be bound to this host.
    pub fn is_https(&self) -> bool {
        self.config.tls.is_on() || self.config.server.public_url.starts_with("https://")
    }

    /// The origin that people see, who asked for `host`.
    pub(crate) fn origin(&self, host: &str) -> String {
        let public = self.config.server.public_url.trim_end_matches('/');
        match public.is_empty() {
            true if self.is_https() => format!("https://{host}"),
            true => format!("http://{host}"),
            false => public.to_owned(),
        }
    }

    /// Whether new connections are taken.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Takes no new connections from now on.
    pub fn unready(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    /// Forgets whom limits counted, as far as that counts no more. To be called once a minute.
    pub(crate) fn forget_counts(&self) {
        let limiters = [
            &self.rooms_opened,
            &self.wrong_passwords,
            &self.sign_ins_of_askers,
            &self.sign_ins_of_one_for_one,
            &self.sign_ins_of_addresses,
            &self.confirmations,
            &self.letters_written,
            &self.visits_told,
            &self.looked_at,
            &self.imports,
        ];
        limiters.into_iter().for_each(HourLimiter::sweep);
        self.mail.forget_counts();
    }

    /// Tracks by ids and URLs; those elsewhere are looked at for who asks from `address`.
    ///
    /// # Errors
    /// `rate_limited` when that is asked too often, and as [`Library::look_up`].
    pub(crate) async fn look_up(
        &self,
        address: IpAddr,
        wanted: &[Box<str>],
    ) -> Result<Vec<Arc<Track>>, ErrorObject> {
        for _ in 0..self.library.elsewhere(wanted) {
            self.looked_at.take(address).map_err(|wait| {
                let message = "too many files elsewhere were added from your network";
                ErrorObject::new(ErrorKind::RateLimited, message).with_retry_after(wait)
            })?;
        }
        self.library.look_up(address, wanted).await
    }

    /// Tells every room that an account has another picture, or none.
    pub(crate) async fn tell_picture(&self, account: AccountId, name: Option<Box<str>>) {
        let key = MemberKey::Account(account.bits());
        let picture = name.map(|name| small_picture(&name));
        for room in self.node.registry.all() {
            let picture = picture.clone();
            // A room that is over has nobody to tell.
            let _ = room.send(RoomEvent::Picture { key, picture }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_at_hand_that_only_this_machine_reaches() {
        assert!(is_at_hand(&Config::default()));
        let public = std::net::SocketAddr::from(([0, 0, 0, 0], 80));
        let changes: [fn(&mut Config, std::net::SocketAddr); 4] = [
            |config, public| config.server.listen = public,
            |config, public| config.server.ops_listen = public,
            |config, public| config.tls.redirect_listen = Some(public),
            |config, _| config.server.public_url = "https://stereo.example".into(),
        ];
        for change in changes {
            let mut config = Config::default();
            change(&mut config, public);
            assert!(!is_at_hand(&config));
        }
    }
}
