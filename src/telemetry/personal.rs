//! What must not be said: values that print as nothing.

use std::fmt;

/// A value about a person on its way through the code. Printing it, in whichever way, prints
/// nothing, so that no log, message or error can hold it by accident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Keeps a value from being printed.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T: Copy> Personal<T> {
    /// The value, to be used and not told.
    pub fn get(&self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl<T> fmt::Display for Personal<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Lets types that hold what is personal be printed by their name alone.
macro_rules! closed {
    ($($kind:ty),+ $(,)?) => {$(
        impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($kind))
            }
        }
    )+};
}
pub(crate) use closed;

#[cfg(test)]
mod tests {
    use super::*;

    struct Letter {
        _to: &'static str,
    }
    closed!(Letter);

    #[test]
    fn what_is_personal_prints_as_nothing() {
        let address = Personal::new("192.0.2.7");
        assert_eq!(
            format!("{address}{address:?}{address:#?}{:>9}", address),
            ""
        );
        assert_eq!(format!("{:?}", Some(address)), "Some()");
        assert_eq!(address.get(), "192.0.2.7");
        assert_eq!(
            format!(
                "{:?}",
                Letter {
                    _to: "ada@example.org"
                }
            ),
            "Letter"
        );
    }
}
