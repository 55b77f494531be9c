//! Mails that leave the server: by SMTP, or, where the operator sits at the terminal of a server
//! that only this machine reaches, as a line that holds a link to sign in and nothing else. They
//! wait in the store until they are sent or have failed for good; what is dropped there is not
//! sent any more. Sent at least once: killed between the mail server's yes and the removal, a mail
//! is sent again, under the same `Message-ID`.

mod deliver;
mod letter;
mod news;
mod under_way;

pub use letter::{Language, kind};
pub use news::{Heard, News, news};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::limiter::HourLimiter;
use crate::privacy::policy::Version;
use crate::store::{AccountId, LinkMail, Store, StoreError, Topic};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, Tokio1Executor};
use parking_lot::Mutex;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Notify;
use under_way::UnderWay;

/// Between two mails that tell the operator of letters, in milliseconds.
const OPERATOR_MS: u64 = 60 * 60_000;

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// The way out.
pub struct Mail {
    way: Way,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    versions: &'static [Version],
    /// Something new waits.
    wake: Notify,
    under_way: UnderWay,
    /// Where people reach us: the public address, or else where we listen.
    base: OnceLock<String>,
    /// What was told of which room, so that it is told once a day.
    rooms_told: HourLimiter,
    operator: Option<Address>,
    /// The operator is not told of letters before this, in server time.
    operator_next: Mutex<u64>,
}

crate::telemetry::closed!(Mail);

enum Way {
    Smtp(Box<Smtp>, Mailbox),
    Terminal,
    None,
}

/// Why a letter cannot go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No way out is set up.
    NotSetUp,
    /// Too many wait.
    Full,
    /// The store cannot keep it.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooMany => Self::Full,
            other => Self::Store(other),
        }
    }
}

impl Mail {
    /// By what the config says. `at_hand`: only this machine reaches the server. `versions` are the
    /// policy's.
    pub fn new(
        config: &Config,
        store: Arc<dyn Store>,
        clock: Arc<Clock>,
        versions: &'static [Version],
        at_hand: bool,
    ) -> Self {
        let at_terminal = || at_hand && std::io::stdout().is_terminal();
        let way = match transport(&config.mail) {
            Some((smtp, from)) => Way::Smtp(Box::new(smtp), from),
            None if at_terminal() => Way::Terminal,
            None => Way::None,
        };
        let base = OnceLock::new();
        let public = config.server.public_url.trim_end_matches('/');
        if !public.is_empty() {
            let _ = base.set(public.to_owned());
        }
        Self {
            way,
            store,
            clock,
            versions,
            wake: Notify::new(),
            under_way: UnderWay::default(),
            base,
            rooms_told: HourLimiter::per_day(1),
            operator: config.mail.operator.parse().ok(),
            operator_next: Mutex::new(0),
        }
    }

    /// Where the server listens, for links when no public address is configured.
    pub fn stands_at(&self, address: SocketAddr) {
        let _ = self.base.set(format!("http://{address}"));
    }

    fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    /// Whether links to sign in can go at all.
    pub fn is_set_up(&self) -> bool {
        !matches!(self.way, Way::None)
    }

    fn is_by_smtp(&self) -> bool {
        matches!(self.way, Way::Smtp(..))
    }

    /// Sends a link to sign in, soon. `secret` is the link's; `account` is to whom the address is
    /// to be added, when it is.
    ///
    /// # Errors
    /// When it cannot go.
    pub async fn send_link(
        &self,
        secret: &str,
        mail: LinkMail,
        account: Option<AccountId>,
    ) -> Result<(), Refused> {
        match &self.way {
            Way::Smtp(..) => {
                self.store.queue_link(secret.into(), mail, account).await?;
                self.wake.notify_one();
                Ok(())
            }
            Way::Terminal => {
                let subject = letter::sign_in_subject(Language::of(mail.language.as_deref()));
                // Without the address. A closed standard output is no reason to fail.
                let _ = writeln!(std::io::stdout(), "{subject}: {}", mail.link);
                let _ = std::io::stdout().flush();
                Ok(())
            }
            Way::None => Err(Refused::NotSetUp),
        }
    }

    /// Sends a mail to an account that wishes its kind, soon. Returns whether it was queued: what
    /// cannot be is no reason for anything else to fail, and the log says so.
    pub async fn tell(&self, account: AccountId, topic: Topic) -> bool {
        if !self.is_by_smtp() {
            return false;
        }
        let queued = self.store.queue_mail(account, topic).await;
        self.queued(queued)
    }

    /// Tells whoever runs the server that somebody wrote, at most once an hour.
    pub async fn tell_operator(&self) {
        if !self.is_by_smtp() || self.operator.is_none() {
            return;
        }
        let next = *self.operator_next.lock();
        let due = if next > self.clock.now_ms() { next } else { 0 };
        let queued = self.store.queue_for_operator(due).await;
        self.queued(queued.map(|()| true));
    }

    fn queued(&self, queued: Result<bool, StoreError>) -> bool {
        match queued {
            Ok(true) => self.wake.notify_one(),
            Err(StoreError::TooMany) => {
                tracing::warn!("a mail was left out: too many wait to be sent");
            }
            // The store has said what is wrong.
            Ok(false) | Err(_) => {}
        }
        queued == Ok(true)
    }

    /// Forgets what was told of which room, once the day is over.
    pub(crate) fn forget_counts(&self) {
        self.rooms_told.sweep();
    }

    /// Stops what is being sent and waits no more in the store: returns when none of it is under
    /// way any longer.
    pub async fn let_go(&self) {
        for (id, sending) in self.under_way.all() {
            if matches!(self.store.mail(id).await, Ok(None)) {
                sending.stop().await;
            }
        }
    }
}

/// `None` when none is configured; the config has judged what there is.
fn transport(config: &config::Mail) -> Option<(Smtp, Mailbox)> {
    if config.smtp.is_empty() {
        return None;
    }
    let mut builder = Smtp::from_url(&config.smtp).ok()?;
    if !config.user.is_empty() {
        let password = config.password().unwrap_or_default();
        builder = builder.credentials(Credentials::new(config.user.clone(), password));
    }
    let smtp = builder.timeout(Some(Duration::from_secs(20))).build();
    Some((smtp, config.from.parse().ok()?))
}
