//! The chunks of one compressed input, and the points at which their decoders start.
//!
//! A file is divided at any offsets (`chunk_division`), but a decoder starts only at a block whose window it knows. The worker of a chunk finds out
//! both for the next chunk: it decodes past the offset up to a block boundary, and publishes that block with its window as a
//! [`ResumePoint`]. Starts are therefore published in the order of the chunks. Workers with later chunks decode from a guessed
//! start until then (`chunk_inflation`). The start of the lowest unfinished chunk is always known, so its worker never waits for
//! another one.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::chunk_lengths::ChunkLengths;
use super::chunk_source::ChunkSource;
#[cfg(all(test, feature = "batch"))]
use super::chunk_tests;
use super::guess_decoder_pool::GuessDecoderPool;
use crate::inflate::ResumePoint;
use crate::sync::{lock, yield_point};

/// Guesses that may fail in a row before the workers stop guessing, because each costs the time of a search and of symbols. A guess
/// fails if the chunk starts elsewhere, or has no block that can be found, or none that ends within the symbols.
const MAX_FAILED_GUESSES: u32 = 4;

/// Condition variables of a chain. With one for all, each published start wakes every worker that waits, and all but one wait again.
const QUEUES: usize = 16;

/// The chunks of one input.
#[derive(Debug)]
pub(super) struct ChunkChain {
    pub(super) source: ChunkSource,
    /// The lengths of the chunks.
    lengths: ChunkLengths,
    /// The guess decoders of the run.
    guess_decoders: Arc<GuessDecoderPool>,
    state: Mutex<ChainState>,
    /// The workers that wait for the start of a chunk, by its index modulo [`QUEUES`].
    changed: [Condvar; QUEUES],
}

#[derive(Debug)]
struct ChainState {
    /// Index of the first chunk whose start its worker has not taken.
    next: u64,
    /// The start of that chunk, if it is published.
    start: Option<ResumePoint>,
    /// Index of the last chunk with content, once known: the content ends in it, or its worker failed.
    last: Option<u64>,
    failed_guesses: u32,
}

/// What is known about a chunk that no worker has taken.
pub(super) enum ChunkProgress {
    /// Its start is known.
    Settled,
    /// The content ends before it.
    PastEnd,
    /// Its start is not known, but a guess is worth the effort.
    MayGuess,
    /// Its start is not known, and guesses fail or have no memory.
    MustWait,
}

impl ChunkChain {
    /// Divides the data of `source`, beginning at `start`.
    pub(super) fn new(
        source: ChunkSource,
        start: ResumePoint,
        lengths: ChunkLengths,
        guess_decoders: Arc<GuessDecoderPool>,
    ) -> Self {
        let state = ChainState { next: 0, start: Some(start), last: None, failed_guesses: 0 };
        Self { source, lengths, guess_decoders, state: Mutex::new(state), changed: Default::default() }
    }

    /// The bytes of the next chunk that begins at `start`, in the data. The data may end before it.
    pub(super) fn chunk_at(&self, start: u64) -> Range<u64> {
        start..start + self.lengths.next()
    }

    /// What is known about the chunk with this index.
    pub(super) fn progress(&self, index: u64) -> ChunkProgress {
        let state = lock(&self.state);
        match () {
            () if state.is_past_end(index) => ChunkProgress::PastEnd,
            () if state.is_settled(index) => ChunkProgress::Settled,
            () if state.failed_guesses < MAX_FAILED_GUESSES && self.guess_decoders.has_free() => {
                ChunkProgress::MayGuess
            }
            () => ChunkProgress::MustWait,
        }
    }

    /// The workers that wait for the start of the chunk with this index.
    fn queue(&self, index: u64) -> &Condvar {
        &self.changed[(index % QUEUES as u64) as usize]
    }

    /// The guess decoders of the run.
    pub(super) fn guess_decoders(&self) -> &GuessDecoderPool {
        &self.guess_decoders
    }

    /// Records how much content the compressed bytes of a guess have.
    pub(super) fn record_expansion(&self, compressed: u64, content: u64) {
        self.lengths.record(compressed, content);
    }

    /// Records whether a guess was right.
    pub(super) fn record_guess(&self, was_right: bool) {
        let mut state = lock(&self.state);
        state.failed_guesses = if was_right { 0 } else { state.failed_guesses + 1 };
        #[cfg(all(test, feature = "batch"))]
        chunk_tests::RIGHT_GUESSES.fetch_add(was_right.into(), std::sync::atomic::Ordering::Relaxed);
    }
}

impl ChainState {
    /// Whether the worker of this chunk need not wait.
    fn is_settled(&self, index: u64) -> bool {
        self.next == index && self.start.is_some() || self.is_past_end(index)
    }

    fn is_past_end(&self, index: u64) -> bool {
        self.last.is_some_and(|last| last < index)
    }
}

/// A worker's part in the chain: it takes the start of its chunk, and publishes the start of the next one. If it is dropped
/// without a published start, because the content has ended or the worker failed, the chain ends with this chunk. Workers of later
/// chunks then stop waiting.
#[derive(Debug)]
pub(super) struct ChunkTurn {
    chain: Arc<ChunkChain>,
    index: u64,
    is_published: bool,
}

impl ChunkTurn {
    /// The turn at the chunk with this index.
    pub(super) fn new(chain: Arc<ChunkChain>, index: u64) -> Self {
        Self { chain, index, is_published: false }
    }

    /// Whether [`take_start`](Self::take_start) would return at once.
    pub(super) fn is_start_known(&self) -> bool {
        lock(&self.chain.state).is_settled(self.index)
    }

    /// Waits until the start of the chunk is published, and takes it. It is past the chunk's end if an earlier chunk contains no
    /// suitable block boundary. `None` if the content has ended, or the worker of an earlier chunk failed.
    pub(super) fn take_start(&self) -> Option<ResumePoint> {
        let mut state = lock(&self.chain.state);
        while !state.is_settled(self.index) {
            state = self.chain.queue(self.index).wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.next != self.index {
            return None;
        }
        state.next += 1;
        state.start.take()
    }

    /// Ends the content with this chunk, so that the workers of later chunks do not wait while this one is inflated.
    pub(super) fn end_chain(&self) {
        let mut state = lock(&self.chain.state);
        state.last = Some(state.last.map_or(self.index, |last| last.min(self.index)));
        drop(state);
        self.chain.changed.iter().for_each(Condvar::notify_all);
    }

    /// Publishes the start of the next chunk.
    pub(super) fn publish(&mut self, start: ResumePoint) {
        yield_point();
        lock(&self.chain.state).start = Some(start);
        self.is_published = true;
        self.chain.queue(self.index + 1).notify_all();
    }
}

impl Drop for ChunkTurn {
    fn drop(&mut self) {
        if !self.is_published {
            self.end_chain();
        }
    }
}
