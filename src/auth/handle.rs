//! Handles: the one name of an account. Small letters, digits and lines, so that no two alphabets
//! can be mixed; which of them look alike is the store's to know.

use crate::store::skeleton;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Letters that a handle may have.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=15;
/// Handles that people would take for the server's own, or for whoever runs it; nor what looks
/// like one of them.
const RESERVED: [&str; 36] = [
    "stereo",
    "admin",
    "admins",
    "administrator",
    "root",
    "system",
    "sysadmin",
    "operator",
    "support",
    "help",
    "helpdesk",
    "contact",
    "info",
    "staff",
    "team",
    "official",
    "moderator",
    "moderators",
    "mod",
    "mods",
    "security",
    "privacy",
    "abuse",
    "legal",
    "postmaster",
    "webmaster",
    "hostmaster",
    "noreply",
    "no_reply",
    "everyone",
    "someone",
    "nobody",
    "anonymous",
    "null",
    "undefined",
    "stereo_support",
];
const FIRST: [&str; 32] = [
    "amber", "brave", "brisk", "calm", "clear", "cosy", "dusty", "early", "faint", "fond",
    "gentle", "glad", "golden", "happy", "hazy", "jolly", "kind", "late", "light", "lucky",
    "mellow", "mild", "misty", "quick", "quiet", "rapid", "silver", "soft", "sunny", "tidy",
    "velvet", "warm",
];
const SECOND: [&str; 32] = [
    "badger", "bear", "bee", "crane", "crow", "deer", "dove", "duck", "finch", "fox", "frog",
    "gecko", "goose", "hare", "heron", "ibis", "jay", "koala", "lark", "lynx", "mole", "moth",
    "newt", "otter", "owl", "panda", "quail", "raven", "robin", "seal", "swan", "wren",
];

/// A handle as it is kept.
///
/// # Errors
/// `invalid` on the field `handle`, with what was expected.
pub fn check_handle(handle: &str) -> Result<Box<str>, ErrorObject> {
    let handle = handle.trim().to_lowercase();
    let wrong = |message: &str| {
        Err(ErrorObject::new(ErrorKind::Invalid, format!("handle: {message}")).with_field("handle"))
    };
    let allowed =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !handle.chars().all(allowed) {
        return wrong("expected letters from a to z, digits and _");
    }
    if !LENGTH.contains(&handle.len()) {
        return wrong("expected 3 to 15 letters");
    }
    if !handle.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return wrong("expected a letter in it");
    }
    let alike = skeleton(&handle);
    if RESERVED.iter().any(|reserved| skeleton(reserved) == alike) {
        return wrong("expected a name that nobody takes for the server's own");
    }
    Ok(handle.into())
}

/// A handle for who has not chosen one yet: it says nothing about them.
pub fn made_up_handle() -> Box<str> {
    let [first, second, one, other] = crate::secret::random();
    let digits = u32::from(u16::from_ne_bytes([one, other])) % 90 + 10;
    let (first, second) = (
        FIRST[usize::from(first % 32)],
        SECOND[usize::from(second % 32)],
    );
    format!("{first}_{second}{digits}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_made_up_handle_is_good() {
        for first in FIRST {
            for second in SECOND {
                let handle = format!("{first}_{second}99");
                assert_eq!(check_handle(&handle).as_deref(), Ok(handle.as_str()));
            }
        }
        assert!(check_handle(&made_up_handle()).is_ok());
    }

    #[test]
    fn handles_of_other_letters_are_refused_with_what_was_expected() {
        for handle in [
            "",
            "ab",
            "abcdefghijklmnop",
            "раypal",
            "a b c",
            "a\u{200b}da",
            "ⓐda",
            "123",
            "___",
            "Admin",
            "adm1n",
            "5tereo",
            "sup_port",
            "rnoderator",
            "stereo_support",
        ] {
            let error = check_handle(handle).unwrap_err();
            assert_eq!(error.data.field.as_deref(), Some("handle"), "{handle}");
        }
        assert_eq!(check_handle(" Ada_1 ").as_deref(), Ok("ada_1"));
    }
}
