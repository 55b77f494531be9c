//! What a value must be, and the words for one that is not.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// A day, in milliseconds: no time that is configured is longer.
pub(super) const DAY_MS: u64 = 86_400_000;

/// A value that cannot be.
#[derive(Clone, Debug)]
pub(super) struct Invalid {
    pub(super) section: &'static str,
    pub(super) key: Cow<'static, str>,
    /// The element of an array that is at fault.
    pub(super) element: Option<usize>,
    /// The other key of the section that this one disagrees with.
    pub(super) beside: Option<&'static str>,
    pub(super) expected: String,
}

/// The keys of one section.
#[derive(Clone, Copy)]
pub(super) struct Section(pub(super) &'static str);

impl Section {
    pub(super) fn invalid(
        self,
        key: impl Into<Cow<'static, str>>,
        expected: impl Into<String>,
    ) -> Invalid {
        Invalid {
            section: self.0,
            key: key.into(),
            element: None,
            beside: None,
            expected: expected.into(),
        }
    }

    /// A number with a unit (or none, an empty text) between two bounds.
    pub(super) fn within<T: PartialOrd + Display>(
        self,
        key: &'static str,
        value: T,
        bounds: RangeInclusive<T>,
        unit: &str,
    ) -> Result<(), Invalid> {
        if bounds.contains(&value) {
            return Ok(());
        }
        let (least, most) = (bounds.start(), bounds.end());
        let expected = format!("expected {least} to {most} {unit}");
        Err(self.invalid(key, format!("{}, not {value}", expected.trim_end())))
    }

    /// A number with a unit (or none, an empty text) that has no upper bound of its own.
    pub(super) fn at_least(
        self,
        key: &'static str,
        value: u32,
        least: u32,
        unit: &str,
    ) -> Result<(), Invalid> {
        if value >= least {
            return Ok(());
        }
        let expected = format!("expected at least {least} {unit}");
        Err(self.invalid(key, format!("{}, not {value}", expected.trim_end())))
    }

    /// Two keys that must agree.
    pub(super) fn agree(
        self,
        good: bool,
        key: &'static str,
        beside: &'static str,
        expected: impl FnOnce() -> String,
    ) -> Result<(), Invalid> {
        if good {
            return Ok(());
        }
        Err(Invalid {
            beside: Some(beside),
            ..self.invalid(key, expected())
        })
    }
}
