//! Which versions of the policy there were, and what changed.

/// A version of the policy.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Counted from 1.
    pub number: u32,
    /// The date from which it holds (ISO 8601).
    pub date: &'static str,
    /// Whether people are told of it by a notice.
    pub significant: bool,
    /// What changed, in English.
    pub en: &'static str,
    /// What changed, in Vietnamese.
    pub vi: &'static str,
}

/// Every version, the newest first.
pub const VERSIONS: &[Version] = &[Version {
    number: 1,
    date: "2026-11-24",
    significant: true,
    en: "The first version.",
    vi: "Bản đầu tiên.",
}];
