//! `[mail]`: how letters leave.

use super::rule::{Invalid, Section};
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const SECTION: Section = Section("mail");

/// How letters leave. Without a server, links to sign in are printed where that is safe: to a
/// terminal, of a server that only this machine reaches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server, such as `smtps://mail.example:465` or
    /// `smtp://mail.example:587?tls=required`. Empty: none. Default empty.
    pub smtp: String,
    /// The name to sign in with there. Empty: not at all. Default empty.
    pub user: String,
    /// The file that holds the password. Default empty.
    pub password_file: PathBuf,
    /// Whom letters are from, such as `Stereo <stereo@example.org>`. Default empty.
    pub from: String,
    /// The address that is told, at most once an hour and without content, that somebody wrote to
    /// whoever runs the server. Empty: none. Default empty.
    pub operator: String,
}

impl Mail {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.smtp.is_empty() {
            for (key, text) in [("user", &self.user), ("operator", &self.operator)] {
                let expected = || "expected mail.smtp beside it".into();
                SECTION.agree(text.is_empty(), key, "smtp", expected)?;
            }
            return Ok(());
        }
        self.validate_server()?;
        if self.from.parse::<Mailbox>().is_err() {
            let expected = "expected whom letters are from, such as Stereo <stereo@example.org>";
            return Err(SECTION.invalid("from", expected));
        }
        if !self.operator.is_empty() && self.operator.parse::<lettre::Address>().is_err() {
            let expected = "expected an address such as ada@example.org, or none";
            return Err(SECTION.invalid("operator", expected));
        }
        SECTION.agree(
            self.user.is_empty() != self.has_password(),
            "password_file",
            "user",
            || "expected with mail.user, and only with it".into(),
        )?;
        if self.has_password() && self.password().is_none() {
            let expected = "expected a file that can be read, with the password in it";
            return Err(SECTION.invalid("password_file", expected));
        }
        Ok(())
    }

    fn validate_server(&self) -> Result<(), Invalid> {
        let wrong = |expected: &str| Err(SECTION.invalid("smtp", expected));
        let form = "expected smtps://host:465 or smtp://host:587?tls=required";
        if lettre::SmtpTransport::from_url(&self.smtp).is_err() {
            return wrong(form);
        }
        let Some((scheme, rest)) = self.smtp.split_once("://") else {
            return wrong(form);
        };
        if rest.contains('@') {
            return wrong(
                "expected no name or password in it: they go to mail.user and mail.password_file",
            );
        }
        let is_sealed = scheme == "smtps" || rest.ends_with("?tls=required");
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let is_here = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        match is_sealed || is_here {
            true => Ok(()),
            false => wrong("expected smtps:// or ?tls=required: letters hold links that sign in"),
        }
    }

    fn has_password(&self) -> bool {
        !self.password_file.as_os_str().is_empty()
    }

    /// The password; `None` when there is none, or its file cannot be read.
    pub fn password(&self) -> Option<String> {
        let text = std::fs::read_to_string(&self.password_file).ok()?;
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
