//! Every text is a request or an error that can be answered; a command that was understood says
//! the same when it is written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stereo_protocol::{Command, DecodeError, ErrorObject, Request};

fn answerable(error: DecodeError) {
    if let DecodeError::Invalid { expected, .. } = &error {
        assert!(!expected.is_empty(), "says what was expected");
    }
    let answer = serde_json::to_string(&ErrorObject::from(error)).expect("JSON");
    assert!(answer.len() < 4096, "an answer is short: {answer}");
}

fuzz_target!(|text: &str| {
    let request = match Request::decode(text) {
        Ok(request) => request,
        Err((_, error)) => return answerable(error),
    };
    if let Err(error) = request.op() {
        answerable(error);
    }
    // Every method with these parameters: the name of the method is the easy part.
    for method in Command::METHODS {
        match Command::decode(method, request.params) {
            Err(error) => answerable(error),
            Ok(command) => {
                assert_eq!(command.method(), *method);
                let written = serde_json::to_value(&command).expect("JSON");
                let params = serde_json::value::to_raw_value(&written["params"]).expect("JSON");
                let again = Command::decode(method, Some(&params)).expect("what we wrote");
                // Not the commands themselves: an id that is none is not equal even to itself.
                assert_eq!(serde_json::to_value(&again).expect("JSON"), written);
            }
        }
    }
});
