//! The caller of an encoder as a worker: it submits blocks, and compresses some of them itself.
//!
//! The caller owns the other workers. They are threads or tasks of a rayon pool, start when there are blocks for them, and
//! are joined when the [`CallerWorker`] is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::rayon_pool::JoinedPool;
use super::{RunContext, WorkQueue};
use crate::deflate;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::stream::{OtherWorkers, RunResources, Stream, StreamContext, WorkStatus, Worker};
use crate::settings::{Scheduler, StreamSettings};

/// One of the workers of a stream: the thread that calls the library.
pub(crate) struct CallerWorker {
    run: Arc<StreamRun>,
    threads: WorkerThreads,
    /// Number of workers that may still be started.
    spare: usize,
    /// Created when this worker compresses its first block.
    worker: Option<Worker>,
}

/// What the workers of one stream share.
struct StreamRun {
    settings: StreamSettings,
    outcomes: Outcomes<'static>,
    compressor: deflate::NewCompressor,
    resources: RunResources,
    queue: WorkQueue,
    stream: Arc<Stream>,
}

/// The threads of the workers other than the caller.
enum WorkerThreads {
    Plain(Vec<JoinHandle<()>>),
    /// Created with the first worker.
    Rayon(Option<JoinedPool>),
}

impl CallerWorker {
    /// A worker of `stream`. It may start other workers, up to the number in `settings`.
    pub(crate) fn new(
        settings: StreamSettings,
        outcomes: Outcomes<'static>,
        stream: Arc<Stream>,
        compressor: deflate::NewCompressor,
    ) -> Self {
        let (spare, resources) = (settings.jobs.get() - 1, RunResources::new(settings.jobs));
        let threads = match settings.scheduler {
            Scheduler::Threads => WorkerThreads::Plain(Vec::new()),
            Scheduler::Rayon => WorkerThreads::Rayon(None),
        };
        let queue = WorkQueue::for_stream(Arc::clone(&stream));
        let run = StreamRun { settings, outcomes, compressor, resources, queue, stream };
        Self { run: Arc::new(run), threads, spare, worker: None }
    }

    /// Maximum number of workers, including this one.
    pub(crate) fn workers(&self) -> usize {
        self.run.settings.jobs.get()
    }

    /// Starts one more worker if the limit allows; returns whether it did. If the system has no more threads, the present workers do
    /// the work.
    pub(crate) fn start_another(&mut self) -> bool {
        let Some(spare) = self.spare.checked_sub(1) else { return false };
        let run = Arc::clone(&self.run);
        let is_started = match &mut self.threads {
            WorkerThreads::Plain(handles) => {
                let handle = thread::Builder::new().spawn(move || run.work());
                handle.map(|handle| handles.push(handle)).is_ok()
            }
            WorkerThreads::Rayon(pool) => {
                if pool.is_none() {
                    *pool = JoinedPool::new(self.spare);
                }
                pool.as_ref().map(|pool| pool.spawn(move || run.work())).is_some()
            }
        };
        self.spare = if is_started { spare } else { 0 };
        is_started
    }

    /// Wakes the workers that wait, after blocks were submitted or cancelled.
    pub(crate) fn wake_others(&self) {
        self.run.queue.wake();
    }

    /// Compresses a block. If there is none to take, waits for one, or until `ready`, or until the stream is finished.
    pub(crate) fn work_or_wait(&mut self, ready: impl Fn() -> bool) {
        let (is_shared, worker) = (self.workers() > 1, &mut self.worker);
        self.run.with_context(|context, stream| {
            let worker = worker.get_or_insert_with(|| Worker::new(context.streams));
            let status = context.work(stream, worker, is_shared);
            context.queue.wake();
            if status != WorkStatus::Worked {
                context.queue.wait_until(|| ready() || stream.is_finished() || stream.has_work(context.streams));
            }
        });
    }

    /// Whether all submitted blocks are done, and no more can follow.
    pub(crate) fn is_finished(&self) -> bool {
        self.run.stream.is_finished()
    }

    /// An empty buffer with capacity for a window and a block.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.run.resources.buffer()
    }

    /// Takes a buffer back, to be used again.
    pub(crate) fn reuse_buffer(&self, buffer: Vec<u8>) {
        self.run.resources.reuse_buffer(buffer);
    }
}

impl Drop for CallerWorker {
    /// Joins the other workers. They end when the stream is finished, so the owner must have finished or cancelled it.
    fn drop(&mut self) {
        if let WorkerThreads::Plain(handles) = &mut self.threads {
            // A worker contains its panics, and its stream reports them.
            handles.drain(..).for_each(|handle| drop(handle.join()));
        }
    }
}

impl StreamRun {
    /// Compresses blocks until there are no more: the work of one worker other than the caller.
    fn work(&self) {
        let work = |context: &RunContext<'_>, stream: &Stream| {
            context.share_to_end(stream, &mut Worker::new(context.streams));
        };
        // A panic outside of a block, for example when the worker is created, loses no block: the other workers take them.
        let _ = catch_unwind(AssertUnwindSafe(|| self.with_context(work)));
    }

    fn with_context<T>(&self, work: impl FnOnce(&RunContext<'_>, &Stream) -> T) -> T {
        let Self { settings, outcomes, compressor, resources, queue, stream } = self;
        let streams = StreamContext { outcomes, settings, compressor: *compressor, others: queue, resources };
        work(&RunContext { source: None, streams: &streams, queue }, stream)
    }
}
