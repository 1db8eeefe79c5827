//! The worker that an encoder's caller is: it submits blocks, and compresses some of them itself.
//!
//! The caller owns the other workers. They are threads or tasks of a rayon pool, start when there are blocks for them, and
//! are joined when the [`CallerWorker`] is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::rayon::JoinedPool;
use super::{Board, Floor};
use crate::deflate;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::stream::{Hand, Help, Others, Resources, Shared, Stream};
use crate::settings::{Scheduler, Settings};

/// One of the workers of a stream: the thread that calls the library.
pub struct CallerWorker {
    run: Arc<StreamRun>,
    helpers: Helpers,
    /// Workers that may still be started.
    spare: usize,
    /// Made when this worker compresses its first block.
    hand: Option<Hand>,
}

/// Everything that the workers of one stream share.
struct StreamRun {
    settings: Settings,
    outcomes: Outcomes<'static>,
    compressor: deflate::NewCompressor,
    resources: Resources,
    board: Board,
    stream: Arc<Stream>,
}

/// The workers other than the caller.
enum Helpers {
    Threads(Vec<JoinHandle<()>>),
    /// Made with the first of them.
    Rayon(Option<JoinedPool>),
}

impl CallerWorker {
    /// A worker of `stream`, with as many others at its service as `settings` allow.
    pub fn new(
        settings: Settings,
        outcomes: Outcomes<'static>,
        stream: Arc<Stream>,
        compressor: deflate::NewCompressor,
    ) -> Self {
        let (spare, resources) = (settings.jobs.get() - 1, Resources::new(settings.jobs));
        let helpers = match settings.scheduler {
            Scheduler::Threads => Helpers::Threads(Vec::new()),
            Scheduler::Rayon => Helpers::Rayon(None),
        };
        let board = Board::of(Arc::clone(&stream));
        let run = StreamRun { settings, outcomes, compressor, resources, board, stream };
        Self { run: Arc::new(run), helpers, spare, hand: None }
    }

    /// The largest number of workers, this one included.
    pub fn workers(&self) -> usize {
        self.run.settings.jobs.get()
    }

    /// Starts one more worker, if there may be more. If the system has no thread left, the present ones do the work.
    pub fn start_another(&mut self) {
        let Some(spare) = self.spare.checked_sub(1) else { return };
        let run = Arc::clone(&self.run);
        self.spare = match &mut self.helpers {
            Helpers::Threads(handles) => match thread::Builder::new().spawn(move || run.help()) {
                Ok(handle) => {
                    handles.push(handle);
                    spare
                }
                Err(_) => 0,
            },
            Helpers::Rayon(pool) => {
                if pool.is_none() {
                    *pool = JoinedPool::new(self.spare);
                }
                match pool {
                    Some(pool) => {
                        pool.spawn(move || run.help());
                        spare
                    }
                    None => 0,
                }
            }
        };
    }

    /// Wakes the workers that wait, after blocks were submitted or cancelled.
    pub fn wake_others(&self) {
        self.run.board.wake();
    }

    /// Compresses a block. If there is none to take, waits for one, or until `ready`, or until the stream is finished.
    pub fn work_or_wait(&mut self, ready: impl Fn() -> bool) {
        let (company, hand) = (self.workers() > 1, &mut self.hand);
        self.run.with_floor(|floor, stream| {
            let hand = hand.get_or_insert_with(|| Hand::new(floor.shared));
            let help = floor.help(stream, hand, company);
            floor.board.wake();
            if help != Help::Worked {
                floor.board.wait_until(|| ready() || stream.is_finished() || stream.has_work(floor.shared));
            }
        });
    }

    /// Whether every submitted block is done, and no more can follow.
    pub fn is_finished(&self) -> bool {
        self.run.stream.is_finished()
    }

    /// An empty buffer with capacity for a window and a block.
    pub fn buffer(&self) -> Vec<u8> {
        self.run.resources.buffer()
    }

    /// Takes a buffer back, to be used again.
    pub fn reuse_buffer(&self, buffer: Vec<u8>) {
        self.run.resources.reuse_buffer(buffer);
    }
}

impl Drop for CallerWorker {
    /// Joins the other workers. They end when the stream is finished, which is for the owner to bring about.
    fn drop(&mut self) {
        if let Helpers::Threads(handles) = &mut self.helpers {
            // A worker contains its panics, and its stream reports them.
            handles.drain(..).for_each(|handle| drop(handle.join()));
        }
    }
}

impl StreamRun {
    /// Compresses blocks until there are no more: the work of one worker other than the caller.
    fn help(&self) {
        let help = |floor: &Floor<'_>, stream: &Stream| floor.help_to_the_end(stream, &mut Hand::new(floor.shared));
        // A panic outside of a block, as when the worker is made, loses no block: the remaining workers take them.
        let _ = catch_unwind(AssertUnwindSafe(|| self.with_floor(help)));
    }

    fn with_floor<T>(&self, work: impl FnOnce(&Floor<'_>, &Stream) -> T) -> T {
        let Self { settings, outcomes, compressor, resources, board, stream } = self;
        let shared = Shared { outcomes, settings, compressor: *compressor, others: board, resources };
        work(&Floor { jobs: None, shared: &shared, board }, stream)
    }
}
