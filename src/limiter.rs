//! How often one address may do something, or something be done for one. Addresses are kept as a keyed hash, in memory; the key
//! is replaced daily and never written, so what was counted cannot be led back to an address.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Addresses counted at once; beyond, the counts start over rather than grow.
const MOST: usize = 100_000;

/// Counts per address and hour, or day.
#[derive(Debug)]
pub struct HourLimiter {
    most: u32,
    period: Duration,
    counted: Mutex<Counted>,
}

#[derive(Debug)]
struct Counted {
    key: RandomState,
    keyed_at: Instant,
    counts: HashMap<u64, (Instant, u32)>,
}

impl HourLimiter {
    /// At most `most` an hour; 0: any number.
    pub fn new(most: u32) -> Self {
        Self::per(HOUR, most)
    }

    /// At most `most` a day; 0: any number.
    pub fn per_day(most: u32) -> Self {
        Self::per(DAY, most)
    }

    fn per(period: Duration, most: u32) -> Self {
        let counted = Counted {
            key: RandomState::new(),
            keyed_at: Instant::now(),
            counts: HashMap::new(),
        };
        Self {
            most,
            period,
            counted: Mutex::new(counted),
        }
    }

    /// Counts one. `Err` gives the milliseconds until the next is taken.
    ///
    /// # Errors
    /// When the address has used up its hour.
    pub fn take(&self, address: IpAddr) -> Result<(), u64> {
        self.taken(address, Instant::now(), true)
    }

    /// As [`Self::take`], of what is not an address of the network.
    ///
    /// # Errors
    /// When it has used up its hour.
    pub fn take_key(&self, key: impl Hash) -> Result<(), u64> {
        self.counted(key, Instant::now(), true)
    }

    /// Counts nothing any more of what is not an address of the network.
    pub fn forget(&self, key: impl Hash) {
        let mut counted = self.counted.lock();
        let key = counted.key.hash_one(key);
        counted.counts.remove(&key);
    }

    /// Forgets what counts no more, though nobody comes. To be called once a minute.
    pub fn sweep(&self) {
        self.swept(Instant::now());
    }

    fn swept(&self, now: Instant) {
        let mut counted = self.counted.lock();
        counted.renew(now, self.period);
        counted.drop_over(now, self.period);
    }

    /// As [`Self::take`], without counting.
    ///
    /// # Errors
    /// When the address has used up its hour.
    pub fn look(&self, address: IpAddr) -> Result<(), u64> {
        self.taken(address, Instant::now(), false)
    }

    /// As [`Self::take_key`], without counting.
    ///
    /// # Errors
    /// When it has used up its hour, or day.
    pub fn look_key(&self, key: impl Hash) -> Result<(), u64> {
        self.counted(key, Instant::now(), false)
    }

    fn taken(&self, address: IpAddr, now: Instant, count: bool) -> Result<(), u64> {
        self.counted(crate::http::limited_unit(address), now, count)
    }

    fn counted(&self, key: impl Hash, now: Instant, count: bool) -> Result<(), u64> {
        if self.most == 0 {
            return Ok(());
        }
        let mut counted = self.counted.lock();
        counted.renew(now, self.period);
        let key = counted.key.hash_one(key);
        let entry = counted.counts.entry(key).or_insert((now, 0));
        if now.duration_since(entry.0) >= self.period {
            *entry = (now, 0);
        }
        if entry.1 >= self.most {
            return Err((self.period - now.duration_since(entry.0)).as_millis() as u64);
        }
        entry.1 += u32::from(count);
        Ok(())
    }
}

impl Counted {
    fn renew(&mut self, now: Instant, period: Duration) {
        if now.duration_since(self.keyed_at) >= DAY {
            *self = Counted {
                key: RandomState::new(),
                keyed_at: now,
                counts: HashMap::new(),
            };
        }
        if self.counts.len() >= MOST {
            self.drop_over(now, period);
        }
        if self.counts.len() >= MOST {
            self.counts.clear();
        }
    }

    fn drop_over(&mut self, now: Instant, period: Duration) {
        let holds = |since: Instant| now.duration_since(since) < period;
        self.counts.retain(|_, (since, _)| holds(*since));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_used_up_and_comes_again() {
        let limiter = HourLimiter::new(2);
        let (address, start) = (IpAddr::from([127, 0, 0, 1]), Instant::now());
        assert!(limiter.taken(address, start, true).is_ok());
        assert!(limiter.taken(address, start, true).is_ok());
        assert!(limiter.taken(address, start, true).is_err());
        assert!(
            limiter
                .taken(IpAddr::from([127, 0, 0, 2]), start, true)
                .is_ok()
        );
        assert!(limiter.taken(address, start + HOUR, true).is_ok());
    }

    #[test]
    fn whom_it_counted_is_forgotten_with_the_hour_and_by_which_key_with_the_day() {
        let limiter = HourLimiter::new(2);
        let (address, start) = (IpAddr::from([192, 0, 2, 1]), Instant::now());
        let held = || -> Vec<u64> { limiter.counted.lock().counts.keys().copied().collect() };
        limiter.taken(address, start, true).unwrap();
        let today = held();
        assert_eq!(today.len(), 1);
        limiter.swept(start + HOUR);
        assert!(held().is_empty(), "though nobody came");
        limiter.taken(address, start + HOUR, true).unwrap();
        assert_eq!(held(), today, "of one day");
        limiter.swept(start + DAY + HOUR);
        limiter.taken(address, start + DAY + HOUR, true).unwrap();
        assert_ne!(held(), today, "of yesterday and today nobody can tell");
    }
}
