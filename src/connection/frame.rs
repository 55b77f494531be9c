//! RFC 6455 frames, without I/O: bytes in, messages out; and the frames that we send, built once.
//!
//! A reader of our own (tungstenite keeps a buffer per socket): idle connections hold no bytes.
//! It is under the Autobahn suite and fuzzed. What may not enter: sockets, and what messages mean.

use bytes::{BufMut, Bytes, BytesMut};
use stereo_protocol::CloseCode;

/// What a peer sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    /// A whole text message.
    Text(&'a str),
    /// A whole binary message.
    Binary(&'a [u8]),
    /// A ping with its payload.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// A close with its code, if there was one.
    Close(Option<u16>),
}

/// Why the peer's bytes cannot be read any further: the code to close with.
pub type Fault = CloseCode;

/// Reads frames of one client. Holds bytes only while a frame or a message is incomplete.
#[derive(Debug)]
pub struct Decoder {
    /// The beginning of a frame whose end has not come.
    carry: Vec<u8>,
    /// The fragments so far of a message whose end has not come.
    message: Vec<u8>,
    fragmented: Option<Fragmented>,
    most: usize,
    deflate: bool,
}

#[derive(Clone, Copy, Debug)]
struct Fragmented {
    text: bool,
    compressed: bool,
}

struct Header {
    fin: bool,
    rsv1: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Where the payload begins and how long it is.
    start: usize,
    length: usize,
}

impl Decoder {
    /// A decoder for frames and messages of at most `most` bytes. With `deflate`, RFC 7692 was
    /// negotiated.
    pub fn new(most: usize, deflate: bool) -> Self {
        Self {
            carry: Vec::new(),
            message: Vec::new(),
            fragmented: None,
            most,
            deflate,
        }
    }

    /// Reads what `bytes` completes; each message goes to `sink`, which says whether to go on.
    /// The bytes are unmasked in place.
    ///
    /// # Errors
    /// The close code that RFC 6455 gives for what the peer did.
    pub fn feed(
        &mut self,
        bytes: &mut [u8],
        sink: &mut impl FnMut(Inbound<'_>) -> bool,
    ) -> Result<(), Fault> {
        if self.carry.is_empty() {
            let read = self.frames(bytes, sink)?;
            self.carry.extend_from_slice(&bytes[read..]);
            return Ok(());
        }
        let mut carry = std::mem::take(&mut self.carry);
        carry.extend_from_slice(bytes);
        let read = self.frames(&mut carry, sink)?;
        if read < carry.len() {
            carry.drain(..read);
            self.carry = carry;
        }
        Ok(())
    }

    /// Bytes held for what is incomplete.
    pub fn held(&self) -> usize {
        self.carry.capacity() + self.message.capacity()
    }

    fn frames(
        &mut self,
        bytes: &mut [u8],
        sink: &mut impl FnMut(Inbound<'_>) -> bool,
    ) -> Result<usize, Fault> {
        let mut read = 0;
        while let Some(header) = self.header(&bytes[read..])? {
            let (start, end) = (read + header.start, read + header.start + header.length);
            if end > bytes.len() {
                break;
            }
            unmask(&mut bytes[start..end], header.mask);
            read = end;
            if !self.frame(&header, &bytes[start..end], sink)? {
                return Ok(bytes.len());
            }
        }
        Ok(read)
    }

    /// The next frame's header, or `None` when more bytes are needed (RFC 6455 §5.2).
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Fault> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (fin, rsv1, opcode) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x0f);
        let control = opcode & 0x08 != 0;
        if first & 0x30 != 0 || second & 0x80 == 0 || !matches!(opcode, 0 | 1 | 2 | 8 | 9 | 10) {
            return Err(CloseCode::Protocol);
        }
        if rsv1 && (!self.deflate || !matches!(opcode, 1 | 2)) {
            return Err(CloseCode::Protocol);
        }
        let started = self.fragmented.is_some();
        if (opcode == 0 && !started) || (matches!(opcode, 1 | 2) && started) || (control && !fin) {
            return Err(CloseCode::Protocol);
        }
        let (length, wide) = match second & 0x7f {
            126 => match rest {
                [a, b, ..] => (u64::from(u16::from_be_bytes([*a, *b])), 2),
                _ => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(eight) => (u64::from_be_bytes(*eight), 8),
                None => return Ok(None),
            },
            short => (u64::from(short), 0),
        };
        if (wide == 2 && length < 126)
            || (wide == 8 && length <= 0xffff)
            || (control && length > 125)
        {
            return Err(CloseCode::Protocol);
        }
        if length > self.most as u64
            || (!control && self.message.len() as u64 + length > self.most as u64)
        {
            return Err(CloseCode::TooBig);
        }
        let Some(mask) = rest.get(wide..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Ok(None);
        };
        Ok(Some(Header {
            fin,
            rsv1,
            opcode,
            mask: *mask,
            start: 2 + wide + 4,
            length: length as usize,
        }))
    }

    fn frame(
        &mut self,
        header: &Header,
        payload: &[u8],
        sink: &mut impl FnMut(Inbound<'_>) -> bool,
    ) -> Result<bool, Fault> {
        match header.opcode {
            8 => {
                // Nothing that follows a close is read (RFC 6455 §5.5.1).
                sink(Inbound::Close(close_code(payload)?));
                Ok(false)
            }
            9 => Ok(sink(Inbound::Ping(payload))),
            10 => Ok(sink(Inbound::Pong)),
            opcode => self.data(header, opcode, payload, sink),
        }
    }

    fn data(
        &mut self,
        header: &Header,
        opcode: u8,
        payload: &[u8],
        sink: &mut impl FnMut(Inbound<'_>) -> bool,
    ) -> Result<bool, Fault> {
        let kind = self.fragmented.unwrap_or(Fragmented {
            text: opcode == 1,
            compressed: header.rsv1,
        });
        if !header.fin {
            self.fragmented = Some(kind);
            self.message.extend_from_slice(payload);
            return Ok(true);
        }
        if self.fragmented.take().is_none() {
            return self.whole(kind, payload, sink);
        }
        let mut message = std::mem::take(&mut self.message);
        message.extend_from_slice(payload);
        self.whole(kind, &message, sink)
    }

    fn whole(
        &self,
        kind: Fragmented,
        payload: &[u8],
        sink: &mut impl FnMut(Inbound<'_>) -> bool,
    ) -> Result<bool, Fault> {
        let inflated;
        let payload = if kind.compressed {
            inflated = super::deflate::inflate(payload, self.most)?;
            &inflated[..]
        } else {
            payload
        };
        if !kind.text {
            return Ok(sink(Inbound::Binary(payload)));
        }
        let text = std::str::from_utf8(payload).map_err(|_| CloseCode::InvalidText)?;
        Ok(sink(Inbound::Text(text)))
    }
}

/// The code of a close frame (RFC 6455 §7.4 and the codes registered since).
fn close_code(payload: &[u8]) -> Result<Option<u16>, Fault> {
    let [high, low, reason @ ..] = payload else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(CloseCode::Protocol)
        };
    };
    let code = u16::from_be_bytes([*high, *low]);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(CloseCode::Protocol);
    }
    std::str::from_utf8(reason).map_err(|_| CloseCode::InvalidText)?;
    Ok(Some(code))
}

/// Unmasks in place, eight bytes at a time (RFC 6455 §5.3).
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0u8; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;

/// Opcodes of the frames that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// Text.
    Text = 1,
    /// Binary; only the echo server of the tests sends it.
    Binary = 2,
    /// Close.
    Close = 8,
    /// Ping.
    Ping = 9,
    /// Pong.
    Pong = 10,
}

/// Appends a whole frame whose payload is `parts`, one behind the other.
pub fn write_frame(out: &mut BytesMut, opcode: Opcode, compressed: bool, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.reserve(length + 10);
    write_header(out, opcode, compressed, length);
    for part in parts {
        out.put_slice(part);
    }
}

fn write_header(out: &mut BytesMut, opcode: Opcode, compressed: bool, length: usize) {
    out.put_u8(FIN | if compressed { RSV1 } else { 0 } | opcode as u8);
    match length {
        0..=125 => out.put_u8(length as u8),
        126..=0xffff => {
            out.put_u8(126);
            out.put_u16(length as u16);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(length as u64);
        }
    }
}

/// One text frame in three parts, of which the middle is shared with others and not copied.
pub fn text_around(head: &[u8], shared: Bytes, tail: Bytes) -> [Bytes; 3] {
    around(head, shared, tail, false)
}

/// As [`text_around`], compressed: `packed` is [`super::deflate::block`]'s, made once for all; what
/// is around it goes as it is.
pub fn packed_around(head: &[u8], packed: Bytes, tail: &[u8]) -> [Bytes; 3] {
    let mut stored = Vec::with_capacity(head.len() + 16);
    super::deflate::store(&mut stored, head);
    let mut end = Vec::with_capacity(tail.len() + 16);
    super::deflate::store(&mut end, tail);
    super::deflate::end(&mut end);
    around(&stored, packed, end.into(), true)
}

fn around(head: &[u8], shared: Bytes, tail: Bytes, compressed: bool) -> [Bytes; 3] {
    let mut out = BytesMut::with_capacity(head.len() + 10);
    let length = head.len() + shared.len() + tail.len();
    write_header(&mut out, Opcode::Text, compressed, length);
    out.put_slice(head);
    [out.freeze(), shared, tail]
}

/// A ping without a payload.
pub const PING: Bytes = Bytes::from_static(&[FIN | Opcode::Ping as u8, 0]);

/// A frame by itself.
pub fn frame(opcode: Opcode, parts: &[&[u8]]) -> Bytes {
    let mut out = BytesMut::new();
    write_frame(&mut out, opcode, false, parts);
    out.freeze()
}

/// A text frame.
pub fn text(text: &str) -> Bytes {
    frame(Opcode::Text, &[text.as_bytes()])
}

/// A close frame with our code and its reason.
pub fn close(code: CloseCode) -> Bytes {
    frame(
        Opcode::Close,
        &[&code.code().to_be_bytes(), code.reason().as_bytes()],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = BytesMut::new();
        write_frame(&mut out, Opcode::Text, false, &[payload]);
        let header = out.len() - payload.len();
        let mut bytes = vec![first];
        bytes.push(out[1] | 0x80);
        bytes.extend_from_slice(&out[2..header]);
        let mask = [7, 91, 200, 3];
        bytes.extend_from_slice(&mask);
        bytes.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, key)| byte ^ key),
        );
        bytes
    }

    fn read(decoder: &mut Decoder, bytes: &mut [u8]) -> Result<Vec<String>, Fault> {
        let mut seen = Vec::new();
        decoder.feed(bytes, &mut |inbound| {
            seen.push(format!("{inbound:?}"));
            true
        })?;
        Ok(seen)
    }

    #[test]
    fn what_the_rfc_forbids_is_refused_with_its_code() {
        let fault =
            |bytes: &[u8]| read(&mut Decoder::new(1000, false), &mut bytes.to_vec()).unwrap_err();
        assert_eq!(fault(&[0x81, 0x01, b'a']), CloseCode::Protocol, "unmasked");
        for rsv in [0x40, 0x20, 0x10] {
            assert_eq!(
                fault(&masked(0x81 | rsv, b"a")),
                CloseCode::Protocol,
                "reserved bit"
            );
        }
        for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
            assert_eq!(
                fault(&masked(0x80 | opcode, b"")),
                CloseCode::Protocol,
                "reserved opcode"
            );
        }
        assert_eq!(
            fault(&masked(0x09, b"a")),
            CloseCode::Protocol,
            "fragmented control"
        );
        assert_eq!(
            fault(&masked(0x89, &[0; 126])),
            CloseCode::Protocol,
            "long control"
        );
        assert_eq!(
            fault(&masked(0x80, b"a")),
            CloseCode::Protocol,
            "continuation of nothing"
        );
        assert_eq!(
            fault(&masked(0x88, &[3])),
            CloseCode::Protocol,
            "half a close code"
        );
        assert_eq!(
            fault(&masked(0x88, &1005u16.to_be_bytes())),
            CloseCode::Protocol,
            "a code never sent"
        );
        assert_eq!(fault(&masked(0x81, &[0xff])), CloseCode::InvalidText);
        assert_eq!(fault(&masked(0x81, &[b'a'; 1001])), CloseCode::TooBig);
        let mut twice = masked(0x01, b"a");
        twice.extend(masked(0x81, b"b"));
        assert_eq!(
            fault(&twice),
            CloseCode::Protocol,
            "a message inside a message"
        );
        let mut long = masked(0x01, &[b'a'; 600]);
        long.extend(masked(0x80, &[b'a'; 600]));
        assert_eq!(fault(&long), CloseCode::TooBig, "fragments add up");
    }

    #[test]
    fn an_idle_decoder_holds_no_bytes() {
        let mut decoder = Decoder::new(100_000, false);
        let mut frame = masked(0x81, &[b'a'; 70_000]);
        let (one, two) = frame.split_at_mut(30_000);
        assert!(read(&mut decoder, one).unwrap().is_empty());
        assert_eq!(read(&mut decoder, two).unwrap().len(), 1);
        assert_eq!(decoder.held(), 0);
    }

    proptest! {
        #[test]
        fn cuts_do_not_change_what_is_read(
            messages in prop::collection::vec("[a-zé]{0,300}", 1..6),
            fragment in 1usize..50,
            cuts in prop::collection::vec(1usize..40, 1..50),
        ) {
            let mut stream = Vec::new();
            for message in &messages {
                let parts: Vec<&[u8]> = message.as_bytes().chunks(fragment).collect();
                if parts.is_empty() {
                    stream.extend(masked(0x81, b""));
                }
                for (place, part) in parts.iter().enumerate() {
                    let first = if place == 0 { 1 } else { 0 };
                    let fin = if place + 1 == parts.len() { 0x80 } else { 0 };
                    stream.extend(masked(fin | first, part));
                    if fin == 0 {
                        stream.extend(masked(0x89, b"between"));
                    }
                }
            }
            let mut decoder = Decoder::new(100_000, false);
            let mut seen = Vec::new();
            let mut rest = &mut stream[..];
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let cut = cuts.next().unwrap_or(1).min(rest.len());
                let (now, later) = rest.split_at_mut(cut);
                seen.extend(read(&mut decoder, now).unwrap());
                rest = later;
            }
            seen.retain(|inbound| inbound.starts_with("Text"));
            let expected: Vec<String> = messages.iter().map(|text| format!("{:?}", Inbound::Text(text))).collect();
            prop_assert_eq!(seen, expected);
            prop_assert_eq!(decoder.held(), 0);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), deflate: bool) {
            let mut bytes = bytes;
            let _ = read(&mut Decoder::new(200, deflate), &mut bytes);
        }
    }
}
