//! What arrived, counted.

/// Frames and their bytes, headers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Count {
    pub(super) fn add(&mut self, payload: usize) {
        let header = match payload {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => 10,
        };
        self.frames += 1;
        self.bytes += (payload + header) as u64;
    }

    fn minus(self, before: Self) -> Self {
        Self {
            frames: self.frames - before.frames,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// What arrived, by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    /// Answers to joining.
    pub(crate) joins: Count,
    /// Published events.
    pub(crate) deliveries: Count,
    /// Answers to clock probes.
    pub(crate) probes: Count,
    /// Anything else: notices, other events and answers.
    pub(crate) other: Count,
    /// Pings, pongs and closes.
    pub(crate) control: Count,
    /// Events that did not come, though later ones did.
    pub(crate) missed: u64,
    /// Events that came again.
    pub(crate) repeated: u64,
    /// Answers that say no, and the last of them.
    pub(crate) refusals: u64,
    pub(crate) last_refusal: Option<String>,
    /// Length of the last event's payload, in bytes.
    pub(crate) event_bytes: usize,
}

impl Traffic {
    /// What came since then.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            joins: self.joins.minus(before.joins),
            deliveries: self.deliveries.minus(before.deliveries),
            probes: self.probes.minus(before.probes),
            other: self.other.minus(before.other),
            control: self.control.minus(before.control),
            missed: self.missed - before.missed,
            repeated: self.repeated - before.repeated,
            refusals: self.refusals - before.refusals,
            last_refusal: self.last_refusal.clone(),
            event_bytes: self.event_bytes,
        }
    }
}
