//! Whatever an operator puts into the environment: a config that holds together, or an error that
//! names the variable.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stereo::config::{Arguments, Config};

fuzz_target!(|given: Vec<(&str, &str)>| {
    let variables: Vec<(String, String)> = given
        .iter()
        .take(4)
        .map(|(key, value)| (format!("STEREO_{key}"), (*value).to_owned()))
        .collect();
    match Config::load(&Arguments::default(), variables.clone().into_iter()) {
        Ok(config) => {
            let rules = config.rules();
            assert!(rules.lead_min_ms <= rules.lead_max_ms);
        }
        Err(error) => {
            let message = error.to_string();
            assert!(
                variables
                    .iter()
                    .any(|(name, _)| message.contains(name.as_str())),
                "{message}"
            );
        }
    }
});
