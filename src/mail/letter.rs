//! What letters say, in both languages, as plain text and as a page without anything from
//! elsewhere. Pure. No letter names anybody but whom it is to.

use crate::privacy::policy::Version;
use crate::store::{MailKind, RoomNews};

/// A letter, but for whom it is to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// Its subject.
    pub(super) subject: String,
    /// As plain text.
    pub(super) text: String,
    /// As HTML.
    pub(super) html: String,
}

crate::telemetry::closed!(Letter);

/// A language that letters are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, when nothing else was chosen.
    English,
    /// Vietnamese.
    Vietnamese,
}

impl Language {
    /// By its tag (BCP 47).
    pub fn of(tag: Option<&str>) -> Self {
        match tag {
            Some("vi") => Self::Vietnamese,
            _ => Self::English,
        }
    }

    fn pick<T>(self, english: T, vietnamese: T) -> T {
        match self {
            Self::English => english,
            Self::Vietnamese => vietnamese,
        }
    }
}

/// Of what a letter consists.
struct Parts<'a> {
    subject: String,
    lead: String,
    /// What to press, and where it leads.
    button: Option<(&'a str, &'a str)>,
    note: &'a str,
    /// Where letters of this kind are switched off.
    end: Option<&'a str>,
}

/// What a letter with a link to sign in is about; for a terminal too.
pub(super) fn sign_in_subject(language: Language) -> &'static str {
    language.pick("Sign in to Stereo", "Đăng nhập vào Stereo")
}

/// The letter with a link that signs in.
pub(super) fn sign_in(link: &str, language: Language) -> Letter {
    let lead = language.pick(
        "Open this link to sign in. It is good once, for 10 minutes:",
        "Mở đường dẫn này để đăng nhập. Nó dùng được một lần, trong 10 phút:",
    );
    let note = language.pick(
        "If you did not ask for it, you need do nothing: nobody is signed in without the link.",
        "Nếu không phải bạn yêu cầu thì không cần làm gì: không có đường dẫn thì không ai đăng nhập được.",
    );
    write(
        language,
        Parts {
            subject: sign_in_subject(language).into(),
            lead: lead.into(),
            button: Some((language.pick("Sign in", "Đăng nhập"), link)),
            note,
            end: None,
        },
    )
}

/// The letter about a room of whom it is to.
pub(super) fn room(
    news: RoomNews,
    title: &str,
    link: &str,
    end: &str,
    language: Language,
) -> Letter {
    let (subject, lead) = match (news, language) {
        (RoomNews::Held, Language::English) => (
            format!("Somebody holds your room “{title}”"),
            "You were away, so somebody who is there holds your room until you are back. It stays yours.",
        ),
        (RoomNews::Held, Language::Vietnamese) => (
            format!("Có người đang giữ phòng “{title}” của bạn"),
            "Bạn vắng mặt, nên một người đang ở đó giữ phòng cho đến khi bạn trở lại. Phòng vẫn là của bạn.",
        ),
        (RoomNews::Yours, Language::English) => (
            format!("The room “{title}” is yours now"),
            "Whoever kept it handed it over, or has deleted their account. You are its host from now on, and it stays for you.",
        ),
        (RoomNews::Yours, Language::Vietnamese) => (
            format!("Phòng “{title}” giờ là của bạn"),
            "Người giữ phòng đã giao lại, hoặc đã xóa tài khoản. Từ nay bạn là chủ phòng, và phòng được giữ cho bạn.",
        ),
        (RoomNews::Asked, Language::English) => (
            format!("Somebody wanted to come into “{title}”"),
            "Your room is closed, and you were not there. If you want them in, open it, or give them an invitation.",
        ),
        (RoomNews::Asked, Language::Vietnamese) => (
            format!("Có người muốn vào phòng “{title}”"),
            "Phòng của bạn đang đóng, và bạn không ở đó. Nếu muốn họ vào, hãy mở phòng hoặc gửi họ lời mời.",
        ),
    };
    write(
        language,
        Parts {
            subject,
            lead: lead.into(),
            button: Some((language.pick("Open the room", "Mở phòng"), link)),
            note: language.pick(
                "You chose mails about your rooms. At most one a day tells this of a room.",
                "Bạn đã chọn nhận thư về phòng của mình. Mỗi phòng báo việc này nhiều nhất một thư một ngày.",
            ),
            end: Some(end),
        },
    )
}

/// The letter about a significant version of the policy.
pub(super) fn policy(version: &Version, link: &str, end: &str, language: Language) -> Letter {
    let what = language.pick(version.en, version.vi);
    let date = version.date;
    write(
        language,
        Parts {
            subject: language
                .pick(
                    "The privacy policy has changed",
                    "Chính sách riêng tư đã thay đổi",
                )
                .into(),
            lead: language.pick(
                format!("Something significant is different since {date}: {what}"),
                format!("Có thay đổi đáng kể từ {date}: {what}"),
            ),
            button: Some((language.pick("Read it", "Đọc"), link)),
            note: language.pick(
                "You chose mails about changes of the policy. Each is told once.",
                "Bạn đã chọn nhận thư khi chính sách thay đổi. Mỗi thay đổi báo một lần.",
            ),
            end: Some(end),
        },
    )
}

/// The letter that says that support has answered.
pub(super) fn answer(link: &str, end: &str, language: Language) -> Letter {
    write(
        language,
        Parts {
            subject: language.pick("You have an answer", "Bạn có trả lời").into(),
            lead: language
                .pick(
                    "Whoever runs this server has answered your letter. Only you can read it, signed in:",
                    "Người vận hành máy chủ này đã trả lời thư của bạn. Chỉ bạn đọc được, khi đã đăng nhập:",
                )
                .into(),
            button: Some((language.pick("Read it", "Đọc"), link)),
            note: language.pick(
                "You chose mails about answers.",
                "Bạn đã chọn nhận thư khi có trả lời.",
            ),
            end: Some(end),
        },
    )
}

/// The letter that says to whoever runs the server that somebody wrote; not who, and not what.
pub(super) fn to_operator() -> Letter {
    write(
        Language::English,
        Parts {
            subject: "Somebody wrote to you".into(),
            lead: "A letter waits to be answered. Read it on the server: stereo support list"
                .into(),
            button: None,
            note: "This goes to mail.operator of the config, at most once an hour. Leave that empty to end it.",
            end: None,
        },
    )
}

/// What a kind of letters is called, where it is switched off.
pub fn kind(kind: MailKind, language: Language) -> &'static str {
    match kind {
        MailKind::Rooms => language.pick("mails about your rooms", "thư về phòng của bạn"),
        MailKind::Policy => language.pick(
            "mails about changes of the privacy policy",
            "thư về thay đổi của chính sách riêng tư",
        ),
        MailKind::Support => language.pick(
            "mails about answers to your letters",
            "thư báo có trả lời cho thư của bạn",
        ),
    }
}

fn write(language: Language, parts: Parts<'_>) -> Letter {
    let Parts {
        subject,
        lead,
        button,
        note,
        end,
    } = parts;
    let link = button.map_or_else(String::new, |(_, link)| format!("\n\n{link}"));
    let word = language.pick("End these mails", "Dừng loại thư này");
    let ending = end.map_or_else(String::new, |end| format!("\n\n{word}: {end}"));
    let text = format!("{lead}{link}\n\n{note}{ending}\n");
    let button = button.map_or_else(String::new, |(word, link)| {
        let link = escaped(link);
        format!(
            "<p><a href=\"{link}\" style=\"display:inline-block;padding:12px 22px;border-radius:22px;background:#ffb35c;color:#1b1508;font-weight:600;text-decoration:none\">{word}</a></p><p style=\"color:#666;word-break:break-all\">{link}</p>"
        )
    });
    let ending = end.map_or_else(String::new, |end| {
        format!(
            "<p style=\"color:#666\"><a href=\"{}\">{word}</a></p>",
            escaped(end)
        )
    });
    let tag = language.pick("en", "vi");
    let html = format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><title>{title}</title><body style=\"font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:2em auto;padding:0 1em\"><p>{lead}</p>{button}<p style=\"color:#666\">{note}</p>{ending}</body></html>",
        title = escaped(&subject),
        lead = escaped(&lead),
    );
    Letter {
        subject,
        text,
        html,
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 2] = [Language::English, Language::Vietnamese];

    fn all(language: Language) -> Vec<Letter> {
        let link = "https://stereo.example/rooms/a";
        let end = "https://stereo.example/unsubscribe/t?a=1&b=2";
        let version = Version {
            number: 2,
            date: "2026-12-24",
            significant: true,
            en: "Less is kept.",
            vi: "Giữ ít hơn.",
        };
        vec![
            room(RoomNews::Held, "A <b> room", link, end, language),
            room(RoomNews::Yours, "A <b> room", link, end, language),
            room(RoomNews::Asked, "A <b> room", link, end, language),
            policy(&version, link, end, language),
            answer(link, end, language),
        ]
    }

    #[test]
    fn a_letter_holds_the_link_and_loads_nothing() {
        for tag in [None, Some("en"), Some("vi"), Some("xx")] {
            let link = "https://stereo.example/sign-in/email#token=a";
            let letter = sign_in(link, Language::of(tag));
            assert!(letter.text.contains(link));
            assert!(letter.html.contains(&format!("href=\"{link}\"")));
        }
        let letters = LANGUAGES.into_iter().flat_map(all).chain([to_operator()]);
        for letter in letters {
            for loaded in ["src=", "url(", "<img", "<link", "<b>"] {
                assert!(!letter.html.contains(loaded), "{loaded}");
            }
        }
    }

    #[test]
    fn both_forms_of_every_letter_that_can_be_ended_say_where() {
        for letter in LANGUAGES.into_iter().flat_map(all) {
            let end = "https://stereo.example/unsubscribe/t?a=1";
            assert!(letter.text.contains(end), "{}", letter.text);
            assert!(letter.html.contains(&format!("href=\"{end}&amp;b=2\"")));
        }
    }

    #[test]
    fn letters_are_written_in_the_language_that_was_chosen() {
        let [english, vietnamese] = LANGUAGES.map(all);
        for (english, vietnamese) in english.iter().zip(&vietnamese) {
            assert_ne!(english.subject, vietnamese.subject);
            assert!(english.html.contains("lang=\"en\""));
            assert!(vietnamese.html.contains("lang=\"vi\""));
        }
        assert!(vietnamese[3].text.contains("Giữ ít hơn."));
    }
}
