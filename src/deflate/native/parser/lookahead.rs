//! Greedy parsing with two candidates for each position and a look at the next position: levels 2 and 3.
//!
//! If a candidate matches, the next position is searched too, and the longest of the four matches is taken; of matches of 32
//! bytes or more, the nearest. None of these choices is a branch that could be mispredicted.

use std::ops::Range;

use super::Parser;
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::bucket::BucketTable;
use crate::deflate::native::sequences::{Match, Sequences, of_match};
use crate::deflate::native::symbols::MAX_MATCH;

/// Shortest match that is taken. A candidate with the same tag nearly always has the same five bytes, but an entry can be older
/// than 2^16 positions, and then refers to another position.
const MIN_MATCH_LENGTH: usize = 4;

/// Bytes needed behind a position to search it: one 8-byte load, and the hashed bytes of the positions inserted with it.
const LOOKAHEAD: usize = 12;

/// Base-2 logarithm of the positions without a match after which the step grows by one. It skips incompressible input, but not
/// images, where matches are rare.
const SKIP_BITS: u32 = 7;

/// Input bytes after which literals become sequences: bounds how many are added at once.
const MAX_LITERAL_RUN: usize = 4096;

/// A greedy parser that looks one position ahead.
pub(crate) struct LookaheadParser<const ENTRIES: usize> {
    table: BucketTable<ENTRIES>,
}

impl<const ENTRIES: usize> LookaheadParser<ENTRIES> {
    pub(crate) fn new() -> Self {
        Self { table: BucketTable::new() }
    }
}

impl<const ENTRIES: usize> Parser for LookaheadParser<ENTRIES> {
    fn begin_block(&mut self, _: Window<'_>, _: Range<usize>) {
        self.table.clear();
    }

    fn insert(&mut self, window: Window<'_>, positions: Range<usize>) {
        self.table.insert_unparsed(window, positions);
    }

    fn parse(&mut self, window: Window<'_>, input: Range<usize>, model: &CostModel, out: &mut Sequences) -> usize {
        let Range { start, end } = input;
        let min_match = MIN_MATCH_LENGTH.max(model.min_match);
        let last = end.saturating_sub(LOOKAHEAD);
        let (mut anchor, mut pos, mut unmatched) = (start, start, 0);
        while pos < last {
            let word = window.load64(pos);
            let bucket = self.table.insert(word, pos);
            let mut found = Match { length: 0, distance: 0 };
            if bucket.has_candidate() {
                found = bucket.longest(window, pos..end);
            }
            if found.length < min_match {
                unmatched += 1;
                pos += 1 + (unmatched >> SKIP_BITS);
                if pos - anchor >= MAX_LITERAL_RUN {
                    pos = pos.min(last);
                    out.push_literals(window, anchor..pos);
                    anchor = pos;
                    if out.is_full() {
                        return pos;
                    }
                }
                continue;
            }
            let after = self.table.insert(word >> 8, pos + 1).longest(window, pos + 1..end);
            let defer = after.length > found.length;
            let mut length = if defer { after.length } else { found.length };
            let distance = if defer { after.distance } else { found.distance };
            self.table.insert(word >> 16, pos + 2);
            pos += usize::from(defer);
            if length >= 32 {
                length = window.common_beyond::<32>(pos - distance, pos, MAX_MATCH);
            }
            length = length.min(end - pos);
            let next = pos + length;
            self.table.insert(window.load64(next - 1), next - 1);
            out.push_run(window, anchor..pos, of_match(Match { length, distance }));
            (anchor, pos, unmatched) = (next, next, 0);
            if out.is_full() {
                return pos;
            }
        }
        out.push_literals(window, anchor..end);
        end
    }
}
