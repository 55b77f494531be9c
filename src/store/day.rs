//! Days of UTC: what is kept of an end, so that it does not tell when it began.

const DAY_MS: u64 = 86_400_000;

/// A day of UTC, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u32);

impl Day {
    /// The day in which a server time (Unix milliseconds) lies.
    pub fn of(ms: u64) -> Self {
        Self((ms / DAY_MS).try_into().unwrap_or(u32::MAX))
    }

    /// The first day that begins at a server time or after it: an end rounded up. What ends on a
    /// day holds until that day begins.
    pub fn ending(ms: u64) -> Self {
        Self(ms.div_ceil(DAY_MS).try_into().unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_rounded_up_to_the_day() {
        let noon = 20_000 * DAY_MS + DAY_MS / 2;
        assert_eq!(Day::of(noon), Day(20_000));
        assert_eq!(Day::ending(noon), Day(20_001));
        assert_eq!(Day::ending(20_000 * DAY_MS), Day(20_000));
        assert_eq!(Day::ending(u64::MAX), Day(u32::MAX));
    }
}
