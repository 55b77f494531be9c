//! `STEREO_SECTION__KEY`: one variable, one key, written as in the file. A text needs no quotes,
//! and an array may be a list with commas.

use super::error::ConfigError;
use super::keys::Keys;
use toml::{Table, Value};

/// Prefix of the variables that override keys.
const PREFIX: &str = "STEREO_";

/// A variable that overrides a key, its value of the key's type.
pub(super) struct Override {
    pub(super) variable: String,
    pub(super) section: String,
    pub(super) key: String,
    value: Value,
}

impl Override {
    pub(super) fn lay_over(self, table: &mut Table) {
        let section = table
            .entry(self.section)
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(entries) = section {
            entries.insert(self.key, self.value);
        }
    }
}

/// What the environment overrides, in order of the names. A variable without `__` names no key: a
/// container platform makes some of its own, such as `STEREO_PORT` for a service named stereo.
pub(super) fn overrides(
    environment: impl Iterator<Item = (String, String)>,
    keys: &Keys,
) -> Result<Vec<Override>, ConfigError> {
    let mut ours: Vec<_> = environment
        .filter_map(|(variable, value)| {
            let path = variable.strip_prefix(PREFIX)?.to_lowercase();
            let (section, key) = path.split_once("__")?;
            Some((variable, section.to_owned(), key.to_owned(), value))
        })
        .collect();
    ours.sort();
    ours.into_iter()
        .map(|(variable, section, key, value)| {
            let wrong = |message: String| ConfigError::new(format!("{variable}: {message}"));
            let value = value_of(keys, &section, &key, &value).map_err(wrong)?;
            Ok(Override {
                variable,
                section,
                key,
                value,
            })
        })
        .collect()
}

fn value_of(keys: &Keys, section: &str, key: &str, text: &str) -> Result<Value, String> {
    let unknown = keys
        .unknown_section(section)
        .or_else(|| keys.unknown_key(section, key));
    if let Some(message) = unknown {
        return Err(message);
    }
    let value = typed(keys.default_of(section, key), text);
    match keys.misfit(section, key, &value) {
        None => Ok(value),
        Some(misfit) => Err(format!("{section}.{key}: {}", misfit.message)),
    }
}

/// A text as a value like `default`; what cannot be read stays a text, and is refused as one.
fn typed(default: Option<&Value>, text: &str) -> Value {
    let written = || text.trim().parse::<Value>().ok();
    let as_text = || Value::String(text.to_owned());
    match default {
        Some(Value::String(_)) => written().filter(Value::is_str).unwrap_or_else(as_text),
        Some(Value::Array(_)) if !text.trim_start().starts_with('[') => listed(text),
        _ => written().unwrap_or_else(as_text),
    }
}

fn listed(text: &str) -> Value {
    let parts = text.split(',').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
}
