//! The memory of guess decoders: as many as a run may hold at the same time.
//!
//! A guess decoder is created when it is first needed, and kept for the next chunk. A worker that gets none waits until the start
//! of its chunk is known, so the limit changes the speed of a run, not its results.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use crate::inflate::{GuessDecoder, SymbolBudget};
use crate::sync::lock;

/// The guess decoders of a run.
#[derive(Debug)]
pub(super) struct GuessDecoderPool {
    /// Most guess decoders at the same time.
    capacity: usize,
    /// Memory for chunks with more content than a decoder has memory for: one unit for each decoder.
    budget: Arc<SymbolBudget>,
    state: Mutex<PoolState>,
}

#[derive(Debug)]
struct PoolState {
    unused: Vec<GuessDecoder>,
    /// Number of guess decoders that may still be created.
    left: usize,
}

/// A guess decoder in use. Dropping it gives it back, also if its worker panics: [`GuessDecoder::restart`] resets its state.
#[derive(Debug)]
pub(super) struct PooledGuessDecoder<'pool> {
    pool: &'pool GuessDecoderPool,
    /// `None` only while it is dropped.
    decoder: Option<GuessDecoder>,
}

impl GuessDecoderPool {
    /// A pool of up to `capacity` guess decoders.
    pub(super) fn new(capacity: usize) -> Self {
        let budget = Arc::new(SymbolBudget::new(capacity));
        Self { capacity, budget, state: Mutex::new(PoolState { unused: Vec::new(), left: capacity }) }
    }

    /// Whether there are any guess decoders, in use or not.
    pub(super) fn has_any(&self) -> bool {
        self.capacity > 0
    }

    /// Whether [`take`](Self::take) would return a guess decoder.
    pub(super) fn has_free(&self) -> bool {
        let state = lock(&self.state);
        state.left > 0 || !state.unused.is_empty()
    }

    /// A guess decoder that no other worker uses. `None` if all are in use, or the system has no memory for another one.
    pub(super) fn take(&self) -> Option<PooledGuessDecoder<'_>> {
        let mut state = lock(&self.state);
        let unused = state.unused.pop();
        if unused.is_none() {
            state.left = state.left.checked_sub(1)?;
        }
        drop(state);
        let decoder = unused.or_else(|| GuessDecoder::try_new(Arc::clone(&self.budget)).ok())?;
        Some(PooledGuessDecoder { pool: self, decoder: Some(decoder) })
    }
}

impl Deref for PooledGuessDecoder<'_> {
    type Target = GuessDecoder;

    fn deref(&self) -> &GuessDecoder {
        self.decoder.as_ref().expect("it is not dropped")
    }
}

impl DerefMut for PooledGuessDecoder<'_> {
    fn deref_mut(&mut self) -> &mut GuessDecoder {
        self.decoder.as_mut().expect("it is not dropped")
    }
}

impl Drop for PooledGuessDecoder<'_> {
    fn drop(&mut self) {
        let mut decoder = self.decoder.take();
        decoder.iter_mut().for_each(GuessDecoder::shrink);
        lock(&self.pool.state).unused.extend(decoder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_guess_decoders_are_in_use_as_the_limit_allows() {
        let pool = GuessDecoderPool::new(2);
        let (first, second) = (pool.take(), pool.take());
        assert!(first.is_some() && second.is_some() && !pool.has_free() && pool.take().is_none());
        drop(first);
        assert!(pool.has_free() && pool.take().is_some());
        assert!(GuessDecoderPool::new(0).take().is_none());
    }
}
