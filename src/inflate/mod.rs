//! The decoder: inflates a file's members in order, and reads their trailers.
//!
//! DEFLATE data depends on all data before it, so one worker at a time inflates a file. The caller verifies the CRC and
//! writes the content, possibly in another thread, so that both overlap with inflating. Members that state their own
//! size (BGZF) are not inflated here: they are split off in batches, and any worker can inflate a batch.
//!
//! The data may be hostile. The buffers bound the memory, whatever a file expands to (P6). All content belongs to a
//! member with a valid header; whether it matches the trailer is known only at the member's end.

#![allow(unreachable_pub, reason = "`fuzzing` exports these types, if it is built")]

mod bgzf_batch;
pub mod block_finder;
mod compressed_buffer;
pub mod markers;
mod member_checksum;
#[allow(dead_code, reason = "the pipeline still uses flate2")]
mod native;

use flate2::{Decompress, FlushDecompress, Status};

pub use self::bgzf_batch::BgzfBatch;
use self::compressed_buffer::CompressedBuffer;
pub use self::compressed_buffer::CompressedSource;
pub use self::member_checksum::MemberChecksum;
use crate::format::gzip::MemberStats;
use crate::format::gzip::{self, Damage, MemberStart, ParsedHeader, ReadError, Trailer};

/// Most members that end in one chunk. Without a limit, a chunk of empty members would grow forever.
const MAX_MEMBERS: usize = 1024;

/// The next part of a file.
#[derive(Debug)]
pub enum Chunk {
    /// Inflated content. The caller verifies it, unless [`Content::verified`] is set.
    Content(Content),
    /// Compressed blocks that the caller inflates, and the unused buffer that was passed for content.
    Batch(BgzfBatch, Vec<u8>),
}

/// Inflated content.
#[derive(Debug, Default)]
pub struct Content {
    /// The bytes of the content.
    pub bytes: Vec<u8>,
    /// The ends of the members that end in this content.
    pub member_ends: Vec<MemberEnd>,
    /// The content consists of complete members that are verified already.
    pub verified: bool,
    /// Statistics of the members.
    pub stats: MemberStats,
    /// Compressed bytes of the file up to the end of this content.
    pub consumed: u64,
    /// Set if the file ends here: the data after the last member, or the error.
    pub end: Option<Result<Trailing, ReadError>>,
}

/// The end of a member, and the checksum and length in its trailer.
#[derive(Clone, Copy, Debug)]
pub struct MemberEnd {
    /// Offset of the end in the content.
    pub at: usize,
    /// Offset of the trailer in the file.
    pub offset: u64,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Length of the content modulo 2^32.
    pub length: u32,
}

/// The data after a file's last member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailing {
    /// Nothing.
    Nothing,
    /// Zero bytes: tapes and some devices pad with them.
    Zeros,
    /// Other data that is not a member.
    Garbage,
}

/// Inflates one file at a time. It holds a decoder with its window and a buffer, so it is expensive to create and is
/// reused for many files.
pub struct Inflater {
    buffer: CompressedBuffer,
    decoder: Decompress,
    state: InflaterState,
    /// Data that is not gzip data is copied as content (`-dcf`).
    pass_through: bool,
    /// Content is returned before more data is read, because a read may block.
    prompt: bool,
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InflaterState {
    /// Before the first member.
    Start,
    /// Inside of a member's DEFLATE data.
    Data,
    /// After a member.
    Between,
    /// Inside of data that is copied.
    Plain,
}

/// The result of one step.
enum StepResult {
    /// The chunk is not full yet.
    Continue,
    /// The chunk is full.
    Full,
    /// A batch, which is a chunk of its own.
    Batch(BgzfBatch),
    /// The file has ended.
    End(Trailing),
}

impl Inflater {
    /// Creates an inflater for any number of files.
    pub fn new() -> Self {
        Self {
            buffer: CompressedBuffer::new(),
            decoder: Decompress::new(false),
            state: InflaterState::Start,
            pass_through: false,
            prompt: false,
        }
    }

    /// Creates an inflater that returns the available content before it reads more data.
    pub fn prompt() -> Self {
        Self { prompt: true, ..Self::new() }
    }

    /// Starts a file.
    pub fn restart(&mut self, pass_through: bool) {
        self.buffer.restart();
        self.decoder.reset(false);
        (self.state, self.pass_through) = (InflaterState::Start, pass_through);
    }

    /// Returns the next chunk. `bytes` is an empty buffer, which is filled to its capacity or to the end of the file.
    pub fn next(&mut self, source: &mut dyn CompressedSource, bytes: Vec<u8>) -> Chunk {
        let mut content = Content { bytes, ..Content::default() };
        while content.member_ends.len() < MAX_MEMBERS {
            if self.prompt && !content.bytes.is_empty() && self.buffer.bytes().is_empty() {
                break;
            }
            match self.step(source, &mut content) {
                Ok(StepResult::Continue) => {}
                Ok(StepResult::Full) => break,
                Ok(StepResult::Batch(batch)) => return Chunk::Batch(batch, content.bytes),
                Ok(StepResult::End(trailing)) => {
                    content.end = Some(Ok(trailing));
                    break;
                }
                Err(error) => {
                    content.end = Some(Err(error));
                    break;
                }
            }
        }
        content.consumed = self.buffer.offset();
        Chunk::Content(content)
    }

    fn step(&mut self, source: &mut dyn CompressedSource, content: &mut Content) -> Result<StepResult, ReadError> {
        match self.state {
            InflaterState::Start | InflaterState::Between => self.begin(source, content),
            InflaterState::Data => self.inflate(source, content),
            InflaterState::Plain => self.pass(source, content),
        }
    }

    /// Reads a header, a batch of BGZF blocks or the end of the file, where a member may begin.
    fn begin(&mut self, source: &mut dyn CompressedSource, content: &mut Content) -> Result<StepResult, ReadError> {
        // Bytes that turn out not to be a header must fit, in case they are copied.
        if content.bytes.capacity() - content.bytes.len() < gzip::MAGIC.len() {
            return Ok(StepResult::Full);
        }
        if bgzf_batch::next_block(&mut self.buffer, source)?.is_some() {
            // A batch is a chunk of its own, so content before it is returned first.
            let is_first = content.bytes.is_empty() && content.member_ends.is_empty();
            if let Some(batch) = if is_first { BgzfBatch::take(&mut self.buffer, source)? } else { None } {
                self.state = InflaterState::Between;
                return Ok(StepResult::Batch(batch));
            }
            return Ok(StepResult::Full);
        }
        let offset = self.buffer.offset();
        match gzip::read_header(offset, || self.buffer.byte(source))? {
            MemberStart::Member(ParsedHeader { mtime, size, .. }) => {
                content.stats.mtime = Some(mtime.into());
                content.stats.overhead += size + gzip::TRAILER as u64;
                self.state = InflaterState::Data;
                Ok(StepResult::Continue)
            }
            MemberStart::End if self.state == InflaterState::Between || self.pass_through => {
                Ok(StepResult::End(Trailing::Nothing))
            }
            MemberStart::End => Err(Damage::Truncated(0).into()),
            MemberStart::Foreign(bytes) => self.foreign(source, bytes, content),
        }
    }

    /// Handles data that is not a member. `bytes` of it were read.
    fn foreign(
        &mut self,
        source: &mut dyn CompressedSource,
        bytes: Vec<u8>,
        content: &mut Content,
    ) -> Result<StepResult, ReadError> {
        if self.pass_through {
            content.bytes.extend_from_slice(&bytes);
            self.state = InflaterState::Plain;
            return Ok(StepResult::Continue);
        }
        // The file ends after the first byte of a header: truncated rather than foreign.
        let is_cut_short = bytes == gzip::MAGIC[..1] && !self.buffer.fill(source)?;
        if is_cut_short || self.state == InflaterState::Start && bytes.len() == 1 && !self.buffer.fill(source)? {
            return Err(Damage::Truncated(self.buffer.offset()).into());
        }
        if self.state == InflaterState::Start {
            return Err(Damage::NotGzip.into());
        }
        let mut zeros = bytes.iter().all(|&byte| byte == 0);
        while zeros && self.buffer.fill(source)? {
            zeros = self.buffer.bytes().iter().all(|&byte| byte == 0);
            self.buffer.consume(self.buffer.bytes().len());
        }
        Ok(StepResult::End(if zeros { Trailing::Zeros } else { Trailing::Garbage }))
    }

    /// Inflates bytes from the buffer, until it is empty or the content's capacity is used.
    fn inflate(&mut self, source: &mut dyn CompressedSource, content: &mut Content) -> Result<StepResult, ReadError> {
        if content.bytes.len() == content.bytes.capacity() {
            return Ok(StepResult::Full);
        }
        let at_end = !self.buffer.fill(source)?;
        let (consumed, produced) = (self.decoder.total_in(), self.decoder.total_out());
        let status = self.decoder.decompress_vec(self.buffer.bytes(), &mut content.bytes, FlushDecompress::None);
        let (consumed, produced) = (self.decoder.total_in() - consumed, self.decoder.total_out() - produced);
        self.buffer.consume(consumed as usize);
        match status {
            Err(_) => Err(Damage::Data(self.buffer.offset()).into()),
            Ok(Status::StreamEnd) => self.end_member(source, content),
            // At the end of the file, the decoder may still have output. If it has none, the data is truncated.
            Ok(_) if at_end && produced == 0 => Err(Damage::Truncated(self.buffer.offset()).into()),
            Ok(_) => Ok(StepResult::Continue),
        }
    }

    /// Reads the trailer of a member whose DEFLATE data has ended.
    fn end_member(
        &mut self,
        source: &mut dyn CompressedSource,
        content: &mut Content,
    ) -> Result<StepResult, ReadError> {
        let offset = self.buffer.offset();
        let mut trailer = [0; gzip::TRAILER];
        for byte in &mut trailer {
            let read = self.buffer.byte(source)?;
            *byte = read.ok_or_else(|| Damage::Truncated(self.buffer.offset()))?;
        }
        let Trailer { crc, length } = gzip::read_trailer(trailer);
        content.member_ends.push(MemberEnd { at: content.bytes.len(), offset, crc, length });
        content.stats.crc = Some(crc);
        self.decoder.reset(false);
        self.state = InflaterState::Between;
        Ok(StepResult::Continue)
    }

    /// Copies data that is not gzip data.
    fn pass(&mut self, source: &mut dyn CompressedSource, content: &mut Content) -> Result<StepResult, ReadError> {
        let capacity = content.bytes.capacity() - content.bytes.len();
        if capacity == 0 {
            return Ok(StepResult::Full);
        }
        if !self.buffer.fill(source)? {
            return Ok(StepResult::End(Trailing::Nothing));
        }
        let bytes = &self.buffer.bytes()[..capacity.min(self.buffer.bytes().len())];
        content.bytes.extend_from_slice(bytes);
        self.buffer.consume(bytes.len());
        Ok(StepResult::Continue)
    }
}
