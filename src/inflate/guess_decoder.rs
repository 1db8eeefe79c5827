//! Decodes a chunk of a file whose start and window are not known yet.
//!
//! A [`GuessDecoder`] searches the chunk for the header of a DEFLATE block ([`block_finder`](super::block_finder)) or of a member
//! ([`member_finder`](super::member_finder)), and decodes symbols from there: bytes, and markers for the bytes of the unknown
//! window ([`markers`](super::markers)). The position is a guess. It is right if the decoder of the previous chunk ends at the
//! same position; otherwise the caller discards the symbols.
//!
//! A guess decoder continues in the members after the first one, whose window is known to be empty. It reads the trailers, and the
//! writer compares them with the content in order.
//!
//! Nothing here reports an error, because the data may not be a block at all. The guess decoder stops instead, and a decoder that
//! knows the window decodes the data again. That decoder continues at a block boundary or behind a member, so only the symbols
//! before the last such position are used.

use std::collections::TryReserveError;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::block_finder::find_block;
use super::chunk_end::{LOOKAHEAD, chunk_end, ends_at_member};
use super::compressed_buffer::{CompressedBuffer, CompressedSource, HISTORY};
use super::content_points::{ContentPoint, push_point};
use super::markers::{ResolvedWindow, fill_initial_window, last_marker};
use super::member_finder::find_header;
use super::native::{DecodeStatus, DeflateDecoder};
use super::resume_point::{BlockStart, Position, ResumePoint};
use super::symbol_budget::{GROWTH, SymbolBudget};
use super::{MAX_MEMBERS, MemberEnd};
use crate::deflate::WINDOW;
use crate::format::bgzf;
use crate::format::gzip::{self, MemberStart, MemberStats, StoredChecksum};

/// Symbols that a decoder always has memory for: 8 MiB, so that the memory of a worker stays below 16 MiB. Data that compresses well
/// has more before the end of the chunk. They take memory of the run's [`SymbolBudget`]; if there is none left, the worker waits for
/// the window.
const OWN_SYMBOLS: usize = 4 << 20;

/// Symbols for each compressed byte, at most, once there are more than `FREE_SYMBOLS`. Logs have up to 20.
const MAX_RATIO: u64 = 32;

/// Symbols that are decoded at any ratio: 1 MiB of memory.
const FREE_SYMBOLS: usize = 512 * 1024;

/// Length of the window and the decoder's own symbols.
const OWN_LENGTH: usize = WINDOW + OWN_SYMBOLS;

/// Most symbols decoded in one step. After each step, the caller checks whether the start of the chunk is known.
const STEP: usize = 64 * 1024;

/// Decodes one chunk at a time. It holds the symbols, so it is expensive to create, and is reused.
pub(crate) struct GuessDecoder {
    buffer: CompressedBuffer,
    decoder: DeflateDecoder<u16>,
    /// The markers of the unknown window, and the symbols after them.
    symbols: Vec<u16>,
    /// Most elements of `symbols` for this chunk.
    max_length: usize,
    /// The run's memory for more symbols.
    budget: Arc<SymbolBudget>,
    /// End of the symbols in `symbols`.
    filled: usize,
    /// Start of the current member's symbols in `symbols`; 0 in the first member, which the unknown window belongs to.
    member_start: usize,
    /// The header of a member comes next.
    is_behind_member: bool,
    /// The members that end in the symbols.
    member_ends: Vec<MemberEnd>,
    /// The points at which another decoder can start, if they are collected: at most one in a section of the chunk.
    points: Option<Vec<ContentPoint>>,
    /// Statistics of the headers and trailers so far.
    stats: MemberStats,
    /// The chunk's bytes in the file.
    chunk: Range<u64>,
    /// The guessed start.
    start: Position,
    boundary: Boundary,
}

/// The last position at which another decoder can continue.
#[derive(Clone, Copy, Debug)]
struct Boundary {
    position: Position,
    /// [`GuessDecoder::filled`], `member_start` and `stats` there.
    filled: usize,
    member_start: usize,
    stats: MemberStats,
}

/// The result of a step of a [`GuessDecoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GuessStep {
    /// There is more to do.
    Continue,
    /// The start is found, or the end of the chunk is reached.
    Reached,
    /// The chunk has no start that can be found, or no more of it can be decoded without the window.
    Stopped,
}

impl std::fmt::Debug for GuessDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuessDecoder").field("boundary", &self.boundary).finish_non_exhaustive()
    }
}

impl GuessDecoder {
    /// Reserves the buffers. The system provides the memory of the symbols when they are written.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub(crate) fn try_new(budget: Arc<SymbolBudget>) -> Result<Self, TryReserveError> {
        let mut symbols = Vec::new();
        symbols.try_reserve_exact(OWN_LENGTH)?;
        symbols.resize(WINDOW, 0);
        if let Some(window) = symbols.first_chunk_mut() {
            fill_initial_window(window);
        }
        let (start, stats) = (Position::Member(0), MemberStats::default());
        Ok(Self {
            buffer: CompressedBuffer::new(),
            decoder: DeflateDecoder::new(),
            symbols,
            max_length: OWN_LENGTH,
            budget,
            filled: WINDOW,
            member_start: 0,
            is_behind_member: false,
            member_ends: Vec::new(),
            points: None,
            stats,
            chunk: 0..0,
            start,
            boundary: Boundary { position: start, filled: WINDOW, member_start: 0, stats },
        })
    }

    /// The offset from which [`search`](Self::search) reads, for a chunk that begins at `start`: the block finder looks at some
    /// bytes before a block.
    pub(crate) fn first_byte(start: u64) -> u64 {
        start.saturating_sub(HISTORY as u64)
    }

    /// Starts with `chunk`, a range of bytes of the file. The source begins at its [`first_byte`](Self::first_byte) and continues
    /// after the chunk.
    pub(crate) fn restart(&mut self, chunk: Range<u64>) {
        self.buffer.restart_at(Self::first_byte(chunk.start));
        (self.filled, self.stats) = (WINDOW, MemberStats::default());
        self.member_ends.clear();
        self.points = None;
        self.chunk = chunk;
    }

    /// Collects the points at which another decoder can start. The guessed start is not among them, unless it is a member.
    pub(crate) fn collect_points(&mut self) {
        self.points = Some(Vec::new());
    }

    /// Searches a part of the chunk for its start.
    pub(crate) fn search(&mut self, source: &mut dyn CompressedSource) -> io::Result<GuessStep> {
        self.buffer.provide(source, CompressedBuffer::CAPACITY)?;
        let before_chunk = self.chunk.start.saturating_sub(self.buffer.offset()) as usize;
        self.buffer.consume(before_chunk.min(self.buffer.bytes().len()));
        let (offset, available) = (self.buffer.offset(), self.buffer.bytes().len());
        // At the end of the data, a header may be incomplete.
        let lookahead = if self.buffer.is_at_end() { 0 } else { LOOKAHEAD };
        let searchable = available.saturating_sub(lookahead).min((self.chunk.end - offset) as usize);
        if searchable == 0 {
            return Ok(GuessStep::Stopped);
        }
        let Some(start) = self.find_start(searchable) else {
            self.buffer.consume(searchable);
            return Ok(GuessStep::Continue);
        };
        self.buffer.consume((start.offset() - offset) as usize);
        self.start = start;
        self.is_behind_member = matches!(start, Position::Member(_));
        self.member_start = if self.is_behind_member { WINDOW } else { 0 };
        self.set_boundary(start);
        if let Position::Block(bit) = start {
            self.decoder.restart_at((bit % 8) as u32);
        }
        Ok(GuessStep::Reached)
    }

    /// The first start in the next `searchable` bytes.
    fn find_start(&self, searchable: usize) -> Option<Position> {
        let (data, history) = (self.buffer.bytes_with_history(), self.buffer.history());
        let first = self.buffer.offset() - history as u64;
        let end = history + searchable;
        let bit = find_block(data, 8 * history as u64..8 * end as u64);
        let end = bit.map_or(end, |bit| (bit / 8) as usize);
        match find_header(data, history..end) {
            Some(at) => Some(Position::Member(first + at as u64)),
            None => bit.map(|bit| Position::Block(8 * first + bit)),
        }
    }

    /// Decodes up to [`STEP`] symbols, after the start is found.
    pub(crate) fn decode(&mut self, source: &mut dyn CompressedSource) -> io::Result<GuessStep> {
        if self.is_behind_member {
            return self.begin_member(source);
        }
        let at_end = !self.buffer.fill(source)?;
        let end = self.max_length.min(self.filled + STEP);
        if self.symbols.len() < end {
            self.symbols.resize(end, 0);
        }
        let output = &mut self.symbols[self.member_start..end];
        let Ok(decoded) = self.decoder.decode(self.buffer.bytes(), output, self.filled - self.member_start) else {
            return Ok(GuessStep::Stopped);
        };
        self.buffer.consume(decoded.consumed);
        self.filled += decoded.produced;
        match decoded.status {
            DecodeStatus::BlockEnd => Ok(self.end_block(source, false)),
            DecodeStatus::StreamEnd => self.end_member(source),
            DecodeStatus::NeedsInput if at_end => Ok(GuessStep::Stopped),
            DecodeStatus::OutputFull if self.expands_too_much() => Ok(GuessStep::Stopped),
            DecodeStatus::OutputFull if self.filled == self.max_length && !self.grow() => Ok(GuessStep::Stopped),
            DecodeStatus::NeedsInput | DecodeStatus::OutputFull => Ok(GuessStep::Continue),
        }
    }

    /// Takes memory for more symbols from the budget. Returns whether there is any.
    fn grow(&mut self) -> bool {
        if !self.budget.take() {
            return false;
        }
        let has_grown = self.symbols.try_reserve_exact(GROWTH).is_ok();
        match has_grown {
            true => self.max_length += GROWTH,
            false => self.budget.give_back(1),
        }
        has_grown
    }

    /// Returns to the budget, and to the system, what the decoder took from them.
    pub(crate) fn shrink(&mut self) {
        let grown = (self.max_length - OWN_LENGTH) / GROWTH;
        if grown > 0 {
            self.symbols.truncate(OWN_LENGTH);
            self.symbols.shrink_to(OWN_LENGTH);
            self.max_length = OWN_LENGTH;
            self.budget.give_back(grown);
        }
    }

    fn set_boundary(&mut self, position: Position) {
        let Self { filled, member_start, stats, .. } = *self;
        self.boundary = Boundary { position, filled, member_start, stats };
    }

    /// At the start of a block: sets the boundary, and checks whether the chunk ends there.
    fn end_block(&mut self, source: &mut dyn CompressedSource, is_member_start: bool) -> GuessStep {
        let unused = self.decoder.unused_bits();
        let bit = self.buffer.offset() * 8 - u64::from(unused);
        if let Some(points) = &mut self.points {
            push_point(points, ContentPoint { at: self.filled - WINDOW, bit, is_member_start });
        }
        let end = chunk_end(&mut self.buffer, source, unused, self.chunk.end);
        self.set_boundary(Position::Block(end.unwrap_or(bit)));
        if end.is_some() { GuessStep::Reached } else { GuessStep::Continue }
    }

    /// Reads the trailer of a member whose DEFLATE data has ended.
    fn end_member(&mut self, source: &mut dyn CompressedSource) -> io::Result<GuessStep> {
        let offset = self.buffer.offset();
        self.buffer.provide(source, gzip::TRAILER)?;
        let Some(&trailer) = self.buffer.bytes().first_chunk() else { return Ok(GuessStep::Stopped) };
        self.buffer.consume(gzip::TRAILER);
        let trailer = gzip::read_trailer(trailer);
        self.member_ends.push(MemberEnd { at: self.filled - WINDOW, offset, trailer: Some(trailer) });
        self.stats.checksum = StoredChecksum::Crc(trailer.crc);
        self.member_start = self.filled;
        self.is_behind_member = true;
        self.set_boundary(Position::Member(self.buffer.offset()));
        let is_end = ends_at_member(&mut self.buffer, source, self.chunk.end);
        Ok(if is_end { GuessStep::Reached } else { GuessStep::Continue })
    }

    /// Reads the header of a member, unless something else is at the position.
    fn begin_member(&mut self, source: &mut dyn CompressedSource) -> io::Result<GuessStep> {
        self.buffer.provide(source, bgzf::PREFIX.len())?;
        // BGZF members are read in batches, with a verdict of their own.
        if self.member_ends.len() == MAX_MEMBERS || self.buffer.bytes().starts_with(&bgzf::PREFIX) {
            return Ok(GuessStep::Stopped);
        }
        let Ok(MemberStart::Member(header)) = gzip::read_header(self.buffer.offset(), || self.buffer.byte(source))
        else {
            return Ok(GuessStep::Stopped);
        };
        self.stats.add_header(&header);
        self.is_behind_member = false;
        self.decoder.restart();
        // The chunk may end in the header.
        Ok(self.end_block(source, true))
    }

    /// Whether the data expands so much that the symbols would take more memory than a second worker is worth. Such data is mostly
    /// matches, which are decoded fast.
    fn expands_too_much(&self) -> bool {
        let compressed = self.buffer.offset() - self.start.offset();
        let symbols = self.filled - WINDOW;
        symbols > FREE_SYMBOLS && symbols as u64 > compressed * MAX_RATIO
    }

    /// The guessed start.
    pub(crate) fn start(&self) -> Position {
        self.start
    }

    /// The last position at which another decoder can continue.
    pub(crate) fn boundary(&self) -> Position {
        self.boundary.position
    }

    /// The symbols up to there.
    pub(crate) fn symbols(&self) -> &[u16] {
        &self.symbols[WINDOW..self.boundary.filled]
    }

    /// The points in these symbols, of those that are collected.
    pub(crate) fn points(&self) -> &[ContentPoint] {
        let points = self.points.as_deref().unwrap_or_default();
        &points[..points.partition_point(|point| point.at <= self.symbols().len())]
    }

    /// The members that end in these symbols.
    pub(crate) fn member_ends(&self) -> &[MemberEnd] {
        &self.member_ends
    }

    /// Statistics of the headers and trailers up to there.
    pub(crate) fn stats(&self) -> MemberStats {
        self.boundary.stats
    }

    /// Whether `start` is the guessed start, and its window has all bytes that the symbols refer to. Near the beginning of a
    /// member a marker may refer to a byte before it. That is damage, which the decoder of bytes reports.
    pub(crate) fn follows(&self, start: &ResumePoint) -> bool {
        // The symbols of later members have no markers.
        let of_first_member = self.member_ends.first().map_or(self.symbols().len(), |end| end.at);
        let has_window = match start {
            ResumePoint::Block(start) => start.window.has_all_of(&self.symbols()[..of_first_member]),
            ResumePoint::FileStart | ResumePoint::Member(_) => true,
        };
        start.position() == self.start && has_window
    }

    /// Whether the decoder is at its last boundary, and the window there has no markers: behind a member, in a later member, or
    /// after 32 KiB that do not refer to the unknown window. [`resume_point`](Self::resume_point) depends on no window then.
    pub(crate) fn knows_window(&self) -> bool {
        let Boundary { filled, member_start, .. } = self.boundary;
        let is_at_boundary = self.filled == filled;
        is_at_boundary && (member_start > 0 || last_marker(&self.symbols[filled - WINDOW..filled]).is_none())
    }

    /// The point at which another decoder continues, if `window` is that before the start.
    pub(crate) fn resume_point(&self, window: &ResolvedWindow) -> ResumePoint {
        let Boundary { position, filled, member_start, .. } = self.boundary;
        let bit = match position {
            Position::Member(offset) => return ResumePoint::Member(offset),
            Position::Block(bit) => bit,
        };
        let window = match member_start {
            0 => window.after(self.symbols()),
            // The symbols of later members have no markers.
            start => ResolvedWindow::new(&[]).after(&self.symbols[start..filled]),
        };
        ResumePoint::Block(BlockStart { bit, window })
    }
}
