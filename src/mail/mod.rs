//! Mails that leave the server: by SMTP, or, where the operator sits at the terminal of a server
//! that only this machine reaches, as a line that holds the link and nothing else. Letters wait in
//! memory, in a bounded queue, and are forgotten when they are sent or have failed for good.

mod letter;

pub use letter::{Letter, sign_in};

use crate::config;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// Letters that wait.
const WAITING: usize = 1_000;
/// Between two tries.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(45),
    Duration::from_secs(120),
];

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// The way out.
#[derive(Debug)]
pub struct Mail(Way);

#[derive(Debug)]
enum Way {
    Smtp(mpsc::Sender<(Address, Letter)>),
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
}

impl Mail {
    /// By what the config says. `at_hand`: only this machine reaches the server. Within a runtime.
    pub fn new(config: &config::Mail, at_hand: bool) -> Self {
        if let Some((smtp, from)) = transport(config) {
            let (queue, letters) = mpsc::channel(WAITING);
            tokio::spawn(deliver(smtp, from, letters));
            return Self(Way::Smtp(queue));
        }
        match at_hand && std::io::stdout().is_terminal() {
            true => Self(Way::Terminal),
            false => Self(Way::None),
        }
    }

    /// Whether letters can go at all.
    pub fn is_set_up(&self) -> bool {
        !matches!(self.0, Way::None)
    }

    /// Sends a letter, soon.
    ///
    /// # Errors
    /// When it cannot go.
    pub fn send(&self, to: Address, letter: Letter) -> Result<(), Refused> {
        match &self.0 {
            Way::Smtp(queue) => queue.try_send((to, letter)).map_err(|_| Refused::Full),
            Way::Terminal => {
                // Without the address. A closed standard output is no reason to fail.
                let _ = writeln!(std::io::stdout(), "{}: {}", letter.subject, letter.link);
                let _ = std::io::stdout().flush();
                Ok(())
            }
            Way::None => Err(Refused::NotSetUp),
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

async fn deliver(smtp: Smtp, from: Mailbox, mut letters: mpsc::Receiver<(Address, Letter)>) {
    let tasks = TaskTracker::new();
    while let Some((to, letter)) = letters.recv().await {
        let Some(message) = message(&from, to, letter) else {
            tracing::error!("a letter could not be written");
            continue;
        };
        // One slow mail server must not hold the queue; how many go at once is bounded all the same.
        while tasks.len() >= 16 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tasks.spawn(try_to_send(smtp.clone(), message));
    }
}

async fn try_to_send(smtp: Smtp, message: Message) {
    for pause in PAUSES.iter().map(Some).chain([None]) {
        let Err(error) = smtp.send(message.clone()).await else {
            return;
        };
        // What the other side says may hold the address: only what kind of fault it was is told.
        let permanent = error.is_permanent();
        let Some(pause) = pause.filter(|_| !permanent) else {
            tracing::warn!(permanent, "a letter could not be sent");
            return;
        };
        tokio::time::sleep(*pause).await;
    }
}

fn message(from: &Mailbox, to: Address, letter: Letter) -> Option<Message> {
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".into(),
    );
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(letter.subject)
        .raw_header(automatic)
        .multipart(MultiPart::alternative_plain_html(letter.text, letter.html));
    message.ok()
}
