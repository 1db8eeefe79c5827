//! The chunks of one compressed file, and the points at which their decoders start.
//!
//! A file is divided at fixed offsets, but a decoder starts only at a block whose window it knows. The worker of a chunk finds out
//! both for the next chunk: it decodes past the offset up to a block boundary, and publishes that block with its window as a
//! [`ResumePoint`]. Starts are therefore published in the order of the chunks. Workers with later chunks decode from a guessed
//! start until then (`chunk_worker`). The start of the lowest unfinished chunk is always known, so its worker never waits for
//! another one.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::StreamContext;
use super::block::{BlockInput, ChunkTask, MemberBlock};
#[cfg(all(test, feature = "batch"))]
use super::chunk_tests;
use super::speculation_pool::SpeculationPool;
use crate::deflate::Engine;
use crate::format::{bgzf, gzip};
use crate::inflate::ResumePoint;
use crate::io::input::Input;
use crate::io::transfer::read_at_least;
use crate::settings::StreamSettings;
use crate::sync::{lock, yield_point};

/// Guesses that may fail in a row before the workers stop guessing, because each costs the time of a search and of symbols. A guess
/// fails if the chunk starts elsewhere, or has no block that can be found, or none that ends within the symbols.
const MAX_FAILED_GUESSES: u32 = 4;

/// Most bytes of a chunk. Two workers take the same time with 512 KiB to 2 MiB, and 6 % more with 3 MiB: measured on 320 MB of
/// logs, text and binaries that gzip -6 compressed to 88 MB. Data that compresses to less than a sixth fills the symbols of a
/// worker before the end of 1 MiB.
const MAX_CHUNK: u64 = 1 << 20;

/// Least bytes of a chunk, and of a file that is divided. In smaller chunks the search for the first block, and the symbols
/// before the content becomes known, cost more than a second worker gains. The reader inflates smaller files while another
/// worker checks and writes.
const MIN_CHUNK: u64 = 512 << 10;

/// Chunks for each worker, in a file that is not long enough for more. The last chunks are not finished at the same time.
const CHUNKS_PER_WORKER: u64 = 2;

/// Bytes at the beginning of a file that show whether it is BGZF.
const BGZF_HEADER: usize = 64;

/// The chunks of a file that are not yet taken.
#[derive(Debug)]
pub(super) struct Chunks {
    chain: Arc<ChunkChain>,
    /// Index of the next chunk.
    next: u64,
}

impl Chunks {
    /// Divides a file. `None` if it is not divided: it is small, is not read by position, does not begin with a gzip member, or
    /// begins with a BGZF member (batches of these need no guesses); there is no memory for symbols; or the engine is flate2, whose decoder starts only at members.
    pub(super) fn of(input: &Input, context: &StreamContext<'_>) -> Option<Self> {
        let length = input.size.filter(|_| context.settings.engine == Engine::Native)?;
        let chunk_length = chunk_length(length, context.settings)?;
        let speculations = context.resources.speculations(context.settings);
        if !speculations.has_any() {
            return None;
        }
        let mut header = [0; BGZF_HEADER];
        let read = read_at_least(input.fd().ok()?, &mut header, BGZF_HEADER, 0).ok()?;
        let header = &header[..read];
        if !header.starts_with(&gzip::MAGIC) || bgzf::parse_header(header).is_some() {
            return None;
        }
        let chain = ChunkChain::new(length, chunk_length, Arc::clone(speculations));
        Some(Self { chain: Arc::new(chain), next: 0 })
    }

    /// Whether the next chunk may be taken now: its start is known, or it can be guessed.
    pub(super) fn may_take(&self) -> bool {
        self.chain.may_take(self.next)
    }

    /// Takes the next chunk. `None` if it may not be taken now.
    pub(super) fn take(&mut self) -> Option<MemberBlock> {
        if !self.may_take() {
            return None;
        }
        let task = ChunkTask { chain: Arc::clone(&self.chain), index: self.next };
        self.next += 1;
        Some(MemberBlock { input: BlockInput::Chunk(task), last: self.next == self.chain.count() })
    }
}

/// Length of the chunks of a file of `length` bytes. `None` if the file is not divided.
fn chunk_length(length: u64, settings: &StreamSettings) -> Option<u64> {
    if let Some(chunk) = given_chunk_length(settings) {
        return (length >= chunk).then_some(chunk);
    }
    let even = length / (settings.jobs.get() as u64 * CHUNKS_PER_WORKER);
    (length >= MIN_CHUNK).then_some(even.clamp(MIN_CHUNK, MAX_CHUNK))
}

/// The length that a test asks for.
pub(super) fn given_chunk_length(settings: &StreamSettings) -> Option<u64> {
    #[cfg(all(test, feature = "batch"))]
    if let chunk @ 1.. = chunk_tests::CHUNK_LENGTH.load(std::sync::atomic::Ordering::Relaxed) {
        return Some(chunk);
    }
    settings.chunk_length.map(NonZeroU64::get)
}

/// The chunks of one file.
#[derive(Debug)]
pub(super) struct ChunkChain {
    /// Length of the file in bytes.
    file_length: u64,
    /// Length of a chunk in bytes. The last chunk may be shorter.
    chunk_length: u64,
    /// The speculations of the run.
    speculations: Arc<SpeculationPool>,
    state: Mutex<ChainState>,
    changed: Condvar,
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

impl ChunkChain {
    /// Divides a file of `file_length` bytes into chunks of `chunk_length` bytes.
    fn new(file_length: u64, chunk_length: u64, speculations: Arc<SpeculationPool>) -> Self {
        let state = ChainState { next: 0, start: Some(ResumePoint::FileStart), last: None, failed_guesses: 0 };
        Self { file_length, chunk_length, speculations, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Number of chunks.
    pub(super) fn count(&self) -> u64 {
        self.file_length.div_ceil(self.chunk_length)
    }

    /// The bytes of a chunk in the file.
    pub(super) fn range(&self, index: u64) -> Range<u64> {
        let start = index * self.chunk_length;
        start..(start + self.chunk_length).min(self.file_length)
    }

    /// Length of the file in bytes.
    pub(super) fn file_length(&self) -> u64 {
        self.file_length
    }

    /// Whether a worker may take this chunk: its start is known, or a guess is worth the effort and there is memory for it.
    fn may_take(&self, index: u64) -> bool {
        let state = lock(&self.state);
        state.is_settled(index) || state.failed_guesses < MAX_FAILED_GUESSES && self.speculations.has_free()
    }

    /// The speculations of the run.
    pub(super) fn speculations(&self) -> &SpeculationPool {
        &self.speculations
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
            state = self.chain.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.next != self.index {
            return None;
        }
        state.next += 1;
        state.start.take()
    }

    /// Publishes the start of the next chunk.
    pub(super) fn publish(&mut self, start: ResumePoint) {
        yield_point();
        lock(&self.chain.state).start = Some(start);
        self.is_published = true;
        self.chain.changed.notify_all();
    }
}

impl Drop for ChunkTurn {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        let mut state = lock(&self.chain.state);
        state.last = Some(state.last.map_or(self.index, |last| last.min(self.index)));
        drop(state);
        self.chain.changed.notify_all();
    }
}
