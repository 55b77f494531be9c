//! What letters say, in both languages, as plain text and as a page without anything from
//! elsewhere. Pure.

/// A letter, but for whom it is to.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
    /// What it is about, for a terminal.
    pub link: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}

struct Words {
    subject: &'static str,
    lead: &'static str,
    button: &'static str,
    note: &'static str,
}

const ENGLISH: Words = Words {
    subject: "Sign in to Stereo",
    lead: "Open this link to sign in. It is good once, for 10 minutes:",
    button: "Sign in",
    note: "If you did not ask for it, you need do nothing: nobody is signed in without the link.",
};
const VIETNAMESE: Words = Words {
    subject: "Đăng nhập vào Stereo",
    lead: "Mở đường dẫn này để đăng nhập. Nó dùng được một lần, trong 10 phút:",
    button: "Đăng nhập",
    note: "Nếu không phải bạn yêu cầu thì không cần làm gì: không có đường dẫn thì không ai đăng nhập được.",
};

/// The letter with a link that signs in.
pub fn sign_in(link: String, language: Option<&str>) -> Letter {
    let words = match language {
        Some("vi") => VIETNAMESE,
        _ => ENGLISH,
    };
    let Words {
        subject,
        lead,
        button,
        note,
    } = words;
    let text = format!("{lead}\n\n{link}\n\n{note}\n");
    // The link is ours: letters of base64url, and the address that the operator gave.
    let href = link.replace('&', "&amp;").replace('"', "&quot;");
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>{subject}</title><body style=\"font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:2em auto;padding:0 1em\"><p>{lead}</p><p><a href=\"{href}\" style=\"display:inline-block;padding:12px 22px;border-radius:22px;background:#ffb35c;color:#1b1508;font-weight:600;text-decoration:none\">{button}</a></p><p style=\"color:#666;word-break:break-all\">{href}</p><p style=\"color:#666\">{note}</p></body>"
    );
    Letter {
        subject: subject.into(),
        text,
        html,
        link,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_holds_the_link_and_loads_nothing() {
        for language in [None, Some("en"), Some("vi"), Some("xx")] {
            let letter = sign_in(
                "https://stereo.example/sign-in/email#token=a".into(),
                language,
            );
            assert!(letter.text.contains("#token=a"));
            assert!(
                letter
                    .html
                    .contains("href=\"https://stereo.example/sign-in/email#token=a\"")
            );
            for loaded in ["src=", "url(", "<img", "<link"] {
                assert!(!letter.html.contains(loaded), "{loaded}");
            }
        }
    }
}
