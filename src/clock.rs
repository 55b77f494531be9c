//! Server time: Unix milliseconds read once at start, plus what the boot-time clock has counted
//! since. Never stepped while running, and it goes on through a suspend. Nothing else may read a
//! wall clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use stereo_protocol::ClockId;

/// The server's clock. [`Clock::id`] names this run of it.
#[derive(Debug)]
pub struct Clock {
    id: ClockId,
    time: Time,
}

#[derive(Debug)]
enum Time {
    /// Counted by the machine; the Unix milliseconds at boot, as this run believes.
    Booted(f64),
    /// Stands still until it is told; the bits of the milliseconds.
    Manual(AtomicU64),
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

fn wall() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn random_id() -> ClockId {
    let mut bits = [0; 8];
    // Without randomness the start itself names the run.
    if getrandom::fill(&mut bits).is_err() {
        bits = (wall().as_nanos() as u64).to_ne_bytes();
    }
    ClockId::from_bits(u64::from_ne_bytes(bits))
}

impl Clock {
    /// Starts a run: the only time that the wall clock is read.
    pub fn start() -> Self {
        Self {
            id: random_id(),
            time: Time::Booted(wall().as_secs_f64() * 1e3 - boot_ms()),
        }
    }

    /// A clock that stands at `now` (Unix milliseconds) until [`Clock::advance`] moves it: for
    /// tests that freeze time rather than sleep.
    pub fn manual(now: f64) -> Self {
        Self {
            id: random_id(),
            time: Time::Manual(AtomicU64::new(now.max(0.0).to_bits())),
        }
    }

    /// Moves a manual clock on by `ms` milliseconds. Never back, and never a clock that runs by
    /// itself: those calls do nothing.
    pub fn advance(&self, ms: f64) {
        if let Time::Manual(now) = &self.time {
            let moved = |bits| Some((f64::from_bits(bits) + ms.max(0.0)).to_bits());
            // The closure always gives a value, so this cannot fail.
            let _ = now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
        }
    }

    /// Names this run: when it changes, everything measured before is void.
    pub fn id(&self) -> ClockId {
        self.id
    }

    /// Milliseconds of server time, with decimals.
    pub fn now(&self) -> f64 {
        match &self.time {
            Time::Booted(booted_ms) => booted_ms + boot_ms(),
            Time::Manual(now) => f64::from_bits(now.load(Ordering::Relaxed)),
        }
    }

    /// Whole milliseconds of server time, rounded down.
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
        assert!((clock.now() - wall().as_secs_f64() * 1e3).abs() < 1_000.0);
        let mut last = clock.now();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert_ne!(clock.id(), Clock::start().id());
        assert!(clock.id().to_string().starts_with("c_"));
    }

    #[test]
    fn probes_carry_decimals_and_commands_whole_milliseconds() {
        let clock = Clock::manual(1_763_900_481_234.125);
        assert_eq!(clock.now(), 1_763_900_481_234.125);
        assert_eq!(clock.now_ms(), 1_763_900_481_234);
    }

    #[test]
    fn a_manual_clock_stands_until_it_is_moved_and_never_goes_back() {
        let clock = Clock::manual(1_000.0);
        assert_eq!(clock.now(), clock.now());
        clock.advance(250.5);
        assert_eq!(clock.now(), 1_250.5);
        clock.advance(-1_000.0);
        clock.advance(f64::NAN);
        assert_eq!(clock.now(), 1_250.5);
    }

    #[test]
    fn a_running_clock_cannot_be_moved() {
        let clock = Clock::start();
        clock.advance(1e9);
        assert!((clock.now() - wall().as_secs_f64() * 1e3).abs() < 1_000.0);
    }
}
