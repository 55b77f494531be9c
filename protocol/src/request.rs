//! The envelope: JSON-RPC 2.0 objects, one a text frame, no batches.

use crate::ErrorObject;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A request's id as the client wrote it: a number, a text of at most 64 bytes, or null.
pub type RequestId = Box<RawValue>;

/// A request or, without an id, a notification; parameters not yet decoded.
#[derive(Debug)]
pub struct Request<'a> {
    /// Comes back in the response. Absent: no response is wanted.
    pub id: Option<&'a RawValue>,
    /// The method's name.
    pub method: Cow<'a, str>,
    /// The parameters.
    pub params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// Why a message is no request that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON (−32700).
    Parse,
    /// JSON, but no JSON-RPC 2.0 request (−32600), with what is wrong.
    Request(&'static str),
    /// No such method (−32601).
    UnknownMethod,
    /// Parameters that do not fit (−32602).
    Invalid {
        /// Path of the field, such as `tracks[3]`; empty for the parameters as a whole.
        field: String,
        /// What was expected.
        expected: String,
    },
}

impl<'a> Request<'a> {
    /// Reads one message.
    ///
    /// # Errors
    /// [`DecodeError::Parse`] and [`DecodeError::Request`], with the id when there is one.
    pub fn decode(text: &'a str) -> Result<Self, (Option<&'a RawValue>, DecodeError)> {
        let first = text.trim_start().as_bytes().first();
        if first == Some(&b'[') {
            let json = serde_json::from_str::<&RawValue>(text).is_ok();
            let error = if json {
                DecodeError::Request("batches are not taken")
            } else {
                DecodeError::Parse
            };
            return Err((None, error));
        }
        if first != Some(&b'{') {
            let json = serde_json::from_str::<&RawValue>(text).is_ok();
            let error = if json {
                DecodeError::Request("expected an object")
            } else {
                DecodeError::Parse
            };
            return Err((None, error));
        }
        let envelope: Envelope<'a> = serde_json::from_str(text).map_err(|error| {
            use serde_json::error::Category;
            match error.classify() {
                Category::Data => (
                    None,
                    DecodeError::Request("jsonrpc and method are texts, and each field comes once"),
                ),
                _ => (None, DecodeError::Parse),
            }
        })?;
        let Envelope {
            jsonrpc,
            id,
            method,
            params,
        } = envelope;
        let refuse = |why| Err((id.filter(|id| answerable(id)), DecodeError::Request(why)));
        if jsonrpc.as_deref() != Some("2.0") {
            return refuse("jsonrpc must be \"2.0\"");
        }
        if id.is_some_and(|id| !answerable(id)) {
            return refuse("id must be a number, null, or a text of at most 64 bytes");
        }
        let Some(method) = method else {
            return refuse("method is missing");
        };
        Ok(Request { id, method, params })
    }

    /// The operation's id, under which the change is applied once however often it is sent.
    ///
    /// # Errors
    /// [`DecodeError::Invalid`] when it is not a text of 1 to 64 characters.
    pub fn op(&self) -> Result<Option<Box<str>>, DecodeError> {
        #[derive(Deserialize)]
        struct WithOp {
            #[serde(default)]
            op: Option<Box<str>>,
        }
        let Some(raw) = self.params else {
            return Ok(None);
        };
        if !raw.get().starts_with('{') {
            return Ok(None);
        }
        let WithOp { op } = params(Some(raw))?;
        match op {
            Some(op) if op.is_empty() || op.chars().count() > 64 => Err(DecodeError::Invalid {
                field: "op".into(),
                expected: "a text of 1 to 64 characters".into(),
            }),
            op => Ok(op),
        }
    }
}

fn answerable(id: &RawValue) -> bool {
    let text = id.get();
    let first = text.as_bytes().first().copied().unwrap_or(b'{');
    text.len() <= 66 && (first == b'"' || first == b'-' || first.is_ascii_digit() || text == "null")
}

/// Decodes a JSON object, such as the body of an HTTP request.
///
/// # Errors
/// [`DecodeError::Parse`] for what is not UTF-8, [`DecodeError::Invalid`] with the field.
pub fn decode_params<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Parse)?;
    serde_json::from_str::<&RawValue>(text)
        .map_err(|_| DecodeError::Parse)
        .and_then(|raw| params(Some(raw)))
}

/// Decodes parameters; absent ones count as an empty object.
pub(crate) fn params<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<T, DecodeError> {
    let text = raw.map_or("{}", RawValue::get);
    if !text.starts_with('{') {
        return Err(DecodeError::Invalid {
            field: String::new(),
            expected: "params as an object".into(),
        });
    }
    serde_json::from_str(text).map_err(|error| {
        // Only the error path pays for knowing where it was.
        let mut at = serde_json::Deserializer::from_str(text);
        let (field, expected) = match serde_path_to_error::deserialize::<_, T>(&mut at) {
            Err(located) => (
                located.path().to_string(),
                told(&located.inner().to_string()),
            ),
            Ok(_) => (String::new(), told(&error.to_string())),
        };
        let missing = expected
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next());
        let field = match (field.as_str(), missing) {
            (".", Some(name)) => name.to_owned(),
            (".", None) => String::new(),
            (path, Some(name)) => format!("{path}.{name}"),
            (path, None) => path.to_owned(),
        };
        DecodeError::Invalid { field, expected }
    })
}

/// Characters that are told of a message's beginning, where it may hold what was sent, and of its
/// end, where it says what was expected.
const TOLD: (usize, usize) = (100, 300);

/// What a client is told of a message of serde_json: not its place in the text, which means nothing
/// to them, and not the whole of what they sent.
fn told(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(before, _)| before);
    let count = message.chars().count();
    if count <= TOLD.0 + TOLD.1 {
        return message.to_owned();
    }
    let beginning: String = message.chars().take(TOLD.0).collect();
    let end: String = message.chars().skip(count - TOLD.1).collect();
    format!("{beginning} … {end}")
}

/// A response: a result or an error.
#[derive(Debug, Serialize, Deserialize)]
pub struct Response<R> {
    /// Always `2.0`.
    pub jsonrpc: Cow<'static, str>,
    /// The request's id.
    pub id: RequestId,
    /// What was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<R>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;

    fn refused(text: &str) -> DecodeError {
        Request::decode(text).map(|_| ()).unwrap_err().1
    }

    #[test]
    fn what_is_not_a_request_is_refused_with_its_reason() {
        assert_eq!(refused("nope"), DecodeError::Parse);
        assert_eq!(refused("{\"jsonrpc\":"), DecodeError::Parse);
        assert!(matches!(refused("[]"), DecodeError::Request(_)));
        assert!(matches!(refused("7"), DecodeError::Request(_)));
        assert!(matches!(
            refused(r#"{"jsonrpc":"1.0","method":"clock"}"#),
            DecodeError::Request(_)
        ));
        assert!(matches!(
            refused(r#"{"jsonrpc":"2.0","id":{},"method":"clock"}"#),
            DecodeError::Request(_)
        ));
        assert!(matches!(
            refused(r#"{"jsonrpc":"2.0","id":1}"#),
            DecodeError::Request(_)
        ));
        let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"clock","params":{{"t0":{deep}}}}}"#);
        if let Ok(request) = Request::decode(&text) {
            assert!(Command::decode(&request.method, request.params).is_err());
        }
    }

    #[test]
    fn an_error_is_short_and_says_what_was_expected_whatever_was_sent() {
        let long = format!("\u{1} at line {}", "x".repeat(50_000));
        for wrong in [
            serde_json::json!({"title": [&long]}),
            serde_json::json!({"order": &long}),
            serde_json::json!({"vote_skip_percent": &long}),
        ] {
            let error = decode_params::<crate::RoomUpdate>(wrong.to_string().as_bytes());
            let DecodeError::Invalid { field, expected } = error.unwrap_err() else {
                panic!("{wrong}");
            };
            assert!(wrong.get(&field).is_some(), "{field}");
            assert!(expected.chars().count() < 410, "{expected}");
            assert!(expected.contains("expected"), "{expected}");
        }
    }

    #[test]
    fn an_error_names_the_field() {
        let request = Request::decode(
            r#"{"jsonrpc":"2.0","id":1,"method":"queue.add","params":{"tracks":["a",7]}}"#,
        );
        let request = request.ok().unwrap();
        match Command::decode(&request.method, request.params) {
            Err(DecodeError::Invalid { field, .. }) => assert_eq!(field, "tracks[1]"),
            other => panic!("{other:?}"),
        }
        let request = Request::decode(r#"{"jsonrpc":"2.0","id":1,"method":"chat.send"}"#)
            .ok()
            .unwrap();
        match Command::decode(&request.method, request.params) {
            Err(DecodeError::Invalid { field, .. }) => assert_eq!(field, "text"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn absent_after_is_the_end_and_null_the_front() {
        let decode = |params: &str| {
            let text =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"queue.move","params":{params}}}"#);
            let request = Request::decode(&text).ok().unwrap();
            match Command::decode(&request.method, request.params) {
                Ok(Command::QueueMove(moved)) => moved.after,
                other => panic!("{other:?}"),
            }
        };
        use crate::Place;
        assert_eq!(decode(r#"{"item":"q_1"}"#), Place::End);
        assert_eq!(decode(r#"{"item":"q_1","after":null}"#), Place::First);
        assert_eq!(decode(r#"{"item":"q_1","after":"next"}"#), Place::First);
    }
}
