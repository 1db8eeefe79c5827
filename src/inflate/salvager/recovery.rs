//! How a salvager continues after an error: it searches for a start, discards what it decoded behind it, and resumes there.

use std::io;

use super::offsets::FileBit;
use super::retained_input::LOOKAHEAD;
use super::start_search::{FoundStart, Wanted};
use super::{Anchor, Loss, SalvageState, SalvageStep, SalvagedMember, Salvager};
use crate::format::gzip::Damage;
use crate::inflate::CompressedSource;
use crate::inflate::block_finder::is_stored;
use crate::inflate::chunk_end;

/// Bytes that are searched at a time.
const SECTION: u64 = 128 * 1024;

/// Bytes after a stored block with damage in which the next stored block is searched first: other data in stored blocks may be
/// a .gz file, which is not content of its own.
const AFTER_STORED: u64 = 3 * 65_536;

/// Bytes that may be searched a second time for each byte of the file, and at the beginning. In hostile data every search may
/// find a start that fails soon.
const SEARCHED_AGAIN: u64 = 8;
const SEARCHED_AGAIN_AT_FIRST: u64 = 64 << 20;

/// Most damaged headers after which the member's data is tried at every position. In hostile data a trial takes a second.
const MAX_HEADER_TRIALS: u32 = 16;

/// An error in the data.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataFailure {
    pub(super) damage: Damage,
    /// Offset of the byte at which the error was met.
    pub(super) at: u64,
    /// Offset of the first byte that may be damaged.
    pub(super) damaged: u64,
    /// The start of what is not searched yet.
    pub(super) from: FileBit,
    pub(super) wanted: Wanted,
    /// A header is damaged, so the data of its member may be near.
    pub(super) is_header: bool,
}

impl Salvager {
    /// Handles an error in DEFLATE data: searches from the last block that is certain.
    pub(super) fn fail(&mut self, damage: Damage) {
        let at = self.input.position();
        let Anchor { bit, is_stored, .. } = self.anchor;
        let first = self.input.first_searchable();
        let again = at - bit.byte().max(first).min(at);
        let is_allowed = self.searched_again + again <= SEARCHED_AGAIN_AT_FIRST + SEARCHED_AGAIN * at;
        self.searched_again += again;
        let from = if is_allowed { bit.plus(1).max(FileBit::of_byte(first)) } else { FileBit::of_byte(at) };
        let lengths = self.input.at(stored_lengths(bit)).first_chunk();
        let wanted = match lengths.filter(|_| is_stored && is_allowed) {
            Some(&lengths) => Wanted::Stored { lengths },
            None => Wanted::Any,
        };
        let failure = DataFailure { damage, at, damaged: bit.byte(), from, wanted, is_header: false };
        self.state = SalvageState::Search(failure);
    }

    /// Searches the next section for a start.
    pub(super) fn search(
        &mut self,
        mut failure: DataFailure,
        source: &mut dyn CompressedSource,
    ) -> io::Result<SalvageStep> {
        self.input.seek(failure.from.byte());
        self.input
            .provide(source, if failure.is_header { LOOKAHEAD } else { SECTION as usize + chunk_end::LOOKAHEAD })?;
        let base = self.input.range().start;
        if std::mem::take(&mut failure.is_header) && self.header_trials < MAX_HEADER_TRIALS {
            self.header_trials += 1;
            let at = failure.at.saturating_sub(base) as usize;
            if let Some(found) = self.search.find_member_data(self.input.all(), at) {
                self.found(failure, FoundStart::MemberData(base + found as u64));
                return Ok(SalvageStep::Continue);
            }
        }
        let first = failure.from.max(FileBit::of_byte(self.input.first_searchable()));
        let file_end = Some(FileBit::of_byte(self.input.range().end)).filter(|_| self.input.is_at_end());
        let section_end = first.plus(8 * SECTION);
        let section_end = file_end.map_or(section_end, |end| end.min(section_end));
        let wanted_end = match failure.wanted {
            Wanted::Any => section_end,
            Wanted::Stored { .. } => section_end.min(FileBit::of_byte(failure.damaged + AFTER_STORED)),
        };
        let range = first..wanted_end.max(first);
        if let Some(candidate) = self.candidates.next(&self.input, range, failure.wanted) {
            self.input.seek(candidate.bit().byte());
            self.input.provide(source, LOOKAHEAD)?;
            let decoded = self.search.decoded();
            if self.confirms(candidate) {
                let member = self.member_around(candidate, failure);
                self.found(failure, member.unwrap_or(candidate));
            } else {
                self.candidates.reject(candidate, self.search.decoded() - decoded);
                self.state = SalvageState::Search(DataFailure { from: candidate.bit().plus(1), ..failure });
            }
            return Ok(SalvageStep::Continue);
        }
        let is_at_end = file_end == Some(section_end);
        self.state = match failure.wanted {
            Wanted::Stored { .. } if wanted_end < section_end || is_at_end => {
                let from = self.anchor.bit.plus(1);
                SalvageState::Search(DataFailure { wanted: Wanted::Any, from, ..failure })
            }
            _ if is_at_end => {
                self.input.seek(section_end.byte());
                self.held.release();
                SalvageState::Resume(failure, None)
            }
            _ => SalvageState::Search(DataFailure { from: section_end, ..failure }),
        };
        Ok(SalvageStep::Pause)
    }

    /// Whether decoding can continue at `candidate`, a position in the file.
    fn confirms(&mut self, candidate: FoundStart) -> bool {
        let (data, range) = (self.input.all(), self.input.range());
        let first = candidate.bit().byte() - range.start;
        self.search.confirms(&data[first as usize..], candidate, self.input.is_at_end())
    }

    /// The member before a stored block that the block belongs to, if it begins after the block with the error: a download that was
    /// begun again.
    fn member_around(&mut self, found: FoundStart, failure: DataFailure) -> Option<FoundStart> {
        let Wanted::Stored { .. } = failure.wanted else { return None };
        let base = self.input.range().start;
        let first = (self.anchor.bit.byte() + 1).max(base);
        let data = &self.input.all()[(first - base) as usize..];
        let block = found.bit().0.checked_sub(FileBit::of_byte(first).0)?;
        let at = self.search.find_member_with_block(data, block)?;
        Some(FoundStart::Member(first + at as u64))
    }

    /// Ends a search. Content that the decoder found behind the start is wrong.
    fn found(&mut self, failure: DataFailure, found: FoundStart) {
        if found.bit().byte() <= failure.at {
            self.cut_held(found.bit().byte());
        }
        self.held.release();
        self.state = SalvageState::Resume(failure, Some(found));
    }

    /// Discards the symbols that were decoded from the byte at `end` on, if the data since the anchor is still there.
    pub(super) fn cut_held(&mut self, end: u64) {
        let (first, Anchor { bit, output, .. }) = (self.input.range().start, self.anchor);
        if bit.byte() >= first {
            self.decoder.restart_at(bit.in_byte());
            let input = (bit.byte() - first) as usize..(end - first) as usize;
            self.held.cut(output, &mut self.decoder, &self.input.all()[input]);
        }
    }

    /// Continues at the start that a search has found.
    pub(super) fn resume(&mut self, failure: DataFailure, found: Option<FoundStart>) {
        self.close_loss();
        let output = self.held.end();
        let start = found.map_or(self.input.position(), |found| found.bit().byte());
        let is_end = matches!(failure.damage, Damage::Truncated(_)) && found.is_none();
        let (first, suspect) = match is_end {
            true => (start, 0),
            false => (failure.damaged, output.since(self.anchor.output)),
        };
        let (damage, input) = (failure.damage, first.min(start)..start);
        let loss = Loss { damage, input, output: output.0, suspect, unknown: 0 };
        self.first_damage = self.first_damage.or(Some(failure.damage));
        self.open = Some(loss);
        self.input.seek(start);
        self.member.checksum = None;
        match found {
            None => self.state = SalvageState::End,
            Some(FoundStart::Member(_)) => self.state = SalvageState::Between,
            Some(FoundStart::MemberData(_)) => self.begin_data(failure.at),
            Some(FoundStart::Block { bit, .. }) => {
                self.held.restart_unknown();
                self.decoder.restart_at(bit.in_byte());
                self.member = SalvagedMember { start, output, checksum: None };
                let is_stored = is_stored(self.input.at(start), bit.in_byte().into());
                self.anchor = Anchor { bit, output, is_stored };
                self.state = SalvageState::Data;
                return;
            }
        }
        self.close_loss();
    }
}

/// Offset of the byte at which a stored block whose header begins at `bit` states its lengths.
fn stored_lengths(bit: FileBit) -> u64 {
    bit.plus(3 + 7).byte()
}
