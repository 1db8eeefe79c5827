//! Locks, and the points at which one worker may overtake another.
//!
//! In this crate's unit tests workers are delayed at these points, by random times. In a program the points do nothing.

#[cfg(test)]
pub(crate) mod jitter;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, also after a panic: the data behind every lock of this crate is consistent at any time.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    yield_point();
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks a point outside of a lock at which the order of the workers matters: another worker may run first.
#[inline(always)]
pub(crate) fn yield_point() {
    #[cfg(test)]
    jitter::delay();
}
