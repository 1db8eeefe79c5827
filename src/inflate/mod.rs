//! Decompressing: a file's members, one after the other, to content and the checksum it must have.
//!
//! What a DEFLATE stream says depends on everything before it, so this half runs in order, in one worker's hands at
//! a time. It inflates, and leaves the CRC and the writing to whoever takes the chunk, so that the two overlap.
//! Members that tell their own size (BGZF) are not inflated here at all: they are cut off in batches, which
//! any worker can inflate.
//!
//! The data may be anything. Memory is bounded by the buffers, whatever a file expands to; every byte that
//! is handed out belongs to a member whose header was in order, and every member is verified against its trailer.

mod bgzf_batch;
mod compressed_buffer;
mod member_checksum;

use flate2::{Decompress, FlushDecompress, Status};

pub use self::bgzf_batch::BgzfBatch;
use self::compressed_buffer::CompressedBuffer;
pub use self::compressed_buffer::CompressedSource;
pub use self::member_checksum::MemberChecksum;
use crate::format::gzip::{self, Damage, MemberStart, ParsedHeader, ReadError};
use crate::outcome::MemberStats;

/// Most members that end in one chunk. A chunk of empty members would never be full.
const MOST_MEMBERS: usize = 1024;

/// A piece of a file, as it is cut.
#[derive(Debug)]
pub enum Chunk {
    /// Inflated; to be verified.
    Content(Content),
    /// To be inflated; and the buffer that was meant for content.
    Batch(BgzfBatch, Vec<u8>),
}

/// Inflated content in its order.
#[derive(Debug, Default)]
pub struct Content {
    /// The content.
    pub bytes: Vec<u8>,
    /// Members that end in it, and what their content must come to.
    pub member_ends: Vec<MemberEnd>,
    /// It is whole members, which have been verified already.
    pub verified: bool,
    /// What was learnt of its members.
    pub stats: MemberStats,
    /// Compressed bytes of the file up to here.
    pub consumed: u64,
    /// Whether the file ends here, and how.
    pub end: Option<Result<Trailing, ReadError>>,
}

/// A member's end, and what its content must come to.
#[derive(Clone, Copy, Debug)]
pub struct MemberEnd {
    /// Bytes of the chunk before the end.
    pub at: usize,
    /// Offset of the trailer in the file.
    pub offset: u64,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Its length modulo 2^32.
    pub length: u32,
}

/// What follows a file's last member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailing {
    /// Nothing.
    Nothing,
    /// Zero bytes, as tapes and some devices pad with.
    Zeros,
    /// Something that is no member.
    Garbage,
}

/// A file under way. Costly to make and used for file after file: a decoder with its window, and a buffer.
pub struct Inflater {
    packed: CompressedBuffer,
    decoder: Decompress,
    state: State,
    /// What is not gzip data is content as it stands (`-dcf`).
    pass_through: bool,
    /// Content is handed out before more is read, as that may be long in coming.
    promptly: bool,
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflation").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No member has begun.
    Start,
    /// In a member's data.
    Data,
    /// After a member.
    Between,
    /// In data that is passed through.
    Plain,
}

/// How far a step got.
enum Step {
    /// There is more to do.
    On,
    /// The chunk is full.
    Full,
    /// This comes first, as it stands alone.
    Batch(BgzfBatch),
    /// The file is over.
    Over(Trailing),
}

impl Inflater {
    /// For any number of files.
    pub fn new() -> Self {
        Self {
            packed: CompressedBuffer::new(),
            decoder: Decompress::new(false),
            state: State::Start,
            pass_through: false,
            promptly: false,
        }
    }

    /// One that hands out what it has before it reads on.
    pub fn prompt() -> Self {
        Self { promptly: true, ..Self::new() }
    }

    /// Begins a file.
    pub fn restart(&mut self, pass_through: bool) {
        self.packed.restart();
        self.decoder.reset(false);
        (self.state, self.pass_through) = (State::Start, pass_through);
    }

    /// Reads on and fills the empty buffer `bytes` to its capacity, or to the file's end.
    pub fn next(&mut self, from: &mut dyn CompressedSource, bytes: Vec<u8>) -> Chunk {
        let mut content = Content { bytes, ..Content::default() };
        while content.member_ends.len() < MOST_MEMBERS {
            if self.promptly && !content.bytes.is_empty() && self.packed.bytes().is_empty() {
                break;
            }
            match self.step(from, &mut content) {
                Ok(Step::On) => {}
                Ok(Step::Full) => break,
                Ok(Step::Batch(batch)) => return Chunk::Batch(batch, content.bytes),
                Ok(Step::Over(trailing)) => {
                    content.end = Some(Ok(trailing));
                    break;
                }
                Err(error) => {
                    content.end = Some(Err(error));
                    break;
                }
            }
        }
        content.consumed = self.packed.offset();
        Chunk::Content(content)
    }

    fn step(&mut self, from: &mut dyn CompressedSource, content: &mut Content) -> Result<Step, ReadError> {
        match self.state {
            State::Start | State::Between => self.begin(from, content),
            State::Data => self.inflate(from, content),
            State::Plain => self.pass(from, content),
        }
    }

    /// Takes what stands where a member may begin.
    fn begin(&mut self, from: &mut dyn CompressedSource, content: &mut Content) -> Result<Step, ReadError> {
        // What is no header has to fit as well, where it is passed through.
        if content.bytes.capacity() - content.bytes.len() < gzip::MAGIC.len() {
            return Ok(Step::Full);
        }
        if bgzf_batch::next_block(&mut self.packed, from)?.is_some() {
            // A batch is a chunk of its own, behind whatever has been cut before it.
            let stands_alone = content.bytes.is_empty() && content.member_ends.is_empty();
            if let Some(batch) = if stands_alone { BgzfBatch::cut(&mut self.packed, from)? } else { None } {
                self.state = State::Between;
                return Ok(Step::Batch(batch));
            }
            return Ok(Step::Full);
        }
        let offset = self.packed.offset();
        match gzip::read_header(offset, || self.packed.byte(from))? {
            MemberStart::Member(ParsedHeader { mtime, size, .. }) => {
                content.stats.mtime = Some(mtime.into());
                content.stats.overhead += size + gzip::TRAILER as u64;
                self.state = State::Data;
                Ok(Step::On)
            }
            MemberStart::End if self.state == State::Between || self.pass_through => Ok(Step::Over(Trailing::Nothing)),
            MemberStart::End => Err(Damage::Truncated(0).into()),
            MemberStart::Foreign(bytes) => self.foreign(from, bytes, content),
        }
    }

    /// Takes what is no member, of which `bytes` are read.
    fn foreign(
        &mut self,
        from: &mut dyn CompressedSource,
        bytes: Vec<u8>,
        content: &mut Content,
    ) -> Result<Step, ReadError> {
        if self.pass_through {
            content.bytes.extend_from_slice(&bytes);
            self.state = State::Plain;
            return Ok(Step::On);
        }
        // A single byte is too little to tell, unless it cannot be the first of a header.
        let cut_short = bytes == gzip::MAGIC[..1] && !self.packed.fill(from)?;
        if cut_short || self.state == State::Start && bytes.len() == 1 && !self.packed.fill(from)? {
            return Err(Damage::Truncated(self.packed.offset()).into());
        }
        if self.state == State::Start {
            return Err(Damage::NotGzip.into());
        }
        let mut zeros = bytes.iter().all(|&byte| byte == 0);
        while zeros && self.packed.fill(from)? {
            zeros = self.packed.bytes().iter().all(|&byte| byte == 0);
            self.packed.consume(self.packed.bytes().len());
        }
        Ok(Step::Over(if zeros { Trailing::Zeros } else { Trailing::Garbage }))
    }

    /// Inflates as much as there is input and room for.
    fn inflate(&mut self, from: &mut dyn CompressedSource, content: &mut Content) -> Result<Step, ReadError> {
        if content.bytes.len() == content.bytes.capacity() {
            return Ok(Step::Full);
        }
        let over = !self.packed.fill(from)?;
        let (consumed, produced) = (self.decoder.total_in(), self.decoder.total_out());
        let status = self.decoder.decompress_vec(self.packed.bytes(), &mut content.bytes, FlushDecompress::None);
        let (consumed, produced) = (self.decoder.total_in() - consumed, self.decoder.total_out() - produced);
        self.packed.consume(consumed as usize);
        match status {
            Err(_) => Err(Damage::Data(self.packed.offset()).into()),
            Ok(Status::StreamEnd) => self.end_member(from, content),
            // With nothing left to read, what the decoder held back may still come; after that nothing will.
            Ok(_) if over && produced == 0 => Err(Damage::Truncated(self.packed.offset()).into()),
            Ok(_) => Ok(Step::On),
        }
    }

    /// Reads the trailer of the member whose data is over.
    fn end_member(&mut self, from: &mut dyn CompressedSource, content: &mut Content) -> Result<Step, ReadError> {
        let offset = self.packed.offset();
        let mut trailer = [0; gzip::TRAILER];
        for byte in &mut trailer {
            let read = self.packed.byte(from)?;
            *byte = read.ok_or_else(|| Damage::Truncated(self.packed.offset()))?;
        }
        let (crc, length) = gzip::read_trailer(trailer);
        content.member_ends.push(MemberEnd { at: content.bytes.len(), offset, crc, length });
        content.stats.crc = Some(crc);
        self.decoder.reset(false);
        self.state = State::Between;
        Ok(Step::On)
    }

    /// Passes on what is no gzip data.
    fn pass(&mut self, from: &mut dyn CompressedSource, content: &mut Content) -> Result<Step, ReadError> {
        let room = content.bytes.capacity() - content.bytes.len();
        if room == 0 {
            return Ok(Step::Full);
        }
        if !self.packed.fill(from)? {
            return Ok(Step::Over(Trailing::Nothing));
        }
        let bytes = &self.packed.bytes()[..room.min(self.packed.bytes().len())];
        content.bytes.extend_from_slice(bytes);
        self.packed.consume(bytes.len());
        Ok(Step::On)
    }
}
