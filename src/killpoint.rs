//! Places where a test ends the process, as a power cut would: `STEREO_TEST_KILL=place`. Builds for
//! use hold none of it.

/// Ends the process when this is the place that the environment names.
#[cfg(debug_assertions)]
pub(crate) fn reached(place: &str) {
    if std::env::var_os("STEREO_TEST_KILL").is_some_and(|wanted| wanted == place) {
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn reached(_: &str) {}
