//! Byte ranges and preconditions of a file (RFC 9110 §13 and §14). Pure: headers in, what to send
//! out.

use http::HeaderMap;

/// What to send of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// 200: all of it.
    Whole,
    /// 206: bytes `first` to `last`, both included.
    Part {
        /// First byte.
        first: u64,
        /// Last byte.
        last: u64,
    },
    /// 304: the client has it.
    NotModified,
    /// 416: no byte of the range exists.
    Unsatisfiable,
}

/// Chooses what to send of `length` bytes that are `etag` (a strong validator, quoted).
///
/// Several ranges in one request are answered with the whole file, as §14.2 allows: no player
/// asks for them, and they have been used to exhaust servers (§17.15).
pub fn select(headers: &HeaderMap, length: u64, etag: &str) -> Selection {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("if-none-match").is_some_and(|known| matches_any(known, etag)) {
        return Selection::NotModified;
    }
    let Some(range) = text("range") else {
        return Selection::Whole;
    };
    // A range of something else than what we have is worthless (§13.1.5); the comparison is strong.
    if text("if-range").is_some_and(|known| known.trim() != etag) {
        return Selection::Whole;
    }
    satisfy(range, length)
}

fn matches_any(list: &str, etag: &str) -> bool {
    list.trim() == "*"
        || list
            .split(',')
            .any(|known| known.trim().trim_start_matches("W/") == etag)
}

fn satisfy(range: &str, length: u64) -> Selection {
    let Some((unit, set)) = range.split_once('=') else {
        return Selection::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Selection::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else {
        return Selection::Whole;
    };
    match (number(first), number(last)) {
        (Some(Number::Is(first)), Some(last)) => {
            let last = match last {
                Number::Is(last) if last < first => return Selection::Whole,
                Number::Is(last) => last,
                Number::Absent => u64::MAX,
            };
            if first >= length {
                return Selection::Unsatisfiable;
            }
            Selection::Part {
                first,
                last: last.min(length - 1),
            }
        }
        (Some(Number::Absent), Some(Number::Is(suffix))) => {
            if suffix == 0 || length == 0 {
                return Selection::Unsatisfiable;
            }
            Selection::Part {
                first: length.saturating_sub(suffix),
                last: length - 1,
            }
        }
        _ => Selection::Whole,
    }
}

enum Number {
    Absent,
    Is(u64),
}

/// Digits only; what does not fit 64 bits is as large as can be.
fn number(text: &str) -> Option<Number> {
    if text.is_empty() {
        return Some(Number::Absent);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Number::Is(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn asked(pairs: &[(&'static str, &str)], length: u64) -> Selection {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        select(&headers, length, "\"abc\"")
    }

    #[test]
    fn ranges_are_read_as_section_14_says() {
        let part = |first, last| Selection::Part { first, last };
        for (range, expected) in [
            ("bytes=0-499", part(0, 499)),
            ("bytes=500-", part(500, 999)),
            ("bytes=-1", part(999, 999)),
            ("bytes=-2000", part(0, 999)),
            ("bytes=0-0", part(0, 0)),
            ("bytes=999-99999999999999999999999", part(999, 999)),
            ("BYTES = 1-2", part(1, 2)),
            ("bytes=1000-", Selection::Unsatisfiable),
            ("bytes=99999999999999999999-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=5-4", Selection::Whole),
            ("bytes=-", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("bytes=0-1,5-6", Selection::Whole),
            ("items=0-1", Selection::Whole),
            ("bytes", Selection::Whole),
        ] {
            assert_eq!(asked(&[("range", range)], 1000), expected, "{range}");
        }
        assert_eq!(asked(&[("range", "bytes=0-")], 0), Selection::Unsatisfiable);
    }

    #[test]
    fn preconditions_are_read_as_section_13_says() {
        assert_eq!(
            asked(&[("if-none-match", "\"x\", W/\"abc\"")], 10),
            Selection::NotModified
        );
        assert_eq!(asked(&[("if-none-match", "*")], 10), Selection::NotModified);
        assert_eq!(asked(&[("if-none-match", "\"x\"")], 10), Selection::Whole);
        let range = ("range", "bytes=1-2");
        assert_eq!(
            asked(&[range, ("if-range", "\"abc\"")], 10),
            Selection::Part { first: 1, last: 2 }
        );
        assert_eq!(
            asked(&[range, ("if-range", "W/\"abc\"")], 10),
            Selection::Whole
        );
        assert_eq!(
            asked(&[range, ("if-range", "\"old\"")], 10),
            Selection::Whole
        );
    }

    proptest! {
        #[test]
        fn a_part_always_lies_in_the_file(range in "bytes=[0-9]{0,4}-[0-9]{0,4}", length in 0u64..3000) {
            if let Selection::Part { first, last } = asked(&[("range", &range)], length) {
                prop_assert!(first <= last && last < length);
            }
        }
    }
}
