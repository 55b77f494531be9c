//! `[analytics]`: how visits are counted, if at all.

use super::rule::{Invalid, Section};
use serde::{Deserialize, Serialize};

const SECTION: Section = Section("analytics");

/// How visits are counted. Off unless the operator says otherwise; never by a cookie, and never of
/// whoever objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Analytics {
    /// Count visits and visitors, by page and day, for `stereo stats`. Default false.
    pub enabled: bool,
    /// Let Fathom count them instead: the id that it gave the site, such as `ABCDEFGH`. Empty: it
    /// is told nothing. Default empty.
    pub fathom_site: String,
}

impl Analytics {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        let site = &self.fathom_site;
        let is_id = site.len() <= 16 && site.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id {
            let expected = "expected the id that Fathom gave the site, such as ABCDEFGH";
            return Err(SECTION.invalid("fathom_site", expected));
        }
        let one = site.is_empty() || !self.enabled;
        let expected = || "expected one of the two: who counts here, or Fathom".into();
        SECTION.agree(one, "fathom_site", "enabled", expected)
    }
}
