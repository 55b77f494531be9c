//! Ids and shuffles out of a seed: the room has no randomness of its own.

use stereo_protocol::{BanId, InviteId, ItemId, MemberId, MessageId};

/// A stream of bits that depends on nothing but the seed (SplitMix64, Steele et al. 2014).
pub(super) struct Seeded(u64, u64);

impl Seeded {
    pub(super) fn new(seed: u128) -> Self {
        Self(seed as u64, (seed >> 64) as u64)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0 ^ self.1;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn item(&mut self) -> ItemId {
        ItemId::from_bits(self.next())
    }

    pub(super) fn member(&mut self) -> MemberId {
        MemberId::from_bits(self.next())
    }

    pub(super) fn message(&mut self) -> MessageId {
        MessageId::from_bits(self.next())
    }

    pub(super) fn ban(&mut self) -> BanId {
        BanId::from_bits(self.next())
    }

    pub(super) fn invite(&mut self) -> InviteId {
        InviteId::from_bits(self.next())
    }

    /// A number below `bound`, which is small against 2^64: the bias is too.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// 128 bits as a token in hexadecimal.
    pub(super) fn token(&mut self) -> Box<str> {
        format!("{:016x}{:016x}", self.next(), self.next()).into()
    }
}
