//! Finds candidates for a start in damaged data, and bounds the work for those that are rejected.
//!
//! Hostile data can consist of candidates that are all rejected. So no part of the file is searched again after each of them, and
//! final blocks, which need the longest trials, are left out after too much work.

use std::ops::Range;

use super::offsets::FileBit;
use super::retained_input::RetainedInput;
use super::start_search::{FoundStart, Wanted};
use crate::deflate::WINDOW;
use crate::inflate::block_finder::{find_block, find_final_block, find_stored_block};
use crate::inflate::member_finder::find_any_header;

/// Length in bits of the sections in which work is counted.
const SECTION: u64 = 8 * 128 * 1024;

/// Most symbols decoded for rejected candidates in a section before its final blocks are left out. A trial counts for 32 Ki
/// symbols at least, so 512 trials are possible. Random data has one candidate in two sections.
const MAX_REJECTED: u64 = 16 << 20;

/// Finds the candidates of a file.
#[derive(Debug, Default)]
pub(super) struct StartCandidates {
    blocks: SearchedRange,
    stored_blocks: SearchedRange,
    final_blocks: SearchedRange,
    /// The section of the last candidate that was rejected.
    section: u64,
    /// Symbols decoded for rejected candidates in that section.
    rejected: u64,
    /// Final blocks are left out before this position.
    first_final: FileBit,
}

impl StartCandidates {
    /// The first candidate in `range`.
    pub(super) fn next(&mut self, input: &RetainedInput, range: Range<FileBit>, wanted: Wanted) -> Option<FoundStart> {
        let data = input.all();
        let block = |is_final| move |bit| FoundStart::Block { bit, is_final };
        let indices = |range: Range<FileBit>| input.bit_index(range.start)..input.bit_index(range.end);
        let search = |find: fn(&[u8], Range<u64>) -> Option<u64>| {
            move |range| find(data, indices(range)).map(|index| input.bit_at(index))
        };
        if let Wanted::Stored { lengths } = wanted {
            let found = self.stored_blocks.first(range.clone(), search(find_stored_block));
            let before = indices(range.start..found.unwrap_or(range.end));
            let header = find_stored_header(data, before, lengths).map(|index| input.bit_at(index));
            return header.or(found).map(block(false));
        }
        let found = self.blocks.first(range.clone(), search(find_block));
        let before = range.start.max(self.first_final)..found.unwrap_or(range.end);
        let final_block = self.final_blocks.first(before, search(find_final_block));
        let found = final_block.map(block(true)).or(found.map(block(false)));
        let before = indices(range.start..found.map_or(range.end, FoundStart::bit));
        let bytes = before.start.div_ceil(8) as usize..before.end.div_ceil(8) as usize;
        find_any_header(data, bytes).map(|at| FoundStart::Member(input.range().start + at as u64)).or(found)
    }

    /// Counts the work for a candidate that was rejected: `decoded` symbols.
    pub(super) fn reject(&mut self, candidate: FoundStart, decoded: u64) {
        let section = candidate.bit().0 / SECTION;
        if section != self.section {
            (self.section, self.rejected) = (section, 0);
        }
        self.rejected += decoded.max(WINDOW as u64);
        if self.rejected > MAX_REJECTED {
            self.first_final = self.first_final.max(FileBit((section + 1) * SECTION));
        }
    }
}

/// What the last search for one kind of blocks has shown.
#[derive(Debug, Default)]
struct SearchedRange {
    /// There is no such block here.
    without: Range<FileBit>,
    /// There is one at the end of that range.
    is_found: bool,
}

impl SearchedRange {
    /// The first block in `range`. `search` searches the part for which this is unknown.
    fn first(
        &mut self,
        range: Range<FileBit>,
        search: impl FnOnce(Range<FileBit>) -> Option<FileBit>,
    ) -> Option<FileBit> {
        if !(self.without.start..=self.without.end).contains(&range.start) {
            (self.without, self.is_found) = (range.start..range.start, false);
        }
        if !self.is_found && self.without.end < range.end {
            let found = search(self.without.end..range.end);
            (self.without.end, self.is_found) = (found.unwrap_or(range.end), found.is_some());
        }
        Some(self.without.end).filter(|found| self.is_found && range.contains(found))
    }
}

/// The first header in `range`, indices in bits, of a stored block that is aligned to a byte and has these lengths: 40 bits of redundancy.
fn find_stored_header(data: &[u8], range: Range<u64>, lengths: [u8; 4]) -> Option<u64> {
    let [low, high, not_low, not_high] = lengths;
    let first = (range.start / 8) as usize;
    let bytes = &data[first..data.len().min((range.end / 8) as usize + 5)];
    let starts = bytes.windows(5).enumerate().filter(|&(_, header)| header == [0, low, high, not_low, not_high]);
    // The canonical position, as of the other search.
    let mut bits = starts.map(|(at, _)| 8 * (first + at) as u64 + 5);
    bits.find(|bit| range.contains(bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_position_is_searched_twice_in_a_row() {
        let blocks = [300, 301, 5000].map(FileBit);
        let (mut searched, mut positions) = (SearchedRange::default(), 0);
        for start in 0..10_000 {
            let range = FileBit(start)..FileBit(start + 2000);
            let found = searched.first(range.clone(), |range| {
                let found = blocks.into_iter().find(|block| range.contains(block));
                positions += found.map_or(range.end, |found| found.plus(1)).0 - range.start.0;
                found
            });
            assert_eq!(found, blocks.into_iter().find(|block| range.contains(block)));
        }
        assert!(positions <= 12_000, "{positions} positions");
        let again = searched.first(FileBit(299)..FileBit(310), |_| Some(FileBit(300)));
        assert_eq!(again, Some(FileBit(300)), "an earlier one is found again");
    }

    #[test]
    fn a_section_has_no_final_blocks_after_much_work_for_rejected_candidates() {
        let mut candidates = StartCandidates::default();
        let candidate = |bit| FoundStart::Block { bit: FileBit(bit), is_final: true };
        for bit in 0..512 {
            candidates.reject(candidate(SECTION + bit), 1);
        }
        assert_eq!(candidates.first_final, FileBit(0));
        candidates.reject(candidate(SECTION + 512), 1);
        assert_eq!(candidates.first_final, FileBit(2 * SECTION));
        candidates.reject(candidate(3 * SECTION), 1 << 20);
        assert_eq!(candidates.first_final, FileBit(2 * SECTION), "the work is counted for each section");
    }
}
