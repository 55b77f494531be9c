//! A token bucket: so many a second, so many at once.

use stereo_protocol::{ErrorKind, ErrorObject};

/// Counts in thousandths of a token, on server time in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    per_second: u32,
    burst: u32,
    milli: u64,
    at: u64,
}

impl Bucket {
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second,
            burst,
            milli: u64::from(burst) * 1000,
            at: 0,
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// `rate_limited`, with the time until the next.
    pub(super) fn take(&mut self, now: u64) -> Result<(), ErrorObject> {
        let gained = now
            .saturating_sub(self.at)
            .saturating_mul(u64::from(self.per_second));
        self.milli = self
            .milli
            .saturating_add(gained)
            .min(u64::from(self.burst) * 1000);
        self.at = self.at.max(now);
        if self.milli >= 1000 {
            self.milli -= 1000;
            return Ok(());
        }
        let wait = (1000 - self.milli).div_ceil(u64::from(self.per_second.max(1)));
        Err(ErrorObject::new(ErrorKind::RateLimited, "too many requests").with_retry_after(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_used_up_and_comes_back_at_the_rate() {
        let mut bucket = Bucket::new(10, 30);
        assert!((0..30).all(|_| bucket.take(1_000).is_ok()));
        let error = bucket.take(1_000).unwrap_err();
        assert_eq!(error.data.retry_after_ms, Some(100));
        assert!(bucket.take(1_099).is_err());
        assert!(bucket.take(1_100).is_ok());
        assert!((0..30).all(|_| bucket.take(60_000).is_ok()));
        assert!(bucket.take(60_000).is_err());
    }
}
