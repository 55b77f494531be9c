//! What the operator decides. Built-in defaults, then the file, then `STEREO_SECTION__KEY` of the
//! environment, then the command line. A mistake is told with the place where it stands.

mod arguments;
mod error;
mod sections;

pub use arguments::{Arguments, Task};
pub use error::ConfigError;
pub use sections::{Config, Media, Rooms, Server, Store, Telemetry};

use error::Origin;
use std::path::Path;
use toml::{Table, Value};

/// Prefix of the variables that override keys.
const PREFIX: &str = "STEREO_";

impl Config {
    /// Reads the file, if there is one, and lays environment and arguments over it.
    ///
    /// # Errors
    /// The first mistake, with file, line and column, or the variable or argument.
    pub fn load(
        arguments: &Arguments,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match &arguments.config {
            Some(path) => read(path)?,
            None => String::new(),
        };
        let name = arguments
            .config
            .as_ref()
            .map_or_else(String::new, |path| path.display().to_string());
        let file: Config =
            toml::from_str(&text).map_err(|error| ConfigError::syntax(&name, &text, &error))?;
        file.validate().map_err(|invalid| {
            invalid.told(&Origin::File {
                name: &name,
                text: &text,
            })
        })?;
        let mut table: Table =
            toml::from_str(&text).map_err(|error| ConfigError::syntax(&name, &text, &error))?;
        let mut config = file;
        for (variable, value) in overrides(environment) {
            config = overlay(&mut table, &variable, &value)?;
        }
        config.apply(arguments)
    }

    fn apply(mut self, arguments: &Arguments) -> Result<Self, ConfigError> {
        if let Some(listen) = arguments.listen {
            self.server.listen = listen;
        }
        if let Some(listen) = arguments.ops_listen {
            self.server.ops_listen = listen;
        }
        if let Some(data) = &arguments.data {
            self.store.data = data.clone();
        }
        self.validate()
            .map_err(|invalid| invalid.told(&Origin::Arguments))?;
        Ok(self)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))
}

/// `STEREO_SECTION__KEY` variables, in order of their names.
fn overrides(environment: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let ours = environment.filter(|(name, _)| {
        name.strip_prefix(PREFIX)
            .is_some_and(|rest| rest.contains("__"))
    });
    let mut ours: Vec<_> = ours.collect();
    ours.sort();
    ours
}

/// Lays one variable over the table; what comes out must still be a whole config.
fn overlay(table: &mut Table, variable: &str, value: &str) -> Result<Config, ConfigError> {
    let path = variable.trim_start_matches(PREFIX).to_lowercase();
    let (section, key) = path.split_once("__").unwrap_or((path.as_str(), ""));
    let attempt = |value: Value| -> Result<(Table, Config), toml::de::Error> {
        let mut changed = table.clone();
        let entry = changed
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(entries) = entry {
            entries.insert(key.to_owned(), value);
        }
        let config = changed.clone().try_into()?;
        Ok((changed, config))
    };
    // A number, a truth value or an array as in the file; else a text as it stands.
    let typed = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"));
    let text = Value::String(value.to_owned());
    let tried = match typed {
        Some(typed) => attempt(typed).or_else(|error| attempt(text).map_err(|_| error)),
        None => attempt(text),
    };
    let (changed, config) =
        tried.map_err(|error| ConfigError::variable(variable, error.message()))?;
    config
        .validate()
        .map_err(|invalid| invalid.told(&Origin::Variable(variable)))?;
    *table = changed;
    Ok(config)
}

#[cfg(test)]
mod tests;
