//! The prose names everything that the types have.

use stereo_protocol::{CloseCode, Command, DecodeError, ErrorKind, Request};

const README: &str = include_str!("../README.md");

#[test]
fn every_method_error_and_close_code_is_documented() {
    for method in Command::METHODS {
        let named = README.contains(&format!("`{method} {{"))
            || README.contains(&format!("\"{method}\""))
            || *method == "join";
        assert!(named, "{method}");
    }
    for code in CloseCode::ALL
        .into_iter()
        .filter(|code| code.code() >= 4000)
    {
        assert!(README.contains(&code.code().to_string()), "{code:?}");
    }
    for kind in [
        ErrorKind::NotJoined,
        ErrorKind::NotAllowed,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::TooMany,
        ErrorKind::TooLarge,
        ErrorKind::Invalid,
        ErrorKind::RateLimited,
        ErrorKind::Unavailable,
        ErrorKind::Internal,
    ] {
        let name = serde_json::to_string(&kind).unwrap().replace('"', "`");
        assert!(README.contains(&name), "{name}");
        assert!(README.contains(&format!("−{}", -kind.code())), "{name}");
    }
}

#[test]
fn every_event_of_the_schema_is_documented() {
    let schema = include_str!("../schema/stereo.v1.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let events = schema["$defs"]["Event"]["oneOf"].as_array().unwrap();
    assert!(events.len() > 10);
    for event in events {
        let name = event["properties"]["type"]["const"].as_str().unwrap();
        assert!(README.contains(&format!("`{name} {{")), "{name}");
    }
}

#[test]
fn the_examples_are_requests() {
    let blocks = README
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for line in blocks.flat_map(str::lines) {
        let request = Request::decode(line).map_err(|(_, error)| error).unwrap();
        let decoded: Result<Command, DecodeError> =
            Command::decode(&request.method, request.params);
        decoded.unwrap();
        count += 1;
    }
    assert!(count > 0);
}
