//! Which keys there are, which type each has, and which one was meant.

use super::Config;
use super::providers::id_fault;
use toml::{Table, Value};

/// The one section whose keys the operator names.
const PROVIDERS: &str = "providers";

/// Every key at its default.
pub(super) struct Keys(Table);

/// A value that its key cannot take.
pub(super) struct Misfit {
    pub(super) message: String,
    /// The element of an array that is at fault.
    pub(super) element: Option<usize>,
}

impl Default for Keys {
    fn default() -> Self {
        // The defaults are all texts, numbers and arrays: writing them down cannot fail, and the
        // test that `config.toml` holds every key would see it.
        Self(Table::try_from(Config::default()).unwrap_or_default())
    }
}

impl Keys {
    /// The default of a key, which tells its type.
    pub(super) fn default_of(&self, section: &str, key: &str) -> Option<&Value> {
        self.0.get(section)?.get(key)
    }

    /// What to say of a section that there is not; `None` when there is.
    pub(super) fn unknown_section(&self, section: &str) -> Option<String> {
        if self.0.contains_key(section) {
            return None;
        }
        let hint = if let Some(home) = self.home_of(section) {
            format!("it is a key of [{home}]")
        } else if let Some(near) = nearest(section, self.0.keys()) {
            format!("did you mean [{near}]?")
        } else {
            format!("there are {}", list(self.0.keys()))
        };
        Some(format!("unknown section `{section}`; {hint}"))
    }

    /// What to say of a key that a known section has not; `None` when it has.
    pub(super) fn unknown_key(&self, section: &str, key: &str) -> Option<String> {
        if section == PROVIDERS {
            return id_fault(key);
        }
        let known = self.0.get(section)?.as_table()?;
        if known.contains_key(key) {
            return None;
        }
        let hint = if let Some(home) = self.home_of(key) {
            format!("it is a key of [{home}]")
        } else if let Some(near) = nearest(key, known.keys()) {
            format!("did you mean `{near}`?")
        } else {
            format!("there are {}", list(known.keys()))
        };
        Some(format!("unknown key `{key}` in [{section}]; {hint}"))
    }

    /// The one section that has a key of this name.
    fn home_of(&self, key: &str) -> Option<&str> {
        let has = |entries: &Value| entries.get(key).is_some();
        let mut homes = self.0.iter().filter(|(_, entries)| has(entries));
        let home = homes.next().map(|(section, _)| section.as_str());
        home.filter(|_| homes.next().is_none())
    }

    /// Why a known key cannot take a value; `None` when it can.
    pub(super) fn misfit(&self, section: &str, key: &str, value: &Value) -> Option<Misfit> {
        let message = try_alone(section, key, value.clone())?;
        let fault = value.as_array().and_then(|elements| {
            let alone =
                |element: &Value| try_alone(section, key, Value::Array(vec![element.clone()]));
            elements
                .iter()
                .enumerate()
                .find_map(|(place, element)| Some((place, alone(element)?)))
        });
        Some(match fault {
            Some((place, message)) => Misfit {
                message,
                element: Some(place),
            },
            None => Misfit {
                message,
                element: None,
            },
        })
    }
}

/// What is wrong with a config in which this value is the only one.
fn try_alone(section: &str, key: &str, value: Value) -> Option<String> {
    let entries = Table::from_iter([(key.to_owned(), value)]);
    let table = Table::from_iter([(section.to_owned(), Value::Table(entries))]);
    let error = table.try_into::<Config>().err()?;
    Some(error.message().trim_end().to_owned())
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The nearest of the known names, if it is near enough to have been meant. A unit left out, such
/// as `_ms`, is as near as one letter.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).clamp(1, 3);
    let lacks_unit = |known: &str| {
        let rest = known.strip_prefix(name);
        rest.is_some_and(|rest| matches!(rest, "_ms" | "_bytes"))
    };
    let apart = |known: &str| match lacks_unit(known) {
        true => 1,
        false => distance(name, known),
    };
    known
        .map(|known| (apart(known), known.as_str()))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour to make one
/// name of the other (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // The last three rows of the table are all that a cell looks at.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for row in 1..=one.len() {
        let mut current = vec![row];
        for column in 1..=other.len() {
            let changed = usize::from(one[row - 1] != other[column - 1]);
            let mut least = (above[column - 1] + changed)
                .min(above[column] + 1)
                .min(current[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && one[row - 1] == other[column - 2]
                && one[row - 2] == other[column - 1];
            if swapped {
                least = least.min(before[column - 2] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_costs_one() {
        for (one, other, expected) in [
            ("listen", "listen", 0),
            ("listne", "listen", 1),
            ("lsten", "listen", 1),
            ("chatt", "chat", 1),
            ("chut", "chat", 1),
            ("", "chat", 4),
            ("queue", "", 5),
            ("history", "chat", 6),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn every_key_takes_its_own_default() {
        let keys = Keys::default();
        for (section, entries) in &keys.0 {
            for (key, value) in entries.as_table().unwrap() {
                assert!(
                    keys.misfit(section, key, value).is_none(),
                    "{section}.{key}"
                );
            }
        }
        assert_eq!(keys.0.len(), 12);
    }
}
