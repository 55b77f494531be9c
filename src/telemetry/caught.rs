//! Work that may panic, so that whoever waits for it still gets an answer, with the reference under
//! which the panic was reported.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

thread_local! {
    /// Of the last panic of this thread that nobody asked about yet.
    static REFERENCE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the reference of a panic for whoever catches it.
pub(super) fn remember(reference: String) {
    REFERENCE.with(|kept| kept.replace(Some(reference)));
}

/// Runs `work`; after a panic, what stood half done in it must not be used any more.
///
/// # Errors
/// The reference under which a panic in it was reported.
pub fn caught_now<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let reference = REFERENCE.with(RefCell::take);
        reference.unwrap_or_else(crate::secret::reference)
    })
}

/// As [`caught_now`], of work that waits.
///
/// # Errors
/// The reference under which a panic in it was reported.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| match caught_now(|| work.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(reference) => Poll::Ready(Err(reference)),
    })
    .await
}
