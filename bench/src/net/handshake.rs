//! The opening handshake of RFC 6455 §4, both sides, each as few bytes as will do.

/// The key of the RFC's own example: any will do, and its answer needs no computing.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Largest head of an answer, in bytes.
pub(crate) const MOST: usize = 16 << 10;

/// What a client asks for.
pub(crate) fn request(
    host: &str,
    path: &str,
    subprotocol: Option<&str>,
    headers: &[(String, String)],
) -> String {
    let mut text = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
    );
    if let Some(subprotocol) = subprotocol {
        text += &format!("Sec-WebSocket-Protocol: {subprotocol}\r\n");
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// What the floor answers: to that key, always the same.
pub(crate) fn answer() -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    )
}

/// Where the head of an answer or a request ends.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|place| place + 4)
}

/// Whether the head of an answer opens the WebSocket that was asked for; why not otherwise.
pub(crate) fn check(head: &[u8], subprotocol: Option<&str>) -> Result<(), String> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.") {
        return Err("it does not speak HTTP: not a WebSocket server".to_owned());
    }
    if status.split(' ').nth(1) != Some("101") {
        let status = status.split_once(' ').map_or(status, |(_, rest)| rest);
        return Err(format!(
            "it answered \"{}\", which opens no WebSocket",
            status.trim()
        ));
    }
    let header = |wanted: &str| {
        head.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().to_owned())
    };
    if header("sec-websocket-accept").as_deref() != Some(ACCEPT) {
        return Err("its Sec-WebSocket-Accept is wrong: not a WebSocket server".to_owned());
    }
    match (header("sec-websocket-protocol"), subprotocol) {
        (None, Some(wanted)) => Err(format!(
            "it does not speak the subprotocol {wanted}: is this the right profile for this server?"
        )),
        (Some(given), Some(wanted)) if given != wanted => Err(format!(
            "it speaks the subprotocol {given}, and {wanted} was asked for"
        )),
        (Some(given), None) => Err(format!(
            "it speaks the subprotocol {given}, and none was asked for"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floors_answer_opens_a_websocket() {
        assert_eq!(check(answer().as_bytes(), None), Ok(()));
        assert_eq!(head_end(answer().as_bytes()), Some(answer().len()));
    }

    #[test]
    fn other_answers_say_what_is_wrong() {
        let refusal = |text: &str, protocol| check(text.as_bytes(), protocol).unwrap_err();
        assert!(refusal("220 mail\r\n", None).contains("does not speak HTTP"));
        assert!(refusal("HTTP/1.1 404 Not Found\r\n\r\n", None).contains("\"404 Not Found\""));
        assert!(refusal("HTTP/1.1 101 X\r\n\r\n", None).contains("Sec-WebSocket-Accept"));
        assert!(refusal(&answer(), Some("a.v1")).contains("subprotocol a.v1"));
        let other = answer().replace("Upgrade: w", "Sec-WebSocket-Protocol: b\r\nUpgrade: w");
        assert!(refusal(&other, Some("a.v1")).contains("speaks the subprotocol b"));
    }

    #[test]
    fn a_request_carries_what_the_profile_says() {
        let text = request("h:1", "/a", Some("p"), &[("X-Y".into(), "z".into())]);
        assert!(text.starts_with("GET /a HTTP/1.1\r\nHost: h:1\r\n"));
        assert!(text.contains("\r\nSec-WebSocket-Protocol: p\r\nX-Y: z\r\n\r\n"));
    }
}
