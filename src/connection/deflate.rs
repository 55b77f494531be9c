//! permessage-deflate (RFC 7692), without context takeover: no connection holds a compressor.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::cell::RefCell;
use stereo_protocol::CloseCode;

/// Messages shorter than this go as they are: compressing them costs more than it saves. Measured
/// by `cargo bench --bench micro compress`: about 10 µs, to save what is less than a packet.
pub const WORTH: usize = 512;

/// What every message ends with on the wire's inner side, and not on the wire (§7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

thread_local! {
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(false));
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(4), false));
}

/// Inflates one message into at most `most` bytes.
///
/// # Errors
/// `TooBig` (1009) beyond that, `InvalidText` (1007) for what is not deflated data.
pub fn inflate(payload: &[u8], most: usize) -> Result<Vec<u8>, CloseCode> {
    INFLATE.with_borrow_mut(|inflate| {
        inflate.reset(false);
        let mut out = Vec::with_capacity((payload.len() * 3).max(64).min(most + 1));
        for part in [payload, &TAIL[..]] {
            let mut rest = part;
            loop {
                if out.len() == out.capacity() {
                    if out.len() > most {
                        return Err(CloseCode::TooBig);
                    }
                    // One byte beyond what is allowed tells that there is too much.
                    out.reserve_exact(out.len().max(64).min(most + 1 - out.len()));
                }
                let (read, written) = (inflate.total_in(), out.len());
                let status = inflate
                    .decompress_vec(rest, &mut out, FlushDecompress::Sync)
                    .map_err(|_| CloseCode::InvalidText)?;
                rest = &rest[(inflate.total_in() - read) as usize..];
                if status == Status::StreamEnd {
                    // A final block may stand in the middle: what follows is a stream anew (§7.2.3.4).
                    inflate.reset(false);
                }
                let stuck = inflate.total_in() == read && out.len() == written;
                if rest.is_empty() && out.len() < out.capacity()
                    || stuck && out.len() < out.capacity()
                {
                    break;
                }
            }
        }
        if out.len() > most {
            Err(CloseCode::TooBig)
        } else {
            Ok(out)
        }
    })
}

/// Deflates one message, without its tail. `None` when that does not make it shorter.
pub fn deflate(payload: &[u8]) -> Option<Vec<u8>> {
    let mut out = block(payload)?;
    out.truncate(out.len() - TAIL.len());
    Some(out)
}

/// Deflates a part of a message, so that other parts may stand before and behind it. `None` when
/// that does not make it shorter.
pub fn block(payload: &[u8]) -> Option<Vec<u8>> {
    DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        let mut out = Vec::with_capacity(payload.len() + 16);
        let mut rest = payload;
        loop {
            let read = deflate.total_in();
            deflate
                .compress_vec(rest, &mut out, FlushCompress::Sync)
                .ok()?;
            rest = &rest[(deflate.total_in() - read) as usize..];
            if rest.is_empty() && out.len() < out.capacity() {
                break;
            }
            if out.len() >= payload.len() + TAIL.len() {
                return None;
            }
            out.reserve(payload.len());
        }
        let shorter = out.len() < payload.len() + TAIL.len();
        (shorter && out.ends_with(&TAIL)).then_some(out)
    })
}

/// Appends a part of a message as it is, in stored blocks (RFC 1951 §3.2.4). What comes before it
/// has to end at a byte, as [`block`]s and stored blocks do.
pub fn store(out: &mut Vec<u8>, part: &[u8]) {
    for part in part.chunks(usize::from(u16::MAX)) {
        let length = part.len() as u16;
        out.push(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
}

/// Ends a message made of parts: an empty stored block, without its tail (RFC 7692 §7.2.1).
pub fn end(out: &mut Vec<u8>) {
    out.push(0);
}

/// Answers `Sec-WebSocket-Extensions`: the response header's value when an offer is acceptable
/// (§5.1), or `None` for no compression. A limit that was asked for is repeated (§7.1.2.1).
pub fn negotiate(offers: &str) -> Option<&'static str> {
    let asked = unquoted(offers, ',').find_map(acceptable)?;
    Some(if asked.server_window {
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15"
    } else {
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    })
}

/// What an acceptable offer asked for.
struct Asked {
    /// A largest window of ours, which is the one that we use.
    server_window: bool,
}

/// We deflate with a window of 15 bits and inflate any: an offer that demands a smaller window
/// of ours is declined, as are unknown, repeated and malformed parameters.
fn acceptable(offer: &str) -> Option<Asked> {
    let mut parts = unquoted(offer, ';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut seen = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(plain(value.trim())?)),
            None => (part, None),
        };
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        let window =
            |value: &str| matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15");
        let known = match name {
            "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
            "client_max_window_bits" => value.is_none_or(window),
            "server_max_window_bits" => value == Some("15"),
            _ => false,
        };
        if !known {
            return None;
        }
    }
    let server_window = seen.contains(&"server_max_window_bits");
    Some(Asked { server_window })
}

/// A value without its quotes; `None` when they do not match (RFC 9110 §5.6.4).
fn plain(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inner.contains('"')).then_some(inner)
}

/// Splits at a sign that does not stand in a quoted string.
fn unquoted(text: &str, sign: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |next: char| {
        match next {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return next == sign && !quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offers_are_answered_as_the_rfc_says() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=8, permessage-deflate",
            "foo, permessage-deflate; server_no_context_takeover; client_max_window_bits=\"10\"",
        ] {
            assert!(negotiate(offer).is_some(), "{offer}");
        }
        for offer in [
            "",
            "x-webkit-deflate-frame",
            "permessage-deflate; client_max_window_bits=\"10",
            "permessage-deflate; client_max_window_bits=10\"",
            "permessage-deflate; client_max_window_bits=\"\"10\"\"",
            "foo; bar=\", permessage-deflate, \"",
            "foo; bar=\"\\\", permessage-deflate",
            "permessage-deflate; server_max_window_bits=9",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; unknown",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover=1",
        ] {
            assert!(negotiate(offer).is_none(), "{offer}");
        }
        // A limit that was asked for is in the answer, and one that was not is not.
        for (offer, repeated) in [
            ("permessage-deflate; server_max_window_bits=15", true),
            (
                "permessage-deflate; server_max_window_bits=\"15\"; client_max_window_bits",
                true,
            ),
            (
                "permessage-deflate; server_max_window_bits=8, permessage-deflate",
                false,
            ),
            ("permessage-deflate; client_max_window_bits", false),
        ] {
            let answer = negotiate(offer).unwrap();
            assert_eq!(
                answer.contains("server_max_window_bits=15"),
                repeated,
                "{offer}"
            );
            assert!(!answer.contains("client_max_window_bits"), "{offer}");
        }
    }

    #[test]
    fn what_fills_the_bound_nearly_or_just_is_read() {
        let noise = |length: usize| -> Vec<u8> {
            (0..length as u32)
                .map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8 & 7)
                .collect()
        };
        for most in [1_usize, 17, 63, 64, 1000, 16 << 10] {
            for length in (most.saturating_sub(130)..=most).filter(|length| *length > 0) {
                let text = noise(length);
                let Some(packed) = deflate(&text) else {
                    continue;
                };
                assert_eq!(inflate(&packed, most), Ok(text), "{length} of {most}");
                assert_eq!(inflate(&packed, length - 1), Err(CloseCode::TooBig));
            }
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = deflate(&vec![0; 10 << 20]).unwrap();
        assert!(bomb.len() < 64 << 10);
        assert_eq!(inflate(&bomb, 16 << 10), Err(CloseCode::TooBig));
    }

    proptest! {
        #[test]
        fn a_message_of_stored_and_deflated_parts_inflates_to_all_of_them(
            head in prop::collection::vec(any::<u8>(), 0..300),
            shared in prop::collection::vec(0u8..4, 200..5000),
            tail in prop::collection::vec(any::<u8>(), 0..70_000),
        ) {
            let mut message = Vec::new();
            store(&mut message, &head);
            message.extend(block(&shared).unwrap());
            store(&mut message, &tail);
            end(&mut message);
            prop_assert_eq!(inflate(&message, 80_000).unwrap(), [head, shared, tail].concat());
        }

        #[test]
        fn what_was_deflated_inflates_to_itself(payload in prop::collection::vec(0u8..4, 0..5000)) {
            if let Some(deflated) = deflate(&payload) {
                prop_assert_eq!(inflate(&deflated, 5000).unwrap(), payload);
            }
        }

        #[test]
        fn any_bytes_inflate_within_the_bound_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            if let Ok(out) = inflate(&bytes, 1000) {
                prop_assert!(out.len() <= 1000);
            }
        }
    }
}
