//! Addresses of files elsewhere, read as browsers read them (URL Standard), since what we judge is
//! what they will ask for.

use std::fmt;
use url::Url;

/// Longest title that is made of an address, in characters.
const LONGEST_TITLE: usize = 200;

/// Scheme, host and port of a server elsewhere, as browsers write them (RFC 6454 §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Box<str>);

impl Origin {
    /// One that is written exactly so; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let origin = Self::of(&parse(text)?)?;
        (&*origin.0 == text).then_some(origin)
    }

    /// The one of an address; `None` when it could mean more than one server, or end the header
    /// that it is put in, or when it cannot be named there: a policy knows no addresses of IPv6 (CSP
    /// level 3, §2.3.1).
    pub fn of(url: &Url) -> Option<Self> {
        let text = url.origin().ascii_serialization();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        let (_, authority) = text.split_once("://")?;
        let is_plain = !authority.is_empty() && authority.bytes().all(plain);
        is_plain.then(|| Self(text.into()))
    }

    /// Whether nobody on the way reads along.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address of a file: over HTTP, with a host, without a name and a password, and without what
/// servers are not told anyway.
pub(super) fn parse(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    (is_http && is_anonymous).then_some(url)
}

/// What a file is called that does not say it: its name, or its server's.
pub(super) fn title(url: &Url) -> String {
    let name = url.path_segments().and_then(|mut path| path.next_back());
    let name = name.unwrap_or_default();
    let name = percent_decoded(name);
    let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
    let words = stem.replace(['_', '+'], " ");
    let title = crate::text::tidied(&words, LONGEST_TITLE);
    title.unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| byte == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_one_server_and_nothing_of_a_header() {
        for text in [
            "https://music.example.org",
            "https://music.example.org:8443",
            "http://192.168.1.5:4533",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "music.example.org",
            "https://music.example.org/",
            "https://music.example.org:443",
            "https://Music.example.org",
            "https://*.example.org",
            "https://a;script-src",
            "https://a,b",
            "https://a'b",
            "https://[2606:4700::1111]",
            "ftp://music.example.org",
            "data:audio/wav,",
            "file:///etc/passwd",
        ] {
            assert!(Origin::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_address_is_read_as_browsers_do() {
        let read = |text: &str| parse(text).map(String::from);
        for (text, expected) in [
            (
                " https://Example.org/a b.mp3#t=3 ",
                "https://example.org/a%20b.mp3",
            ),
            ("https://0x7f.1/", "https://127.0.0.1/"),
            ("https://example.org:443/a", "https://example.org/a"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected));
        }
        for text in [
            "https://ada@example.org/",
            "https://:secret@example.org/",
            "javascript:alert(1)",
            "https://",
            "/a.mp3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_without_a_title_is_called_by_its_name() {
        let called = |text: &str| title(&parse(text).unwrap());
        assert_eq!(
            called("https://a.example/x/Blue_in%20Green.mp3?k=1"),
            "Blue in Green"
        );
        assert_eq!(called("https://a.example/%E2%80%AEevil.mp3"), "evil");
        assert_eq!(called("https://a.example/"), "a.example");
        assert_eq!(called("https://a.example/%ff%"), "\u{fffd}%");
    }
}
