//! Inflates a file in order: members, their headers and trailers, and data in other formats.
//!
//! An [`Inflater`] is a state machine. A step handles a header, a piece of DEFLATE data, a trailer, or a piece of data in another
//! format ([`foreign_data`]), and adds content to the current part.

mod foreign_data;
#[cfg(test)]
pub(super) mod inflater_tests;
mod member_end;

pub use self::foreign_data::ForeignData;
pub use self::member_end::MemberEnd;
use super::bgzf_batch::{self, BgzfBatch};
use super::chunk_end::{chunk_end, ends_at_member};
use super::compressed_buffer::{CompressedBuffer, CompressedSource};
use super::content::{Content, FilePart, Trailing};
use super::content_buffer::ContentBuffer;
use super::content_points::{ContentPoint, MAX_POINTS, push_point};
use super::engine_decoder::EngineDecoder;
use super::markers::ResolvedWindow;
use super::native::{DecodeStatus, Decoded, InvalidData};
use super::resume_point::{BlockStart, Position, ResumePoint};
use crate::deflate::Engine;
use crate::format::gzip::{self, Damage, MemberStart, ReadError};
use crate::format::legacy::LegacyDecoder;
use crate::format::zip::ZipEntry;

/// Most members that end in one part. Without a limit, a part of empty members would grow forever.
pub(super) const MAX_MEMBERS: usize = 1024;

/// Nearly all headers have at most this many bytes. If a header is longer, the content before it may be returned only after the
/// whole header has arrived.
const MAX_USUAL_HEADER: usize = 512;

/// Inflates one file at a time. It holds a decoder with its window and a buffer, so it is expensive to create and is
/// reused for many files.
pub struct Inflater {
    buffer: CompressedBuffer,
    decoder: EngineDecoder,
    /// End of the chunk in the file, in bytes: the first suitable position from there on ends the content.
    chunk_end: Option<u64>,
    /// That position, once it is reached.
    next_chunk: Option<Position>,
    state: InflaterState,
    /// Decodes the current member, if it has another format.
    legacy: Option<LegacyDecoder>,
    /// The current member is an entry of a zip file.
    zip_entry: Option<Box<ZipEntry>>,
    /// What happens to data that is not gzip data.
    foreign: ForeignData,
    /// The points at which another decoder can start are collected.
    collects_points: bool,
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
    /// Before a member's trailer.
    Trailer,
    /// After a member.
    Between,
    /// Inside of data that is copied.
    Plain,
    /// Inside of data in another format.
    Legacy,
    /// Inside of an entry of a zip file that is stored, with this many bytes left.
    Stored(u64),
}

/// A part that is being filled.
struct PartContent {
    content: Content,
    buffer: ContentBuffer,
    /// Offset in the buffer at which the content of the current member starts, or continues from the last part.
    member_start: usize,
}

/// The result of one step.
enum StepResult {
    /// The part is not full yet.
    Continue,
    /// The part is full, or the chunk ends.
    Full,
    /// A batch, which is a part of its own.
    Batch(BgzfBatch),
    /// The file has ended.
    End(Trailing),
}

impl Inflater {
    /// Creates an inflater for any number of files.
    pub fn new(engine: Engine) -> Self {
        Self {
            buffer: CompressedBuffer::new(),
            decoder: EngineDecoder::new(engine),
            chunk_end: None,
            next_chunk: None,
            state: InflaterState::Start,
            legacy: None,
            zip_entry: None,
            foreign: ForeignData::default(),
            collects_points: false,
        }
    }

    /// Starts a file.
    pub fn restart(&mut self, foreign: ForeignData) {
        self.buffer.restart_at(0);
        self.decoder.restart();
        (self.chunk_end, self.next_chunk) = (None, None);
        (self.state, self.foreign) = (InflaterState::Start, foreign);
        (self.legacy, self.zip_entry, self.collects_points) = (None, None, false);
    }

    /// Starts at `start` instead, after [`restart`](Self::restart). The source begins with the byte that contains `start`.
    /// With `end`, the end of a chunk in the file in bytes, the content ends at the first position from there on at which the
    /// next chunk can start.
    pub(crate) fn restart_at(&mut self, start: &ResumePoint, end: Option<u64>) {
        self.buffer.restart_at(start.offset());
        match start {
            ResumePoint::FileStart => {}
            ResumePoint::Member(_) => self.state = InflaterState::Between,
            ResumePoint::Block(BlockStart { bit, window }) => {
                self.decoder.restart_at((bit % 8) as u32, window.bytes());
                self.state = InflaterState::Data;
            }
        }
        self.chunk_end = end;
    }

    /// Collects the points at which another decoder can start. The start of this one is not among them.
    pub(crate) fn collect_points(&mut self) {
        self.collects_points = true;
    }

    /// Returns the next part. Its content has at most the capacity of `bytes`, which are overwritten. The part ends earlier where the
    /// source would have to wait for data, unless it has no content yet.
    pub fn next(&mut self, source: &mut dyn CompressedSource, bytes: Vec<u8>) -> FilePart {
        let buffer = ContentBuffer::new(bytes);
        let mut part = PartContent { content: Content::default(), buffer, member_start: 0 };
        while part.content.member_ends.len() < MAX_MEMBERS && part.content.points.len() < MAX_POINTS {
            if !part.buffer.is_empty() && self.must_wait(source) {
                break;
            }
            match self.step(source, &mut part) {
                Ok(StepResult::Continue) => {}
                Ok(StepResult::Full) => break,
                Ok(StepResult::Batch(batch)) => return FilePart::Batch(batch, part.buffer.into_buffer()),
                Ok(StepResult::End(trailing)) => {
                    part.content.end = Some(Ok(trailing));
                    break;
                }
                Err(error) => {
                    part.content.end = Some(Err(error));
                    break;
                }
            }
        }
        if self.state == InflaterState::Data {
            self.decoder.extend_window(&part.buffer.content()[part.member_start..]);
        }
        let PartContent { mut content, buffer, .. } = part;
        content.next_chunk = self.next_chunk.take().map(|position| match position {
            Position::Member(offset) => ResumePoint::Member(offset),
            Position::Block(bit) => {
                ResumePoint::Block(BlockStart { bit, window: ResolvedWindow::new(self.decoder.window()) })
            }
        });
        FilePart::Content(Content { bytes: buffer.into_content(), consumed: self.buffer.offset(), ..content })
    }

    /// Whether the next step needs more data than there is, and would wait for it.
    fn must_wait(&mut self, source: &mut dyn CompressedSource) -> bool {
        let needed = match self.state {
            InflaterState::Data | InflaterState::Plain | InflaterState::Legacy | InflaterState::Stored(1..) => 1,
            InflaterState::Start | InflaterState::Between if bgzf_batch::may_be_next(&self.buffer) => {
                bgzf_batch::MAX_NEXT
            }
            InflaterState::Start | InflaterState::Between | InflaterState::Trailer | InflaterState::Stored(0) => {
                MAX_USUAL_HEADER
            }
        };
        // The step reports an error of the source.
        !self.buffer.provide_ready(source, needed).unwrap_or(true)
    }

    /// Whether the rest of the data is copied, because it is not gzip data.
    pub(crate) fn copies_rest(&self) -> bool {
        self.state == InflaterState::Plain
    }

    fn step(&mut self, source: &mut dyn CompressedSource, part: &mut PartContent) -> Result<StepResult, ReadError> {
        match self.state {
            InflaterState::Start | InflaterState::Between => self.begin(source, part),
            InflaterState::Data => self.inflate(source, part),
            InflaterState::Trailer => self.end_member(source, part),
            InflaterState::Plain => self.copy_plain(source, part),
            InflaterState::Legacy => self.decode_legacy(source, part),
            InflaterState::Stored(left) => self.copy_stored(left, source, part),
        }
    }

    /// Reads a header, a batch of BGZF blocks or the end of the file, where a member may begin.
    fn begin(&mut self, source: &mut dyn CompressedSource, part: &mut PartContent) -> Result<StepResult, ReadError> {
        // Bytes that turn out not to be a header must fit, in case they are copied.
        if part.buffer.free() < gzip::MAGIC.len() {
            return Ok(StepResult::Full);
        }
        if self.state == InflaterState::Between
            && let Some(end) = self.chunk_end
            && ends_at_member(&mut self.buffer, source, end)
        {
            self.next_chunk = Some(Position::Member(self.buffer.offset()));
            return Ok(StepResult::Full);
        }
        if bgzf_batch::next_block(&mut self.buffer, source)?.is_some() {
            // A batch is a part of its own, so content before it is returned first.
            let is_first = part.buffer.is_empty() && part.content.member_ends.is_empty();
            if let Some(batch) = if is_first { BgzfBatch::take(&mut self.buffer, source)? } else { None } {
                self.state = InflaterState::Between;
                return Ok(StepResult::Batch(batch));
            }
            return Ok(StepResult::Full);
        }
        let offset = self.buffer.offset();
        match gzip::read_header(offset, || self.buffer.byte(source))? {
            MemberStart::Member(header) => {
                part.content.stats.add_header(&header);
                part.member_start = part.buffer.len();
                self.state = InflaterState::Data;
                // The chunk may end in the header.
                self.end_block(source, part, true)
            }
            MemberStart::End if self.state == InflaterState::Between || self.foreign.is_copied => {
                Ok(StepResult::End(Trailing::Nothing))
            }
            MemberStart::End => Err(Damage::Truncated(0).into()),
            MemberStart::Foreign(bytes) => self.begin_foreign(source, bytes, part),
        }
    }

    /// Inflates bytes from the buffer, until it is empty or the content's capacity is used.
    fn inflate(&mut self, source: &mut dyn CompressedSource, part: &mut PartContent) -> Result<StepResult, ReadError> {
        if part.buffer.free() == 0 {
            return Ok(StepResult::Full);
        }
        let at_end = !self.buffer.fill(source)?;
        let at = part.buffer.len() - part.member_start;
        let output = &mut part.buffer.with_space()[part.member_start..];
        let decoded = self.decoder.decode(self.buffer.bytes(), output, at);
        let (consumed, produced) = match decoded {
            Ok(Decoded { consumed, produced, .. }) | Err(InvalidData { consumed, produced }) => (consumed, produced),
        };
        self.buffer.consume(consumed);
        part.buffer.add(produced);
        match decoded.map(|decoded| decoded.status) {
            Err(_) => {
                // Bits of a byte that an earlier call consumed may be unused, where the data is invalid.
                let unused = u64::from(self.decoder.unused_bits() / 8);
                Err(Damage::Data(self.buffer.offset() - unused).into())
            }
            Ok(DecodeStatus::StreamEnd) => {
                self.state = InflaterState::Trailer;
                Ok(StepResult::Continue)
            }
            Ok(DecodeStatus::NeedsInput) if at_end => Err(Damage::Truncated(self.buffer.offset()).into()),
            Ok(DecodeStatus::BlockEnd) => self.end_block(source, part, false),
            Ok(DecodeStatus::NeedsInput | DecodeStatus::OutputFull) => Ok(StepResult::Continue),
        }
    }

    /// Ends the content before a block, if the chunk ends there.
    fn end_block(
        &mut self,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
        is_member_start: bool,
    ) -> Result<StepResult, ReadError> {
        let unused = self.decoder.unused_bits();
        if self.collects_points {
            let bit = 8 * self.buffer.offset() - u64::from(unused);
            push_point(&mut part.content.points, ContentPoint { at: part.buffer.len(), bit, is_member_start });
        }
        let Some(end) = self.chunk_end else { return Ok(StepResult::Continue) };
        let next = chunk_end(&mut self.buffer, source, unused, end);
        self.next_chunk = next.map(Position::Block);
        Ok(if next.is_some() { StepResult::Full } else { StepResult::Continue })
    }
}
