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

    /// As a date (ISO 8601) of the civil calendar. Counted from 1 March of year 0, so that a leap
    /// day comes last in its year.
    pub fn date(self) -> String {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_781, "2026-11-24"),
        ] {
            assert_eq!(Day(day).date(), expected);
        }
    }

    #[test]
    fn an_end_is_rounded_up_to_the_day() {
        let noon = 20_000 * DAY_MS + DAY_MS / 2;
        assert_eq!(Day::of(noon), Day(20_000));
        assert_eq!(Day::ending(noon), Day(20_001));
        assert_eq!(Day::ending(20_000 * DAY_MS), Day(20_000));
        assert_eq!(Day::ending(u64::MAX), Day(u32::MAX));
    }
}
