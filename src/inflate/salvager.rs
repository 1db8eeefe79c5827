//! Decodes everything that can be decoded of a damaged file, in order.
//!
//! A [`Salvager`] decodes symbols, as a guess decoder does, so that it can continue at any block: the bytes of a lost window are
//! markers, which become the fill byte. After an error it goes back to the last block that is certain and searches from there: a
//! decoder that has lost its place reads on for a while before it meets an error, and may have passed the start of a block. The
//! symbols since that block are held back, and those after the start that is found are discarded.
//!
//! An undamaged file gives exactly its content (`zero_run` has the one exception). Nothing here decides what happens to the losses:
//! they are returned with the content.

mod held_symbols;
mod loss;
mod offsets;
mod recovery;
mod retained_input;
#[cfg(test)]
mod salvager_tests;
mod start_candidates;
mod start_search;
mod zero_run;

use std::io;

use crate::format::crc32::Crc32;

use self::held_symbols::HeldSymbols;
pub use self::loss::{Loss, SalvageReport, SalvageTotals};
use self::offsets::{FileBit, OutputOffset};
use self::recovery::DataFailure;
use self::retained_input::RetainedInput;
use self::start_candidates::StartCandidates;
use self::start_search::{FoundStart, StartSearch, Wanted, is_plausible_end};
use self::zero_run::{TRIAL, ZeroRun};
use super::block_finder::{canonical_start, is_distinct, is_stored};
use super::chunk_end;
use super::compressed_buffer::CompressedSource;
use super::content::{Content, Trailing};
use super::content_buffer::ContentBuffer;
use super::member_finder::{FIXED_FIELDS, find_any_header};
use super::native::{DecodeStatus, Decoded, DeflateDecoder, InvalidData};
use crate::format::gzip::{self, Damage, MemberStart, MemberStats, ReadError, Trailer};

/// Most losses that are returned with one part.
const MAX_LOSSES: usize = 1024;

/// Zero bytes behind a member that are read at a time.
const ZEROS: usize = 64 * 1024;

/// Salvages one file at a time.
pub struct Salvager {
    input: RetainedInput,
    held: HeldSymbols,
    decoder: DeflateDecoder<u16>,
    search: StartSearch,
    candidates: StartCandidates,
    state: SalvageState,
    /// The byte that replaces unknown ones.
    fill: u8,
    member: SalvagedMember,
    /// The start of the last block that is certain.
    anchor: Anchor,
    /// The loss whose unknown bytes are still being counted.
    open: Option<Loss>,
    /// Losses that are not returned yet.
    losses: Vec<Loss>,
    totals: SalvageTotals,
    /// The first damage.
    first_damage: Option<Damage>,
    /// Bytes that were searched a second time.
    searched_again: u64,
    header_trials: u32,
    stats: MemberStats,
    /// The content of a member matches its trailer.
    has_whole_member: bool,
}

impl std::fmt::Debug for Salvager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Salvager").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug)]
enum SalvageState {
    /// Where a member may begin.
    Between,
    /// Inside of a member's DEFLATE data.
    Data,
    /// Before a block. The symbols before it are written.
    AfterBlock,
    /// Before a trailer. The symbols before it are written.
    Trailer,
    /// After an error: looks for a start.
    Search(DataFailure),
    /// The symbols before the error are written. Continues at the start that was found.
    Resume(DataFailure, Option<FoundStart>),
    End,
}

/// The start of a block, behind data that is certain.
#[derive(Clone, Copy, Debug, Default)]
struct Anchor {
    /// Its header.
    bit: FileBit,
    /// The end of the output before it.
    output: OutputOffset,
    /// It is a stored block.
    is_stored: bool,
}

/// The member that is being decoded.
#[derive(Debug, Default)]
struct SalvagedMember {
    /// Offset of the header in the file, in bytes.
    start: u64,
    /// The start of its content.
    output: OutputOffset,
    /// CRC-32 of the content that is written, unless some of it is lost.
    checksum: Option<Crc32>,
}

/// The result of one step.
enum SalvageStep {
    Continue,
    /// Nothing was decoded for a while.
    Pause,
    End,
}

impl Salvager {
    /// Creates a salvager at the start of a file. Unknown bytes become `fill`.
    pub fn new(fill: u8) -> Self {
        Self {
            input: RetainedInput::new(),
            held: HeldSymbols::new(),
            decoder: DeflateDecoder::new(),
            search: StartSearch::new(),
            candidates: StartCandidates::default(),
            state: SalvageState::Between,
            fill,
            member: SalvagedMember::default(),
            anchor: Anchor::default(),
            open: None,
            losses: Vec::new(),
            totals: SalvageTotals::default(),
            first_damage: None,
            searched_again: 0,
            header_trials: 0,
            stats: MemberStats::default(),
            has_whole_member: false,
        }
    }

    /// Returns the next part. Its content has at most the capacity of `bytes`, which are overwritten. At the end of the file it is
    /// an error if nothing was salvaged.
    pub fn next(&mut self, source: &mut dyn CompressedSource, bytes: Vec<u8>) -> Content {
        let mut part = ContentBuffer::new(bytes);
        let end = loop {
            self.write(&mut part);
            if !self.held.is_drained() || self.losses.len() >= MAX_LOSSES {
                break None;
            }
            match self.step(source) {
                Ok(SalvageStep::Continue) => {}
                Ok(SalvageStep::Pause) => break None,
                Ok(SalvageStep::End) => break Some(self.result()),
                Err(error) => break Some(Err(error.into())),
            }
        };
        let report = SalvageReport { losses: std::mem::take(&mut self.losses), totals: self.totals };
        Content {
            bytes: part.into_content(),
            verified: true,
            stats: std::mem::take(&mut self.stats),
            consumed: self.input.position(),
            end,
            salvage: Some(Box::new(report)),
            ..Content::default()
        }
    }

    /// Writes the symbols that may be written.
    fn write(&mut self, part: &mut ContentBuffer) {
        let unknown = self.held.write(part, self.fill, self.member.checksum.as_mut());
        self.totals.unknown += unknown;
        self.open.iter_mut().for_each(|loss| loss.unknown += unknown);
    }

    /// The result of the whole file. If nothing is salvaged, the error is the only report.
    fn result(&mut self) -> Result<Trailing, ReadError> {
        match self.first_damage {
            Some(damage) if self.held.end() == OutputOffset::default() && !self.has_whole_member => {
                (self.losses, self.totals) = (Vec::new(), SalvageTotals::default());
                Err(damage.into())
            }
            _ => Ok(Trailing::Nothing),
        }
    }

    fn step(&mut self, source: &mut dyn CompressedSource) -> io::Result<SalvageStep> {
        match self.state {
            SalvageState::Between => self.begin_member(source)?,
            SalvageState::Data => self.inflate(source)?,
            SalvageState::AfterBlock => {
                if self.held.becomes_known() {
                    self.close_loss();
                }
                self.state = SalvageState::Data;
            }
            SalvageState::Trailer => self.end_member(),
            SalvageState::Search(failure) => return self.search(failure, source),
            SalvageState::Resume(failure, found) => self.resume(failure, found),
            SalvageState::End => return Ok(SalvageStep::End),
        }
        Ok(SalvageStep::Continue)
    }

    /// Reads a header or the end of the file. Zeros behind a member are ignored if nothing follows them.
    fn begin_member(&mut self, source: &mut dyn CompressedSource) -> io::Result<()> {
        let start = self.input.position();
        if start > 0 {
            loop {
                self.input.provide(source, ZEROS)?;
                let bytes = self.input.bytes();
                let zeros = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
                let is_all = zeros == bytes.len();
                self.input.consume(zeros);
                if !is_all || zeros == 0 {
                    break;
                }
            }
        }
        let at = self.input.position();
        let input = &mut self.input;
        let header = gzip::read_header(at, || {
            input.provide(source, 1)?;
            let byte = input.bytes().first().copied();
            input.consume(usize::from(byte.is_some()));
            Ok(byte)
        });
        let damage = match header {
            Ok(MemberStart::Member(header)) if at == start => {
                self.stats.add_header(&header);
                self.begin_data(at);
                return Ok(());
            }
            Ok(MemberStart::End) if at > 0 => {
                self.state = SalvageState::End;
                return Ok(());
            }
            Ok(MemberStart::End) => Damage::Truncated(0),
            Ok(MemberStart::Member(_) | MemberStart::Foreign(_)) => Damage::NotGzip,
            Err(ReadError::Damage(damage)) => damage,
            Err(ReadError::Source(error)) => return Err(error),
        };
        // A member behind zeros is found at once.
        let from = if damage == Damage::NotGzip && at > start { at } else { at + 1 };
        let from = FileBit::of_byte(from);
        let failure = DataFailure { damage, at, damaged: start, from, wanted: Wanted::Any, is_header: true };
        self.anchor = Anchor { bit: FileBit::of_byte(at), output: self.held.end(), is_stored: false };
        self.state = SalvageState::Search(failure);
        Ok(())
    }

    /// Starts with the data of a member whose header begins at `start`.
    fn begin_data(&mut self, start: u64) {
        self.held.restart();
        self.decoder.restart();
        let output = self.held.end();
        self.member = SalvagedMember { start, output, checksum: Some(Crc32::new()) };
        self.anchor = Anchor { bit: FileBit::of_byte(self.input.position()), output, is_stored: false };
        self.state = SalvageState::Data;
    }

    fn inflate(&mut self, source: &mut dyn CompressedSource) -> io::Result<()> {
        if !self.held.has_space() {
            return Ok(());
        }
        self.input.provide(source, 1)?;
        let zeros = self.zero_run(source)?;
        if zeros == ZeroRun::End {
            self.fail_at_zeros();
            return Ok(());
        }
        let at_end = self.input.bytes().is_empty();
        let (output, at) = self.held.space();
        let input = if zeros == ZeroRun::Hole { &self.input.bytes()[..TRIAL] } else { self.input.bytes() };
        let decoded = self.decoder.decode(input, output, at);
        if zeros == ZeroRun::Hole && matches!(decoded, Ok(Decoded { status: DecodeStatus::NeedsInput, .. })) {
            // Long matches would have filled the output.
            self.fail_at_zeros();
            return Ok(());
        }
        let (consumed, produced) = match decoded {
            Ok(Decoded { consumed, produced, .. }) | Err(InvalidData { consumed, produced }) => (consumed, produced),
        };
        self.input.consume(consumed);
        self.held.add(produced);
        let position = self.input.position();
        match decoded.map(|decoded| decoded.status) {
            Err(_) => self.fail(Damage::Data(position - u64::from(self.decoder.unused_bits() / 8))),
            Ok(DecodeStatus::NeedsInput) if at_end => self.fail_at_end(),
            Ok(DecodeStatus::StreamEnd) => self.end_data(source)?,
            Ok(DecodeStatus::BlockEnd) => self.end_block(source)?,
            Ok(DecodeStatus::NeedsInput | DecodeStatus::OutputFull) => {}
        }
        Ok(())
    }

    /// At a block: what precedes it is certain if its header is.
    fn end_block(&mut self, source: &mut dyn CompressedSource) -> io::Result<()> {
        self.input.provide(source, chunk_end::LOOKAHEAD)?;
        let data = self.input.all();
        let index =
            self.input.bit_index(FileBit::of_byte(self.input.position())) - u64::from(self.decoder.unused_bits());
        if is_distinct(data, index) {
            let bit = self.input.bit_at(canonical_start(data, index));
            self.anchor = Anchor { bit, output: self.held.end(), is_stored: is_stored(data, index) };
            self.held.release();
            self.state = SalvageState::AfterBlock;
        }
        Ok(())
    }

    /// At the end of a member's data. If neither the content nor what follows confirms it, the decoder has lost its place. A header
    /// in the data is not content either, unless the CRC matches: the start of a download that was begun again.
    fn end_data(&mut self, source: &mut dyn CompressedSource) -> io::Result<()> {
        self.input.provide(source, gzip::TRAILER + FIXED_FIELDS)?;
        let bytes = self.input.bytes();
        let is_confirmed = match bytes.split_first_chunk() {
            None => true,
            Some((&trailer, rest)) => {
                is_plausible_end(trailer, rest) && !self.has_passed_header()
                    || self.has_checksum(gzip::read_trailer(trailer))
            }
        };
        if !is_confirmed {
            self.fail(Damage::Data(self.input.position()));
            return Ok(());
        }
        self.held.release();
        self.state = SalvageState::Trailer;
        Ok(())
    }

    /// Whether the header of a member is in the data since the last block that is certain.
    fn has_passed_header(&self) -> bool {
        let range = self.input.range();
        let first = self.anchor.bit.byte().saturating_sub(range.start) as usize;
        let end = (self.input.position() - range.start) as usize;
        find_any_header(self.input.all(), first..end).is_some()
    }

    /// Whether the content of the member, as far as it is decoded, is that of `trailer`.
    fn has_checksum(&self, trailer: Trailer) -> bool {
        let Some(mut checksum) = self.member.checksum.clone() else { return false };
        self.held.add_held_to(&mut checksum);
        checksum.sum() == trailer.crc && self.held.end().since(self.member.output) as u32 == trailer.length
    }

    /// Reads a trailer.
    fn end_member(&mut self) {
        self.close_loss();
        let position = self.input.position();
        let (OutputOffset(output), suspect) = (self.held.end(), self.held.end().since(self.member.output));
        self.state = SalvageState::Between;
        let Some(&trailer) = self.input.bytes().first_chunk() else {
            self.input.consume(self.input.bytes().len());
            let end = self.input.position();
            self.add_loss(Loss { damage: Damage::Truncated(end), input: end..end, output, suspect: 0, unknown: 0 });
            return;
        };
        self.input.consume(gzip::TRAILER);
        let trailer = gzip::read_trailer(trailer);
        let Some(checksum) = self.member.checksum.take() else { return };
        let actual = gzip::Trailer { crc: checksum.sum(), length: suspect as u32 };
        let Some(damage) = trailer.damage(actual, position) else {
            self.totals.verified += suspect;
            self.has_whole_member = true;
            return;
        };
        let input = self.member.start..self.input.position();
        self.add_loss(Loss { damage, input, output, suspect, unknown: 0 });
    }

    fn add_loss(&mut self, loss: Loss) {
        self.first_damage = self.first_damage.or(Some(loss.damage));
        self.totals.losses += 1;
        self.losses.push(loss);
    }

    /// Ends the loss whose unknown bytes are being counted: no more of them follow.
    fn close_loss(&mut self) {
        if let Some(loss) = self.open.take() {
            self.add_loss(loss);
        }
    }
}
