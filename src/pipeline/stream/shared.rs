//! What all streams of a run share: where outcomes go, how far ahead blocks may be taken, and costly things to be used
//! again.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::io::Errno;

use super::Others;
use crate::deflate;
use crate::format::gzip;
use crate::inflate::Inflater;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::verify::Verification;
use crate::settings::{Settings, resources};
use crate::sync::{lock, yield_point};

/// Blocks in flight for each worker, over all streams of the run: one in its hands, one parked because
/// its turn has not come, one being written. More only costs memory: blocks of a stream take about equally
/// long, so a lead of three times the workers is never used up but by a slow output.
const LEAD_PER_WORKER: usize = 3;

/// Bytes of a buffer.
const BUFFER: usize = gzip::MOST_HEADER + deflate::WORST_CASE + gzip::TRAILER;

/// Most that an [`Inflater`] allocates: 256 KiB to read into, and the decoder's 48 KiB.
const INFLATION: usize = 512 * 1024;

/// What all streams of a run share.
pub struct Shared<'run> {
    /// Where outcomes go.
    pub outcomes: &'run Outcomes<'run>,
    /// What was decided.
    pub settings: &'run Settings,
    /// Creates a worker's compressor.
    pub compressor: deflate::NewCompressor,
    /// Its other workers.
    pub others: &'run dyn Others,
    /// What they share out.
    pub resources: &'run Resources,
}

/// What the workers of a run share out among themselves.
pub struct Resources {
    pub(super) lead: Lead,
    /// Buffers for pieces.
    buffers: Spare<Vec<u8>>,
    /// Decoders with their buffers.
    inflaters: Spare<Inflater>,
    /// The same for what is read back.
    verifications: Spare<Verification>,
    /// Whether an allocation can fail: `ulimit -v` or `ulimit -d`.
    pub memory_is_limited: bool,
    /// Held from asking for memory to using it, where it is limited.
    allocating: Mutex<()>,
}

impl Resources {
    /// For this many workers.
    pub fn new(workers: NonZeroUsize) -> Self {
        Self {
            lead: Lead { free: AtomicUsize::new(workers.get() * LEAD_PER_WORKER) },
            buffers: Spare::default(),
            inflaters: Spare::default(),
            verifications: Spare::default(),
            memory_is_limited: resources::is_limited(),
            allocating: Mutex::default(),
        }
    }

    /// An empty buffer for a compressed block, or for as much content.
    pub fn buffer(&self) -> Vec<u8> {
        self.buffers.take().unwrap_or_else(|| Vec::with_capacity(BUFFER))
    }

    /// The same; fails where there is no memory for one.
    pub(super) fn try_buffer(&self) -> io::Result<Vec<u8>> {
        if let Some(buffer) = self.buffers.take() {
            return Ok(buffer);
        }
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(BUFFER).map_err(|_| Errno::NOMEM)?;
        Ok(buffer)
    }

    /// What `make` allocates, at most so many bytes. Fails where memory is limited and that is not left: `make` would
    /// abort the process.
    pub(super) fn with_memory<T>(&self, bytes: usize, make: impl FnOnce() -> T) -> io::Result<T> {
        // One at a time, because the memory is free again before it is used.
        let _turn = self.memory_is_limited.then(|| lock(&self.allocating));
        self.check_memory(bytes)?;
        Ok(make())
    }

    /// Fails where memory is limited and so much is not left.
    pub(super) fn check_memory(&self, bytes: usize) -> io::Result<()> {
        if self.memory_is_limited {
            Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| Errno::NOMEM)?;
        }
        Ok(())
    }

    /// Takes a buffer back.
    pub fn reuse_buffer(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.buffers.put(buffer);
    }

    /// A decoder at the beginning of a file.
    pub(super) fn inflater(&self, pass_through: bool) -> io::Result<Inflater> {
        let mut inflater = match self.inflaters.take() {
            Some(inflater) => inflater,
            None => self.with_memory(INFLATION, Inflater::new)?,
        };
        inflater.restart(pass_through);
        Ok(inflater)
    }

    pub(super) fn reuse_inflater(&self, inflater: Inflater) {
        self.inflaters.put(inflater);
    }

    /// What reads members back, one after the other.
    pub(super) fn verification(&self) -> Verification {
        self.verifications.take().unwrap_or_else(Verification::new)
    }

    pub(super) fn reuse_verification(&self, verification: Verification) {
        self.verifications.put(verification);
    }
}

/// Costly things that nobody is using.
struct Spare<T>(Mutex<Vec<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Spare<T> {
    fn take(&self) -> Option<T> {
        lock(&self.0).pop()
    }

    fn put(&self, thing: T) {
        lock(&self.0).push(thing);
    }
}

/// How many more blocks may be taken out of their turn.
#[derive(Debug)]
pub(super) struct Lead {
    free: AtomicUsize,
}

impl Lead {
    pub(super) fn is_free(&self) -> bool {
        self.free.load(Ordering::Relaxed) > 0
    }

    pub(super) fn try_take(&self) -> bool {
        yield_point();
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok()
    }

    pub(super) fn give_back(&self) {
        yield_point();
        self.free.fetch_add(1, Ordering::Relaxed);
    }
}
