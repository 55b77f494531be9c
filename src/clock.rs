//! Server time: Unix milliseconds read once at start, plus what the boot-time clock has counted
//! since. Never stepped while running, and it goes on through a suspend.

use std::time::{SystemTime, UNIX_EPOCH};
use stereo_protocol::ClockId;

/// The server's clock. [`Clock::id`] names this run of it.
#[derive(Debug)]
pub struct Clock {
    id: ClockId,
    /// Unix milliseconds at boot, as this run believes.
    booted_ms: f64,
}

/// Milliseconds that the machine has been up, suspended or not.
fn boot_ms() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec to be written to; the clock exists since Linux 2.6.39.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    debug_assert_eq!(done, 0);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

impl Clock {
    /// Starts a run: the only time that the wall clock is read.
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut bits = [0; 8];
        // Without randomness the start itself names the run.
        if getrandom::fill(&mut bits).is_err() {
            bits = (wall.as_nanos() as u64).to_ne_bytes();
        }
        Self {
            id: ClockId::from_bits(u64::from_ne_bytes(bits)),
            booted_ms: wall.as_secs_f64() * 1e3 - boot_ms(),
        }
    }

    /// Names this run: when it changes, everything measured before is void.
    pub fn id(&self) -> ClockId {
        self.id
    }

    /// Milliseconds of server time, with decimals.
    pub fn now(&self) -> f64 {
        self.booted_ms + boot_ms()
    }

    /// Whole milliseconds of server time.
    pub fn now_ms(&self) -> u64 {
        self.now() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_at_the_wall_clock_and_never_goes_back() {
        let clock = Clock::start();
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64()
            * 1e3;
        assert!((clock.now() - wall).abs() < 1_000.0);
        let mut last = clock.now();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert_ne!(clock.id(), Clock::start().id());
    }
}
