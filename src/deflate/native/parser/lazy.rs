//! Lazy parsing: a match is deferred while a better one begins one or two bytes later. Levels 5 to 9, and the first pass of
//! levels 10 to 12.

use std::ops::Range;

use super::fields::FieldParser;
use super::{Parser, PlacedMatch};
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::{AroundQuery, LazyFinder, LazySearch, LongHash, SearchDepth};
use crate::deflate::native::sequences::{Match, Sequences, of_match};
use crate::deflate::native::symbols::MAX_MATCH;

mod nearer_match;
mod runs;

/// How much work the lazy parser does for a match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LazyParameters {
    /// Candidates searched at a position.
    pub(crate) max_search_depth: usize,
    /// A match of this length ends the search and is not deferred.
    pub(crate) nice_length: usize,
    /// Candidates searched for a better match around a known one; 0 disables that search.
    pub(crate) lazy_search_depth: usize,
    /// Candidates searched for a match that is as long as a known one, but much nearer; 0 disables that search.
    pub(crate) nearer_search_depth: usize,
    /// Candidates searched at a position of few letters, where all positions have the same few hashes.
    pub(crate) few_letters_depth: usize,
    /// Whether matches of three bytes are searched even where they are rare.
    pub(crate) always_hash3: bool,
}

/// Bytes needed behind a position to search it: the eight whose prices are compared, and the hashed bytes behind them. Code that
/// needs more bytes compares with the end itself.
const LOOKAHEAD: usize = 12;

/// Base-2 logarithm of the positions without a match after which the step grows by one, to skip incompressible input.
const SKIP_BITS: u32 = 8;

/// Input bytes after which literals become sequences: bounds how many are added at once.
const MAX_LITERAL_RUN: usize = 2048;

/// The least difference in [`gain`] by which a match is better than the known one if it begins at the same byte, one byte later, or
/// two bytes later. Values that differ by two, and another weight of the length, make no difference.
const MIN_IMPROVEMENT: [i32; 3] = [0, 2, 6];

/// The longest distance that becomes the period of the input. Records with growing numbers have a period, which longer matches from
/// far away would leave.
const MAX_PERIOD: usize = 256;

/// The shortest period that its multiples do not replace. In lines of growing numbers, the distance to the line with the same last
/// digit is a multiple too.
const MIN_LASTING_PERIOD: usize = 3;

/// The longest match for which the period is tried. Trying it for all matches takes 15 % of the time on logs, and gains
/// only on 16-bit numbers (1 %).
const MAX_LENGTH_FOR_PERIOD: usize = 8;

/// The longest match around which all candidates are searched. Such matches are frequent in prose. With 4, prose is 0.2 % larger;
/// with 7, it is 0.2 % smaller and takes 2 % more instructions.
const MAX_LENGTH_FOR_FULL_DEPTH: usize = 5;

/// The longest period of a run that is continued without a search. Matches at longer distances often have nearer ones behind them: with
/// 257, an image is 0.5 % larger at level 9.
const MAX_PERIOD_OF_RUN: usize = 16;

/// Positions at the end of a run that are inserted, beyond its last period. Each earlier one has the same bytes as a later one, up
/// to the end of the run, and all of them would fill the rows of the same few hashes. Sizes change by less than 0.03 %.
const INSERTED_AT_END_OF_RUN: usize = 8;

/// The approximate saving of a match in bits: four for each byte, less the cost of the distance.
#[inline(always)]
fn gain(found: Match) -> i32 {
    4 * found.length as i32 - found.distance.ilog2() as i32
}

/// The input of a chunk, which ends at `end` at the latest, and how it is parsed.
#[derive(Clone, Copy)]
struct LazyChunk<'a> {
    window: Window<'a>,
    /// Positions from here on are literals, unless an earlier match has them.
    last: usize,
    end: usize,
    model: &'a CostModel,
    search: LazySearch,
}

/// The lazy parser.
pub(crate) struct LazyParser<F> {
    finder: F,
    parameters: LazyParameters,
    /// Candidates searched around a match of each length. A table, because a branch on the length would be mispredicted.
    depths: [u8; MAX_MATCH + 1],
    /// The distance of the last match from nearby, or a divisor: see [`MAX_PERIOD`]. Kept from chunk to chunk.
    period: usize,
    fields: FieldParser,
    /// Whether the finder is as new. Clearing it would touch all of its memory.
    is_new: bool,
}

impl<F: LazyFinder> LazyParser<F> {
    pub(crate) fn new(parameters: LazyParameters) -> Self {
        let mut depths = [parameters.lazy_search_depth as u8; MAX_MATCH + 1];
        depths[..=MAX_LENGTH_FOR_FULL_DEPTH].fill(F::MAX_CANDIDATES as u8);
        Self { finder: F::new(), parameters, depths, period: 1, fields: FieldParser::new(), is_new: true }
    }

    /// Whether to try the period instead of the match `found` at `pos`: the third and fourth byte repeat.
    #[inline(always)]
    fn may_continue_period(&self, window: Window<'_>, pos: usize, found: Match) -> bool {
        let later = pos + 2;
        let differ = (window.load32(later.wrapping_sub(self.period)) ^ window.load32(later)) << 16;
        let excluded = u32::from(self.period == found.distance) | u32::from(found.length > MAX_LENGTH_FOR_PERIOD);
        // One branch for all conditions; it is rarely taken.
        differ | excluded == 0
    }

    /// Derives the period from a match; `repeats` if the match before it had the same distance.
    #[inline(always)]
    fn update_period(&mut self, window: Window<'_>, matched: PlacedMatch, repeats: bool) {
        let distance = matched.found.distance;
        if distance > MAX_PERIOD {
            return;
        }
        if self.period < MIN_LASTING_PERIOD || !distance.is_multiple_of(self.period) {
            self.period = distance;
        } else if repeats {
            self.period = self.period_of(window, matched);
        }
    }

    /// The period of a match from nearby: the distance to the last occurrence of its bytes behind the first.
    #[cold]
    #[inline(never)]
    fn period_of(&self, window: Window<'_>, matched: PlacedMatch) -> usize {
        let PlacedMatch { pos, found } = matched;
        let mut period = found.distance;
        let needed = [(1 << (found.length - 1).min(16)) - 1; 2];
        let query = AroundQuery { pos: pos + 1, tail: pos + 1, depth: F::MAX_CANDIDATES, needed };
        self.finder.search_around(window, query, |distance, _| period = period.min(distance));
        period
    }

    /// The parameters for the next chunk.
    fn parameters_for(&self, model: &CostModel) -> LazyParameters {
        if model.has_few_letters() {
            LazyParameters { max_search_depth: self.parameters.few_letters_depth, ..self.parameters }
        } else {
            self.parameters
        }
    }

    /// What is searched in the next chunk.
    fn search_for(&self, model: &CostModel) -> LazySearch {
        let LazyParameters { max_search_depth, nice_length, always_hash3, .. } = self.parameters_for(model);
        let depth = SearchDepth { max_search_depth, nice_length };
        LazySearch { depth, hash3: always_hash3 || model.search_hash3 }
    }

    /// Finds a match for which the known one is deferred: a better one that begins at most two bytes later, or at the same byte.
    ///
    /// The caller repeats the search with the result. Each match has a greater gain than the one before, and no gain exceeds four
    /// bits for each byte. So the number of searches is at most about four times the length of the final match.
    #[inline(always)]
    fn better_match(
        &self,
        window: Window<'_>,
        known: PlacedMatch,
        end: usize,
        model: &CostModel,
    ) -> Option<PlacedMatch> {
        let LazyParameters { lazy_search_depth, .. } = self.parameters;
        let PlacedMatch { pos, found } = known;
        // The last hashed bytes of a longer match that begins one byte later: the last two are behind the known match. A better
        // one that begins two bytes later has two more, and bytes behind the end must not decide. (For a match of three bytes
        // this includes the byte before it, so that none is found in rows. Searching both places makes binaries 0.3 % and images
        // 0.1 % larger. A long hash would begin before a short match.)
        let hashed = self.finder.hashed();
        let least = if F::LONG { hashed + 1 } else { 0 };
        let tail = pos + (found.length + 2).max(least) - hashed;
        if lazy_search_depth == 0 || tail + hashed + 2 > end {
            return None;
        }
        // The bytes that a longer match one byte later has, and a better one two bytes later, as far as 16 bytes show.
        let length = found.length.min(12);
        let needed = [(4 << length) - 2, (16 << length) - 4];
        let depth = usize::from(self.depths[found.length]);
        let query = AroundQuery { pos, tail, depth, needed };
        let (mut most, mut better) = (gain(found), None);
        self.finder.search_around(window, query, |distance, differ| {
            let late = usize::from(differ & 2 != 0) + usize::from(differ & 3 != 0);
            let length = window.common_by(differ & !3, pos - distance, pos).min(end - pos) - late;
            let other = Match { length, distance };
            if gain(other) - MIN_IMPROVEMENT[late] > most {
                most = gain(other) - MIN_IMPROVEMENT[late];
                better = Some(PlacedMatch { pos: pos + late, found: other });
            }
        });
        let PlacedMatch { pos, found } = better?;
        if model.pays(window.load64(pos), found.length, found.distance) { better } else { None }
    }
}

impl<F: LazyFinder> Parser for LazyParser<F> {
    fn begin_block(&mut self, _: Window<'_>, _: Range<usize>) {
        if !std::mem::take(&mut self.is_new) {
            self.finder.clear();
        }
        self.period = 1;
    }

    fn set_hash(&mut self, hash: LongHash) {
        self.finder.set_hash(hash);
    }

    fn insert(&mut self, window: Window<'_>, positions: Range<usize>) {
        self.finder.insert_all(window, positions, true);
    }

    fn parse(&mut self, window: Window<'_>, input: Range<usize>, model: &CostModel, out: &mut Sequences) -> usize {
        let Range { start, end } = input;
        if model.is_fields && !model.is_runs {
            let end = self.fields.parse(&mut self.finder, window, start..end, model);
            out.append(self.fields.items(window, start));
            return end;
        }
        let last = end.saturating_sub(LOOKAHEAD);
        let search = self.search_for(model);
        let (mut anchor, mut pos, mut unmatched, mut repeat_distance) = (start, start, 0, 1);
        while pos < last {
            let (mut found, inserted);
            if model.is_runs {
                let chunk = LazyChunk { window, last, end, model, search };
                (PlacedMatch { pos, found }, inserted) = self.next_in_runs(anchor..pos, chunk);
            } else {
                found = self.finder.find(window, pos..end, search);
                inserted = pos + 1;
            }
            if found.distance == 0 || !model.is_runs && !model.pays(window.load64(pos), found.length, found.distance) {
                unmatched += 1;
                pos += 1 + (unmatched >> SKIP_BITS);
                if pos - anchor > MAX_LITERAL_RUN {
                    pos = pos.min(last);
                    out.push_literals(window, anchor..pos);
                    anchor = pos;
                    if out.is_full() {
                        return pos;
                    }
                }
                continue;
            }
            if !model.is_runs {
                if repeat_distance != found.distance
                    && repeat_distance <= pos
                    && window.load32(pos - repeat_distance) == window.load32(pos)
                {
                    let repeat = Repeat { pos, distance: repeat_distance, end };
                    found = repeat_match(window, repeat, PlacedMatch { pos, found }, model);
                }
                if self.may_continue_period(window, pos, found) {
                    let repeat = Repeat { pos, distance: self.period, end };
                    PlacedMatch { pos, found } = period_match(window, repeat, found, model);
                }
                PlacedMatch { pos, found } = self.best_match(window, PlacedMatch { pos, found }, end, model);
            }
            out.push_run(window, anchor..pos, of_match(found));
            self.update_period(window, PlacedMatch { pos, found }, repeat_distance == found.distance);
            let longest = found.length == MAX_MATCH;
            let next = if longest { continue_run(window, pos..last, found, out) } else { pos + found.length };
            let positions = positions_to_insert(inserted..next.min(last), found.distance);
            self.finder.insert_all(window, positions, model.use_hash3);
            (anchor, pos, unmatched, repeat_distance) = (next, next, 0, found.distance);
            if out.is_full() {
                return pos;
            }
        }
        out.push_literals(window, anchor..end);
        end
    }
}

/// Takes the match `found`, which begins at `range.start`, again while its run continues. A search would find the same. Zeros take half of
/// the time. Returns the position behind the last match.
#[cold]
#[inline(never)]
fn continue_run(window: Window<'_>, range: Range<usize>, found: Match, out: &mut Sequences) -> usize {
    let Match { length, distance } = found;
    let mut next = range.start + length;
    while distance <= MAX_PERIOD_OF_RUN
        && next + length <= range.end
        && !out.is_full()
        && window.common_beyond::<0>(next - distance, next, length) == length
    {
        out.push_run(window, next..next, of_match(found));
        next += length;
    }
    next
}

/// The positions of a match at this distance that are inserted: all of them, or in a run the last ones.
#[inline(always)]
fn positions_to_insert(positions: Range<usize>, distance: usize) -> Range<usize> {
    let Range { start, end } = positions;
    start.max(end.saturating_sub(distance + INSERTED_AT_END_OF_RUN))..end
}

/// A distance to be tried at a position of a block that ends at `end`.
#[derive(Clone, Copy)]
struct Repeat {
    pos: usize,
    distance: usize,
    end: usize,
}

/// Returns the repeated match if it is long enough, and better than the literals up to it and the known match. Otherwise returns
/// the known match. Periodic input then continues with its period.
#[inline(never)]
fn repeat_match(window: Window<'_>, repeat: Repeat, known: PlacedMatch, model: &CostModel) -> Match {
    let Repeat { pos, distance, end } = repeat;
    let length = window.common(pos - distance, pos, 0, MAX_MATCH.min(end - pos));
    let repeat = Match { length, distance };
    let literals = window.bytes(known.pos..pos);
    let better = length >= model.min_match && model.prefers_repeat(literals, repeat, known.found);
    if better { repeat } else { known.found }
}

/// Returns the match at the distance of the period that begins up to two bytes after `repeat.pos`, if it is better than the known
/// match, which begins there. Otherwise returns the known match. The third and fourth byte must repeat at this distance.
#[cold]
#[inline(never)]
fn period_match(window: Window<'_>, repeat: Repeat, found: Match, model: &CostModel) -> PlacedMatch {
    let Repeat { pos, distance, end } = repeat;
    let known = PlacedMatch { pos, found };
    if distance > pos.min(found.distance) {
        return known;
    }
    let repeats = |at: usize| window.byte(at) == window.byte(at - distance);
    let late = if repeats(pos + 1) { usize::from(!repeats(pos)) } else { 2 };
    let start = pos + late;
    let better = repeat_match(window, Repeat { pos: start, distance, end }, known, model);
    PlacedMatch { pos: if better.distance == distance { start } else { pos }, found: better }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    #[test]
    fn a_run_goes_on_without_a_search() {
        let mut buffer = WindowBuffer::new();
        let window = buffer.fill(&[7; 2000]);
        let mut out = Sequences::new();
        out.set_limit(100);
        let of_distance = |distance| Match { length: MAX_MATCH, distance };
        assert_eq!(continue_run(window, 1..1300, of_distance(1), &mut out), 1 + 5 * MAX_MATCH);
        assert_eq!(out.len(), 4, "the first match is not taken again");
        assert_eq!(
            continue_run(window, 300..1300, of_distance(MAX_PERIOD_OF_RUN + 1), &mut out),
            300 + MAX_MATCH,
            "no run"
        );
        out.set_limit(5);
        assert_eq!(continue_run(window, 1..1300, of_distance(2), &mut out), 1 + 2 * MAX_MATCH, "the chunk is full");
    }

    #[test]
    fn of_a_run_only_the_last_positions_are_inserted() {
        assert_eq!(positions_to_insert(1001..1258, 1), 1249..1258);
        assert_eq!(positions_to_insert(1001..1258, 16), 1234..1258);
        assert_eq!(positions_to_insert(1001..1258, 258), 1001..1258, "no run");
        assert_eq!(positions_to_insert(1001..1008, 1), 1001..1008, "short");
        assert_eq!(positions_to_insert(1..8, 16), 1..8);
    }
}
