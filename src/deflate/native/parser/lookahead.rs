//! Greedy parsing with two candidates for each position and a look at the next positions: levels 2 to 4.
//!
//! If a candidate matches, the next position is searched too, and the longest of the four matches is taken; of matches of 32
//! bytes or more, the nearest. None of these choices is a branch that could be mispredicted.
//!
//! The thorough variant, level 4, also searches the position behind that one, inserts most positions of a match, and finds matches
//! of three and four bytes where literals are expensive.

use std::ops::Range;

use super::{Parser, PlacedMatch};
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::bucket::BucketTable;
use crate::deflate::native::matchfinder::last_position::LastPosition;
use crate::deflate::native::sequences::{Match, Sequences, of_match};
use crate::deflate::native::symbols::{MAX_MATCH, MIN_MATCH};

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

/// Entries for three bytes in the thorough variant. Executables are 3 % smaller with them, and 16-bit sound 4 %.
const SHORT_ENTRIES: usize = 1 << 13;

/// The longest distance of a match of three bytes. With 1,024, executables are 0.4 % smaller, images 0.2 % larger, and big-endian
/// numbers a third larger.
const MAX_DISTANCE_OF_THREE: usize = 256;

/// The last positions of a match that are all inserted in the thorough variant. Before them, one in [`INSERTION_STEP`] is, because
/// most matches begin where another one ended. Inserting all positions makes logs no smaller, XML larger, and takes 12 % more
/// instructions.
const INSERTED_AT_END: usize = 12;

/// See [`INSERTED_AT_END`].
const INSERTION_STEP: usize = 4;

/// A greedy parser that looks one position ahead; two if it is `THOROUGH`.
pub(crate) struct LookaheadParser<const ENTRIES: usize, const THOROUGH: bool> {
    table: BucketTable<ENTRIES>,
    short: LastPosition<SHORT_ENTRIES>,
}

impl<const ENTRIES: usize, const THOROUGH: bool> LookaheadParser<ENTRIES, THOROUGH> {
    pub(crate) fn new() -> Self {
        Self { table: BucketTable::new(), short: LastPosition::new() }
    }

    /// The longest match at `range.start`, whose first bytes are `word`, up to 32 bytes, and inserts the position. Its length is 0
    /// if there is none. Matches of three and four bytes are found only if `finds_short`.
    #[inline(always)]
    fn find(&mut self, window: Window<'_>, range: Range<usize>, word: u64, finds_short: bool) -> Match {
        let pos = range.start;
        let bucket = self.table.insert(word, pos);
        let mut found = Match { length: 0, distance: 0 };
        if bucket.has_candidate() {
            found = bucket.longest(window, range.clone());
        }
        if THOROUGH && finds_short {
            let distance = self.short.insert(word as u32, pos);
            if found.length < MIN_MATCH_LENGTH {
                let short = LastPosition::<SHORT_ENTRIES>::match_at(window, range, distance);
                let pays = |short: &Match| short.length > MIN_MATCH || short.distance <= MAX_DISTANCE_OF_THREE;
                found = short.filter(pays).unwrap_or(found);
            }
        }
        found
    }

    /// The best of the match `found` at `range.start`, whose first bytes are `word`, and those at the next positions. Inserts the next
    /// two positions.
    #[inline(always)]
    fn best_of_next(&mut self, window: Window<'_>, range: Range<usize>, word: u64, found: Match) -> PlacedMatch {
        let Range { start: pos, end } = range;
        let mut best = PlacedMatch { pos, found };
        let next = self.table.insert(word >> 8, pos + 1).longest(window, pos + 1..end);
        if next.length > best.found.length {
            best = PlacedMatch { pos: pos + 1, found: next };
        }
        let bucket = self.table.insert(word >> 16, pos + 2);
        if THOROUGH {
            let last = bucket.longest(window, pos + 2..end);
            // The literals before it cost about as much as one more byte gains.
            if last.length > best.found.length + 1 {
                best = PlacedMatch { pos: pos + 2, found: last };
            }
        }
        best
    }

    /// Inserts positions inside of a match at this distance. In a run, the last period is inserted.
    #[inline(always)]
    fn insert_inside(&mut self, window: Window<'_>, positions: Range<usize>, distance: usize) {
        let Range { start, end } = positions;
        if !THOROUGH {
            self.table.insert(window.load64(end - 1), end - 1);
            return;
        }
        let period = if distance < end - start { distance + INSERTION_STEP } else { 0 };
        let inserted_at_end = period.max(INSERTED_AT_END);
        let mut pos = start;
        while pos + inserted_at_end < end {
            self.table.insert(window.load64(pos), pos);
            pos += INSERTION_STEP;
        }
        for pos in pos..end {
            self.table.insert(window.load64(pos), pos);
        }
    }
}

impl<const ENTRIES: usize, const THOROUGH: bool> Parser for LookaheadParser<ENTRIES, THOROUGH> {
    fn begin_block(&mut self, _: Window<'_>, _: Range<usize>) {
        self.table.clear();
        self.short.clear();
    }

    fn insert(&mut self, window: Window<'_>, positions: Range<usize>) {
        self.table.insert_unparsed(window, positions);
    }

    fn parse(&mut self, window: Window<'_>, input: Range<usize>, model: &CostModel, out: &mut Sequences) -> usize {
        let Range { start, end } = input;
        let finds_short = THOROUGH && model.min_match == MIN_MATCH;
        let min_match = if finds_short { MIN_MATCH } else { MIN_MATCH_LENGTH.max(model.min_match) };
        let last = end.saturating_sub(LOOKAHEAD);
        let (mut anchor, mut pos, mut unmatched) = (start, start, 0);
        while pos < last {
            let word = window.load64(pos);
            let found = self.find(window, pos..end, word, finds_short);
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
            let PlacedMatch { pos: begin, found: Match { mut length, distance } } =
                self.best_of_next(window, pos..end, word, found);
            if length >= 32 {
                length = window.common_beyond::<32>(begin - distance, begin, MAX_MATCH);
            }
            length = length.min(end - begin);
            // Not every position is inserted, so a match can begin earlier than it is found.
            let most = (begin - anchor).min(MAX_MATCH - length).min(begin - distance);
            let earlier = window.common_suffix(begin - distance, begin, most);
            let (begin, length) = (begin - earlier, length + earlier);
            let next = begin + length;
            self.insert_inside(window, (pos + 3)..next, distance);
            out.push_run(window, anchor..begin, of_match(Match { length, distance }));
            (anchor, pos, unmatched) = (next, next, 0);
            if out.is_full() {
                return pos;
            }
        }
        out.push_literals(window, anchor..end);
        end
    }
}
