//! permessage-deflate (RFC 7692), without context takeover: no connection holds a compressor.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::cell::RefCell;
use stereo_protocol::CloseCode;

/// Messages shorter than this go as they are: compressing them costs more than it saves.
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
            if out.len() >= payload.len() {
                return None;
            }
            out.reserve(payload.len());
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        (out.len() < payload.len()).then_some(out)
    })
}

/// Answers `Sec-WebSocket-Extensions`: the response header's value when an offer is acceptable
/// (§5.1), or `None` for no compression.
pub fn negotiate(offers: &str) -> Option<&'static str> {
    offers
        .split(',')
        .any(acceptable)
        .then_some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
}

/// We deflate with a window of 15 bits and inflate any: an offer that demands a smaller window
/// of ours is declined, as are unknown, repeated and malformed parameters.
fn acceptable(offer: &str) -> bool {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return false;
    }
    let mut seen = Vec::new();
    parts.all(|part| {
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| {
            (name.trim(), Some(value.trim().trim_matches('"')))
        });
        let fresh = !seen.contains(&name);
        seen.push(name);
        let window =
            |value: &str| matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15");
        fresh
            && match name {
                "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
                "client_max_window_bits" => value.is_none_or(window),
                "server_max_window_bits" => value == Some("15"),
                _ => false,
            }
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
            "permessage-deflate; server_max_window_bits=9",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; unknown",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover=1",
        ] {
            assert!(negotiate(offer).is_none(), "{offer}");
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
