//! Mistakes in a config, told so that the operator finds the place.

use std::fmt;
use std::path::Path;

/// A mistake, as text for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.trim_end())
    }
}

impl std::error::Error for ConfigError {}

/// A value that cannot be.
#[derive(Clone, Debug)]
pub(super) struct Invalid {
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    pub(super) expected: String,
}

/// Where a value came from.
pub(super) enum Origin<'a> {
    File { name: &'a str, text: &'a str },
    Variable(&'a str),
    Arguments,
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: cannot be read: {error}", path.display()))
    }

    pub(super) fn syntax(name: &str, text: &str, error: &toml::de::Error) -> Self {
        match error.span() {
            Some(span) => Self(pointed(name, text, span.start, error.message())),
            None => Self(format!("{name}: {}", error.message())),
        }
    }

    pub(super) fn variable(variable: &str, message: &str) -> Self {
        Self(format!("{variable}: {message}"))
    }
}

impl Invalid {
    pub(super) fn told(self, origin: &Origin<'_>) -> ConfigError {
        let Invalid {
            section,
            key,
            expected,
        } = self;
        match origin {
            Origin::File { name, text } => match place_of(text, section, key) {
                Some(at) => ConfigError(pointed(
                    name,
                    text,
                    at,
                    &format!("{section}.{key}: {expected}"),
                )),
                None => ConfigError(format!("{name}: {section}.{key}: {expected}")),
            },
            Origin::Variable(variable) => {
                ConfigError(format!("{variable}: {section}.{key}: {expected}"))
            }
            Origin::Arguments => ConfigError(format!("{section}.{key}: {expected}")),
        }
    }
}

/// Where the value of a key stands.
fn place_of(text: &str, section: &str, key: &str) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let (_, section) = document
        .get_ref()
        .iter()
        .find(|(name, _)| name.get_ref() == section)?;
    let table = section.get_ref().as_table()?;
    let (_, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(value.span().start)
}

/// `file:line:column: message`, the line, and a caret under the place.
fn pointed(name: &str, text: &str, at: usize, message: &str) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[start..].chars().count() + 1;
    let shown = text[start..].lines().next().unwrap_or_default();
    let caret = " ".repeat(column - 1);
    format!("{name}:{line}:{column}: {message}\n  |\n  | {shown}\n  | {caret}^")
}
