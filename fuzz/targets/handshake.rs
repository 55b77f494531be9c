//! The opening handshake of a stranger, as the lines of a request's head. What is accepted is what
//! RFC 6455 §4.2.1 asks for; the answer agrees to what was offered, once, and to nothing else. Behind
//! an empty line stand bytes out of which offers of compression are made: they are answered as a
//! plain reading of RFC 7692 §7.1 says.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use stereo::connection::deflate::negotiate;
use stereo::connection::handshake::accept_stereo;

const EXTENSIONS: &str = "sec-websocket-extensions";

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.windows(2).position(|two| two == b"\n\n");
    let (head, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    open(head);
    offer(rest.get(2..).unwrap_or_default());
});

fn open(head: &[u8]) {
    let mut lines = head.split(|byte| *byte == b'\n');
    let method = Method::from_bytes(lines.next().unwrap_or_default()).unwrap_or(Method::GET);
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    let asked = |name: &str, word: &str| {
        let values = headers
            .get_all(name)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        values
            .map(str::to_ascii_lowercase)
            .any(|value| value.contains(word))
    };
    match accept_stereo(&method, &headers) {
        Ok(accepted) => {
            assert_eq!(method, Method::GET);
            assert_eq!(headers["sec-websocket-version"], "13");
            assert_eq!(headers["sec-websocket-key"].len(), 24);
            assert!(asked("connection", "upgrade") && asked("upgrade", "websocket"));
            assert!(asked("sec-websocket-protocol", "stereo.v1"));
            let answer = accepted.headers;
            assert_eq!(answer.len(), 4 + usize::from(accepted.deflate), "each once");
            assert_eq!(answer["connection"], "Upgrade");
            assert_eq!(answer["upgrade"], "websocket");
            assert_eq!(answer["sec-websocket-protocol"], "stereo.v1");
            // 20 bytes in base64.
            assert_eq!(answer["sec-websocket-accept"].len(), 28);
            if accepted.deflate {
                assert!(asked(EXTENSIONS, "permessage-deflate"));
                let agreed = answer[EXTENSIONS].to_str().expect("a text");
                let limited = agreed.contains("server_max_window_bits");
                assert!(!limited || asked(EXTENSIONS, "server_max_window_bits"));
                // What we answer we would be content with.
                assert_eq!(negotiate(agreed), Some(agreed));
            }
        }
        Err((status, why)) => {
            assert!(matches!(status.as_u16(), 400 | 405 | 426) && !why.is_empty());
            assert_eq!(status == 405, method != Method::GET);
        }
    }
}

/// Names of extensions, and whether it is ours. One holds what would be an offer outside of its
/// quotes.
const NAMES: [(&str, bool); 4] = [
    ("permessage-deflate", true),
    ("permessage-deflate", true),
    ("x-webkit-deflate-frame", false),
    (
        "foo; bar=\", permessage-deflate, \\\", permessage-deflate\"",
        false,
    ),
];

/// Parameters, and whether each can be agreed to (RFC 7692 §7.1): our window is of 15 bits.
const PARAMETERS: [(&str, bool); 16] = [
    ("server_no_context_takeover", true),
    ("server_no_context_takeover=1", false),
    ("client_no_context_takeover", true),
    ("client_no_context_takeover=\"\"", false),
    ("client_max_window_bits", true),
    ("client_max_window_bits=8", true),
    ("client_max_window_bits=\"15\"", true),
    ("client_max_window_bits=16", false),
    ("client_max_window_bits=08", false),
    ("client_max_window_bits=\"9", false),
    ("server_max_window_bits=15", true),
    ("server_max_window_bits=\"15\"", true),
    ("server_max_window_bits", false),
    ("server_max_window_bits=14", false),
    ("mux", false),
    ("", false),
];

fn offer(mut bytes: &[u8]) {
    let (mut offers, mut expected) = (Vec::new(), None);
    while let Some((first, rest)) = bytes.split_first() {
        let (name, ours) = NAMES[usize::from(first & 3)];
        let count = usize::from(first >> 2 & 3).min(rest.len());
        let (chosen, rest) = rest.split_at(count);
        let chosen: Vec<_> = chosen
            .iter()
            .map(|byte| PARAMETERS[usize::from(byte & 15)])
            .collect();
        bytes = rest;
        let space = if first & 16 == 0 { " " } else { "" };
        let parts = chosen.iter().map(|(text, _)| format!(";{space}{text}"));
        offers.push(format!("{name}{}", parts.collect::<String>()));
        let mut names: Vec<_> = chosen
            .iter()
            .map(|(text, _)| text.split('=').next().unwrap_or_default())
            .collect();
        let limited = names.contains(&"server_max_window_bits");
        names.sort_unstable();
        let once = names.windows(2).all(|two| two[0] != two[1]);
        // An open quote swallows whatever follows it.
        let open = chosen.iter().any(|(text, _)| text.ends_with("=\"9"));
        if ours && once && chosen.iter().all(|(_, good)| *good) {
            expected = expected.or(Some(limited));
        }
        if open {
            break;
        }
    }
    let offers = offers.join(", ");
    let agreed = negotiate(&offers);
    let limited = agreed.map(|agreed| agreed.contains("server_max_window_bits=15"));
    assert_eq!(limited, expected, "{offers}");
}
