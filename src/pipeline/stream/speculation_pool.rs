//! The memory of speculations: as many as a run may hold at the same time.
//!
//! A speculation is created when it is first needed, and kept for the next chunk. A worker that gets none waits until the start
//! of its chunk is known, so the limit changes the speed of a run, not its results.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use crate::inflate::Speculation;
use crate::sync::lock;

/// The speculations of a run.
#[derive(Debug)]
pub(super) struct SpeculationPool {
    /// Most speculations at the same time.
    capacity: usize,
    state: Mutex<PoolState>,
}

#[derive(Debug)]
struct PoolState {
    unused: Vec<Speculation>,
    /// Number of speculations that may still be created.
    left: usize,
}

/// A speculation in use. Dropping it gives it back, also if its worker panics: [`Speculation::restart`] resets its state.
#[derive(Debug)]
pub(super) struct PooledSpeculation<'pool> {
    pool: &'pool SpeculationPool,
    /// `None` only while it is dropped.
    speculation: Option<Speculation>,
}

impl SpeculationPool {
    /// A pool of up to `capacity` speculations.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::new(PoolState { unused: Vec::new(), left: capacity }) }
    }

    /// Whether there are any speculations, in use or not.
    pub(super) fn has_any(&self) -> bool {
        self.capacity > 0
    }

    /// Whether [`take`](Self::take) would return a speculation.
    pub(super) fn has_free(&self) -> bool {
        let state = lock(&self.state);
        state.left > 0 || !state.unused.is_empty()
    }

    /// A speculation that no other worker uses. `None` if all are in use, or the system has no memory for another one.
    pub(super) fn take(&self) -> Option<PooledSpeculation<'_>> {
        let mut state = lock(&self.state);
        let unused = state.unused.pop();
        if unused.is_none() {
            state.left = state.left.checked_sub(1)?;
        }
        drop(state);
        let speculation = unused.or_else(|| Speculation::try_new().ok())?;
        Some(PooledSpeculation { pool: self, speculation: Some(speculation) })
    }
}

impl Deref for PooledSpeculation<'_> {
    type Target = Speculation;

    fn deref(&self) -> &Speculation {
        self.speculation.as_ref().expect("it is not dropped")
    }
}

impl DerefMut for PooledSpeculation<'_> {
    fn deref_mut(&mut self) -> &mut Speculation {
        self.speculation.as_mut().expect("it is not dropped")
    }
}

impl Drop for PooledSpeculation<'_> {
    fn drop(&mut self) {
        lock(&self.pool.state).unused.extend(self.speculation.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_speculations_are_in_use_as_the_limit_allows() {
        let pool = SpeculationPool::new(2);
        let (first, second) = (pool.take(), pool.take());
        assert!(first.is_some() && second.is_some() && !pool.has_free() && pool.take().is_none());
        drop(first);
        assert!(pool.has_free() && pool.take().is_some());
        assert!(SpeculationPool::new(0).take().is_none());
    }
}
