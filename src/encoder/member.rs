//! Compresses one gzip member for a caller that provides content and takes compressed bytes.
//!
//! The caller fills a buffer and submits it block by block. It takes the output in order, and works or waits in between.
//! Nothing here knows where content comes from or where bytes go.

use std::io;
use std::sync::{Arc, Mutex};

use super::EncoderOptions;
use super::options::InvalidOptions;
use crate::deflate;
use crate::error::FinalError;
use crate::io::input::Input;
use crate::observer::{Ended, Observer};
use crate::outcome::{InputId, Outcome};
use crate::pipeline::block_channel::{BlockChannel, SubmittedBlocks};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler::CallerWorker;
use crate::pipeline::stream::{Following, InputSplitter, Member, Reader, Stream, Writer};
use crate::sync::lock;

/// Compresses one member. Dropped before its end, it stops the workers and waits for them.
pub(super) struct MemberEncoder {
    caller: CallerWorker,
    channel: Arc<BlockChannel>,
    failure: Arc<Failure>,
    splitter: InputSplitter,
    /// The window of the next block, and its content so far.
    buffer: Vec<u8>,
    /// Submissions whose output was not taken.
    pending: usize,
    /// The last block was submitted.
    ended: bool,
    /// The error that the caller received.
    broken: Option<FinalError>,
}

impl MemberEncoder {
    /// An encoder with compressors from `engine`.
    pub(super) fn new(options: &EncoderOptions, engine: deflate::NewCompressor) -> Result<Self, InvalidOptions> {
        let settings = options.settings()?;
        let (channel, failure) = (Arc::new(BlockChannel::default()), Arc::new(Failure::default()));
        let outcomes = Outcomes::new(Arc::clone(&failure) as Arc<dyn Observer>);
        let id = InputId { shown: "the content".into(), position: Some(0), is_stdin: false, started: None };
        let member = Member::with_header(Input::written(id), options.header());
        let reader = Reader::submitted(member, Arc::clone(&channel));
        let stream = Arc::new(Stream::new(reader, Writer::new(Box::new(Arc::clone(&channel)))));
        let splitter = InputSplitter::new(&settings);
        let caller = CallerWorker::new(settings, outcomes, stream, engine);
        let buffer = caller.buffer();
        Ok(Self { caller, channel, failure, splitter, buffer, pending: 0, ended: false, broken: None })
    }

    /// Where content goes: at the end of this buffer, up to [`space`](Self::space) bytes.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Bytes of content until a block is complete. At 0 it must be submitted.
    pub(super) fn space(&self) -> usize {
        self.splitter.capacity() - self.buffer.len()
    }

    /// Whether there is content that was not submitted.
    pub(super) fn has_content(&self) -> bool {
        self.buffer.len() > self.splitter.prefix()[0].len()
    }

    /// Whether one more submission keeps the queue within its bound: one block for each worker.
    pub(super) fn can_submit(&self) -> bool {
        self.channel.queued() < self.caller.workers()
    }

    /// Submits the content in the buffer: all of it or, if more content follows, the complete blocks.
    pub(super) fn submit(&mut self, following: Following) {
        let blocks = self.splitter.split(&self.buffer, following);
        let mut next = self.caller.buffer();
        self.splitter.prefix().iter().for_each(|prefix| next.extend_from_slice(prefix));
        let bytes = std::mem::replace(&mut self.buffer, next);
        self.ended = following == Following::Nothing;
        self.channel.submit(SubmittedBlocks { bytes, blocks, last: self.ended });
        self.pending += 1;
        if following == Following::Content {
            // A caller that flushes or ends has nothing else to do, and compresses the block itself unless a worker is idle.
            self.caller.start_another();
        }
        self.caller.wake_others();
    }

    /// Whether there is output that was not taken, or more will follow.
    pub(super) fn is_pending(&self) -> bool {
        self.pending > 0
    }

    /// Whether the last block was submitted.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether the workers are done, and no more output can follow.
    pub(super) fn is_finished(&self) -> bool {
        self.caller.is_finished()
    }

    /// Takes the next compressed bytes, if there are any.
    ///
    /// # Errors
    /// If a worker panicked, or the verification failed.
    pub(super) fn take_output(&mut self) -> io::Result<Option<Vec<u8>>> {
        // In this order: a failure or output that precedes the end is then found.
        let finished = self.is_finished();
        if let Some(output) = self.channel.take_output() {
            self.pending -= 1;
            return Ok(Some(output));
        }
        let lost = || (finished && self.pending > 0).then(|| io::Error::other("internal error: a block is lost"));
        match self.failure.take().or_else(lost) {
            Some(error) => Err(self.fail(error)),
            None => Ok(None),
        }
    }

    /// Keeps a buffer that [`take_output`](Self::take_output) returned for reuse.
    pub(super) fn reuse_buffer(&self, buffer: Vec<u8>) {
        self.caller.reuse_buffer(buffer);
    }

    /// Compresses a block, or waits until there is output or, with `to_submit`, until the queue accepts a submission.
    pub(super) fn work_or_wait(&mut self, to_submit: bool) {
        let (channel, workers) = (&*self.channel, self.caller.workers());
        self.caller.work_or_wait(|| channel.has_output() || to_submit && channel.queued() < workers);
    }

    /// Remembers an error that ends the member, and returns it.
    pub(super) fn fail(&mut self, error: io::Error) -> io::Error {
        self.broken = Some(FinalError::from(&error));
        error
    }

    /// The earlier error, with its kind and text.
    pub(super) fn check(&self) -> io::Result<()> {
        self.broken.as_ref().map_or(Ok(()), |error| Err(error.again()))
    }

    /// Runs `call`, which is the caller's code. The member is broken if it panics: bytes may be lost then.
    pub(super) fn guard<T>(&mut self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.broken = Some(FinalError::other("the sink panicked"));
        let called = call();
        self.broken = None;
        called.map_err(|error| self.fail(error))
    }
}

impl Drop for MemberEncoder {
    /// Waits until the workers have ended. If the last block was not submitted, cancels the member first.
    fn drop(&mut self) {
        if !self.caller.is_finished() {
            self.channel.cancel();
            self.caller.wake_others();
        }
        while !self.caller.is_finished() {
            self.caller.work_or_wait(|| false);
        }
    }
}

impl std::fmt::Debug for MemberEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pending, ended, broken, .. } = self;
        f.debug_struct("MemberEncoder")
            .field("pending", pending)
            .field("ended", ended)
            .field("broken", broken)
            .finish_non_exhaustive()
    }
}

/// Why the member failed, until the caller takes it.
#[derive(Default)]
struct Failure(Mutex<Option<io::Error>>);

impl Failure {
    fn take(&self) -> Option<io::Error> {
        lock(&self.0).take()
    }
}

impl Observer for Failure {
    fn ended(&self, ended: Ended) {
        if let Outcome::Failed(error) = ended.outcome {
            *lock(&self.0) = Some(error.clone().into());
        }
    }
}
