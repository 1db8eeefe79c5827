//! Recompression: a stream inflates a file, and a second one compresses the content. There is no file in between.
//!
//! The writer of the first stream gets the content in order. It checks it as in decompression, and submits it in blocks to the
//! second stream, as the caller of an encoder does. It takes the compressed bytes from there, in order, and passes them to the
//! sink.
//!
//! A worker prefers blocks of the second stream, so that little content waits for it. If the writer is ahead of the workers, it
//! compresses blocks itself. It waits only while other workers hold all submitted blocks, and they do not wait for it; so one worker
//! is enough, and the streams cannot deadlock.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::block::{Member, StreamError};
use super::input_splitter::{Following, InputSplitter};
use super::reader::Reader;
use super::worker::Worker;
use super::writer::Writer;
use super::{OtherWorkers, State, Stream, StreamContext, WorkStatus, savings};
use crate::error::{Error, ErrorKind};
use crate::format::crc32::Crc32;
use crate::format::{bgzf, gzip};
use crate::io::input::Input;
use crate::observer::{Ended, Observer};
use crate::outcome::{InputId, Outcome, Reason, StoredChecksum};
use crate::pipeline::block_channel::{BlockChannel, SubmittedBlocks};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::sink::Sink;
use crate::settings::StreamSettings;
use crate::sync::lock;

/// The second stream of a recompression.
pub(crate) struct Recompression {
    /// From the channel to the channel.
    stream: Stream,
    channel: Arc<BlockChannel>,
    settings: StreamSettings,
    outcomes: Outcomes<'static>,
    ended: Arc<EndedMember>,
}

impl Recompression {
    /// For one input. `settings` are those of the first stream; `header` is the gzip header of the output.
    pub(crate) fn new(settings: &StreamSettings, id: InputId, header: Vec<u8>) -> Arc<Self> {
        let (channel, ended) = (Arc::new(BlockChannel::default()), Arc::new(EndedMember::default()));
        let reader = Reader::submitted(Member::with_header(Input::written(id), header), Arc::clone(&channel));
        let stream = Stream::new(reader, Writer::new(Box::new(Arc::clone(&channel))));
        let settings = StreamSettings { reads_gzip: false, removes: false, only_smaller: None, ..settings.clone() };
        let outcomes = Outcomes::new(Arc::clone(&ended) as Arc<dyn Observer>);
        Arc::new(Self { stream, channel, settings, outcomes, ended })
    }

    /// Compresses the next block.
    pub(super) fn work(&self, worker: &mut Worker, is_shared: bool, context: &StreamContext<'_>) -> WorkStatus {
        self.stream.work(worker, is_shared, &self.context(context))
    }

    /// Whether [`work`](Self::work) would find work.
    pub(super) fn has_work(&self, context: &StreamContext<'_>) -> bool {
        self.stream.has_work(&self.context(context))
    }

    /// The context of the second stream, given that of the first.
    fn context<'a>(&'a self, context: &'a StreamContext<'a>) -> StreamContext<'a> {
        StreamContext { outcomes: &self.outcomes, settings: &self.settings, ..*context }
    }

    /// Compresses blocks until `done`; waits while other workers hold all of them.
    fn compress_until(&self, done: impl Fn(&State) -> bool, context: &StreamContext<'_>) -> io::Result<()> {
        let (context, mut worker) = (self.context(context), None);
        while !done(&self.stream.lock()) {
            if worker.is_none() {
                worker = Some(context.resources.spare_worker(&context)?);
            }
            let status = worker.as_mut().map(|worker| self.stream.work(worker, true, &context));
            if status != Some(WorkStatus::Worked) {
                self.wait_until(&done, &context);
            }
        }
        worker.into_iter().for_each(|worker| context.resources.reuse_worker(worker));
        Ok(())
    }

    /// Waits until `done`, or until there is work.
    fn wait_until(&self, done: impl Fn(&State) -> bool, context: &StreamContext<'_>) {
        let mut state = self.stream.lock();
        while !done(&state) && !state.has_work(context) {
            state.waiting += 1;
            state = self.stream.progressed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }
}

impl Stream {
    /// Compresses a block of the content, if this is a recompression and there is one. For a worker whose own state is in use.
    pub(super) fn compress_content(&self, context: &StreamContext<'_>) {
        let Some(recompression) = &self.recompression else { return };
        let context = recompression.context(context);
        // Without memory for one more worker, the others compress the block.
        if let Ok(mut worker) = context.resources.spare_worker(&context) {
            recompression.stream.work(&mut worker, true, &context);
            context.resources.reuse_worker(worker);
        }
    }

    /// Whether [`compress_content`](Self::compress_content) would find work.
    pub(super) fn can_compress_content(&self, context: &StreamContext<'_>) -> bool {
        self.recompression.as_ref().is_some_and(|recompression| recompression.has_work(context))
    }
}

/// The other workers, and those that wait in [`Stream::append`], which can compress content as well.
pub(super) struct AppendingWorkers<'a> {
    pub(super) stream: &'a Stream,
    pub(super) others: &'a dyn OtherWorkers,
}

impl OtherWorkers for AppendingWorkers<'_> {
    fn wake(&self) {
        if self.stream.recompression.is_some() {
            self.stream.notify(&self.stream.lock());
        }
        self.others.wake();
    }

    fn any_waits(&self) -> bool {
        self.others.any_waits()
    }
}

impl std::fmt::Debug for Recompression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recompression").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// The outcome of the second stream's member, until the writer of the first one takes it.
#[derive(Default)]
struct EndedMember(Mutex<Option<Outcome>>);

impl Observer for EndedMember {
    fn ended(&self, ended: Ended) {
        *lock(&self.0) = Some(ended.outcome);
    }
}

/// The content between the streams, on the side of the first one's writer.
#[derive(Debug)]
pub(crate) struct ContentSubmitter {
    recompression: Arc<Recompression>,
    splitter: InputSplitter,
    /// The window of the next block, and its content so far.
    buffer: Vec<u8>,
    /// CRC-32 and length of the content, as the decoder has checked them.
    crc: Crc32,
    length: u64,
    /// Compressed bytes so far, and the largest number that is of use.
    written: u64,
    limit: SizeLimit,
    /// The limit is passed: nothing more is compressed, but the content is still checked. So the number of workers does not decide
    /// whether damage is found.
    is_too_large: bool,
}

/// The size that makes an output of no use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SizeLimit {
    /// It must save this many percent of this size in bytes.
    Saves(u8, u64),
    /// There is none.
    None,
}

impl SizeLimit {
    fn allows(self, size: u64) -> bool {
        match self {
            Self::Saves(percent, original) => savings::saves_enough(percent, original, size),
            Self::None => true,
        }
    }
}

impl ContentSubmitter {
    /// Submits to `recompression`, and discards outputs that `limit` does not allow.
    pub(crate) fn new(recompression: Arc<Recompression>, limit: SizeLimit) -> Self {
        let splitter = InputSplitter::new(&recompression.settings);
        Self {
            recompression,
            splitter,
            buffer: Vec::new(),
            crc: Crc32::new(),
            length: 0,
            written: 0,
            limit,
            is_too_large: false,
        }
    }

    /// Compressed bytes so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Adds the checksum of content that the decoder has checked. `crcs` are those of its parts; if there are none, it is computed.
    pub(super) fn add_checksum(&mut self, content: &[u8], crcs: &[Crc32]) {
        self.length += content.len() as u64;
        match crcs {
            [] => self.crc.update(content),
            crcs => crcs.iter().for_each(|crc| self.crc.combine(crc)),
        }
    }

    /// Submits content, and writes the compressed bytes that are complete. Does nothing if the output can no longer be of use.
    pub(super) fn write(
        &mut self,
        mut content: &[u8],
        sink: &mut dyn Sink,
        context: &StreamContext<'_>,
    ) -> Result<(), StreamError> {
        while !content.is_empty() && !self.is_too_large {
            let space = self.splitter.capacity() - self.buffer.len();
            let (now, later) = content.split_at(space.min(content.len()));
            self.buffer.extend_from_slice(now);
            content = later;
            if now.len() == space {
                self.submit(Following::Content, context)?;
                let (channel, max) = (&self.recompression.channel, context.settings.jobs.get());
                let is_short = |state: &State| channel.queued() < max || state.exhausted;
                self.recompression.compress_until(is_short, context)?;
                self.write_output(sink, context)?;
            }
        }
        Ok(())
    }

    /// Ends the content, writes the remaining bytes, and compares what was compressed with what was inflated.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink, context: &StreamContext<'_>) -> Result<(), StreamError> {
        if !self.is_too_large {
            self.submit(Following::Nothing, context)?;
            self.recompression.compress_until(State::is_closed, context)?;
            self.write_output(sink, context)?;
        }
        if self.is_too_large {
            return Err(StreamError::Member(Outcome::Skipped(Reason::NotSmaller)));
        }
        let done = match lock(&self.recompression.ended.0).take() {
            Some(Outcome::Done(done)) => done,
            Some(outcome) => return Err(StreamError::Member(outcome)),
            None => return Err(StreamError::Panicked),
        };
        let is_equal = done.bytes_in == self.length
            && done.bytes_out == self.written
            && done.stats.checksum == StoredChecksum::Crc(self.crc.sum());
        if !is_equal {
            let message = "internal error: the compressed content is not the content of the file";
            return Err(Error::new(ErrorKind::Verification, message).into());
        }
        Ok(())
    }

    /// Lets the workers discard what they have not begun.
    pub(super) fn cancel(&self) {
        self.recompression.channel.cancel();
    }

    fn submit(&mut self, following: Following, context: &StreamContext<'_>) -> io::Result<()> {
        let blocks = self.splitter.split(&self.buffer, following);
        let mut next = context.resources.try_buffer()?;
        self.splitter.prefix().iter().for_each(|prefix| next.extend_from_slice(prefix));
        let bytes = std::mem::replace(&mut self.buffer, next);
        let last = following == Following::Nothing;
        self.recompression.channel.submit(SubmittedBlocks { bytes, blocks, last });
        context.others.wake();
        Ok(())
    }

    /// Writes the compressed bytes that are complete, until the output can no longer be of use. Fails if a block has failed.
    fn write_output(&mut self, sink: &mut dyn Sink, context: &StreamContext<'_>) -> Result<(), StreamError> {
        while let Some(mut bytes) = self.recompression.channel.take_output() {
            if self.written == 0 && bytes != bgzf::END_MARKER {
                gzip::mark_recompressed(&mut bytes, self.recompression.settings.level);
            }
            self.written += bytes.len() as u64;
            // The output only grows.
            if !self.limit.allows(self.written) {
                self.is_too_large = true;
                self.cancel();
                return Ok(());
            }
            let unused = sink.write(bytes).map_err(StreamError::Output)?;
            unused.into_iter().for_each(|bytes| context.resources.reuse_buffer(bytes));
        }
        let mut ended = lock(&self.recompression.ended.0);
        match ended.take() {
            Some(Outcome::Failed(error)) => Err(error.into()),
            other => {
                *ended = other;
                Ok(())
            }
        }
    }
}
