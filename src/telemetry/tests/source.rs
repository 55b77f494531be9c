//! Reads the source: a rule that is said once and kept by nobody is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Fields that events may have. None says anything about a person: a new one needs a reason.
const FIELDS: &[(&str, &str)] = &[
    (
        "database",
        "the path of the database, which the operator chose",
    ),
    (
        "error",
        "of the system, SQLite or the key store; they name tables and files",
    ),
    (
        "fault",
        "what is wrong with a certificate's file, which the operator named",
    ),
    ("field", "the name of a column"),
    ("file", "the path of a file of ours"),
    ("folder", "the path of the folder for data"),
    ("gone", "a count of backups"),
    ("keys", "the path of the key store"),
    ("kind", "of an error of the system"),
    ("left", "a count"),
    ("missing", "a count"),
    ("obstacle", "why an erasure waits: one of a few names"),
    ("ops", "the address that the operator configured"),
    ("permanent", "whether trying again helps"),
    ("place", "a place in the source"),
    ("provider", "the operator's own name for a way to sign in"),
    ("reference", "random, made for one error"),
    ("seconds", "a length of time"),
    ("status", "of an answer of the report server"),
    ("what", "a text of the source"),
    ("why", "a text of the source"),
];
/// What no value of a field may be made of.
const PERSONAL: &[&str] = &[
    "address",
    "addresses",
    "agent",
    "asker",
    "body",
    "client",
    "code",
    "cookie",
    "email",
    "handle",
    "headers",
    "host",
    "ip",
    "label",
    "letter",
    "link",
    "member",
    "message",
    "name",
    "password",
    "path",
    "peer",
    "query",
    "remote",
    "request",
    "room",
    "session",
    "subject",
    "text",
    "title",
    "to",
    "token",
    "uri",
    "url",
    "user",
    "who",
];
const MACROS: &[&str] = &[
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "event",
    "span",
    "trace_span",
    "debug_span",
    "info_span",
    "warn_span",
    "error_span",
];

fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    let mut folders = vec![root.join("src"), root.join("protocol/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root).unwrap().to_owned(), text);
            }
        }
    }
    assert!(found.len() > 100, "the whole source");
    found.retain(|path, _| !path.components().any(|part| part.as_os_str() == "tests"));
    found
}

/// Everything between the parenthesis before `rest` and its end, cut at its own commas.
fn arguments(rest: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let (mut all, mut one) = (Vec::new(), String::new());
    for letter in rest.chars() {
        if quoted {
            quoted = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
        } else {
            match letter {
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    all.push(std::mem::take(&mut one));
                    continue;
                }
                _ => {}
            }
        }
        one.push(letter);
    }
    all.push(one);
    let trimmed = all.into_iter().map(|one| one.trim().to_owned());
    trimmed.filter(|one| !one.is_empty()).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// What is wrong with the tracing macros of one file.
fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, _) in text.match_indices("tracing::") {
        let rest = &text[at + "tracing::".len()..];
        let name = words(rest).next().unwrap_or_default();
        let Some(inside) = rest[name.len()..].strip_prefix("!(") else {
            // Only the macros, by their whole names: an import or an attribute would hide them.
            if !["level_filters"].contains(&name) {
                faults.push(format!("tracing::{name} is no macro"));
            }
            continue;
        };
        if !MACROS.contains(&name) {
            faults.push(format!("tracing::{name}!"));
        }
        for argument in arguments(inside) {
            if argument.starts_with('"') {
                if argument.contains('{') {
                    faults.push(format!("a message with blanks: {argument}"));
                }
                continue;
            }
            let (field, value) = argument.split_once('=').unwrap_or((&argument, &argument));
            let field = field.trim().trim_start_matches(['%', '?']);
            if !FIELDS.iter().any(|(allowed, _)| *allowed == field) {
                faults.push(format!("field {field}"));
            }
            faults.extend(
                words(value)
                    .filter(|word| PERSONAL.contains(word))
                    .map(|word| format!("{field} is made of {word}")),
            );
        }
    }
    faults
}

#[test]
fn no_field_of_an_event_says_anything_about_a_person() {
    let found = sources()
        .into_iter()
        .map(|(path, text)| (path, faults(&text)));
    let found: Vec<_> = found.filter(|(_, faults)| !faults.is_empty()).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_field_that_did_would_be_found() {
    for (text, expected) in [
        (r#"tracing::info!(email, "x")"#, 2),
        (r#"tracing::info!(%peer, "x")"#, 2),
        (r#"tracing::warn!(what = %letter.to, "x")"#, 2),
        (r#"tracing::warn!("{handle} came")"#, 1),
        (
            r#"tracing::debug!(target: "a", user_agent = ?agent, "b, c")"#,
            3,
        ),
        ("#[tracing::instrument]", 1),
        ("use tracing::info;", 1),
        (r#"tracing::error!(%error, left = tasks.len(), "x, (y")"#, 0),
    ] {
        assert_eq!(faults(text).len(), expected, "{text}: {:?}", faults(text));
    }
}

/// Whether `path` is one of these files or in one of these folders.
fn is_in(path: &Path, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

#[test]
fn only_telemetry_sets_up_what_is_logged_and_reported() {
    for (path, text) in sources() {
        if is_in(&path, &["src/telemetry"]) {
            continue;
        }
        for word in [
            "tracing_subscriber",
            "set_global_default",
            "panic::set_hook",
            "sentry::init",
            "sentry::Client",
            "log::set_",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn nothing_is_printed_but_by_the_door_and_to_the_terminal() {
    // Letters go to a terminal when no mail server is configured, and only to one.
    let doors = ["src/main.rs", "src/mail/mod.rs", "src/telemetry"];
    for (path, text) in sources() {
        for word in ["println!", "print!", "eprintln!", "eprint!", "dbg!"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
        for word in ["io::stdout", "io::stderr"] {
            assert!(
                is_in(&path, &doors) || !text.contains(word),
                "{}: {word}",
                path.display()
            );
        }
    }
}

/// Fields of structs that print themselves, of names that stand for something personal.
fn open_fields(text: &str) -> Vec<String> {
    const NAMES: &[&str] = &[
        "address", "agent", "code", "email", "handle", "label", "letter", "name", "password",
        "subject", "text", "token",
    ];
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[derive(") {
        let derives = text[at..].split(')').next().unwrap_or_default();
        let Some((head, rest)) = text[at..].split_once('{') else {
            continue;
        };
        let of_struct = words(head).any(|word| word == "struct") && !head.contains(';');
        if !of_struct || !words(derives).any(|word| word == "Debug") {
            continue;
        }
        for line in rest.split("\n}").next().unwrap_or_default().lines() {
            let Some((name, kind)) = line.trim().split_once(": ") else {
                continue;
            };
            let name = name.rsplit(' ').next().unwrap_or_default();
            let says = words(kind)
                .any(|word| ["str", "String", "IpAddr", "SocketAddr", "Address"].contains(&word));
            if NAMES.contains(&name) && says && !kind.contains("Personal<") {
                found.push(line.trim().to_owned());
            }
        }
    }
    found
}

#[test]
fn no_struct_that_holds_what_is_personal_prints_itself() {
    // The protocol's own types are what people send each other; the config, and the
    // networks in it, are the operator's.
    let ours = sources().into_iter().filter(|(path, _)| !{
        // The policy's own words are nobody's.
        let not_ours = [
            "protocol",
            "src/config",
            "src/http/origin.rs",
            "src/privacy/policy",
        ];
        is_in(path, &not_ours)
    });
    let found = ours.map(|(path, text)| (path, open_fields(&text)));
    let found: Vec<_> = found.filter(|(_, fields)| !fields.is_empty()).collect();
    assert!(found.is_empty(), "{found:#?}");
    let open = "#[derive(Clone, Debug)]\npub struct Letter {\n    pub email: Box<str>,\n}\n";
    assert_eq!(open_fields(open).len(), 1);
    let closed = "#[derive(Debug)]\nstruct Asker {\n    address: Personal<IpAddr>,\n}\n";
    assert_eq!(open_fields(closed).len(), 0);
}
