//! The file: read, its keys and types checked one by one, and where each stands.

use super::error::{ConfigError, Place};
use super::keys::Keys;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// A file whose keys are known and whose values have the right types.
pub(super) struct File {
    name: String,
    text: String,
    table: Table,
    places: BTreeMap<(String, String), Places>,
}

/// Where a value stands, in bytes, and the elements of an array.
#[derive(Default)]
struct Places {
    value: Range<usize>,
    elements: Vec<Range<usize>>,
}

/// What is wrong, and where.
type Mistake = (Range<usize>, String);

impl File {
    pub(super) fn read(path: &Path, keys: &Keys) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::new(format!("{name}: cannot be read: {error}")))?;
        Self::parse(name, text, keys)
    }

    fn parse(name: String, text: String, keys: &Keys) -> Result<Self, ConfigError> {
        let wrong = |error: toml::de::Error| {
            let span = error.span().unwrap_or_default();
            ConfigError::pointed(&name, &text, &span, error.message())
        };
        let document = DeTable::parse(&text).map_err(wrong)?;
        let table: Table = toml::from_str(&text).map_err(wrong)?;
        let mut reading = Reading {
            keys,
            table: &table,
            places: BTreeMap::new(),
            mistakes: Vec::new(),
        };
        reading.document(document.get_ref());
        let Reading {
            places, mistakes, ..
        } = reading;
        // The document is sorted by name: the operator reads from the top.
        if let Some((span, message)) = mistakes.iter().min_by_key(|(span, _)| span.start) {
            return Err(ConfigError::pointed(&name, &text, span, message));
        }
        Ok(Self {
            name,
            text,
            table,
            places,
        })
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn names(&self, key: &(String, String)) -> bool {
        self.places.contains_key(key)
    }

    /// A mistake in the value of a key that the file names, or in one of its elements.
    pub(super) fn pointed(
        &self,
        key: &(String, String),
        element: Option<usize>,
        message: &str,
    ) -> Option<ConfigError> {
        let places = self.places.get(key)?;
        let span = places.element(element);
        Some(ConfigError::pointed(&self.name, &self.text, span, message))
    }

    /// `line 4 of config.toml`, for a key that the file names.
    pub(super) fn line_of(&self, key: &(String, String)) -> Option<String> {
        let places = self.places.get(key)?;
        let line = Place::of(&self.text, places.value.start).line;
        Some(format!("line {line} of {}", self.name))
    }
}

impl Places {
    fn element(&self, element: Option<usize>) -> &Range<usize> {
        element
            .and_then(|element| self.elements.get(element))
            .unwrap_or(&self.value)
    }
}

/// One pass over a document.
struct Reading<'a> {
    keys: &'a Keys,
    table: &'a Table,
    places: BTreeMap<(String, String), Places>,
    mistakes: Vec<Mistake>,
}

impl Reading<'_> {
    fn document(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            let section = name.get_ref().as_ref();
            if let Some(message) = self.keys.unknown_section(section) {
                self.mistakes.push((name.span(), message));
            } else if let Some(entries) = value.get_ref().as_table() {
                self.section(section, entries);
            } else {
                let message = format!("expected a section, [{section}], and its keys below it");
                self.mistakes.push((value.span(), message));
            }
        }
    }

    fn section(&mut self, section: &str, entries: &DeTable<'_>) {
        for (name, value) in entries {
            let key = name.get_ref().as_ref();
            if let Some(message) = self.keys.unknown_key(section, key) {
                self.mistakes.push((name.span(), message));
                continue;
            }
            let entries = value.get_ref().as_table();
            let is_told = entries.is_some_and(|entries| self.entries(section, key, entries));
            let places = places_of(value);
            let given = self.table.get(section).and_then(|table| table.get(key));
            let misfit = given
                .filter(|_| !is_told)
                .and_then(|given| self.keys.misfit(section, key, given));
            if let Some(misfit) = misfit {
                let span = places.element(misfit.element).clone();
                let message = format!("{section}.{key}: {}", misfit.message);
                self.mistakes.push((span, message));
            }
            self.places
                .insert((section.to_owned(), key.to_owned()), places);
        }
    }
}

impl Reading<'_> {
    /// The entries of a key that is a table, each with its own place. Returns whether one of them
    /// is at fault.
    fn entries(&mut self, section: &str, key: &str, entries: &DeTable<'_>) -> bool {
        let before = self.mistakes.len();
        let given = self.table.get(section).and_then(|table| table.get(key));
        for (name, value) in entries {
            let name_of = name.get_ref().as_ref();
            let places = places_of(value);
            let alone = given
                .and_then(|given| given.get(name_of))
                .map(|given| Value::Table(Table::from_iter([(name_of.to_owned(), given.clone())])));
            let misfit = alone.and_then(|alone| self.keys.misfit(section, key, &alone));
            if let Some(misfit) = misfit {
                let message = format!("{section}.{key}.{name_of}: {}", misfit.message);
                self.mistakes.push((name.span(), message));
            }
            let place = (section.to_owned(), format!("{key}.{name_of}"));
            self.places.insert(place, places);
        }
        self.mistakes.len() > before
    }
}

fn places_of(value: &Spanned<DeValue<'_>>) -> Places {
    let elements = value.get_ref().as_array();
    Places {
        value: value.span(),
        elements: elements
            .map(|elements| elements.iter().map(Spanned::span).collect())
            .unwrap_or_default(),
    }
}
