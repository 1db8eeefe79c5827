//! A stream: one ordered output, and the inputs that are written to it. All work of a run goes through streams.
//!
//! A file, standard input, and the inputs of `-c a b c` together are each a stream. Several workers process its blocks at the
//! same time; the output has the order of the input.
//!
//! # How a block moves
//! 1. A worker calls [`Stream::work`], which takes the next block of the [`Reader`]: a `BlockTask` and a `Ticket` with the
//!    block's sequence number. Each block that is taken waits in the list of pending blocks.
//! 2. The worker reads and compresses the block, or inflates it, without a lock. The result is a `BlockOutput`.
//! 3. The ticket accepts the output. A ticket dropped without one, because the worker panicked, accepts a failure instead, so
//!    that no block is missing.
//! 4. The worker that completes the first pending block takes the [`Writer`], and writes that block and all completed blocks
//!    after it. Other workers do not wait for that.
//!
//! # Decompression
//! A block moves in the same way. Where it comes from depends on the file:
//! - A large file or a pipe is divided into chunks (`chunk_division`), and workers inflate several of them at the same time
//!   (`chunk_inflation`), each from a start that another worker publishes (`chunk_chain`). The data of a pipe is kept until they
//!   have done so (`arriving_data`). The content of a chunk is long, so its ticket accepts it in parts: the writer writes one part
//!   while the worker inflates the next.
//! - BGZF members state their size. The reader splits them off in batches, which the workers inflate.
//! - The reader itself inflates small files.
//!
//! A worker that has inflated lets a waiting worker write, if there is one, because its caches hold the state of the decoder.
//!
//! # Locks
//! One lock protects the state, and is held for a few instructions only. A worker that needs more time with the input (opening
//! a file, reading a pipe) or with the output (writing) takes the reader or the writer out of the state and puts it back
//! afterwards. Other workers find it missing and do something else.
//!
//! # Progress and memory
//! Each block that is taken and not yet written holds a permit of the run, which bounds memory. The first block in flight of a
//! stream needs no permit, so the worker with the lowest block never waits, and streams cannot deadlock.

mod arriving_data;
mod block;
mod chunk_chain;
mod chunk_division;
mod chunk_inflation;
mod chunk_lengths;
mod chunk_source;
#[cfg(test)]
#[cfg(feature = "batch")]
pub(super) mod chunk_tests;
mod context;
mod guess_decoder_pool;
mod inflated_input;
mod input_splitter;
mod member_state;
mod pending_blocks;
#[cfg(test)]
#[cfg(feature = "batch")]
mod pipe_tests;
mod range_filter;
mod reader;
mod recompression;
mod savings;
mod ticket;
mod worker;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) use self::arriving_data::ArrivingData;
pub(crate) use self::block::{BlockEnds, Member, MemberSizes, StartPoint};
use self::block::{BlockInput, BlockOutput, BlockTask, StreamError};
pub(crate) use self::chunk_lengths::MAX_CHUNK;
pub(crate) use self::context::{OtherWorkers, RunResources, StreamContext};
pub(crate) use self::input_splitter::{Following, InputSplitter};
use self::pending_blocks::PendingBlocks;
pub(crate) use self::reader::{MemberSource, Reader};
use self::reader::{Ready, read};
use self::recompression::AppendingWorkers;
pub(crate) use self::recompression::{ContentSubmitter, Recompression, SizeLimit};
use self::ticket::Ticket;
pub(crate) use self::worker::Worker;
pub(crate) use self::writer::Writer;
use crate::outcome::{InputId, Outcome};
use crate::sync::{lock, yield_point};

/// Most parts of a block that wait to be written. A part has up to 640 KiB. With one or two, the worker that inflates waits for
/// the one that writes whenever a write takes longer than usual.
const MAX_WAITING_PARTS: usize = 4;

/// One ordered output and its inputs.
#[derive(Debug)]
pub(crate) struct Stream {
    state: Mutex<State>,
    /// Notified when parts are accepted or written, for workers that wait in [`Stream::append`] or in a [`Recompression`].
    progressed: Condvar,
    /// The stream that compresses the content of this one.
    recompression: Option<Arc<Recompression>>,
}

#[derive(Debug)]
struct State {
    /// `None` while a worker reads with it.
    reader: Option<Reader>,
    /// `None` while a worker writes with it, and after the output is closed.
    writer: Option<Writer>,
    /// Blocks that are taken and whose last part no worker has begun to write, in order.
    pending: PendingBlocks,
    /// Number of blocks that are taken and not yet written.
    in_flight: usize,
    /// Number of workers that wait for [`Stream::progressed`].
    waiting: usize,
    /// No block is left to take.
    exhausted: bool,
    /// Nothing more can be written, so the remaining inputs are not read.
    broken: bool,
}

/// Result of [`Stream::work`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkStatus {
    /// A block was processed or written.
    Worked,
    /// There is no work now, but there may be later.
    NothingNow,
    /// All blocks have been taken.
    Exhausted,
}

impl Stream {
    /// A stream from `reader` to `writer`.
    pub(crate) fn new(reader: Reader, writer: Writer) -> Self {
        let state = State {
            reader: Some(reader),
            writer: Some(writer),
            pending: PendingBlocks::default(),
            in_flight: 0,
            waiting: 0,
            exhausted: false,
            broken: false,
        };
        Self { state: Mutex::new(state), progressed: Condvar::new(), recompression: None }
    }

    /// Adds the stream that compresses the content, so that all workers work on both.
    pub(crate) fn with_recompression(self, recompression: Arc<Recompression>) -> Self {
        Self { recompression: Some(recompression), ..self }
    }

    /// Processes the next block; if none can be taken, writes completed blocks. `is_shared` means that other workers may
    /// work on the stream.
    pub(crate) fn work(&self, worker: &mut Worker, is_shared: bool, context: &StreamContext<'_>) -> WorkStatus {
        if let Some(recompression) = &self.recompression
            && recompression.work(worker, is_shared, context) == WorkStatus::Worked
        {
            return WorkStatus::Worked;
        }
        let (mut ticket, task) = match self.take(worker, context) {
            Ok(taken) => taken,
            Err(_) if self.write_completed(context) => return WorkStatus::Worked,
            // The content may still be compressed.
            Err(WorkStatus::Exhausted) if !self.is_exhausted() => return WorkStatus::NothingNow,
            Err(status) => return status,
        };
        let inflated_by_reader = matches!(task.input, Ok(BlockInput::Content(_)));
        let is_inflated = inflated_by_reader || matches!(task.input, Ok(BlockInput::Chunk(_)));
        // Other workers may have found the reader missing. An inflater, though, continues in this worker's caches.
        if is_shared && task.blocked_reader && !inflated_by_reader {
            context.others.wake();
        }
        let append = &mut |part| ticket.append(part, is_shared, context);
        let output = task.input.and_then(|input| worker.process(&task.position, input, append, context));
        ticket.complete(output);
        if is_inflated {
            self.let_write(is_shared, context);
        } else {
            self.write_completed(context);
        }
        WorkStatus::Worked
    }

    /// Lets a waiting worker write completed blocks, so that this one continues to inflate. Writes them if no worker waits.
    fn let_write(&self, is_shared: bool, context: &StreamContext<'_>) {
        if is_shared && context.others.any_waits() {
            context.others.wake();
        } else {
            self.write_completed(context);
        }
    }

    /// Whether [`Stream::work`] would find work.
    pub(crate) fn has_work(&self, context: &StreamContext<'_>) -> bool {
        self.can_compress_content(context) || self.lock().has_work(context)
    }

    /// Whether all blocks have been taken, and no more of the content will be compressed.
    pub(crate) fn is_exhausted(&self) -> bool {
        let state = self.lock();
        state.exhausted && (self.recompression.is_none() || state.is_closed())
    }

    /// Whether all blocks have been written and the output is closed.
    pub(crate) fn is_finished(&self) -> bool {
        self.lock().is_closed()
    }

    /// Whether there may be more than one block, so that a second worker is of use.
    pub(crate) fn is_divisible(&self) -> bool {
        self.lock().reader.as_ref().is_some_and(Reader::is_divisible)
    }

    /// Takes the next block.
    fn take(&self, worker: &mut Worker, context: &StreamContext<'_>) -> Result<(Ticket<'_>, BlockTask), WorkStatus> {
        let permits = &context.resources.permits;
        let mut state = self.lock();
        if state.exhausted {
            return Err(WorkStatus::Exhausted);
        }
        let Some(mut reader) = state.reader.take() else {
            return Err(WorkStatus::NothingNow);
        };
        let has_permit = permits.try_acquire();
        if !has_permit && state.in_flight > 0 {
            state.reader = Some(reader);
            return Err(WorkStatus::NothingNow);
        }
        let mut ready = if state.broken { Ready::MustRead } else { reader.next_ready() };
        let reads = matches!(ready, Ready::MustRead);
        if reads {
            let broken = state.broken;
            drop(state);
            let read = read(&mut reader, broken, worker, context);
            state = self.lock();
            state.broken |= read.is_err();
            ready = read.unwrap_or(Ready::End);
        }
        let task = match ready {
            Ready::Task(task) => Some(task),
            Ready::End => None,
            Ready::NotYet | Ready::MustRead => {
                state.reader = Some(reader);
                drop(state);
                if has_permit {
                    permits.release();
                }
                if reads {
                    // Other workers may have found the reader missing.
                    context.others.wake();
                }
                return Err(WorkStatus::NothingNow);
            }
        };
        state.exhausted = task.is_none() || reader.is_finished();
        state.reader = Some(reader);
        let Some(task) = task else {
            if has_permit {
                permits.release();
            }
            self.close_if_finished(state, context);
            return Err(WorkStatus::Exhausted);
        };
        let number = state.pending.push(task.position.clone(), has_permit);
        state.in_flight += 1;
        drop(state);
        Ok((Ticket::new(self, number), task))
    }

    /// Accepts the last part of the output of the block with this sequence number.
    fn complete(&self, number: u64, output: Result<BlockOutput, StreamError>) {
        let mut state = self.lock();
        state.pending.complete(number, output);
        self.notify(&state);
    }

    /// Accepts a part of the output of the block with this sequence number; more parts follow. Writes parts that are ready, or
    /// lets a waiting worker do so. Waits while too many parts of the block are unwritten. The wait ends: either a worker is
    /// writing, or an earlier block is incomplete, whose worker does not wait for this one. Returns whether the rest of the
    /// block is needed. A worker that waits in a recompression compresses content meanwhile.
    fn append(&self, number: u64, part: BlockOutput, is_shared: bool, context: &StreamContext<'_>) -> bool {
        let mut state = self.lock();
        state.pending.append(number, part);
        let mut is_full = state.pending.waiting_parts(number) >= MAX_WAITING_PARTS;
        self.notify(&state);
        drop(state);
        if !is_full {
            self.let_write(is_shared, context);
        }
        loop {
            if is_full {
                self.write_completed(context);
                self.compress_content(context);
            }
            let mut state = self.lock();
            loop {
                if state.broken || state.pending.is_abandoned(number) {
                    return false;
                }
                is_full = state.pending.waiting_parts(number) >= MAX_WAITING_PARTS;
                if !is_full {
                    return true;
                }
                if state.can_write() || self.can_compress_content(context) {
                    break;
                }
                state.waiting += 1;
                state = self.progressed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting -= 1;
            }
        }
    }

    /// Writes the completed parts at the front, unless another worker is writing. Returns whether it wrote any.
    fn write_completed(&self, context: &StreamContext<'_>) -> bool {
        let mut state = self.lock();
        let Some(mut writer) = state.writer.take() else {
            // The worker that writes looks for more parts when it is done.
            return false;
        };
        let others = AppendingWorkers { stream: self, others: context.others };
        let context = &StreamContext { others: &others, ..*context };
        let mut has_written = false;
        while let Some(part) = state.pending.pop_part() {
            drop(state);
            yield_point();
            if has_written {
                // The previous block may have released its permit.
                context.others.wake();
            }
            let written = AssertUnwindSafe(|| writer.write(&part.position, part.output, context));
            if catch_unwind(written).is_err() {
                writer.end_after_panic(&part.position, context);
            }
            if part.ends_block && part.has_permit {
                context.resources.permits.release();
            }
            state = self.lock();
            state.in_flight -= usize::from(part.ends_block);
            state.broken |= writer.is_broken();
            has_written = true;
            // The worker that inflates may wait for space for its next part.
            self.notify(&state);
        }
        state.writer = Some(writer);
        self.notify(&state);
        self.close_if_finished(state, context);
        has_written
    }

    /// Wakes the workers that wait in [`append`](Self::append). Without any, a system call is saved.
    fn notify(&self, state: &State) {
        if state.waiting > 0 {
            self.progressed.notify_all();
        }
    }

    /// Closes the output after the last block. The state changes under the lock, so only one worker closes it.
    fn close_if_finished(&self, mut state: MutexGuard<'_, State>, context: &StreamContext<'_>) {
        if !state.exhausted || state.in_flight > 0 {
            return;
        }
        let Some(mut writer) = state.writer.take() else {
            return;
        };
        let broken = state.broken;
        self.notify(&state);
        drop(state);
        let closed = catch_unwind(AssertUnwindSafe(|| writer.close(broken, context)));
        if closed.is_err() {
            context.outcomes.record(&InputId::of_output("the output".into()), Outcome::panicked());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        lock(&self.state)
    }
}

impl State {
    /// Whether a block can be taken or written.
    fn has_work(&self, context: &StreamContext<'_>) -> bool {
        let can_read = self.reader.as_ref().is_some_and(|reader| self.broken || !reader.must_wait());
        let has_permit = self.in_flight == 0 || context.resources.permits.is_available();
        !self.exhausted && can_read && has_permit || self.can_write()
    }

    /// Whether all blocks have been written and the output is closed.
    fn is_closed(&self) -> bool {
        self.exhausted && self.in_flight == 0 && self.writer.is_none()
    }

    /// Whether the first pending block has a part to write and no worker is writing.
    fn can_write(&self) -> bool {
        self.writer.is_some() && self.pending.has_part()
    }
}
