//! What the operator decides. Built-in defaults, then the file, then `STEREO_SECTION__KEY` of the
//! environment, then the command line; only the whole that they make together is judged. A mistake
//! is told with the place where it stands. Nothing here acts on a key.

mod analytics;
mod arguments;
mod backup;
mod environment;
mod error;
mod file;
mod keys;
mod limits;
mod mail;
mod media;
mod operator;
mod providers;
mod rooms;
mod rule;
mod server;
mod source;
mod store;
mod telemetry;
mod tls;

pub use analytics::Analytics;
pub use arguments::{Arguments, Ask, BackingUp, Counting, Proving, Restoring, Support, Task};
pub use backup::Backup;
pub use error::ConfigError;
pub use limits::ConfiguredLimits;
pub use mail::Mail;
pub use media::Media;
pub use operator::Operator;
pub use providers::{Provider, Providers};
pub use rooms::Rooms;
pub use server::Server;
pub use store::Store;
pub use telemetry::Telemetry;
pub use tls::Tls;

use crate::room::Rules;
use file::File;
use keys::Keys;
use rule::Invalid;
use serde::{Deserialize, Serialize};
use source::{Source, Sources};
use std::net::IpAddr;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Listeners and connections.
    pub server: Server,
    /// The life of rooms.
    pub rooms: Rooms,
    /// Sizes and counts that clients are told.
    pub limits: ConfiguredLimits,
    /// Where music may come from.
    pub media: Media,
    /// What is kept, and where.
    pub store: Store,
    /// Copies of what is kept.
    pub backup: Backup,
    /// How letters leave.
    pub mail: Mail,
    /// Encryption in transit.
    pub tls: Tls,
    /// Others that people may sign in with.
    pub providers: Providers,
    /// Who runs this server.
    pub operator: Operator,
    /// How visits are counted, if at all.
    pub analytics: Analytics,
    /// What the process says of itself.
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads the file that `arguments` name, if any, and lays environment and arguments over it.
    /// Variables that do not begin with `STEREO_`, or hold no `__`, are not ours and are let be.
    ///
    /// # Errors
    /// A mistake, with file, line and column, or the variable or argument: an unreadable file, a
    /// key that is not known, a value of the wrong type, or one that cannot be.
    pub fn load(
        arguments: &Arguments,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let keys = Keys::default();
        let file = arguments
            .config
            .as_deref()
            .map(|path| File::read(path, &keys))
            .transpose()?;
        let mut table = file
            .as_ref()
            .map_or_else(toml::Table::new, |file| file.table().clone());
        let mut sources = Sources::new(file.as_ref());
        for given in environment::overrides(environment, &keys)? {
            let key = (given.section.clone(), given.key.clone());
            sources.insert(key, Source::Variable(given.variable.clone()));
            given.lay_over(&mut table);
        }
        // Each value has been tried alone, with its place: together they cannot fail.
        let mut config: Self = table
            .try_into()
            .map_err(|error| ConfigError::new(error.message()))?;
        config.apply(arguments, &mut sources);
        config.validate().map_err(|invalid| sources.told(invalid))?;
        Ok(config)
    }

    fn apply(&mut self, arguments: &Arguments, sources: &mut Sources<'_>) {
        let mut from = |section: &str, key: &str, flag| {
            sources.insert((section.into(), key.into()), Source::Flag(flag));
        };
        if let Some(listen) = arguments.listen {
            self.server.listen = listen;
            from("server", "listen", "--listen");
        }
        if let Some(listen) = arguments.ops_listen {
            self.server.ops_listen = listen;
            from("server", "ops_listen", "--ops-listen");
        }
        if let Some(data) = &arguments.data {
            self.store.data.clone_from(data);
            from("store", "data", "--data");
        }
    }

    /// Refuses values that cannot be.
    fn validate(&self) -> Result<(), Invalid> {
        self.server.validate()?;
        self.rooms.validate()?;
        self.limits.validate()?;
        self.media.validate()?;
        self.store.validate()?;
        self.backup.validate()?;
        self.mail.validate()?;
        self.tls.validate()?;
        self.server.validate_exposure(self.tls.is_on())?;
        self.providers.validate()?;
        self.operator.validate()?;
        self.analytics.validate()?;
        self.telemetry.validate()
    }

    /// Whether whoever connects from `peer` may be spoken to by this server as it is: without TLS only
    /// this machine and declared proxies, whose own machine is not to be reached past them; anybody if
    /// the operator says so.
    pub fn serves_in_the_clear(&self, peer: IpAddr) -> bool {
        let server = &self.server;
        let is_proxy = || (server.trusted_proxies.iter()).any(|network| network.holds(peer));
        self.tls.is_on() || server.allow_plain || peer.to_canonical().is_loopback() || is_proxy()
    }

    /// The rules that rooms are given.
    pub fn rules(&self) -> Rules {
        let rooms = &self.rooms;
        Rules {
            limits: self.limits.0.clone(),
            presence_grace_ms: rooms.presence_grace_ms,
            leave_grace_ms: rooms.leave_grace_ms,
            host_grace_ms: rooms.host_grace_ms,
            empty_ms: rooms.empty_ms,
            notice_ms: rooms.notice_ms,
            lead_min_ms: rooms.lead_min_ms,
            lead_max_ms: rooms.lead_max_ms,
            failure_ms: rooms.failure_ms,
            health_ms: rooms.health_ms,
            ..Rules::default()
        }
    }
}

#[cfg(test)]
mod tests;
