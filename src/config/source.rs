//! Where each key's value came from, so that a mistake is told where it was made.

use super::error::ConfigError;
use super::file::File;
use super::rule::Invalid;
use std::collections::BTreeMap;

/// Section and key.
type Key = (String, String);

/// What overrides the file.
pub(super) enum Source {
    Variable(String),
    Flag(&'static str),
}

/// The file, and what overrides it. A key that is in neither is at its default.
pub(super) struct Sources<'a> {
    file: Option<&'a File>,
    over: BTreeMap<Key, Source>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(file: Option<&'a File>) -> Self {
        Self {
            file,
            over: BTreeMap::new(),
        }
    }

    pub(super) fn insert(&mut self, key: Key, source: Source) {
        self.over.insert(key, source);
    }

    /// Tells where the value that cannot be was set; at its default, where the one was that it
    /// disagrees with.
    pub(super) fn told(&self, invalid: Invalid) -> ConfigError {
        let key_of = |key: &str| (invalid.section.to_owned(), key.to_owned());
        let mut key = key_of(&invalid.key);
        // Of a provider, the part may be missing; and one variable says a whole one.
        if let Some((whole, _)) = invalid.key.split_once('.') {
            let whole = key_of(whole);
            if self.over.contains_key(&whole) || !self.is_set(&key) {
                key = whole;
            }
        }
        let beside = invalid.beside.map(key_of).filter(|key| self.is_set(key));
        let name = format!("{}.{}", invalid.section, invalid.key);
        match beside {
            Some(beside) if !self.is_set(&key) => {
                let message = format!("{name} (by default): {}", invalid.expected);
                self.at(&beside, None, &message)
            }
            Some(beside) => {
                let (other, place) = (format!("{}.{}", beside.0, beside.1), self.name(&beside));
                let message = format!("{name}: {}; {other} is from {place}", invalid.expected);
                self.at(&key, invalid.element, &message)
            }
            None => {
                let message = format!("{name}: {}", invalid.expected);
                self.at(&key, invalid.element, &message)
            }
        }
    }

    fn is_set(&self, key: &Key) -> bool {
        self.over.contains_key(key) || self.file.is_some_and(|file| file.names(key))
    }

    fn name(&self, key: &Key) -> String {
        match self.over.get(key) {
            Some(Source::Variable(variable)) => variable.clone(),
            Some(Source::Flag(flag)) => (*flag).to_owned(),
            None => self
                .file
                .and_then(|file| file.line_of(key))
                .unwrap_or_else(|| "the defaults".to_owned()),
        }
    }

    fn at(&self, key: &Key, element: Option<usize>, message: &str) -> ConfigError {
        let pointed = match self.over.get(key) {
            Some(_) => None,
            None => self
                .file
                .and_then(|file| file.pointed(key, element, message)),
        };
        pointed.unwrap_or_else(|| ConfigError::new(format!("{}: {message}", self.name(key))))
    }
}
