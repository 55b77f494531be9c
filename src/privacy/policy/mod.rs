//! The policy that people read: its text from `text.toml`, as far as it holds on this server, and
//! its versions. Nothing here does what the text says; the inventory and the tests name what does.

mod versions;

pub use versions::{VERSIONS, Version};

use crate::config::Config;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::LazyLock;

static TEXT: LazyLock<Result<Text, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("text.toml")));

/// A language that the policy is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, when nothing else is known.
    English,
    /// Vietnamese.
    Vietnamese,
}

impl Language {
    /// The language of a tag such as `vi-VN`, or of the first of a list (RFC 9110 §12.5.4).
    pub fn of(tags: &str) -> Self {
        let first = tags.split([',', ';']).next().unwrap_or_default();
        match first.trim().split('-').next() {
            Some(tag) if tag.eq_ignore_ascii_case("vi") => Self::Vietnamese,
            _ => Self::English,
        }
    }

    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Vietnamese => "vi",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    title: Both<String>,
    lead: Both<String>,
    changed: Both<String>,
    section: Vec<Section>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both<T> {
    en: T,
    vi: T,
}

impl<T> Both<T> {
    fn get(&self, language: Language) -> &T {
        match language {
            Language::English => &self.en,
            Language::Vietnamese => &self.vi,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    id: String,
    only: Option<When>,
    en: Words,
    vi: Words,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Words {
    title: String,
    text: Vec<String>,
}

/// What has to be so on this server for a section to stand in its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    Named,
    Address,
    Servers,
    Complaints,
    NoComplaints,
    Letters,
    Tls,
    Proxy,
    Plain,
    Counted,
    Uncounted,
    Fathom,
    Backups,
    Reports,
    NoReports,
    Direct,
    NoDirect,
}

impl When {
    fn holds(self, config: &Config) -> bool {
        let operator = &config.operator;
        let (tls, server) = (config.tls.is_on(), &config.server);
        let by_proxy = !tls && server.public_url.starts_with("https://");
        let (counts, fathom) = (config.analytics.enabled, &config.analytics.fathom_site);
        match self {
            Self::Named => !operator.name.is_empty(),
            Self::Address => !operator.address.is_empty(),
            Self::Servers => !operator.servers.is_empty(),
            Self::Complaints => !operator.complaints.is_empty(),
            Self::NoComplaints => operator.complaints.is_empty(),
            Self::Tls => tls,
            Self::Proxy => by_proxy,
            Self::Plain => !tls && !by_proxy && !server.listen.ip().is_loopback(),
            Self::Counted => counts,
            Self::Uncounted => !counts && fathom.is_empty(),
            Self::Fathom => !fathom.is_empty(),
            Self::Backups => !config.backup.recipients.is_empty(),
            Self::Letters => !config.mail.smtp.is_empty(),
            Self::Reports => !config.telemetry.sentry_dsn.is_empty(),
            Self::NoReports => config.telemetry.sentry_dsn.is_empty(),
            Self::Direct => config.media.direct,
            Self::NoDirect => !config.media.direct,
        }
    }
}

/// The commit that runs; `unknown` when it was not built from a checkout.
pub const COMMIT: &str = env!("STEREO_COMMIT");
/// Where the server gives out its own source.
pub const OWN_SOURCE: &str = "/source.tar.gz";

/// Where the source of what runs here is.
pub fn source(config: &Config) -> String {
    match config.operator.source_url.as_str() {
        "" => OWN_SOURCE.into(),
        url => url.replace("{commit}", COMMIT),
    }
}

/// The policy in one language, as far as it holds here.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    language: &'static str,
    title: String,
    lead: String,
    #[serde(skip)]
    changed: String,
    sections: Vec<Shown>,
}

#[derive(Clone, Debug, Serialize)]
struct Shown {
    id: String,
    #[serde(flatten)]
    words: Words,
}

/// The policy of a server with this config; `None` when its text is broken, which a test rules out.
pub fn policy(config: &Config, language: Language) -> Option<Policy> {
    let text = TEXT.as_ref().ok()?;
    let stands = |section: &&Section| section.only.is_none_or(|when| when.holds(config));
    let sections = text.section.iter().filter(stands).map(|section| {
        let words = match language {
            Language::English => &section.en,
            Language::Vietnamese => &section.vi,
        };
        let fill = |text: &String| filled(text, config);
        Shown {
            id: section.id.clone(),
            words: Words {
                title: words.title.clone(),
                text: words.text.iter().map(fill).collect(),
            },
        }
    });
    Some(Policy {
        language: language.tag(),
        title: text.title.get(language).clone(),
        lead: text.lead.get(language).clone(),
        changed: text.changed.get(language).clone(),
        sections: sections.collect(),
    })
}

fn filled(text: &str, config: &Config) -> String {
    let operator = &config.operator;
    let reports = config.telemetry.sentry_dsn.parse::<sentry::types::Dsn>();
    let reports = reports.map_or_else(|_| String::new(), |dsn| dsn.host().to_owned());
    let days = config.backup.keep_days.to_string();
    let mut text = text.to_owned();
    for (blank, with) in [
        ("{operator}", operator.name.as_str()),
        ("{address}", &operator.address),
        ("{servers}", &operator.servers),
        ("{complaints}", &operator.complaints),
        ("{reports}", &reports),
        ("{days}", &days),
        ("{commit}", COMMIT),
    ] {
        text = text.replace(blank, with);
    }
    text
}

/// What every page needs to know: version, date, what changed, who runs this, and the source.
pub fn summary(config: &Config, versions: &[Version]) -> Value {
    let newest = &versions[0];
    let changes = versions.iter().map(|version| {
        json!({
            "version": version.number,
            "date": version.date,
            "significant": version.significant,
            "text": {"en": version.en, "vi": version.vi},
        })
    });
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let operator = &config.operator;
    json!({
        "version": newest.number,
        "date": newest.date,
        "significant": newest.significant,
        "changes": changes.collect::<Vec<_>>(),
        "operator": {
            "name": given(&operator.name),
            "address": given(&operator.address),
            "servers": given(&operator.servers),
            "complaints": given(&operator.complaints),
        },
        "analytics": analytics(config),
        "direct": config.media.direct,
        "source": source(config),
        "commit": COMMIT,
    })
}

/// How visits are counted, for the pages that tell of theirs; nothing: they are not.
fn analytics(config: &Config) -> Value {
    let analytics = &config.analytics;
    match (analytics.enabled, analytics.fathom_site.as_str()) {
        (true, _) => json!({"by": "us"}),
        (false, "") => Value::Null,
        (false, site) => json!({"by": "fathom", "site": site}),
    }
}

impl Policy {
    /// As the main part of a page, for browsers without scripts.
    pub fn html(&self, config: &Config, versions: &[Version]) -> String {
        let newest = &versions[0];
        let mut html = format!(
            "<main class=\"policy\" lang=\"{}\"><h1>{}</h1><p>{} · {}</p><p>{}</p>",
            self.language,
            escaped(&self.title),
            newest.number,
            newest.date,
            escaped(&self.lead)
        );
        for Shown { id, words } in &self.sections {
            html += &format!("<h2 id=\"{}\">{}</h2>", escaped(id), escaped(&words.title));
            for text in &words.text {
                html += &format!("<p>{}</p>", escaped(text));
            }
        }
        html += &format!("<h2 id=\"versions\">{}</h2>", escaped(&self.changed));
        for version in versions {
            let text = if self.language == "vi" {
                version.vi
            } else {
                version.en
            };
            let (date, text) = (version.date, escaped(text));
            html += &format!(
                "<p>{}, <time datetime=\"{date}\">{date}</time>: {text}</p>",
                version.number
            );
        }
        let source = escaped(&source(config));
        html + &format!("<p><a href=\"{source}\">{source}</a></p></main>")
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
