//! RFC 6455 frames from a client's side. The reader looks at headers and lends out payloads; it
//! holds bytes only of a frame whose end has not come.

/// Largest frame that is read, in bytes; more is taken for a broken server.
const MOST: u64 = 16 << 20;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// What came is no frame of a server (RFC 6455 §5.1 and §5.2): why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
}

/// Reads one server's frames.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    carry: Vec<u8>,
}

impl Reader {
    /// Reads what `bytes` completes.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Frame<'_>),
    ) -> Result<(), Malformed> {
        if self.carry.is_empty() {
            let read = frames(bytes, sink)?;
            if read < bytes.len() {
                self.carry = bytes[read..].to_vec();
            }
            return Ok(());
        }
        let mut carry = std::mem::take(&mut self.carry);
        carry.extend_from_slice(bytes);
        let read = frames(&carry, sink)?;
        if read < carry.len() {
            carry.drain(..read);
            self.carry = carry;
        }
        Ok(())
    }
}

/// Reads whole frames; how many bytes they took.
fn frames(bytes: &[u8], sink: &mut impl FnMut(Frame<'_>)) -> Result<usize, Malformed> {
    let mut read = 0;
    while let Some((opcode, start, length)) = header(&bytes[read..])? {
        let Some(payload) = bytes.get(read + start..read + start + length) else {
            break;
        };
        read += start + length;
        sink(Frame { opcode, payload });
    }
    Ok(read)
}

/// Opcode, where the payload begins and how long it is; `None` when more bytes are needed.
fn header(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, Malformed> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    if second & 0x80 != 0 {
        return Err(Malformed("a masked frame from a server"));
    }
    if first & 0x70 != 0 {
        return Err(Malformed(
            "a reserved bit, or compression that was not asked for",
        ));
    }
    let (length, wide) = match second & 0x7f {
        126 => match rest.first_chunk::<2>() {
            Some(two) => (u64::from(u16::from_be_bytes(*two)), 2),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(eight) => (u64::from_be_bytes(*eight), 8),
            None => return Ok(None),
        },
        short => (u64::from(short), 0),
    };
    if length > MOST {
        return Err(Malformed("a frame of more than 16 MiB"));
    }
    Ok(Some((first & 0x0f, 2 + wide, length as usize)))
}

/// Appends a whole frame of a client, masked as it has to be (RFC 6455 §5.3).
pub(crate) fn write_masked(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    // What matters of the mask is that there is one: loopback has no cache to poison.
    let mask = [0x5a, 0xc3, 0x1e, 0x87];
    write_header(out, opcode, payload.len(), 0x80);
    out.extend_from_slice(&mask);
    out.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
}

/// Appends a whole frame of a server.
pub(crate) fn write_plain(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    write_header(out, opcode, payload.len(), 0);
    out.extend_from_slice(payload);
}

fn write_header(out: &mut Vec<u8>, opcode: u8, length: usize, masked: u8) {
    out.push(0x80 | opcode);
    match length {
        0..=125 => out.push(masked | length as u8),
        126..=0xffff => {
            out.push(masked | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reader: &mut Reader, bytes: &[u8]) -> Vec<(u8, usize)> {
        let mut seen = Vec::new();
        reader
            .feed(bytes, &mut |frame| {
                seen.push((frame.opcode, frame.payload.len()))
            })
            .unwrap();
        seen
    }

    #[test]
    fn cuts_do_not_change_what_is_read() {
        let mut stream = Vec::new();
        let lengths = [0, 1, 125, 126, 300, 65_535, 65_536, 7];
        for length in lengths {
            write_plain(&mut stream, TEXT, &vec![b'a'; length]);
        }
        for cut in [1, 2, 3, 299, 4_096, 100_000, 200_000] {
            let mut reader = Reader::default();
            let seen: Vec<_> = stream
                .chunks(cut)
                .flat_map(|part| read(&mut reader, part))
                .collect();
            assert_eq!(
                seen,
                lengths.map(|length| (TEXT, length)),
                "cut every {cut}"
            );
            assert_eq!(reader.carry.capacity(), 0, "an idle reader holds no bytes");
        }
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        let refused = |bytes: &[u8]| Reader::default().feed(bytes, &mut |_| {}).is_err();
        let mut masked = Vec::new();
        write_masked(&mut masked, TEXT, b"hello");
        assert!(refused(&masked));
        assert!(refused(&[0xc1, 0]), "compressed");
        assert!(refused(&[0x81, 127, 1, 0, 0, 0, 0, 0, 0, 0]), "too long");
    }

    #[test]
    fn masking_is_undone_by_the_mask() {
        let mut out = Vec::new();
        write_masked(&mut out, TEXT, b"hello");
        assert_eq!(out[..2], [0x81, 0x85]);
        let unmasked: Vec<u8> = out[6..]
            .iter()
            .zip(out[2..6].iter().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect();
        assert_eq!(unmasked, b"hello");
    }
}
