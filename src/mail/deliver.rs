//! The task that sends what waits: a few mails at once, each again after a pause when it fails,
//! until it is sent or has failed for good.

use super::letter::{self, Language, Letter};
use super::under_way::Begun;
use super::{Mail, OPERATOR_MS, Smtp, Way};
use crate::store::{AccountId, DueMails, Identity, LinkMail, StoreError, Topic, WaitingMail, Whom};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use lettre::{Address, AsyncTransport, Message};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Mails that are sent at once.
const AT_ONCE: usize = 16;
/// Between two tries, in milliseconds; together about three days.
const PAUSES_MS: [u64; 13] = [
    2_000, 10_000, 45_000, 120_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000,
    43_200_000, 43_200_000, 43_200_000, 86_400_000,
];
/// After the store failed.
const AGAIN: Duration = Duration::from_secs(1);

impl Mail {
    /// Sends what waits, for ever. One task of a process does.
    pub async fn deliver(self: Arc<Self>) {
        let Way::Smtp(..) = self.way else { return };
        let mut tasks = JoinSet::new();
        loop {
            let now = self.clock.now_ms();
            let under_way = self.under_way.ids();
            let most = AT_ONCE.saturating_sub(under_way.len());
            let found = self.store.due_mails(now, under_way, most).await;
            let found = found.unwrap_or_else(|_| DueMails {
                due: Vec::new(),
                next_ms: Some(now + AGAIN.as_millis() as u64),
            });
            for id in found.due {
                let begun = self.under_way.begin(id);
                tasks.spawn(self.clone().send_one(begun));
            }
            let next = async {
                match found.next_ms {
                    Some(at) => tokio::time::sleep(Duration::from_millis(at - now)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = next => {}
                Some(_) = tasks.join_next() => {}
            }
        }
    }

    async fn send_one(self: Arc<Self>, begun: Begun) {
        let Way::Smtp(smtp, from) = &self.way else {
            return;
        };
        let send = async {
            if self.try_to_send(smtp, from, begun.id).await.is_err() {
                // The store has said what is wrong, and takes it again later.
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            biased;
            () = begun.sending.stopped() => {}
            () = send => {}
        }
    }

    async fn try_to_send(
        &self,
        smtp: &Smtp,
        from: &Mailbox,
        id: crate::store::MailId,
    ) -> Result<(), StoreError> {
        // What is gone by now was dropped; of what cannot be read, nothing stays.
        let Some(mail) = self.store.mail(id).await? else {
            return self.store.remove_mail(id).await;
        };
        let Some(message) = self.message(from, &mail).await? else {
            return self.store.remove_mail(id).await;
        };
        let Err(error) = smtp.send(message).await else {
            if mail.whom == Whom::Operator {
                *self.operator_next.lock() = self.clock.now_ms() + OPERATOR_MS;
            }
            return self.store.remove_mail(id).await;
        };
        let permanent = error.is_permanent();
        match self.next_try(&mail).filter(|_| !permanent) {
            Some(at) => self.store.try_mail_later(id, at).await,
            None => {
                // What the other side says may hold the address: only what kind of fault it was is
                // told.
                tracing::warn!(permanent, "a letter could not be sent");
                self.store.remove_mail(id).await
            }
        }
    }

    /// When a mail is tried again that just failed; `None`: not any more.
    fn next_try(&self, mail: &WaitingMail) -> Option<u64> {
        let pause = *PAUSES_MS.get(mail.tries as usize)?;
        // Spread, so that what failed together is not tried together.
        let spread = u64::from(u16::from_ne_bytes(crate::secret::random())) * (pause / 4);
        let at = self.clock.now_ms() + pause + (spread >> 16);
        match &mail.whom {
            Whom::Asker(link) if link.ends_ms <= at => None,
            _ => Some(at),
        }
    }

    /// What is sent; `None`: there is nobody to send it to, or nothing to say, any more.
    async fn message(
        &self,
        from: &Mailbox,
        mail: &WaitingMail,
    ) -> Result<Option<Message>, StoreError> {
        let domain = from.email.domain();
        // Of a mail that is sent twice, both have one name.
        let name = format!("<{:x}@{domain}>", mail.id.0);
        let builder = Message::builder()
            .from(from.clone())
            .message_id(Some(name))
            .raw_header(header("Auto-Submitted", "auto-generated".into()));
        Ok(match &mail.whom {
            Whom::Asker(link) => self.to_asker(builder, link),
            Whom::Account(account, topic) => self.to_account(builder, *account, *topic).await?,
            Whom::Operator => self
                .operator
                .clone()
                .and_then(|operator| written(builder, operator, letter::to_operator())),
        })
    }

    fn to_asker(&self, builder: MessageBuilder, mail: &LinkMail) -> Option<Message> {
        if mail.ends_ms <= self.clock.now_ms() {
            return None;
        }
        let letter = letter::sign_in(&mail.link, Language::of(mail.language.as_deref()));
        written(builder, mail.address.parse().ok()?, letter)
    }

    async fn to_account(
        &self,
        builder: MessageBuilder,
        id: AccountId,
        topic: Topic,
    ) -> Result<Option<Message>, StoreError> {
        let Some(account) = self.store.account(id).await? else {
            return Ok(None);
        };
        let address = account.identities.iter().find_map(|one| match one {
            Identity::Email(address) => address.parse::<Address>().ok(),
            Identity::Subject { .. } => None,
        });
        let wished = account.preferences.wish(topic.kind());
        let Some(address) = address.filter(|_| wished) else {
            return Ok(None);
        };
        let language = Language::of(account.preferences.language.as_deref());
        let token = self.store.unsubscribe_token(id, topic.kind()).await?;
        let end = format!("{}/unsubscribe/{token}", self.base());
        let letter = self.letter(id, topic, &end, language).await?;
        Ok(letter.and_then(|letter| written(ended_by(builder, &end), address, letter)))
    }

    async fn letter(
        &self,
        account: AccountId,
        topic: Topic,
        end: &str,
        language: Language,
    ) -> Result<Option<Letter>, StoreError> {
        let base = self.base();
        Ok(match topic {
            Topic::Room { room, news } => {
                let kept = self.store.room(room).await?;
                // It may be another's by now.
                let theirs = kept.filter(|kept| kept.owner == account);
                theirs.map(|kept| {
                    let link = format!("{base}/rooms/{room}");
                    letter::room(news, &kept.settings.title, &link, end, language)
                })
            }
            Topic::Policy { version } => {
                let version = self.versions.iter().find(|one| one.number == version);
                let link = format!("{base}/privacy");
                version.map(|version| letter::policy(version, &link, end, language))
            }
            Topic::Answer { .. } => {
                let link = format!("{base}/support");
                Some(letter::answer(&link, end, language))
            }
        })
    }
}

/// With what mail programs need to end such mails (RFC 2369 §3.2, RFC 8058 §3): of an encrypted
/// address alone, as the latter wants.
fn ended_by(builder: MessageBuilder, end: &str) -> MessageBuilder {
    if !end.starts_with("https://") {
        return builder;
    }
    builder
        .raw_header(header("List-Unsubscribe", format!("<{end}>")))
        .raw_header(header(
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".into(),
        ))
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn written(builder: MessageBuilder, to: Address, letter: Letter) -> Option<Message> {
    let message = builder
        .to(Mailbox::new(None, to))
        .subject(letter.subject)
        .multipart(MultiPart::alternative_plain_html(letter.text, letter.html));
    if message.is_err() {
        tracing::error!("a letter could not be written");
    }
    message.ok()
}
