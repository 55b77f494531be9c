//! What people write, made safe to keep and to show: NFC, trimmed, without controls.

use stereo_protocol::{ErrorKind, ErrorObject};
use unicode_normalization::UnicodeNormalization;

/// A text of at least one visible character and at most `most` Unicode scalar values.
///
/// # Errors
/// `invalid` for control characters and for nothing visible; `too_large` beyond `most`.
pub fn clean(field: &str, text: &str, most: u32) -> Result<Box<str>, ErrorObject> {
    // What stands apart only by what is left out comes together.
    let left = text.chars().filter(|c| !is_direction_control(*c));
    let cleaned: String = left.nfc().collect();
    let trimmed = cleaned.trim();
    if trimmed.chars().any(|c| c.is_control() && c != '\n') {
        return Err(ErrorObject::invalid(
            field,
            "expected a text without control characters",
        ));
    }
    if !trimmed.chars().any(is_visible) {
        return Err(ErrorObject::invalid(
            field,
            "expected at least one visible character",
        ));
    }
    let count = trimmed.chars().count();
    if count > most as usize {
        let message = format!("{field}: {count} characters, at most {most} are taken");
        return Err(ErrorObject::new(ErrorKind::TooLarge, message).with_field(field));
    }
    Ok(trimmed.into())
}

/// As [`clean`], on one line.
///
/// # Errors
/// As [`clean`]; a line break is `invalid` too.
pub fn clean_line(field: &str, text: &str, most: u32) -> Result<Box<str>, ErrorObject> {
    if text.trim().contains('\n') {
        return Err(ErrorObject::invalid(field, "expected a single line"));
    }
    clean(field, text, most)
}

/// What others wrote, on one line and of at most `most` characters: what may not be in it is left
/// out. `None` when nothing visible is left.
pub fn tidied(text: &str, most: usize) -> Option<String> {
    let spaced = |c: char| if c.is_control() { ' ' } else { c };
    let left = text.chars().filter(|c| !is_direction_control(*c));
    let composed: String = left.map(spaced).nfc().collect();
    let words: Vec<&str> = composed.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(most).collect();
    cut.chars()
        .any(is_visible)
        .then(|| cut.trim_end().to_owned())
}

/// Embeddings, overrides and isolates (UAX #9): they would turn round what stands beside them.
fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

fn is_visible(c: char) -> bool {
    let blank = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{00ad}' | '\u{2800}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{fe00}'..='\u{fe0f}');
    !c.is_whitespace() && !c.is_control() && !blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nothing_visible_are_refused() {
        for name in [
            "",
            "   ",
            "\u{200b}",
            "\u{a0}\u{2003}",
            "\u{202e}",
            "\u{3164}",
        ] {
            assert!(clean_line("name", name, 32).is_err(), "{name:?}");
        }
    }

    #[test]
    fn controls_are_refused_and_overrides_dropped() {
        assert!(clean("text", "a\u{7}b", 10).is_err());
        assert_eq!(&*clean("text", " a\u{202e}b ", 10).unwrap(), "ab");
        assert_eq!(&*clean("text", "e\u{301}", 1).unwrap(), "é");
        assert_eq!(&*clean("text", "e\u{202e}\u{301}", 1).unwrap(), "é");
        assert!(clean_line("name", "a\nb", 10).is_err());
        assert!(clean("text", "a\nb", 10).is_ok());
    }

    #[test]
    fn what_others_wrote_is_cut_and_cleaned_and_not_refused() {
        assert_eq!(tidied(" a\u{7}b\n\u{202e}c ", 9).unwrap(), "a b c");
        assert_eq!(tidied("abc def", 4).unwrap(), "abc");
        assert_eq!(tidied("\u{200b}\n", 9), None);
    }

    #[test]
    fn length_is_counted_in_scalar_values() {
        assert!(clean("text", &"é".repeat(500), 500).is_ok());
        let error = clean("text", &"é".repeat(501), 500).unwrap_err();
        assert_eq!(error.data.kind, ErrorKind::TooLarge);
    }
}
