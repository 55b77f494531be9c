use super::*;
use std::path::PathBuf;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    let path = std::env::temp_dir().join(format!(
        "stereo-config-{:x}.toml",
        u64::from_ne_bytes(random)
    ));
    std::fs::write(&path, text).unwrap();
    let arguments = Arguments {
        config: Some(path.clone()),
        ..Arguments::default()
    };
    let environment = environment
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    let loaded = Config::load(&arguments, environment).map_err(|error| {
        error
            .to_string()
            .replace(&path.display().to_string(), "config.toml")
    });
    std::fs::remove_file(path).unwrap();
    loaded
}

#[test]
fn the_example_file_says_every_default() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml"));
    let arguments = Arguments {
        config: Some(path.clone()),
        ..Arguments::default()
    };
    let config = Config::load(&arguments, std::iter::empty()).unwrap();
    assert_eq!(config, Config::default());
    let written: Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let every: Table = toml::from_str(&toml::to_string(&Config::default()).unwrap()).unwrap();
    for (section, keys) in &every {
        for key in keys.as_table().unwrap().keys() {
            assert!(
                written[section].get(key).is_some(),
                "{section}.{key} is not in config.toml"
            );
        }
    }
}

#[test]
fn mistakes_point_at_line_and_column() {
    let error = load("[server]\nlisten = \"nowhere\"\n", &[]).unwrap_err();
    assert!(error.starts_with("config.toml:2:10: "), "{error}");
    let error = load("[server]\nlistne = \"127.0.0.1:1\"\n", &[]).unwrap_err();
    assert!(
        error.starts_with("config.toml:2:1: unknown field `listne`"),
        "{error}"
    );
    let error = load("[limits]\nchat = 500\n\n  commands_burst = 3\n", &[]).unwrap_err();
    assert!(
        error.starts_with(
            "config.toml:4:20: limits.commands_burst: expected at least commands_per_second (10)"
        ),
        "{error}"
    );
    assert!(error.ends_with("^"), "{error}");
    let error = load("[rooms]\nlead_max_ms = 10\n", &[]).unwrap_err();
    assert!(
        error.starts_with("config.toml:2:15: rooms.lead_max_ms"),
        "{error}"
    );
    let error = load("[limits]\nchat = \"many\"\n", &[]).unwrap_err();
    assert!(error.starts_with("config.toml:2:8: "), "{error}");
    let error = load("[server\n", &[]).unwrap_err();
    assert!(error.starts_with("config.toml:1:"), "{error}");
    let error = load("[server]\ntrusted_proxies = [\"10.0.0.0/99\"]\n", &[]).unwrap_err();
    assert!(error.starts_with("config.toml:2:"), "{error}");
}

#[test]
fn the_environment_overrides_the_file_and_is_named_when_wrong() {
    let config = load(
        "[limits]\nchat = 100\n",
        &[
            ("STEREO_LIMITS__CHAT", "7"),
            ("STEREO_SERVER__ALLOWED_ORIGINS", "[\"https://a.example\"]"),
            ("PATH", "/"),
        ],
    )
    .unwrap();
    assert_eq!(config.limits.0.chat, 7);
    assert_eq!(config.server.allowed_origins, ["https://a.example"]);
    let error = load("", &[("STEREO_LIMITS__CHAT", "many")]).unwrap_err();
    assert!(error.starts_with("STEREO_LIMITS__CHAT: "), "{error}");
    let error = load("", &[("STEREO_LIMITS__CHATT", "7")]).unwrap_err();
    assert!(
        error.starts_with("STEREO_LIMITS__CHATT: unknown field"),
        "{error}"
    );
    let error = load("", &[("STEREO_LIMITS__CHAT", "0")]).unwrap_err();
    assert!(
        error.starts_with("STEREO_LIMITS__CHAT: limits.chat: "),
        "{error}"
    );
}
