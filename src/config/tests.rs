use super::*;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Table;

/// A file of its own, gone with the test.
struct Written(PathBuf);

impl Written {
    fn new(text: &str) -> Self {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("stereo-config-{:x}.toml", u64::from_ne_bytes(random));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn load_with(
    text: &str,
    environment: &[(&str, &str)],
    arguments: Arguments,
) -> Result<Config, String> {
    let written = Written::new(text);
    let arguments = Arguments {
        config: Some(written.0.clone()),
        ..arguments
    };
    let environment = environment
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    Config::load(&arguments, environment).map_err(|error| {
        error
            .to_string()
            .replace(&written.0.display().to_string(), "config.toml")
    })
}

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    load_with(text, environment, Arguments::default())
}

fn refused(text: &str, environment: &[(&str, &str)]) -> String {
    load(text, environment).unwrap_err()
}

/// The keys of every section, as `section.key`.
fn keys_of(table: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (section, entries) in table {
        for key in entries.as_table().unwrap().keys() {
            keys.push(format!("{section}.{key}"));
        }
    }
    keys
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")
}

#[test]
fn without_a_file_the_defaults_hold() {
    let config = Config::load(&Arguments::default(), std::iter::empty()).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(load("", &[]).unwrap(), Config::default());
}

#[test]
fn the_example_file_says_every_default() {
    let arguments = Arguments {
        config: Some(example()),
        ..Arguments::default()
    };
    let config = Config::load(&arguments, std::iter::empty()).unwrap();
    assert_eq!(config, Config::default());
    let written: Table = toml::from_str(&std::fs::read_to_string(example()).unwrap()).unwrap();
    let every = Table::try_from(Config::default()).unwrap();
    assert_eq!(keys_of(&written), keys_of(&every));
}

#[test]
fn the_example_file_explains_every_key() {
    let text = std::fs::read_to_string(example()).unwrap();
    // A count that its name says needs no more words.
    let plain = ["tracks_per_add", "bans", "invitations"];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" = ") {
            assert!(line.contains(" # ") || plain.contains(&key), "{line}");
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_protocol() {
    let limits = serde_limits();
    for (key, value) in [
        ("name", 32),
        ("title", 80),
        ("chat", 500),
        ("url", 2_048),
        ("tracks_per_add", 50),
        ("queue", 500),
        ("chat_ring", 200),
        ("event_ring", 1_000),
        ("event_ring_bytes", 1 << 20),
        ("history", 500),
        ("log", 500),
        ("bans", 1_000),
        ("invitations", 100),
        ("frame_bytes", 16 << 10),
        ("outbox_bytes", 512 << 10),
        ("commands_per_second", 10),
        ("commands_burst", 30),
        ("connections_per_member", 8),
    ] {
        assert_eq!(limits[key].as_integer(), Some(value), "{key}");
    }
    assert_eq!(limits.len(), 18);
    assert_eq!(Config::default().rooms.per_address_per_hour, 20);
}

fn serde_limits() -> Table {
    let table = Table::try_from(Config::default()).unwrap();
    table["limits"].as_table().unwrap().clone()
}

#[test]
fn mistakes_point_at_line_and_column() {
    for (text, place) in [
        (
            "[server]\nlisten = \"nowhere\"\n",
            "2:10: server.listen: expected an address",
        ),
        (
            "[server]\nlisten = \"localhost:1\"\n",
            "2:10: server.listen: expected an address",
        ),
        (
            "[server]\nlisten = 4410\n",
            "2:10: server.listen: invalid type",
        ),
        (
            "[limits]\nchat = \"many\"\n",
            "2:8: limits.chat: invalid type",
        ),
        ("[limits]\nchat = -1\n", "2:8: limits.chat: invalid value"),
        (
            "[limits]\nchat = 0\n",
            "2:8: limits.chat: expected at least 1 characters, not 0",
        ),
        (
            "[limits]\nbans = 0\n",
            "2:8: limits.bans: expected at least 1, not 0",
        ),
        (
            "[rooms]\nlead_max_ms = 10\n",
            "2:15: rooms.lead_max_ms: expected 50 to 10000 ms",
        ),
        (
            "[rooms]\nempty_ms = 86400001\n",
            "2:12: rooms.empty_ms: expected 0 to 86400000 ms",
        ),
        (
            "[server]\ndrain_ms = 9000000000000000000\n",
            "2:12: server.drain_ms: expected 0 to",
        ),
        (
            "[server]\nworkers = 2000\n",
            "2:11: server.workers: expected 0 to 1024, not 2000",
        ),
        (
            "[telemetry]\nlog = \"loud\"\n",
            "2:7: telemetry.log: expected one of off, error",
        ),
        (
            "[store]\ndata = \"\"\n",
            "2:8: store.data: expected a folder",
        ),
        (
            "[store]\nreaders = 0\n",
            "2:11: store.readers: expected 1 to 64 threads, not 0",
        ),
        (
            "[store]\nkeys_copy = \"./data/keys.copy\"\n",
            "2:13: store.keys_copy: expected a file outside of ./data",
        ),
        ("[server\n", "1:"),
        ("[limits]\nchat = 1\nchat = 2\n", "3:1: "),
        ("server = 3\n", "1:10: expected a section, [server]"),
        (
            "server.workers = 2000\n",
            "1:18: server.workers: expected 0 to 1024",
        ),
    ] {
        let error = refused(text, &[]);
        assert!(
            error.starts_with(&format!("config.toml:{place}")),
            "{error}"
        );
        assert!(error.ends_with('^'), "{error}");
    }
}

#[test]
fn the_excerpt_shows_the_line_and_underlines_the_value() {
    assert_eq!(
        refused("\n[limits]\n\tname\t= 0 # of a person\n", &[]),
        "config.toml:3:9: limits.name: expected at least 1 characters, not 0\n  |\n3 | \tname\t= 0 # of a person\n  | \t    \t  ^"
    );
    let long = format!("{}[rooms]\nlead_min_ms = 20000\n", "\n".repeat(9));
    assert_eq!(
        refused(&long, &[]),
        "config.toml:11:15: rooms.lead_min_ms: expected 50 to 10000 ms, not 20000\n   |\n11 | lead_min_ms = 20000\n   |               ^^^^^"
    );
}

#[test]
fn the_element_of_an_array_that_is_wrong_is_the_one_pointed_at() {
    let proxies = "[server]\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"10.0.0.0/99\",\n]\n";
    let error = refused(proxies, &[]);
    let expected = "config.toml:4:3: server.trusted_proxies: expected a network";
    assert!(error.starts_with(expected), "{error}");
    let origins = "[server]\nallowed_origins = [\"https://a.example\", \"https://b.example/x\"]\n";
    let error = refused(origins, &[]);
    let expected = "config.toml:2:41: server.allowed_origins: expected http://host";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn servers_that_music_may_come_from_are_named_as_browsers_do_and_with_leave() {
    let origins = |list: &str| format!("[media]\ndirect = true\ndirect_origins = [{list}]\n");
    let taken = load(
        &origins("\"https://a.example\", \"http://10.0.0.5:4533\""),
        &[],
    );
    assert_eq!(taken.unwrap().media.direct_origins.len(), 2);
    for (wrong, expected) in [
        ("https://a.example/x", "expected http://host"),
        ("https://a.example:443", "without its port"),
        ("https://*.example", "expected a host's own name"),
    ] {
        let error = refused(
            &origins(&format!("\"https://a.example\", \"{wrong}\"")),
            &[],
        );
        let place = "config.toml:3:40: media.direct_origins: ";
        assert!(
            error.starts_with(place) && error.contains(expected),
            "{error}"
        );
    }
    let unused = "[media]\ndirect_origins = [\"https://a.example\"]\n";
    let error = refused(unused, &[]);
    assert!(error.contains("expected direct = true"), "{error}");
}

#[test]
fn the_first_mistake_from_the_top_is_told() {
    let error = refused("[store]\ndata = 1\n[limits]\nchat = \"x\"\n", &[]);
    assert!(error.starts_with("config.toml:2:8: store.data"), "{error}");
}

#[test]
fn unknown_names_say_which_one_was_meant() {
    for (text, message) in [
        (
            "[server]\nlistne = 1\n",
            "2:1: unknown key `listne` in [server]; did you mean `listen`?",
        ),
        (
            "[sever]\n",
            "1:2: unknown section `sever`; did you mean [server]?",
        ),
        (
            "[server]\nqueue = 1\n",
            "2:1: unknown key `queue` in [server]; it is a key of [limits]",
        ),
        (
            "listen = 1\n",
            "1:1: unknown section `listen`; it is a key of [server]",
        ),
        (
            "[media]\nxyz = 1\n",
            "2:1: unknown key `xyz` in [media]; there are demo_tracks",
        ),
        (
            "[redis]\n",
            "1:2: unknown section `redis`; there are analytics, backup, limits, mail, media, operator, providers, rooms",
        ),
    ] {
        let error = refused(text, &[]);
        assert!(
            error.starts_with(&format!("config.toml:{message}")),
            "{error}"
        );
    }
    for (variable, message) in [
        (
            "STEREO_LIMITS__CHATT",
            "unknown key `chatt` in [limits]; did you mean `chat`?",
        ),
        (
            "STEREO_ROOMS__LEAD_MAX",
            "unknown key `lead_max` in [rooms]; did you mean `lead_max_ms`?",
        ),
        (
            "STEREO_LIMITS__OUTBOX",
            "unknown key `outbox` in [limits]; did you mean `outbox_bytes`?",
        ),
        (
            "STEREO_LIMIT__CHAT",
            "unknown section `limit`; did you mean [limits]?",
        ),
    ] {
        assert_eq!(
            refused("", &[(variable, "7")]),
            format!("{variable}: {message}")
        );
    }
}

#[test]
fn a_value_that_disagrees_with_a_default_is_pointed_at_itself() {
    let error = refused("[limits]\ncommands_per_second = 100\n", &[]);
    assert!(
        error.starts_with("config.toml:2:23: limits.commands_burst (by default): expected at least commands_per_second (100), not 30"),
        "{error}"
    );
}

#[test]
fn of_two_values_that_disagree_both_places_are_told() {
    let error = refused(
        "[limits]\n\n  commands_burst = 20\n",
        &[("STEREO_LIMITS__COMMANDS_PER_SECOND", "50")],
    );
    assert!(
        error.starts_with("config.toml:3:20: limits.commands_burst: expected at least commands_per_second (50), not 20; limits.commands_per_second is from STEREO_LIMITS__COMMANDS_PER_SECOND"),
        "{error}"
    );
    let error = refused(
        "[rooms]\nlead_min_ms = 900\n",
        &[("STEREO_ROOMS__LEAD_MAX_MS", "800")],
    );
    assert_eq!(
        error,
        "STEREO_ROOMS__LEAD_MAX_MS: rooms.lead_max_ms: expected at least lead_min_ms (900), not 800; rooms.lead_min_ms is from line 2 of config.toml"
    );
}

#[test]
fn only_the_whole_is_judged() {
    let pair = [
        ("STEREO_LIMITS__COMMANDS_BURST", "5"),
        ("STEREO_LIMITS__COMMANDS_PER_SECOND", "5"),
    ];
    assert_eq!(load("", &pair).unwrap().limits.0.commands_burst, 5);
    let mended = load(
        "[limits]\ncommands_per_second = 100\n",
        &[("STEREO_LIMITS__COMMANDS_BURST", "100")],
    );
    assert_eq!(mended.unwrap().limits.0.commands_burst, 100);
    let arguments = Arguments {
        ops_listen: Some(SocketAddr::from(([127, 0, 0, 1], 2))),
        ..Arguments::default()
    };
    let taken = "[server]\nlisten = \"127.0.0.1:1\"\nops_listen = \"127.0.0.1:1\"\n";
    assert!(load(taken, &[]).is_err());
    assert!(load_with(taken, &[], arguments).is_ok());
}

#[test]
fn the_environment_overrides_the_file_and_is_typed_like_it() {
    let config = load(
        "[limits]\nchat = 100\n",
        &[
            ("STEREO_LIMITS__CHAT", " 7 "),
            ("STEREO_SERVER__ALLOWED_ORIGINS", "[\"https://a.example\"]"),
            ("STEREO_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("STEREO_MEDIA__DEMO_TRACKS", "false"),
            ("STEREO_STORE__DATA", "2026"),
            ("STEREO_TELEMETRY__LOG", "\"warn\""),
            ("STEREO_SERVER__LISTEN", "[::1]:0"),
        ],
    )
    .unwrap();
    assert_eq!(config.limits.0.chat, 7);
    assert_eq!(config.server.allowed_origins, ["https://a.example"]);
    let proxies = config.server.trusted_proxies.iter().copied();
    let proxies: Vec<String> = proxies.map(String::from).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
    assert!(!config.media.demo_tracks);
    assert_eq!(config.store.data, Path::new("2026"));
    assert_eq!(config.telemetry.log, "warn");
    assert_eq!(config.server.listen.to_string(), "[::1]:0");
    let emptied = load(
        "[server]\nallowed_origins = [\"https://a.example\"]\n",
        &[("STEREO_SERVER__ALLOWED_ORIGINS", "")],
    );
    assert!(emptied.unwrap().server.allowed_origins.is_empty());
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    for (variable, value, message) in [
        (
            "STEREO_LIMITS__CHAT",
            "many",
            "limits.chat: invalid type: string \"many\", expected u32",
        ),
        (
            "STEREO_LIMITS__CHAT",
            "1\nname = 2",
            "limits.chat: invalid type",
        ),
        (
            "STEREO_LIMITS__CHAT",
            "0",
            "limits.chat: expected at least 1",
        ),
        (
            "STEREO_SERVER__LISTEN",
            "nowhere",
            "server.listen: expected an address",
        ),
        (
            "STEREO_SERVER__TRUSTED_PROXIES",
            "10.0.0.0/8,here",
            "server.trusted_proxies: expected a network",
        ),
        (
            "STEREO_SERVER__TRUSTED_PROXIES",
            "[\"10.0.0.0/8\"",
            "server.trusted_proxies: invalid type",
        ),
        (
            "STEREO_MEDIA__DEMO_TRACKS",
            "yes",
            "media.demo_tracks: invalid type",
        ),
    ] {
        let error = refused("", &[(variable, value)]);
        assert!(
            error.starts_with(&format!("{variable}: {message}")),
            "{error}"
        );
    }
}

#[test]
fn variables_that_name_no_key_are_let_be() {
    // Kubernetes gives these to every container when a service is named stereo.
    let others = [
        ("STEREO_PORT", "tcp://10.0.0.1:4410"),
        ("STEREO_SERVICE_HOST", "x"),
        ("PATH", "/"),
    ];
    assert_eq!(load("", &others).unwrap(), Config::default());
}

#[test]
fn the_command_line_comes_last_and_is_named() {
    let free = SocketAddr::from(([127, 0, 0, 1], 7000));
    let arguments = Arguments {
        listen: Some(free),
        data: Some("elsewhere".into()),
        ..Arguments::default()
    };
    let environment = [
        ("STEREO_SERVER__LISTEN", "127.0.0.1:6000"),
        ("STEREO_STORE__DATA", "here"),
    ];
    let config = load_with("", &environment, arguments.clone()).unwrap();
    assert_eq!(config.server.listen, free);
    assert_eq!(config.store.data, Path::new("elsewhere"));
    let environment = [("STEREO_SERVER__OPS_LISTEN", "127.0.0.1:7000")];
    let error = load_with("", &environment, arguments).unwrap_err();
    assert_eq!(
        error,
        "STEREO_SERVER__OPS_LISTEN: server.ops_listen: expected another address than server.listen (127.0.0.1:7000), not 127.0.0.1:7000; server.listen is from --listen"
    );
}

#[test]
fn two_listeners_cannot_have_one_port() {
    for (listen, ops_listen, good) in [
        ("127.0.0.1:1", "127.0.0.1:1", false),
        ("0.0.0.0:1", "127.0.0.1:1", false),
        ("127.0.0.1:1", "[::]:1", false),
        ("127.0.0.1:1", "127.0.0.2:1", true),
        ("0.0.0.0:1", "127.0.0.1:2", true),
        ("127.0.0.1:0", "127.0.0.1:0", true),
    ] {
        let text = format!(
            "[server]\nlisten = \"{listen}\"\nops_listen = \"{ops_listen}\"\nallow_plain = true\n"
        );
        assert_eq!(load(&text, &[]).is_ok(), good, "{listen} {ops_listen}");
    }
}

#[test]
fn nothing_goes_in_the_clear_to_other_machines_unless_the_operator_says_so() {
    for (more, good) in [
        ("", false),
        ("allow_plain = true\n", true),
        ("trusted_proxies = [\"10.0.0.0/8\"]\n", true),
        ("public_url = \"https://stereo.example\"\n", false),
    ] {
        let text = format!("[server]\nlisten = \"0.0.0.0:4410\"\n{more}");
        let loaded = load(&text, &[]);
        assert_eq!(loaded.is_ok(), good, "{more}");
        if let Err(error) = loaded {
            assert!(error.starts_with("config.toml:2:"), "{error}");
            assert!(error.contains("tls.certificate"), "{error}");
        }
    }
}

#[test]
fn a_certificate_and_its_key_are_judged_with_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (
        folder.path().join("one.pem"),
        folder.path().join("other.pem"),
    );
    let key = folder.path().join("key.pem");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&one, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let unlike = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&other, unlike.cert.pem()).unwrap();
    let load = |certificate: &Path, key: &str| {
        let text = format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n");
        load(&text, &[])
    };
    assert!(load(&one, key.to_str().unwrap()).is_ok());
    for (certificate, key, place, told) in [
        (&one, "", "config.toml:3:", "both or neither"),
        (
            &one,
            one.to_str().unwrap(),
            "config.toml:3:",
            "a private key",
        ),
        (
            &key,
            key.to_str().unwrap(),
            "config.toml:2:",
            "a certificate",
        ),
        (
            &other,
            key.to_str().unwrap(),
            "config.toml:3:",
            "of that certificate",
        ),
        (
            &folder.path().join("none"),
            key.to_str().unwrap(),
            "config.toml:2:",
            "can be read",
        ),
    ] {
        let error = load(certificate, key).unwrap_err();
        assert!(error.starts_with(place) && error.contains(told), "{error}");
    }
}

#[test]
fn names_are_written_as_browsers_send_them() {
    for (url, good) in [
        ("https://stereo.example", true),
        ("https://Stereo.Example/", true),
        ("http://192.168.1.2:8080", true),
        ("http://[::1]:8080", true),
        ("http://[::1]", true),
        ("https://xn--hxajbheg2az3al.example", true),
        ("http://stereo.example:443", true),
        ("https://stereo.example:443", false),
        ("http://stereo.example:80", false),
        ("https://stereo.example:99999", false),
        ("https://stereo.example:0", false),
        ("https://stereo.example:", false),
        ("https://müsik.example", false),
        ("https://stereo.example/rooms", false),
        ("https://a@stereo.example", false),
        ("stereo.example", false),
        ("ftp://stereo.example", false),
        ("*", false),
    ] {
        let public = load(&format!("[server]\npublic_url = \"{url}\"\n"), &[]);
        assert_eq!(public.is_ok(), good, "{url}: {public:?}");
        let listed = load(&format!("[server]\nallowed_origins = [\"{url}\"]\n"), &[]);
        assert_eq!(listed.is_ok(), good, "{url}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let arguments = Arguments {
        config: Some("/nowhere/config.toml".into()),
        ..Arguments::default()
    };
    let error = Config::load(&arguments, std::iter::empty()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/config.toml: cannot be read: ")
    );
}

#[test]
fn a_mistake_in_a_provider_is_pointed_at_where_it_stands() {
    for (text, place) in [
        (
            "[providers.home]\nclient_id = \"a\"\nisuer = \"\"",
            "config.toml:3:1: providers.home.isuer: unknown field",
        ),
        (
            "[providers.home]\nclient_id = 7",
            "config.toml:2:1: providers.home.client_id: invalid type",
        ),
        (
            "[providers.home]\nclient_id = \"a\"\nissuer = \"http://id.example\"",
            "config.toml:3:10: providers.home.issuer: issuer: expected https",
        ),
        (
            "[server]\n[providers.google]\nname = \"G\"",
            "config.toml:2:",
        ),
        (
            "[providers.email]\nclient_id = \"a\"",
            "config.toml:1:12: `email` is a way of ours",
        ),
        (
            "[providers.google]\nclient_id = \"a\"\nclient_secret_file = \"/nowhere/secret\"",
            "config.toml:3:22: providers.google.client_secret_file",
        ),
    ] {
        let message = refused(text, &[]);
        assert!(message.starts_with(place), "{message}");
    }
    let variable = (
        "STEREO_PROVIDERS__HOME",
        "{ client_id = \"a\", issuer = \"ftp://x\" }",
    );
    let message = refused("", &[variable]);
    assert!(
        message.starts_with("STEREO_PROVIDERS__HOME: providers.home.issuer"),
        "{message}"
    );
    let variable = (
        "STEREO_PROVIDERS__HOME",
        "{ client_id = \"a\", issuer = \"https://id.example\" }",
    );
    let config = load("[providers.home]\nclient_id = \"b\"", &[variable]).unwrap();
    assert_eq!(config.providers.0["home"].client_id, "a");
}
