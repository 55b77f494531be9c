//! Byte ranges and preconditions of a file (RFC 9110 §13 and §14). Pure: headers in, what to send
//! out. Nothing here writes a response or touches a file.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

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

/// Chooses what a GET gets of `length` bytes that are `etag` (a strong validator, quoted).
pub fn select(headers: &HeaderMap, length: u64, etag: &str) -> Selection {
    select_for(&Method::GET, headers, length, etag)
}

/// Chooses what to send of `length` bytes that are `etag` (a strong validator, quoted).
///
/// The order is §13.2.2's: `If-None-Match` (§13.1.2), then `Range` under `If-Range` (§13.1.5).
/// Ranges are for GET only: §14.2 obliges us to ignore them elsewhere, HEAD included.
///
/// Several ranges in one request are answered with the whole file, as §14.2 allows: no player
/// asks for them, and they have been used to exhaust servers (§17.15).
pub fn select_for(method: &Method, headers: &HeaderMap, length: u64, etag: &str) -> Selection {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if reads && is_known(headers, etag) {
        return Selection::NotModified;
    }
    if *method != Method::GET || !may_range(headers, etag) {
        return Selection::Whole;
    }
    match only(headers, &header::RANGE).and_then(|value| value.to_str().ok()) {
        Some(range) => satisfy(range, length),
        None => Selection::Whole,
    }
}

/// The value of a header that stands exactly once: twice, these would contradict themselves.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether the client has this very file: a weak comparison (§13.1.2), over all lines (§5.3).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|line| lists(line.as_bytes(), etag.as_bytes()))
}

/// Whether a list of entity tags (§8.8.3) holds `etag`. A comma may stand inside a tag, so the
/// list is read tag by tag; at the first that is none, reading stops.
fn lists(line: &[u8], etag: &[u8]) -> bool {
    let mut rest = line.trim_ascii();
    if rest == b"*" {
        return true;
    }
    loop {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let tag = rest.strip_prefix(b"W/").unwrap_or(rest);
        let Some(inside) = tag.strip_prefix(b"\"") else {
            return false;
        };
        let Some(end) = inside.iter().position(|byte| *byte == b'"') else {
            return false;
        };
        let (found, after) = tag.split_at(end + 2);
        if found == etag {
            return true;
        }
        rest = after;
    }
}

/// A range of something else than what we have is worthless (§13.1.5). The comparison is strong,
/// and as we send no `Last-Modified`, no date can match.
fn may_range(headers: &HeaderMap, etag: &str) -> bool {
    !headers.contains_key(header::IF_RANGE)
        || only(headers, &header::IF_RANGE)
            .is_some_and(|known| known.as_bytes().trim_ascii() == etag.as_bytes())
}

/// Reads a ranges-specifier (§14.1.1); what is none, or of another unit, is ignored (§14.2).
fn satisfy(range: &str, length: u64) -> Selection {
    let Some((unit, set)) = range.split_once('=') else {
        return Selection::Whole;
    };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    // Empty elements of a list do not count (§5.6.1.2).
    let mut specs = set
        .split(',')
        .map(str::trim)
        .filter(|spec| !spec.is_empty());
    match (specs.next(), specs.next()) {
        (Some(spec), None) => satisfy_one(spec, length),
        _ => Selection::Whole,
    }
}

/// One int-range or suffix-range (§14.1.2).
fn satisfy_one(spec: &str, length: u64) -> Selection {
    let Some((first, last)) = spec.split_once('-') else {
        return Selection::Whole;
    };
    match (number(first), number(last)) {
        (Some(Number::Is(first)), Some(Number::Is(last))) if last < first => Selection::Whole,
        (Some(Number::Is(first)), Some(_)) if first >= length => Selection::Unsatisfiable,
        (Some(Number::Is(first)), Some(last)) => {
            let end = length - 1;
            let last = match last {
                Number::Is(last) => last.min(end),
                Number::Absent => end,
            };
            Selection::Part { first, last }
        }
        (Some(Number::Absent), Some(Number::Is(0))) => Selection::Unsatisfiable,
        // The last bytes of nothing are satisfiable (§14.1.2), but no Content-Range can name them.
        (Some(Number::Absent), Some(Number::Is(_))) if length == 0 => Selection::Whole,
        (Some(Number::Absent), Some(Number::Is(suffix))) => Selection::Part {
            first: length.saturating_sub(suffix),
            last: length - 1,
        },
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
    use proptest::prelude::*;

    const ETAG: &str = "\"abc\"";

    fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn asked(pairs: &[(&'static str, &str)], length: u64) -> Selection {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        select(&headers(&pairs), length, ETAG)
    }

    fn part(first: u64, last: u64) -> Selection {
        Selection::Part { first, last }
    }

    #[test]
    fn ranges_are_read_as_section_14_says() {
        for (range, expected) in [
            // §14.1.2: int-range, open and closed
            ("bytes=0-499", part(0, 499)),
            ("bytes=500-999", part(500, 999)),
            ("bytes=500-", part(500, 999)),
            ("bytes=0-", part(0, 999)),
            ("bytes=0-0", part(0, 0)),
            ("bytes=999-", part(999, 999)),
            ("bytes=0-1000", part(0, 999)),
            ("bytes=007-8", part(7, 8)),
            // §14.1.2: suffix-range; longer than the file means all of it
            ("bytes=-1", part(999, 999)),
            ("bytes=-1000", part(0, 999)),
            ("bytes=-2000", part(0, 999)),
            // §14.1: unit names have no case
            ("BYTES=1-2", part(1, 2)),
            // §5.6.1.2: empty elements of a list do not count
            ("bytes=,1-2 ,", part(1, 2)),
            // numbers beyond 64 bits
            ("bytes=999-99999999999999999999999", part(999, 999)),
            ("bytes=-99999999999999999999999", part(0, 999)),
            ("bytes=99999999999999999999-", Selection::Unsatisfiable),
            ("bytes=18446744073709551615-", Selection::Unsatisfiable),
            // §14.1.2: unsatisfiable
            ("bytes=1000-", Selection::Unsatisfiable),
            ("bytes=1000-2000", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            // §14.1.1: a last-pos before first-pos is invalid, and §14.2 lets us ignore it
            ("bytes=5-4", Selection::Whole),
            // not a ranges-specifier
            ("bytes=-", Selection::Whole),
            ("bytes=", Selection::Whole),
            ("bytes=,", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("bytes=1--2", Selection::Whole),
            ("bytes=1-2-3", Selection::Whole),
            ("bytes=1 - 2", Selection::Whole),
            ("bytes=0x1-2", Selection::Whole),
            ("bytes =1-2", Selection::Whole),
            ("bytes", Selection::Whole),
            ("", Selection::Whole),
            // §14.2: an unknown unit is ignored
            ("items=0-1", Selection::Whole),
            // §14.2: several ranges may be ignored, apart or overlapping
            ("bytes=0-1,5-6", Selection::Whole),
            ("bytes=0-5,3-8", Selection::Whole),
            ("bytes=0-,0-,0-", Selection::Whole),
            ("bytes=2000-,3000-", Selection::Whole),
        ] {
            assert_eq!(asked(&[("range", range)], 1000), expected, "{range}");
        }
    }

    #[test]
    fn hundreds_of_ranges_cost_one_whole_file() {
        let many = format!("bytes={}", vec!["0-"; 1_000].join(","));
        assert_eq!(asked(&[("range", &many)], 1000), Selection::Whole);
    }

    #[test]
    fn nothing_has_no_bytes_but_has_last_ones() {
        assert_eq!(asked(&[("range", "bytes=0-")], 0), Selection::Unsatisfiable);
        assert_eq!(asked(&[("range", "bytes=-0")], 0), Selection::Unsatisfiable);
        assert_eq!(asked(&[("range", "bytes=-5")], 0), Selection::Whole);
    }

    #[test]
    fn two_range_lines_contradict_themselves() {
        let twice = [("range", "bytes=1-2"), ("range", "bytes=1-2")];
        assert_eq!(asked(&twice, 10), Selection::Whole);
    }

    #[test]
    fn ranges_are_for_get_only() {
        // §14.2
        let range = headers(&[("range", b"bytes=1-2")]);
        let beyond = headers(&[("range", b"bytes=99-")]);
        for method in [Method::HEAD, Method::POST, Method::DELETE] {
            for headers in [&range, &beyond] {
                assert_eq!(select_for(&method, headers, 10, ETAG), Selection::Whole);
            }
        }
        assert_eq!(select_for(&Method::GET, &range, 10, ETAG), part(1, 2));
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        // §13.1.2 by §8.8.3.2's weak comparison, over every line (§5.3)
        for (known, expected) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("\"x\",\"abc\"", true),
            (", ,\"abc\"", true),
            ("\"a,b\", \"abc\"", true),
            ("*", true),
            (" * ", true),
            ("\"x\"", false),
            ("abc", false),
            ("\"abc", false),
            ("w/\"abc\"", false),
            ("W/W/\"abc\"", false),
            // a quote closes a tag: what follows is none
            ("\"x,\"abc\",y\"", false),
            ("", false),
        ] {
            let selection = asked(&[("if-none-match", known)], 10);
            assert_eq!(selection == Selection::NotModified, expected, "{known}");
        }
        let lines = [("if-none-match", "\"x\""), ("if-none-match", "\"abc\"")];
        assert_eq!(asked(&lines, 10), Selection::NotModified);
        let bytes = headers(&[("if-none-match", b"\"\xff\", \"abc\"")]);
        assert_eq!(select(&bytes, 10, ETAG), Selection::NotModified);
    }

    #[test]
    fn not_modified_goes_before_any_range_and_only_for_reads() {
        // §13.2.2
        let both = [("if-none-match", "\"abc\""), ("range", "bytes=99-")];
        assert_eq!(asked(&both, 10), Selection::NotModified);
        let known = headers(&[("if-none-match", b"\"abc\"")]);
        let select = |method| select_for(&method, &known, 10, ETAG);
        assert_eq!(select(Method::HEAD), Selection::NotModified);
        assert_eq!(select(Method::POST), Selection::Whole);
    }

    #[test]
    fn a_range_of_something_else_gives_the_whole() {
        // §13.1.5: strong comparison, and no date can match
        let range = ("range", "bytes=1-2");
        assert_eq!(asked(&[range, ("if-range", "\"abc\"")], 10), part(1, 2));
        for validator in [
            "W/\"abc\"",
            "\"old\"",
            "\"abc\", \"abc\"",
            "*",
            "",
            "Mon, 23 Nov 2026 20:00:00 GMT",
        ] {
            let selection = asked(&[range, ("if-range", validator)], 10);
            assert_eq!(selection, Selection::Whole, "{validator}");
        }
        let twice = [range, ("if-range", "\"abc\""), ("if-range", "\"old\"")];
        assert_eq!(asked(&twice, 10), Selection::Whole);
        let bytes = headers(&[("range", b"bytes=1-2"), ("if-range", b"\xff")]);
        assert_eq!(select(&bytes, 10, ETAG), Selection::Whole);
        // §13.1.5: an unsatisfiable range of something else is no fault either
        let beyond = [("range", "bytes=99-"), ("if-range", "\"old\"")];
        assert_eq!(asked(&beyond, 10), Selection::Whole);
        assert_eq!(asked(&[("if-range", "\"old\"")], 10), Selection::Whole);
    }

    proptest! {
        #[test]
        fn a_part_always_lies_in_the_file(range in "bytes=[0-9]{0,21}-[0-9]{0,21}", length: u64) {
            if let Selection::Part { first, last } = asked(&[("range", &range)], length) {
                prop_assert!(first <= last && last < length);
            }
        }

        #[test]
        fn a_part_is_what_the_text_says(first in 0u64..50, more in 0u64..50, length in 0u64..80) {
            let last = first + more;
            let expected = if first < length {
                part(first, last.min(length - 1))
            } else {
                Selection::Unsatisfiable
            };
            prop_assert_eq!(asked(&[("range", &format!("bytes={first}-{last}"))], length), expected);
        }

        #[test]
        fn no_bytes_in_any_header_do_harm(
            range in "[ -~\t]{0,40}", known in prop::collection::vec(0x20u8..0x7f, 0..40), length: u64
        ) {
            let headers = headers(&[("range", range.as_bytes()), ("if-none-match", &known), ("if-range", &known)]);
            if let Selection::Part { first, last } = select(&headers, length, ETAG) {
                prop_assert!(first <= last && last < length);
            }
        }
    }
}
