//! `[operator]`: who runs this server, for the page on privacy.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Serialize};

const SECTION: Section = Section("operator");

/// Who runs this server. Everything here is shown to everyone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    /// A person or an organisation. Default empty.
    pub name: String,
    /// Where they are reached, such as an e-mail address. Default empty.
    pub address: String,
    /// Where the servers stand, such as `Helsinki, Finland`. Default empty.
    pub servers: String,
    /// With whom people may lodge a complaint. Default empty.
    pub complaints: String,
    /// Where the source of what runs here can be read, `{commit}` standing for the commit, such as
    /// `https://git.example/stereo/tree/{commit}`. Empty: the server gives it out itself. Default
    /// empty.
    pub source_url: String,
}

impl Operator {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        for (key, text) in [
            ("name", &self.name),
            ("address", &self.address),
            ("servers", &self.servers),
            ("complaints", &self.complaints),
        ] {
            if text.chars().count() > 300 || text.chars().any(char::is_control) {
                return Err(SECTION.invalid(key, "expected one line of at most 300 characters"));
            }
        }
        let url = &self.source_url;
        let filled = url.replace("{commit}", "0");
        let is_web = (filled.starts_with("https://") || filled.starts_with("http://"))
            && filled
                .parse::<http::Uri>()
                .is_ok_and(|url| url.host().is_some());
        if !url.is_empty() && !is_web {
            let expected = "expected an address such as https://git.example/stereo/tree/{commit}";
            return Err(SECTION.invalid("source_url", expected));
        }
        Ok(())
    }
}
