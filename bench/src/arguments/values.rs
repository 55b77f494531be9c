//! What a number on the command line may be.

/// A count.
pub(super) fn at_least_one(text: &str) -> Result<u64, String> {
    let number = text
        .parse()
        .map_err(|_| "expected a whole number".to_owned())?;
    match number {
        0 => Err("expected at least 1".to_owned()),
        number => Ok(number),
    }
}

/// A rate, or a time in seconds.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above 0".to_owned()),
    }
}
