//! Mistakes in a config, told so that the operator finds the place.

use std::fmt;
use std::ops::Range;

/// A mistake, as text for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into().trim_end().to_owned())
    }

    /// `file:line:column: message`, the line, and carets under what `span` (bytes) covers of it.
    pub(super) fn pointed(name: &str, text: &str, span: &Range<usize>, message: &str) -> Self {
        let place = Place::of(text, span.start);
        let message = message.trim_end();
        let (line, column) = (place.line, place.column());
        let gutter = " ".repeat(line.to_string().len());
        let (shown, indent) = (place.shown, place.indent());
        let covered = text.get(span.clone()).unwrap_or_default();
        let covered = covered.lines().next().unwrap_or_default();
        let carets = "^".repeat(covered.chars().count().max(1));
        Self(format!(
            "{name}:{line}:{column}: {message}\n{gutter} |\n{line} | {shown}\n{gutter} | {indent}{carets}"
        ))
    }
}

/// A place in a text.
pub(super) struct Place<'a> {
    /// Counted from 1.
    pub(super) line: usize,
    /// The line itself.
    shown: &'a str,
    /// What stands in it before the place.
    before: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(text: &'a str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            shown: text[start..].lines().next().unwrap_or_default(),
            before: &before[start..],
        }
    }

    /// In characters, counted from 1.
    fn column(&self) -> usize {
        self.before.chars().count() + 1
    }

    /// As wide as what stands before, tabs included.
    fn indent(&self) -> String {
        let blank = |letter| if letter == '\t' { '\t' } else { ' ' };
        self.before.chars().map(blank).collect()
    }
}
