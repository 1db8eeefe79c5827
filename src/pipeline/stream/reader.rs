//! A stream's input side: reads the inputs one after the other and produces the tasks for the workers.
//!
//! The reader does not know about workers or order. The stream calls it under its lock for a block that needs no system call
//! ([`Reader::next_ready`]), and without the lock for any other ([`Reader::read_next`]).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::StreamContext;
use super::arriving_data::ArrivingData;
use super::block::{BlockInput, BlockPosition, BlockTask, Member, MemberBlock, StreamError};
use super::chunk_division::{Chunks, Division, NextChunk};
use super::chunk_lengths::given_chunk_length;
use super::inflated_input::InflatedInput;
use super::input_splitter::InputSplitter;
use super::worker::Worker;
use crate::deflate::BLOCK;
use crate::inflate::Salvager;
use crate::outcome::{InputId, Outcome, SettledInput};
use crate::pipeline::block_channel::{BlockChannel, Submitted};
use crate::pipeline::outcomes::Outcomes;
use crate::settings::StreamSettings;
use crate::sync::yield_point;

/// Least compressed bytes of an input for which a second worker pays off: one inflates while the other checks and writes.
const MIN_SHARED_INPUT: u64 = 128 * 1024;

/// Upper bound of what a salvager allocates, in bytes. It does so when it needs its buffers.
const SALVAGER: usize = 9 << 20;

/// The members of a stream that concatenates several.
pub(crate) trait MemberSource: Send {
    /// Opens the next input. An input that cannot be opened is returned with its outcome. `None` at the end.
    fn open_next(&mut self) -> Option<Result<Member, SettledInput>>;

    /// Skips the next input because the output has ended; returns its outcome. `None` at the end.
    fn skip_next(&mut self) -> Option<SettledInput>;
}

/// Reads the inputs of a stream.
pub(crate) struct Reader {
    current: Option<CurrentMember>,
    /// The members after the current one.
    upcoming: Option<Box<dyn MemberSource>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("current", &self.current).finish_non_exhaustive()
    }
}

/// The member being read.
#[derive(Debug)]
struct CurrentMember {
    member: Arc<Member>,
    /// No block has been produced.
    first: bool,
    /// Least bytes of the input for which a second worker pays off.
    min_shared: u64,
    /// Bytes left to read, if the input is read sequentially and has a known size.
    left: Option<u64>,
    blocks: BlockSource,
}

/// Where the blocks of a member come from.
#[derive(Debug)]
enum BlockSource {
    /// Content, split into blocks to compress.
    Split(InputSplitter),
    /// Compressed data, in chunks that the workers inflate.
    Chunks(Chunks),
    /// Compressed data that the reader inflates.
    Inflate(InflatedInput),
    /// Damaged data, which the reader decodes as far as possible.
    Salvage(Box<Salvager>),
    /// The caller of the encoder submits them.
    Submitted(Arc<BlockChannel>),
}

/// Result of [`Reader::next_ready`].
pub(super) enum Ready {
    /// The next block.
    Task(BlockTask),
    /// No block now: the caller of the encoder has to submit one, or another worker to reach the start of the next chunk, or more
    /// data to arrive.
    NotYet,
    /// [`Reader::read_next`] has to read the next block.
    MustRead,
    /// All inputs have ended.
    End,
}

impl Reader {
    /// Reads one input.
    pub(crate) fn single(member: Member, settings: &StreamSettings) -> Self {
        Self { current: Some(CurrentMember::new(member, settings)), upcoming: None }
    }

    /// Reads several inputs, one after the other.
    pub(crate) fn concatenated(members: impl MemberSource + 'static) -> Self {
        Self { current: None, upcoming: Some(Box::new(members)) }
    }

    /// Takes the blocks of one member from a channel.
    pub(crate) fn submitted(member: Member, channel: Arc<BlockChannel>) -> Self {
        let blocks = BlockSource::Submitted(channel);
        Self {
            current: Some(CurrentMember { member: Arc::new(member), first: true, min_shared: 0, left: None, blocks }),
            upcoming: None,
        }
    }

    /// Inflates data that a caller pushes.
    pub(crate) fn pushed(member: Member, data: Arc<ArrivingData>) -> Self {
        let blocks = BlockSource::Inflate(InflatedInput::pushed(data));
        let current = CurrentMember { member: Arc::new(member), first: true, left: None, min_shared: 0, blocks };
        Self { current: Some(current), upcoming: None }
    }

    /// Whether there may be enough to read for more than one worker.
    pub(super) fn is_divisible(&self) -> bool {
        let is_enough = |current: &CurrentMember| match current.blocks {
            BlockSource::Split(_) | BlockSource::Inflate(_) | BlockSource::Chunks(_) | BlockSource::Salvage(_) => {
                current.member.input.may_fill(current.min_shared)
            }
            BlockSource::Submitted(_) => true,
        };
        self.upcoming.is_some() || self.current.as_ref().is_some_and(is_enough)
    }

    /// Whether everything has been read.
    pub(super) fn is_finished(&self) -> bool {
        self.current.is_none() && self.upcoming.is_none()
    }

    /// Whether the next block can only be taken later ([`Ready::NotYet`]).
    pub(super) fn must_wait(&self) -> bool {
        let awaits = |current: &CurrentMember| match &current.blocks {
            BlockSource::Submitted(channel) => channel.queued() == 0 && !current.member.is_abandoned(),
            BlockSource::Chunks(chunks) => matches!(chunks.next(), NextChunk::NotYet) && !current.member.is_abandoned(),
            BlockSource::Split(_) | BlockSource::Inflate(_) | BlockSource::Salvage(_) => false,
        };
        self.current.as_ref().is_some_and(awaits)
    }

    /// Produces the next block if that needs no system call: a worker reads it by position, or the caller has submitted it.
    pub(super) fn next_ready(&mut self) -> Ready {
        let Some(current) = self.skip_abandoned() else { return Ready::MustRead };
        let next = match &mut current.blocks {
            BlockSource::Split(splitter) => splitter.next_range(&current.member.input).map(Ok),
            BlockSource::Inflate(_) | BlockSource::Salvage(_) => None,
            BlockSource::Chunks(chunks) => match chunks.next() {
                NextChunk::Ready => Some(Ok(chunks.take())),
                // An empty block ends the member.
                NextChunk::Ended => Some(Ok(MemberBlock { input: BlockInput::Content(Box::default()), last: true })),
                NextChunk::MustRead => None,
                NextChunk::NotYet => return Ready::NotYet,
            },
            BlockSource::Submitted(channel) => match channel.take_submitted() {
                Some(Submitted::Blocks(blocks)) => {
                    let last = blocks.last;
                    Some(Ok(MemberBlock { input: BlockInput::Submitted(blocks), last }))
                }
                Some(Submitted::Cancelled) => Some(Err(StreamError::Cancelled)),
                None => return Ready::NotYet,
            },
        };
        let task = next.and_then(|next| self.task(next, false));
        task.map_or(Ready::MustRead, Ready::Task)
    }

    /// Reads the next block; opens the next input at the end of the current one.
    pub(super) fn read_next(&mut self, worker: &mut Worker, context: &StreamContext<'_>) -> Ready {
        while self.skip_abandoned().is_none() {
            match self.upcoming.as_mut().map(|upcoming| upcoming.open_next()) {
                Some(Some(Ok(member))) => self.current = Some(CurrentMember::new(member, context.settings)),
                Some(Some(Err(SettledInput { id, outcome }))) => context.outcomes.record(&id, outcome),
                Some(None) => self.upcoming = None,
                None => return Ready::End,
            }
        }
        match self.next_ready() {
            Ready::MustRead => {}
            Ready::Task(task) => return Ready::Task(BlockTask { blocked_reader: true, ..task }),
            ready => return ready,
        }
        let Some(current) = &mut self.current else { return Ready::End };
        if let BlockSource::Chunks(chunks) = &current.blocks {
            chunks.read_ahead(&current.member.input);
            return match self.next_ready() {
                // No data is available.
                Ready::MustRead => Ready::NotYet,
                Ready::Task(task) => Ready::Task(BlockTask { blocked_reader: true, ..task }),
                ready => ready,
            };
        }
        let next = current.read(worker, context);
        next.and_then(|next| self.task(next, true)).map_or(Ready::End, Ready::Task)
    }

    /// The task for the next block of the current member. The last block, or an error, ends the member.
    fn task(&mut self, next: Result<MemberBlock, StreamError>, blocked_reader: bool) -> Option<BlockTask> {
        let (input, last) = match next {
            Ok(MemberBlock { input, last }) => (Ok(input), last),
            Err(error) => (Err(error), true),
        };
        let current = self.current.as_mut()?;
        let position = BlockPosition { member: Arc::clone(&current.member), first: current.first, last };
        current.first = false;
        if last {
            self.current = None;
        }
        Some(BlockTask { position, input, blocked_reader })
    }

    /// The current member, unless the rest of it is discarded.
    fn skip_abandoned(&mut self) -> Option<&mut CurrentMember> {
        if self.current.as_ref().is_some_and(|current| current.member.is_abandoned()) {
            self.current = None;
        }
        self.current.as_mut()
    }

    /// Records an outcome for each input that was not begun, because the output has ended.
    pub(super) fn skip_all(&mut self, outcomes: &Outcomes) {
        self.current = None;
        let Some(mut upcoming) = self.upcoming.take() else {
            return;
        };
        while let Some(SettledInput { id, outcome }) = upcoming.skip_next() {
            outcomes.record(&id, outcome);
        }
    }
}

impl CurrentMember {
    fn new(member: Member, settings: &StreamSettings) -> Self {
        let (blocks, min_shared) = match settings.reads_gzip {
            false => (BlockSource::Split(InputSplitter::new(settings)), BLOCK as u64),
            true => {
                let min_shared = given_chunk_length(settings).unwrap_or(MIN_SHARED_INPUT);
                let blocks = match settings.salvage {
                    None => BlockSource::Inflate(InflatedInput::default()),
                    Some(fill) => BlockSource::Salvage(Box::new(Salvager::new(fill))),
                };
                (blocks, min_shared)
            }
        };
        Self { left: member.input.size, member: Arc::new(member), first: true, min_shared, blocks }
    }

    /// Reads the next block. `None` if blocks are submitted.
    fn read(&mut self, worker: &mut Worker, context: &StreamContext<'_>) -> Option<Result<MemberBlock, StreamError>> {
        let read = self.try_read(worker, context).transpose()?;
        let is_last = read.as_ref().map_or(true, |block| block.last);
        if is_last && let BlockSource::Inflate(inflated) = &mut self.blocks {
            inflated.end(context);
        }
        Some(read.map_err(StreamError::from))
    }

    fn try_read(&mut self, worker: &mut Worker, context: &StreamContext<'_>) -> io::Result<Option<MemberBlock>> {
        if self.first
            && let BlockSource::Inflate(inflated) = &mut self.blocks
        {
            match Chunks::of(&self.member.input, inflated.arrived.take(), self.member.start.as_ref(), context)? {
                Division::Chunks(mut chunks) => {
                    let first = chunks.take();
                    self.blocks = BlockSource::Chunks(chunks);
                    return Ok(Some(first));
                }
                Division::Whole(arrived) => inflated.arrived = arrived,
            }
        }
        let input = &self.member.input;
        match &mut self.blocks {
            BlockSource::Split(splitter) => {
                splitter.read_next(input.sequential(&mut self.left)?, worker.buffer.input()).map(Some)
            }
            BlockSource::Inflate(inflated) => inflated.next(&self.member, &mut self.left, context).map(Some),
            BlockSource::Salvage(salvager) => {
                context.resources.check_memory(SALVAGER)?;
                let content =
                    salvager.next(&mut input.sequential(&mut self.left)?, context.resources.try_content_buffer()?);
                let last = content.end.is_some();
                Ok(Some(MemberBlock { input: BlockInput::Content(Box::new(content)), last }))
            }
            BlockSource::Chunks(_) | BlockSource::Submitted(_) => Ok(None),
        }
    }
}

/// Reads the next block with the reader out of the state; if the stream is broken, skips all inputs. A panic of the reader ends
/// the stream, because the state of its input is unknown.
pub(super) fn read(
    reader: &mut Reader,
    broken: bool,
    worker: &mut Worker,
    context: &StreamContext<'_>,
) -> Result<Ready, StreamError> {
    yield_point();
    let read = AssertUnwindSafe(|| {
        if broken {
            reader.skip_all(context.outcomes);
            return Ready::End;
        }
        reader.read_next(worker, context)
    });
    catch_unwind(read).map_err(|_| {
        context.outcomes.record(&InputId::of_remaining_inputs(), Outcome::panicked());
        StreamError::Panicked
    })
}
