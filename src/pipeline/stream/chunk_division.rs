//! Divides a compressed input into chunks, if several workers can inflate it, and gives them to the workers in order.
//!
//! What the workers know about the starts of the chunks is in the [`ChunkChain`].

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::StreamContext;
use super::arriving_data::{ArrivingData, ArrivingReader};
use super::block::{BlockInput, ChunkTask, MemberBlock, StartPoint};
use super::chunk_chain::{ChunkChain, ChunkProgress};
use super::chunk_lengths::ChunkLengths;
use super::chunk_source::{ChunkSource, ChunkUse, FileData};
use crate::deflate::Engine;
use crate::format::{bgzf, gzip};
use crate::inflate::{CompressedSource, ResumePoint};
use crate::io::input::Input;

/// Bytes at the beginning of a file that show whether it is BGZF.
const BGZF_HEADER: usize = 64;

/// Bytes after a chunk of a pipe that have to arrive before a worker guesses its start. It decodes up to a block boundary past the
/// end of the chunk, and looks at 64 KiB after that; most blocks are shorter than the rest.
const READ_AHEAD: u64 = 192 << 10;

/// The chunks of an input that are not yet taken.
#[derive(Debug)]
pub(super) struct Chunks {
    chain: Arc<ChunkChain>,
    /// Index of the next chunk.
    next: u64,
    /// Where the next chunk begins in the data.
    next_start: u64,
}

/// Whether an input is divided.
pub(super) enum Division {
    /// It is.
    Chunks(Chunks),
    /// It is not. If it is a pipe, this is the data that was read to find out.
    Whole(Option<Arc<ArrivingData>>),
}

/// The next chunk of an input.
pub(super) enum NextChunk {
    /// A worker can take it.
    Ready,
    /// A worker can take it after it has [read ahead](Chunks::read_ahead).
    MustRead,
    /// A worker can take it only after another one has made progress.
    NotYet,
    /// There is none: the content has ended.
    Ended,
}

impl Chunks {
    /// Divides an input, whose data may be given. It is not divided if the engine is flate2, whose decoder starts only at members;
    /// if the input does not begin with a gzip member; or if that is a member of BGZF, whose batches need no guesses.
    ///
    /// # Errors
    /// If the start of a pipe cannot be read.
    pub(super) fn of(
        input: &Input,
        given: Option<Arc<ArrivingData>>,
        start: Option<&StartPoint>,
        context: &StreamContext<'_>,
    ) -> io::Result<Division> {
        if context.settings.engine != Engine::Native || start.is_some_and(|start| start.is_short) {
            return Ok(Division::Whole(given));
        }
        let is_stdin = input.is_stdin();
        let range = if is_stdin { input.rest_of_stdin() } else { input.size.map(|size| 0..size) };
        if let Some(range) = range {
            let file = FileData { start: range.start, length: range.end - range.start, is_stdin };
            let start = start.map_or(ResumePoint::FileStart, |start| start.point.clone());
            return Ok(Self::of_file(file, input, start, context).map_or(Division::Whole(None), Division::Chunks));
        }
        let data = given.map_or_else(|| ArrivingData::new().map(Arc::new), Ok)?;
        Ok(match begins_divisible(&mut ArrivingReader::new(&data, input, 0, true))? {
            true => Division::Chunks(Self::of_pipe(data, context)),
            false => Division::Whole(Some(data)),
        })
    }

    /// Divides a file that is read by position. `None` if it is small, its first member prevents it, or there is no memory for
    /// symbols.
    fn of_file(file: FileData, input: &Input, start: ResumePoint, context: &StreamContext<'_>) -> Option<Self> {
        let lengths = ChunkLengths::of_file(file.length, context.settings)?;
        let guess_decoders = context.resources.guess_decoders(context.settings);
        if !guess_decoders.has_any() {
            return None;
        }
        let source = ChunkSource::File(file);
        let mut beginning = source.reader(input, 0, ChunkUse::Front).ok()?;
        // A file that cannot be read is not divided; the error is reported when it is inflated.
        if !begins_divisible(&mut beginning).unwrap_or(false) {
            return None;
        }
        let next_start = start.offset();
        let chain = ChunkChain::new(source, start, lengths, Arc::clone(guess_decoders));
        Some(Self { chain: Arc::new(chain), next: 0, next_start })
    }

    /// Divides a pipe. Without memory for symbols, its chunks are inflated one after the other.
    fn of_pipe(data: Arc<ArrivingData>, context: &StreamContext<'_>) -> Self {
        let lengths = ChunkLengths::of_pipe(context.settings);
        let guess_decoders = Arc::clone(context.resources.guess_decoders(context.settings));
        let chain = ChunkChain::new(ChunkSource::Arriving(data), ResumePoint::FileStart, lengths, guess_decoders);
        Self { chain: Arc::new(chain), next: 0, next_start: 0 }
    }

    /// Whether the next chunk may be taken now.
    pub(super) fn next(&self) -> NextChunk {
        let has_arrived = |data: &ArrivingData, chunk: &Range<u64>| {
            data.may_reach(chunk.start) && data.has_arrived(chunk.end + READ_AHEAD)
        };
        match (self.chain.progress(self.next), &self.chain.source) {
            (ChunkProgress::PastEnd, ChunkSource::Arriving(_)) => NextChunk::Ended,
            (ChunkProgress::Settled | ChunkProgress::PastEnd, _) => NextChunk::Ready,
            (ChunkProgress::MayGuess, ChunkSource::File(_)) => NextChunk::Ready,
            (ChunkProgress::MayGuess, ChunkSource::Arriving(data)) => {
                match has_arrived(data, &self.chain.chunk_at(self.next_start)) {
                    true => NextChunk::Ready,
                    false if data.can_read_ahead() => NextChunk::MustRead,
                    false => NextChunk::NotYet,
                }
            }
            (ChunkProgress::MustWait, _) => NextChunk::NotYet,
        }
    }

    /// Reads from a pipe until the next chunk has arrived, its start is known, or no data is available.
    pub(super) fn read_ahead(&self, input: &Input) {
        if let ChunkSource::Arriving(data) = &self.chain.source {
            let end = self.chain.chunk_at(self.next_start).end + READ_AHEAD;
            let is_needed = || matches!(self.chain.progress(self.next), ChunkProgress::MayGuess);
            data.read_ahead(input, end, || !is_needed());
        }
    }

    /// Takes the next chunk, which must be ready. In a pipe no chunk is known to be the last one.
    pub(super) fn take(&mut self) -> MemberBlock {
        let (chain, index) = (Arc::clone(&self.chain), self.next);
        let mut range = chain.chunk_at(self.next_start);
        let length = chain.source.length().unwrap_or(u64::MAX);
        let is_last = range.end >= length;
        range.end = range.end.min(length);
        (self.next, self.next_start) = (index + 1, range.end);
        MemberBlock { input: BlockInput::Chunk(ChunkTask { chain, index, range, is_last }), last: is_last }
    }
}

/// Whether data begins with a gzip member that is not BGZF. Reads no more than needed, because more may not arrive for a long time.
fn begins_divisible(source: &mut dyn CompressedSource) -> io::Result<bool> {
    let mut header = [0; BGZF_HEADER];
    let mut got = 0;
    while got < BGZF_HEADER && header[..got].iter().zip(bgzf::PREFIX).all(|(&byte, expected)| byte == expected) {
        match source.read_some(&mut header[got..])? {
            0 => break,
            more => got += more,
        }
    }
    let header = &header[..got];
    Ok(header.starts_with(&gzip::MAGIC) && bgzf::parse_header(header).is_none())
}
