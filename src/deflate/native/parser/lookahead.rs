//! Greedy parsing with two candidates for each position and a look at the next positions: levels 2 to 4.
//!
//! If a candidate matches, the next position is searched too, and the longest of the four matches is taken; of matches of 32
//! bytes or more, the nearest. None of these choices is a branch that could be mispredicted.
//!
//! The thorough variant, level 4, also searches the position behind that one, inserts most positions of a match, and finds matches
//! of three and four bytes where literals are expensive. It weighs lengths against distances, and tries the last two distances.

use std::ops::Range;

use super::continuation::continue_match;
use super::{Parser, PlacedMatch};
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::bucket::{BucketTable, HASH};
use crate::deflate::native::matchfinder::hash_functions::LongHash;
use crate::deflate::native::matchfinder::last_position::LastPosition;
use crate::deflate::native::sequences::{Match, Sequences, of_match};
use crate::deflate::native::symbols::{MAX_MATCH, MIN_MATCH};
use crate::deflate::native::text_detection;

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

/// Positions at the end of a match that are inserted at once, the last ones perhaps without effect, because their number is hard to
/// predict. One at a time takes 4 to 6 % fewer instructions, 35 % more mispredicted branches, and up to 4 % more time; so do two.
const INSERTED_AT_ONCE: usize = 4;

/// The least difference in [`gain`] for a match that begins one byte later, or two bytes later. With one more for both,
/// logs and markup are 0.1 to 0.7 % larger, and prose is 0.01 % smaller.
const MIN_IMPROVEMENT: [i32; 2] = [2, 6];

/// How good a match is in the thorough variant: eight for each byte, less the cost of the distance in bits. By length alone, logs, markup
/// and records are 0.4 to 1 % larger. With five to seven for each byte, sizes differ by 0.05 %. A match without length never wins: the
/// shortest one that is taken has a gain of 16.
#[inline(always)]
fn gain(found: Match) -> i32 {
    8 * found.length as i32 - (found.distance | 1).ilog2() as i32
}

/// The match of `best`, or a better one there at one of the last two different distances. Tables and periodic input have the same few
/// distances.
#[inline(always)]
fn or_recent(window: Window<'_>, best: PlacedMatch, end: usize, recent: [usize; 2]) -> Match {
    let PlacedMatch { pos, found } = best;
    let bytes = window.load32(pos);
    let [last, before] = recent.map(|distance| window.load32(pos.wrapping_sub(distance)) == bytes);
    if last | before { best_recent(window, best, end, recent) } else { found }
}

/// [`or_recent`] where four bytes are equal at one of the distances. Not inlined: with one distance, chosen without a branch, and its
/// comparison inlined, level 4 takes 5 to 10 % more time.
#[cold]
#[inline(never)]
fn best_recent(window: Window<'_>, best: PlacedMatch, end: usize, recent: [usize; 2]) -> Match {
    let PlacedMatch { pos, mut found } = best;
    for distance in recent {
        let length = window.common32(pos.wrapping_sub(distance), pos).min(end - pos);
        let other = Match { length, distance };
        if (gain(other) > gain(found)) & (length >= MIN_MATCH_LENGTH) & (distance <= pos) {
            found = other;
        }
    }
    found
}

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
        let next = self.table.insert(word >> 8, pos + 1).longest(window, pos + 1..end);
        if !THOROUGH {
            self.table.insert(word >> 16, pos + 2);
            let later = next.length > found.length;
            return if later { PlacedMatch { pos: pos + 1, found: next } } else { PlacedMatch { pos, found } };
        }
        let (mut best, mut most) = (PlacedMatch { pos, found }, gain(found));
        if gain(next) - MIN_IMPROVEMENT[0] > most {
            (best, most) = (PlacedMatch { pos: pos + 1, found: next }, gain(next));
        }
        let last = self.table.insert(word >> 16, pos + 2).longest(window, pos + 2..end);
        if gain(last) - MIN_IMPROVEMENT[1] > most {
            best = PlacedMatch { pos: pos + 2, found: last };
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
        // No branch on each position, because their number is hard to predict.
        while pos < end {
            for pos in pos..pos + INSERTED_AT_ONCE {
                self.table.insert_if(pos < end, window.load64(pos), pos);
            }
            pos += INSERTED_AT_ONCE;
        }
    }

    /// Continues a match of the longest length, which ends at `range.start`. Returns the position behind the last match.
    #[cold]
    #[inline(never)]
    fn continue_longest(
        &mut self,
        window: Window<'_>,
        range: Range<usize>,
        distance: usize,
        out: &mut Sequences,
    ) -> usize {
        let start = range.start;
        let next = continue_match(window, range, distance, out);
        if next > start {
            self.insert_inside(window, start..next, distance);
        }
        next
    }
}

impl<const ENTRIES: usize, const THOROUGH: bool> Parser for LookaheadParser<ENTRIES, THOROUGH> {
    fn begin_block(&mut self, window: Window<'_>, block: Range<usize>) {
        if THOROUGH {
            // Short matches pay in machine code.
            let is_code = text_detection::is_machine_code(window, block);
            self.table.set_hash(if is_code { LongHash::new(MIN_MATCH_LENGTH) } else { HASH });
        }
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
        let mut recent = [1; 2];
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
            let best = self.best_of_next(window, pos..end, word, found);
            let begin = best.pos;
            let Match { mut length, distance } =
                if THOROUGH { or_recent(window, best, end, recent) } else { best.found };
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
            if length == MAX_MATCH {
                pos = self.continue_longest(window, next..end, distance, out);
                anchor = pos;
            }
            if THOROUGH && distance != recent[0] {
                recent = [distance, recent[0]];
            }
            if out.is_full() {
                return pos;
            }
        }
        out.push_literals(window, anchor..end);
        end
    }
}
