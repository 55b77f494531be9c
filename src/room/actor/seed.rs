//! Randomness for what a room decides, drawn from the system for many inputs at once: a draw for
//! each was one hundredth of what an event costs in a room of ten.

use std::cell::RefCell;

/// Bytes drawn at a time.
const DRAWN: usize = 512;

struct Drawn {
    bytes: [u8; DRAWN],
    /// From here on they are not used.
    next: usize,
}

thread_local! {
    static SEEDS: RefCell<Drawn> = const {
        RefCell::new(Drawn { bytes: [0; DRAWN], next: DRAWN })
    };
}

/// 128 bits of the system's randomness, never twice the same ones: ids and tokens of one input come
/// out of them.
pub(super) fn seed() -> u128 {
    SEEDS.with_borrow_mut(|drawn| {
        if drawn.next == DRAWN {
            if let Err(error) = getrandom::fill(&mut drawn.bytes) {
                tracing::error!(%error, "the system gives no randomness");
                std::process::abort();
            }
            drawn.next = 0;
        }
        let (seed, _) = drawn.bytes[drawn.next..]
            .split_first_chunk_mut()
            .expect("a whole number of seeds is drawn");
        let taken = std::mem::take(seed);
        drawn.next += taken.len();
        u128::from_ne_bytes(taken)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_seed_comes_twice() {
        let seeds: HashSet<u128> = (0..1000).map(|_| seed()).collect();
        assert_eq!(seeds.len(), 1000);
        assert!(!seeds.contains(&0));
    }
}
