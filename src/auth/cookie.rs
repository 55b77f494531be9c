//! The two cookies that there are, both for authentication alone (RFC 6265): the session's, and
//! that of a sign-in under way. Over https they carry the `__Host-` prefix (RFC 6265bis §4.1.3.2):
//! no other host and no plain page can set them. On loopback they go by plain names.

use http::{HeaderMap, HeaderValue};

/// How long a sign-in may be under way, in seconds.
pub const SIGN_IN_SECONDS: u64 = 10 * 60;
/// How long a browser keeps the session's cookie, in seconds. What counts is the session's own end.
const SESSION_SECONDS: u64 = 90 * 86_400;
/// Longest value that is looked at: ours are shorter.
const LONGEST: usize = 3_000;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Holds the session's token.
    Session,
    /// Holds what a sign-in under way needs in the browser that asked.
    SignIn,
}

impl Cookie {
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-stereo",
            (Self::Session, false) => "stereo",
            (Self::SignIn, true) => "__Host-stereo-signin",
            (Self::SignIn, false) => "stereo-signin",
        }
    }

    /// Its value in a request.
    pub fn read(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let name = self.name(https);
        let lines = headers.get_all("cookie").iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let mut values = pairs.filter_map(|pair| {
            let (found, value) = pair.trim().split_once('=')?;
            (found == name).then_some(value)
        });
        let value = values.next()?;
        // Two of one name are not ours: somebody planted one.
        let planted = values.next().is_some();
        let ours = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let good = !planted && !value.is_empty() && value.len() <= LONGEST;
        (good && value.bytes().all(ours)).then_some(value)
    }

    /// Sets it in a response. The value is of the letters of base64url and dots.
    pub fn set(self, headers: &mut HeaderMap, value: &str, https: bool) {
        let seconds = match self {
            Self::Session => SESSION_SECONDS,
            Self::SignIn => SIGN_IN_SECONDS,
        };
        self.write(headers, value, seconds, https);
    }

    /// Takes it away again.
    pub fn clear(self, headers: &mut HeaderMap, https: bool) {
        self.write(headers, "", 0, https);
    }

    fn write(self, headers: &mut HeaderMap, value: &str, seconds: u64, https: bool) {
        let name = self.name(https);
        let secure = if https { "; Secure" } else { "" };
        let line =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append("set-cookie", line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(line).unwrap());
        headers
    }

    #[test]
    fn a_cookie_is_read_by_its_whole_name_and_only_when_there_is_one() {
        let read = |line: &str, https| {
            Cookie::Session
                .read(&of(line), https)
                .map(ToOwned::to_owned)
        };
        assert_eq!(read("a=1; stereo=abc; b=2", false), Some("abc".into()));
        assert_eq!(read("stereo=abc", true), None, "planted by a plain page");
        assert_eq!(read("__Host-stereo=abc", true), Some("abc".into()));
        assert_eq!(read("stereo-signin=abc", false), None);
        for line in ["", "stereo", "stereo=", "stereo=a b", "stereo=\"abc\""] {
            assert_eq!(read(line, false), None, "{line}");
        }
        assert_eq!(read("stereo=a; stereo=b", false), None, "two");
        assert_eq!(read(&format!("stereo={}", "x".repeat(4096)), false), None);
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_from_other_sites() {
        let mut headers = HeaderMap::new();
        Cookie::Session.set(&mut headers, "abc", true);
        let line = headers["set-cookie"].to_str().unwrap();
        assert!(line.starts_with("__Host-stereo=abc; Path=/;"), "{line}");
        for part in ["HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Domain"), "{line}");
    }
}
