//! Bits into bytes, most significant first, and the two checksums of a frame.

/// Bytes being written bit by bit.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// Bits not yet a whole byte, in the low end.
    pending: u64,
    /// How many they are, below 8 between calls.
    count: u32,
}

impl Bits {
    /// Appends the low `width` bits of a value; up to 64.
    pub(super) fn push(&mut self, value: u64, width: u32) {
        if width > 32 {
            self.push(value >> 32, width - 32);
            return self.push(value & 0xffff_ffff, 32);
        }
        if width == 0 {
            return;
        }
        self.pending = (self.pending << width) | (value & ((1 << width) - 1));
        self.count += width;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count) as u8);
        }
        self.pending &= (1 << self.count) - 1;
    }

    /// Appends a signed value in two's complement.
    pub(super) fn signed(&mut self, value: i32, width: u32) {
        self.push(i64::from(value) as u64, width);
    }

    /// Appends that many zeros and a one.
    pub(super) fn unary(&mut self, mut zeros: u32) {
        while zeros >= 32 {
            self.push(0, 32);
            zeros -= 32;
        }
        self.push(1, zeros + 1);
    }

    /// Appends whole bytes; only between bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.count, 0, "bytes start at a byte");
        self.bytes.extend_from_slice(bytes);
    }

    /// What was written so far; only between bytes.
    pub(super) fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        self.push(0, (8 - self.count) % 8);
    }

    /// The bytes, the last one filled with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

/// CRC-8 of a frame's header (RFC 9639, section 9.1.8).
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| {
            (crc << 1) ^ if crc & 0x80 == 0 { 0 } else { 0x07 }
        })
    })
}

/// CRC-16 of a whole frame (section 9.3).
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x8005 }
        })
    })
}
