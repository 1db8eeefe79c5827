//! How a salvager continues after an error: it searches for a start, discards what it decoded behind it, and resumes there.

use std::io;

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
    /// Where the error was met, in bytes.
    pub(super) at: u64,
    /// The first byte that may be damaged.
    pub(super) damaged: u64,
    /// The rest of the search, in bits.
    pub(super) from: u64,
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
        let again = at - (bit / 8).max(first).min(at);
        let is_allowed = self.searched_again + again <= SEARCHED_AGAIN_AT_FIRST + SEARCHED_AGAIN * at;
        self.searched_again += again;
        let from = if is_allowed { (bit + 1).max(8 * first) } else { 8 * at };
        let lengths = self.input.at((bit + 3).div_ceil(8)).first_chunk();
        let wanted = match lengths.filter(|_| is_stored && is_allowed) {
            Some(&lengths) => Wanted::Stored { lengths },
            None => Wanted::Any,
        };
        self.state = SalvageState::Search(DataFailure { damage, at, damaged: bit / 8, from, wanted, is_header: false });
    }

    /// Searches the next section for a start.
    pub(super) fn search(
        &mut self,
        mut failure: DataFailure,
        source: &mut dyn CompressedSource,
    ) -> io::Result<SalvageStep> {
        self.input.seek(failure.from / 8);
        self.input
            .provide(source, if failure.is_header { LOOKAHEAD } else { SECTION as usize + chunk_end::LOOKAHEAD })?;
        let base = self.input.range().start;
        if std::mem::take(&mut failure.is_header) && self.header_trials < MAX_HEADER_TRIALS {
            self.header_trials += 1;
            let at = failure.at.saturating_sub(base) as usize;
            if let Some(found) = self.search.find_member_data(self.input.all(), at) {
                self.found(failure, found.plus(base));
                return Ok(SalvageStep::Continue);
            }
        }
        let first = failure.from.max(8 * self.input.first_searchable());
        let file_end = Some(8 * self.input.range().end).filter(|_| self.input.is_at_end());
        let section_end = file_end.unwrap_or(u64::MAX).min(first + 8 * SECTION);
        let wanted_end = match failure.wanted {
            Wanted::Any => section_end,
            Wanted::Stored { .. } => section_end.min(8 * (failure.damaged + AFTER_STORED)),
        };
        let range = first..wanted_end.max(first);
        if let Some(candidate) = self.candidates.next(&self.input, range, failure.wanted) {
            self.input.seek(candidate.bit() / 8);
            self.input.provide(source, LOOKAHEAD)?;
            let decoded = self.search.decoded();
            if self.confirms(candidate) {
                let member = self.member_around(candidate, failure);
                self.found(failure, member.unwrap_or(candidate));
            } else {
                self.candidates.reject(candidate, self.search.decoded() - decoded);
                self.state = SalvageState::Search(DataFailure { from: candidate.bit() + 1, ..failure });
            }
            return Ok(SalvageStep::Continue);
        }
        let is_at_end = file_end == Some(section_end);
        self.state = match failure.wanted {
            Wanted::Stored { .. } if wanted_end < section_end || is_at_end => {
                let from = self.anchor.bit + 1;
                SalvageState::Search(DataFailure { wanted: Wanted::Any, from, ..failure })
            }
            _ if is_at_end => {
                self.input.seek(section_end / 8);
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
        let first = candidate.bit() / 8 - range.start;
        self.search.confirms(&data[first as usize..], candidate, self.input.is_at_end())
    }

    /// The member before a stored block that the block belongs to, if it begins after the block with the error: a download that was
    /// begun again.
    fn member_around(&mut self, found: FoundStart, failure: DataFailure) -> Option<FoundStart> {
        let Wanted::Stored { .. } = failure.wanted else { return None };
        let base = self.input.range().start;
        let first = (self.anchor.bit / 8 + 1).max(base);
        let data = &self.input.all()[(first - base) as usize..];
        let at = self.search.find_member_with_block(data, found.bit().checked_sub(8 * first)?)?;
        Some(FoundStart::Member(first + at as u64))
    }

    /// Ends a search. Content that the decoder found behind the start is wrong.
    fn found(&mut self, failure: DataFailure, found: FoundStart) {
        let (first, anchor, start) = (self.input.range().start, self.anchor, found.bit() / 8);
        if start <= failure.at && anchor.bit / 8 >= first {
            self.decoder.restart_at((anchor.bit % 8) as u32);
            let input = (anchor.bit / 8 - first) as usize..(start - first) as usize;
            self.held.cut(anchor.output, &mut self.decoder, &self.input.all()[input]);
        }
        self.held.release();
        self.state = SalvageState::Resume(failure, Some(found));
    }

    /// Continues at the start that a search has found.
    pub(super) fn resume(&mut self, failure: DataFailure, found: Option<FoundStart>) {
        self.close_loss();
        let output = self.held.end();
        let start = found.map_or(self.input.position(), |found| found.bit() / 8);
        let is_end = matches!(failure.damage, Damage::Truncated(_)) && found.is_none();
        let (first, suspect) = match is_end {
            true => (start, 0),
            false => (failure.damaged, output - self.anchor.output.min(output)),
        };
        let loss = Loss { damage: failure.damage, input: first.min(start)..start, output, suspect, unknown: 0 };
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
                self.decoder.restart_at((bit % 8) as u32);
                self.member = SalvagedMember { start, output, checksum: None };
                let is_stored = is_stored(self.input.at(start), bit % 8);
                self.anchor = Anchor { bit, output, is_stored };
                self.state = SalvageState::Data;
                return;
            }
        }
        self.close_loss();
    }
}
