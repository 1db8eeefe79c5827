//! Lazy parsing: a match is put off for a better one that begins a byte or two later. Levels 4 to 9, and the first look of
//! those above.

use super::room::Room;
use super::rows::Rows;
use super::symbols::{LEAST_LENGTH, MOST_LENGTH};
use super::tokens::{Match, Tokens, of_match};
use super::worth::Worth;

/// How much is done for a match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Candidates that are looked at.
    pub(super) depth: usize,
    /// Length of a match that is good enough: no more candidates are looked at, and it is not put off.
    pub(super) nice: usize,
    /// Whether what was found is looked up once more by its end.
    pub(super) deep: bool,
    /// Positions after a match's that are looked at for a better one: 0, 1 or 2.
    pub(super) ahead: usize,
}

/// Bytes that have to be there from a position on, for it to be looked at: two positions ahead, and eight bytes. A match
/// that is put off more than once is longer each time, so that there are bytes enough for each.
const LOOKED_AT: usize = 12;

/// Base-2 logarithm of the positions without a match after which the step to the next one grows by one: what does not
/// compress is passed over.
const PATIENCE_BITS: u32 = 8;

/// Literals in a row before they are made into tokens: it bounds how many come at once.
const STRETCH: usize = 2048;

/// By how much a match has to be better to be taken instead of one that begins one byte before, and two bytes; in the
/// units of [`gain`]. Two more or less make no difference, nor does another weight of the length.
const BETTER: [i32; 2] = [2, 6];

/// What is done in runs: the nearest candidate is taken, which is the run itself. Whatever is longer costs a far distance
/// for the beginning of the next run, which costs as much to end as to write whole.
const IN_RUNS: Effort = Effort { depth: 1, nice: 32, deep: true, ahead: 0 };

/// By how much a match has to be longer in runs to be taken all the same: as where pictures have many equal lines. With 32
/// random runs of up to 100 bytes are 16 % larger, with 150 such pictures 36 %.
const MUCH: usize = 100;

/// What a match saves, roughly, in bits: four for each byte, less what its distance costs.
#[inline(always)]
fn gain(found: Match) -> i32 {
    4 * found.length as i32 - found.distance.ilog2() as i32
}

/// A lazy parser.
pub(super) struct Lazy<const WIDTH: usize, const ROWS: usize> {
    rows: Rows<WIDTH, ROWS>,
    effort: Effort,
}

impl<const WIDTH: usize, const ROWS: usize> Lazy<WIDTH, ROWS> {
    pub(super) fn new(effort: Effort) -> Self {
        Self { rows: Rows::new(), effort }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes.
    pub(super) fn prime(&mut self, room: &Room, start: usize) {
        self.rows.prime(room, start);
    }

    /// Parses from `start` on until there are `enough` tokens, or to the end; returns where it stopped.
    #[inline(never)]
    pub(super) fn parse(
        &mut self,
        room: &Room,
        (start, end): (usize, usize),
        (enough, worth): (usize, &Worth),
        tokens: &mut Tokens,
    ) -> usize {
        let Effort { depth, nice, deep, ahead } = if worth.runs { IN_RUNS } else { self.effort };
        // What is as long is not put off.
        let good = if ahead == 0 { 0 } else { nice };
        let last = end.saturating_sub(LOOKED_AT);
        let (mut anchor, mut pos, mut quiet, mut same) = (start, start, 0, 1);
        while pos < last {
            let mut found = self.rows.find(room, (pos, end), depth, nice);
            if found.distance == 0 || !worth.pays(room.load64(pos), found.length, found.distance) {
                quiet += 1;
                pos += 1 + (quiet >> PATIENCE_BITS);
                if pos - anchor > STRETCH {
                    pos = pos.min(last);
                    tokens.push_literals(room, anchor, pos);
                    anchor = pos;
                    if tokens.len() >= enough {
                        return pos;
                    }
                }
                continue;
            }
            if same != found.distance && same <= pos && room.load32(pos - same) == room.load32(pos) {
                found = by_the_last(room, (pos, end), found, same, worth);
            }
            if deep && worth.runs {
                found = self.much_longer(room, (pos, end), found);
            } else if deep && found.length > LEAST_LENGTH {
                found = self.rows.longer(room, (pos, end), found, nice);
            }
            let mut inserted = pos + 1;
            while found.length < good && self.put_off(room, (&mut pos, end), &mut inserted, &mut found, worth) {}
            tokens.push_run(room, (anchor, pos), of_match(found));
            let next = pos + found.length;
            self.rows.insert_all(room, inserted, next.min(last), worth.threes);
            (anchor, pos, quiet, same) = (next, next, 0, found.distance);
            if tokens.len() >= enough {
                return pos;
            }
        }
        tokens.push_literals(room, anchor, end);
        end
    }

    /// Finds a match in runs that is longer by so much that it is worth its distance; if there is none, `found`.
    #[cold]
    #[inline(never)]
    fn much_longer(&self, room: &Room, (pos, end): (usize, usize), found: Match) -> Match {
        let least = Match { length: found.length.max(LEAST_LENGTH + 1), ..found };
        let longer = self.rows.longer(room, (pos, end), least, MOST_LENGTH);
        if longer.length >= found.length + MUCH { longer } else { found }
    }

    /// Puts a match off, if there is a better one soon.
    #[inline(always)]
    fn put_off(
        &mut self,
        room: &Room,
        (pos, end): (&mut usize, usize),
        inserted: &mut usize,
        found: &mut Match,
        worth: &Worth,
    ) -> bool {
        let Effort { nice, ahead, .. } = self.effort;
        let next = (*pos + 1, end);
        let least = Match { length: found.length.max(4), distance: 0 };
        let other = self.rows.longer(room, next, least, nice);
        self.rows.insert(room, next.0);
        *inserted = next.0 + 1;
        if better(room, *found, other, (next.0, BETTER[0]), worth) {
            (*pos, *found) = (next.0, other);
            return true;
        }
        if ahead == 1 {
            return false;
        }
        let next = (*pos + 2, end);
        let least = Match { length: (found.length + 1).max(4), distance: 0 };
        let other = self.rows.longer(room, next, least, nice);
        if !better(room, *found, other, (next.0, BETTER[1]), worth) {
            return false;
        }
        self.rows.insert(room, next.0);
        *inserted = next.0 + 1;
        (*pos, *found) = (next.0, other);
        true
    }
}

/// A match at the last one's distance, if it is better than what is found: content that has a period goes on with it.
#[inline(never)]
fn by_the_last(room: &Room, (pos, end): (usize, usize), found: Match, distance: usize, worth: &Worth) -> Match {
    let length = room.common(pos - distance, pos, 4, MOST_LENGTH.min(end - pos));
    let other = Match { length, distance };
    if worth.prefers(other, found) { other } else { found }
}

/// Whether another match at a position is better than one that is found, by so much.
#[inline(always)]
fn better(room: &Room, found: Match, other: Match, (pos, by): (usize, i32), worth: &Worth) -> bool {
    other.distance != 0 && gain(other) > gain(found) + by && worth.pays(room.load64(pos), other.length, other.distance)
}
