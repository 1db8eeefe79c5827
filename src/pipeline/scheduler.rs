//! The two schedulers, which decide which worker processes which stream.
//!
//! Both do the same work, block by block through [`Stream::work`], so both write the same bytes. They differ in where an idle
//! worker waits. One worker is the case N = 1 of the same code.
//!
//! Each worker repeats: process a block of an open stream that can use more workers, or else open the next file. So few streams
//! are open at a time, and no worker is idle while a large file is left. A stream of a single block stays with the worker that
//! opened it.

mod caller_worker;
mod rayon_pool;
#[cfg(test)]
#[cfg(feature = "batch")]
mod stress;
mod threads;
mod work_queue;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use self::caller_worker::CallerWorker;
use self::work_queue::WorkQueue;
use crate::deflate;
use crate::outcome::{InputId, Outcome};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::stream::{OtherWorkers, RunResources, Stream, StreamContext, WorkStatus, Worker};
use crate::settings::{Scheduler, StreamSettings};

/// The streams of a run.
pub(crate) trait StreamSource: Sync {
    /// Opens the next stream; `None` if there is none. Records the outcomes of inputs that need no stream. Calls
    /// `before_opening` before each input that is not the last, because opening may block: a FIFO waits for its writer.
    fn next_stream(&self, outcomes: &Outcomes, before_opening: &dyn Fn()) -> Option<Stream>;
}

/// Processes all streams of `source` with the scheduler and the number of workers in `settings`. Returns when all are done.
///
/// # Errors
/// If there is not enough memory for one worker. Then no stream was opened.
pub(crate) fn run(
    settings: &StreamSettings,
    source: &dyn StreamSource,
    outcomes: &Outcomes,
    compressor: deflate::NewCompressor,
) -> io::Result<()> {
    let queue = WorkQueue::new();
    let resources = RunResources::new(settings.jobs);
    let streams = StreamContext { outcomes, settings, compressor, others: &queue, resources: &resources };
    let context = RunContext { source: Some(source), streams: &streams, queue: &queue };
    let (workers, first) = (settings.jobs.get(), Worker::try_new(&streams)?);
    match settings.scheduler {
        Scheduler::Threads => threads::run(&context, workers, first),
        Scheduler::Rayon => rayon_pool::run(&context, workers, first),
    }
    Ok(())
}

/// What all workers of a run share.
struct RunContext<'run> {
    /// The streams of files; `None` if the caller of the encoder submits blocks.
    source: Option<&'run dyn StreamSource>,
    streams: &'run StreamContext<'run>,
    queue: &'run WorkQueue,
}

impl RunContext<'_> {
    /// Opens the next stream. Calls `before_opening` first if there may be another one. The source contains the panics of an
    /// input; a panic of the source itself ends the run.
    fn next_stream(&self, before_opening: &dyn Fn()) -> Option<Stream> {
        let (source, outcomes) = (self.source?, self.streams.outcomes);
        catch_unwind(AssertUnwindSafe(|| source.next_stream(outcomes, before_opening))).unwrap_or_else(|_| {
            outcomes.record(&InputId::of_remaining_inputs(), Outcome::panicked());
            None
        })
    }

    /// Processes a block of `stream`. `is_shared` means that other workers may work on the stream.
    fn work(&self, stream: &Stream, worker: &mut Worker, is_shared: bool) -> WorkStatus {
        // The stream has recorded the panic. The worker's state may be inconsistent, so it is replaced.
        catch_unwind(AssertUnwindSafe(|| stream.work(worker, is_shared, self.streams))).unwrap_or_else(|_| {
            // Without memory for a new worker, the old one continues: a compressor keeps nothing between blocks.
            if let Ok(replacement) = Worker::try_new(self.streams) {
                *worker = replacement;
            }
            WorkStatus::Worked
        })
    }

    /// Processes blocks of `stream` together with other workers, until all are taken.
    fn share_to_end(&self, stream: &Stream, worker: &mut Worker) {
        loop {
            match self.work(stream, worker, true) {
                WorkStatus::Worked => self.queue.wake(),
                WorkStatus::Exhausted => break,
                WorkStatus::NothingNow => {
                    self.queue.wait_until(|| stream.is_exhausted() || stream.has_work(self.streams));
                }
            }
        }
        self.queue.wake();
    }

    /// Processes all blocks of a stream that no other worker knows.
    fn process_alone(&self, stream: &Stream, worker: &mut Worker) {
        while self.work(stream, worker, false) == WorkStatus::Worked {}
    }
}
