//! Lazy parsing: a match is put off for a better one that begins a byte or two later. Levels 4 to 9, and the first look of
//! those above.

use super::cost_model::CostModel;
use super::rows::{HASHED, Rows};
use super::sequences::{Match, Sequences, of_match};
use super::symbols::MOST_LENGTH;
use crate::deflate::Window;

/// How much is done for a match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Positions that are looked at, of those with the same hash.
    pub(super) newest: usize,
    /// Length of a match that is good enough: no more candidates are looked at, and it is not put off.
    pub(super) nice: usize,
    /// Positions that are looked at for a better match, of those with the same hash; 0 if none is looked for.
    pub(super) around: usize,
}

/// Bytes that have to be there from a position on, for it to be looked at: eight, whose prices are asked for, and what is
/// hashed behind them. Who looks farther ahead checks for itself.
const LOOKED_AT: usize = 12;

/// Base-2 logarithm of the positions without a match after which the step to the next one grows by one: what does not
/// compress is passed over.
const PATIENCE_BITS: u32 = 8;

/// Literals in a row before they are made into tokens: it bounds how many come at once.
const STRETCH: usize = 2048;

/// By how much a match has to be better to be taken instead of one that begins at the same byte, one byte before, and two
/// bytes; in the units of [`gain`]. Two more or less make no difference, nor does another weight of the length.
const BETTER: [i32; 3] = [0, 2, 6];

/// Distances up to this one are remembered as the period of what comes, until there is another: as of records that hold
/// growing numbers, where longer matches from far away would lead ever farther from it.
const MOST_PERIOD: usize = 256;

/// The longest match that is asked whether the period is better: to ask all of them takes 15 % of the time on logs, and gains
/// nothing but on numbers of 16 bits (1 %).
const MOST_OF_PERIOD: usize = 8;

/// What is done in runs: the nearest candidate is taken, which is the run itself. Whatever is longer costs a far distance
/// for the beginning of the next run, which costs as much to end as to write whole.
const IN_RUNS: Effort = Effort { newest: 1, nice: 32, around: 0 };

/// By how much a match has to be longer in runs to be taken all the same: as where pictures have many equal lines. With 32
/// random runs of up to 100 bytes are 16 % larger, with 150 such pictures 36 %.
const MUCH: usize = 100;

/// What a match saves, roughly, in bits: four for each byte, less what its distance costs.
#[inline(always)]
fn gain(found: Match) -> i32 {
    4 * found.length as i32 - found.distance.ilog2() as i32
}

/// A lazy parser.
pub(super) struct Lazy<const WIDTH: usize, const ROWS: usize, const THREES: usize> {
    rows: Rows<WIDTH, ROWS, THREES>,
    effort: Effort,
}

impl<const WIDTH: usize, const ROWS: usize, const THREES: usize> Lazy<WIDTH, ROWS, THREES> {
    pub(super) fn new(effort: Effort) -> Self {
        Self { rows: Rows::new(), effort }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes.
    pub(super) fn prime(&mut self, window: Window<'_>, start: usize) {
        self.rows.prime(window, start);
    }

    /// Parses from `start` on until there are `enough` tokens, or to the end; returns where it stopped.
    #[inline(never)]
    pub(super) fn parse(
        &mut self,
        window: Window<'_>,
        (start, end): (usize, usize),
        (enough, model): (usize, &CostModel),
        sequences: &mut Sequences,
    ) -> usize {
        let Effort { newest, nice, .. } = if model.runs { IN_RUNS } else { self.effort };
        let last = end.saturating_sub(LOOKED_AT);
        let (mut anchor, mut pos, mut quiet) = (start, start, 0);
        let (mut same, mut period) = (1, 1);
        while pos < last {
            let mut found = self.rows.find(window, (pos, end), newest, nice);
            if found.distance == 0 || !model.pays(window.load64(pos), found.length, found.distance) {
                quiet += 1;
                pos += 1 + (quiet >> PATIENCE_BITS);
                if pos - anchor > STRETCH {
                    pos = pos.min(last);
                    sequences.push_literals(window, anchor, pos);
                    anchor = pos;
                    if sequences.len() >= enough {
                        return pos;
                    }
                }
                continue;
            }
            if same != found.distance && same <= pos && window.load32(pos - same) == window.load32(pos) {
                found = again(window, (pos, pos, end), found, same, model);
            }
            let inserted = pos + 1;
            if model.runs {
                found = self.much_longer(window, (pos, end), found);
            } else {
                let later = pos + 2;
                let differ = (window.load32(later.wrapping_sub(period)) ^ window.load32(later)) << 16;
                // One branch, that is hardly ever taken.
                if differ | u32::from(period == found.distance) | u32::from(found.length > MOST_OF_PERIOD) == 0 {
                    (pos, found) = by_the_period(window, (pos, end), found, period, model);
                }
                while found.length < nice && self.put_off(window, (&mut pos, end), &mut found, model) {}
            }
            sequences.push_run(window, (anchor, pos), of_match(found));
            let next = pos + found.length;
            self.rows.insert_all(window, inserted, next.min(last), model.threes);
            (anchor, pos, quiet, same) = (next, next, 0, found.distance);
            period = std::hint::select_unpredictable(same <= MOST_PERIOD, same, period);
            if sequences.len() >= enough {
                return pos;
            }
        }
        sequences.push_literals(window, anchor, end);
        end
    }

    /// Finds a match in runs that is longer by so much that it is worth its distance; if there is none, `found`.
    #[cold]
    #[inline(never)]
    fn much_longer(&self, window: Window<'_>, (pos, end): (usize, usize), found: Match) -> Match {
        let tail = pos + found.length.max(HASHED) + MUCH - HASHED;
        let mut best = found;
        if tail + HASHED <= end {
            let all = [0xffff; 2];
            self.rows.around(window, (pos, tail, WIDTH), all, |distance, differ| {
                let length = window.common_by(differ, pos - distance, pos).min(end - pos);
                if length >= (found.length + MUCH).max(best.length + 1) {
                    best = Match { length, distance };
                }
            });
        }
        best
    }

    /// Puts a match off, if there is a better one soon, or takes a better one at the same byte. Each saves more than the one
    /// before, and none more than four bits a byte of it, so there are at most about four looks for each byte that is
    /// covered in the end.
    #[inline(always)]
    fn put_off(
        &self,
        window: Window<'_>,
        (pos, end): (&mut usize, usize),
        found: &mut Match,
        model: &CostModel,
    ) -> bool {
        let Effort { around, .. } = self.effort;
        let at = *pos;
        // Where the last four bytes are that a longer one has which begins a byte later: two of the match, two behind it.
        // A better one that begins two bytes later has two more, and nothing behind the end must decide. (After a match of
        // three bytes that is the byte before it too, so that none is found; to look there for both makes binaries and
        // images larger, by 0.3 and 0.1 %.)
        let tail = at + found.length - 2;
        if around == 0 || tail + HASHED + 2 > end {
            return false;
        }
        // What a longer one a byte later has, and a better one two bytes later, as far as sixteen bytes tell.
        let length = found.length.min(12);
        let needed = [(4 << length) - 2, (16 << length) - 4];
        let (mut most, mut better) = (gain(*found), None);
        self.rows.around(window, (at, tail, around), needed, |distance, differ| {
            let late = usize::from(differ & 2 != 0) + usize::from(differ & 3 != 0);
            let length = window.common_by(differ & !3, at - distance, at).min(end - at) - late;
            let other = Match { length, distance };
            if gain(other) - BETTER[late] > most {
                most = gain(other) - BETTER[late];
                better = Some((at + late, other));
            }
        });
        let Some((start, other)) = better else { return false };
        if !model.pays(window.load64(start), other.length, other.distance) {
            return false;
        }
        (*pos, *found) = (start, other);
        true
    }
}

/// A match at a distance that was used before, from `start` on and with the literals from `pos` on before it, if it is long
/// enough and better than what is found; else that. Content that has a period goes on with it.
#[inline(never)]
fn again(
    window: Window<'_>,
    (pos, start, end): (usize, usize, usize),
    found: Match,
    distance: usize,
    model: &CostModel,
) -> Match {
    let length = window.common(start - distance, start, 0, MOST_LENGTH.min(end - start));
    let other = Match { length, distance };
    if length >= model.least && model.prefers(window.bytes(pos..start), other, found) { other } else { found }
}

/// A match at the last near distance that begins up to two bytes later, where the third and fourth byte from `pos` on are
/// the same, if it is better, with the literals before it, than what is found; and where it begins.
#[cold]
#[inline(never)]
fn by_the_period(
    window: Window<'_>,
    (pos, end): (usize, usize),
    found: Match,
    distance: usize,
    model: &CostModel,
) -> (usize, Match) {
    if distance > pos.min(found.distance) {
        return (pos, found);
    }
    let same = |at: usize| window.byte(at) == window.byte(at - distance);
    let late = if same(pos + 1) { usize::from(!same(pos)) } else { 2 };
    let start = pos + late;
    let better = again(window, (pos, start, end), found, distance, model);
    (if better.distance == distance { start } else { pos }, better)
}
