//! What all streams of a run share: settings, outcomes, the limit of blocks in flight, and objects to be reused.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rustix::io::Errno;

use super::guess_decoder_pool::GuessDecoderPool;
use super::worker::Worker;
use crate::deflate::{self, Engine};
use crate::format::gzip;
use crate::inflate::{ForeignData, Inflater};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::verify::Verification;
use crate::settings::{StreamSettings, resources};
use crate::sync::{lock, yield_point};

/// Blocks in flight for each worker, over all streams of the run: one being processed, one waiting for its turn to be
/// written, one being written. More would only cost memory: the blocks of a stream take about equally long, so only a slow
/// output uses up three times the number of workers.
const PERMITS_PER_WORKER: usize = 3;

/// Capacity of a buffer in bytes: a member's header, a block of incompressible data, and the trailer.
const BUFFER: usize = gzip::MAX_HEADER + deflate::WORST_CASE + gzip::TRAILER;

/// Upper bound of what an [`Inflater`] allocates, in bytes: its read buffer of 256 KiB and the decoder's 96 KiB.
const INFLATER: usize = 512 * 1024;

/// What the workers need to process a stream.
pub(crate) struct StreamContext<'run> {
    /// Receives the outcomes.
    pub outcomes: &'run Outcomes<'run>,
    /// The settings of the run.
    pub settings: &'run StreamSettings,
    /// Creates a worker's compressor.
    pub compressor: deflate::NewCompressor,
    /// The other workers.
    pub others: &'run dyn OtherWorkers,
    /// Shared by the workers.
    pub resources: &'run RunResources,
}

/// The other workers, as a stream sees them.
pub(crate) trait OtherWorkers: Sync {
    /// Wakes the workers that wait, so that they look for work again. The caller must not hold a lock.
    fn wake(&self);

    /// Whether a worker waits.
    fn any_waits(&self) -> bool;
}

/// Resources that the workers of a run share. Bounds the memory of the run.
pub(crate) struct RunResources {
    pub(super) permits: Permits,
    /// For the output of blocks.
    buffers: Reusable<Vec<u8>>,
    /// Decoders that start at known points.
    inflaters: Reusable<Inflater>,
    /// Decoders of chunks whose start is not known. Created when the first file is divided.
    guess_decoders: OnceLock<Arc<GuessDecoderPool>>,
    /// Decoders of `--verify`.
    verifications: Reusable<Verification>,
    /// For writers that compress blocks themselves.
    spare_workers: Reusable<Worker>,
    /// Whether an allocation can fail: `ulimit -v` or `ulimit -d`.
    pub memory_is_limited: bool,
    /// Held between checking for memory and allocating it, if memory is limited.
    allocating: Mutex<()>,
}

impl RunResources {
    /// Resources for this number of workers.
    pub(crate) fn new(workers: NonZeroUsize) -> Self {
        Self {
            permits: Permits { free: AtomicUsize::new(workers.get() * PERMITS_PER_WORKER) },
            buffers: Reusable::default(),
            inflaters: Reusable::default(),
            guess_decoders: OnceLock::new(),
            verifications: Reusable::default(),
            spare_workers: Reusable::default(),
            memory_is_limited: resources::is_limited(),
            allocating: Mutex::default(),
        }
    }

    /// An empty buffer with capacity for a compressed block. Aborts if there is not enough memory.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let mut buffer = self.buffers.take().unwrap_or_else(|| Vec::with_capacity(BUFFER));
        buffer.clear();
        buffer
    }

    /// An empty buffer with capacity for a compressed block. Fails if there is not enough memory.
    pub(super) fn try_buffer(&self) -> io::Result<Vec<u8>> {
        let mut buffer = self.try_content_buffer()?;
        buffer.clear();
        Ok(buffer)
    }

    /// A buffer of the same capacity with arbitrary content, to be overwritten. Fails if there is not enough memory.
    pub(super) fn try_content_buffer(&self) -> io::Result<Vec<u8>> {
        if let Some(buffer) = self.buffers.take() {
            return Ok(buffer);
        }
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(BUFFER).map_err(|_| Errno::NOMEM)?;
        Ok(buffer)
    }

    /// Calls `create`, which allocates up to `bytes` bytes and would abort the process if it could not. Fails if memory is
    /// limited and less than that is left.
    pub(super) fn with_memory<T>(&self, bytes: usize, create: impl FnOnce() -> T) -> io::Result<T> {
        // One caller at a time, because the check frees the memory before `create` allocates it.
        let _turn = self.memory_is_limited.then(|| lock(&self.allocating));
        self.check_memory(bytes)?;
        Ok(create())
    }

    /// Fails if memory is limited and less than `bytes` bytes are left.
    pub(super) fn check_memory(&self, bytes: usize) -> io::Result<()> {
        if self.memory_is_limited {
            Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| Errno::NOMEM)?;
        }
        Ok(())
    }

    /// Keeps a buffer for reuse.
    pub(crate) fn reuse_buffer(&self, buffer: Vec<u8>) {
        // The output of a block without content has no buffer. The others keep their content, so that the memory of the next
        // content is initialised already.
        if buffer.capacity() >= BUFFER {
            self.buffers.put(buffer);
        }
    }

    /// A decoder at the beginning of a file.
    pub(super) fn inflater(&self, engine: Engine, foreign: ForeignData) -> io::Result<Inflater> {
        let mut inflater = match self.inflaters.take() {
            Some(inflater) => inflater,
            None => self.with_memory(INFLATER, || Inflater::new(engine))?,
        };
        inflater.restart(foreign);
        Ok(inflater)
    }

    pub(super) fn reuse_inflater(&self, inflater: Inflater) {
        self.inflaters.put(inflater);
    }

    /// The decoders of chunks whose start is not known.
    pub(super) fn guess_decoders(&self, settings: &StreamSettings) -> &Arc<GuessDecoderPool> {
        let pool = || GuessDecoderPool::new(resources::guess_decoders_within(settings.jobs, settings.memory));
        self.guess_decoders.get_or_init(|| Arc::new(pool()))
    }

    /// The state of a worker, for a writer whose own worker is in use.
    pub(super) fn spare_worker(&self, context: &StreamContext<'_>) -> io::Result<Worker> {
        self.spare_workers.take().map_or_else(|| Worker::try_new(context), Ok)
    }

    pub(super) fn reuse_worker(&self, worker: Worker) {
        self.spare_workers.put(worker);
    }

    pub(super) fn verification(&self, engine: Engine) -> Verification {
        self.verifications.take().unwrap_or_else(|| Verification::new(engine))
    }

    pub(super) fn reuse_verification(&self, verification: Verification) {
        self.verifications.put(verification);
    }
}

/// Expensive objects that no worker uses at the moment.
struct Reusable<T>(Mutex<Vec<T>>);

impl<T> Default for Reusable<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Reusable<T> {
    fn take(&self) -> Option<T> {
        lock(&self.0).pop()
    }

    fn put(&self, object: T) {
        lock(&self.0).push(object);
    }
}

/// A counting semaphore that never blocks: the number of blocks that may still be taken before others are written.
#[derive(Debug)]
pub(super) struct Permits {
    free: AtomicUsize,
}

impl Permits {
    pub(super) fn is_available(&self) -> bool {
        self.free.load(Ordering::Relaxed) > 0
    }

    pub(super) fn try_acquire(&self) -> bool {
        yield_point();
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok()
    }

    pub(super) fn release(&self) {
        yield_point();
        self.free.fetch_add(1, Ordering::Relaxed);
    }
}
