//! Parsing with two candidates a position, and a look at the one after: levels 2 and 3.
//!
//! As in `fast`, but an entry holds the last two positions of its hash. Where one of them matches, the position after
//! is looked at too, and the longest of the four matches is taken, the nearest of
//! those of 32 bytes: all without a branch that could be mispredicted.

use super::hash::{self, same_tag};
use super::sequences::{Match, Sequences, of_match};
use super::symbols::MOST_LENGTH;
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;

/// Shortest match that is taken. What has the same tag nearly always has the same five bytes; but an entry can be older
/// than 2^16 positions, and then stands for another.
const LEAST: usize = 4;

/// Bytes that have to be there from a position on, for it to be looked at: its eight, and what is hashed of the positions
/// that are inserted with it.
const LOOKED_AT: usize = 12;

/// Base-2 logarithm of the positions without a match after which the step to the next one grows by one: what does not
/// compress is passed over, and images, where matches are rare, are not yet.
const PATIENCE_BITS: u32 = 7;

/// Literals in a row before they are made into tokens: it bounds how many come at once.
const STRETCH: usize = 4096;

/// The entries of the last two positions of each hash, the last one in the lower half.
pub(super) struct Pairs<const ENTRIES: usize> {
    table: Box<[u64; ENTRIES]>,
}

/// The longest match at one of two old positions, of up to 32 bytes.
#[inline(always)]
fn longest(window: Window<'_>, (pos, end): (usize, usize), old: u64, new: u32) -> Match {
    let (last, before) = (at(window, (pos, end), old as u32, new), at(window, (pos, end), (old >> 32) as u32, new));
    if before.length > last.length { before } else { last }
}

/// The match at an old position, of up to 32 bytes; none, if that is too far or has another tag.
#[inline(always)]
fn at(window: Window<'_>, (pos, end): (usize, usize), old: u32, new: u32) -> Match {
    let distance = hash::distance(old, new);
    let good = same_tag(old, new) && distance.is_some();
    let distance = if good { distance.unwrap_or(0) } else { 0 };
    // What stands behind the end must not decide which is longer.
    let length = window.common32(pos - distance, pos).min(end - pos);
    Match { length: if good { length } else { 0 }, distance }
}

impl<const ENTRIES: usize> Pairs<ENTRIES> {
    pub(super) fn new() -> Self {
        Self { table: boxed_array(0) }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes: every other position.
    pub(super) fn prime(&mut self, window: Window<'_>, start: usize) {
        self.table.fill(0);
        for pos in (0..start).step_by(2) {
            self.insert(window.load64(pos), pos);
        }
    }

    /// Makes a position the last one of its hash; returns what its entry held, and now holds of it.
    #[inline(always)]
    fn insert(&mut self, word: u64, pos: usize) -> (u64, u32) {
        let (slot, new) = hash::entry::<ENTRIES>(word, pos);
        let old = self.table[slot];
        self.table[slot] = old << 32 | u64::from(new);
        (old, new)
    }

    /// Parses from `start` on until there are `enough` tokens, or to the end, with no match shorter than `least`; returns
    /// where it stopped.
    #[inline(never)]
    pub(super) fn parse(
        &mut self,
        window: Window<'_>,
        (start, end): (usize, usize),
        (enough, least): (usize, usize),
        sequences: &mut Sequences,
    ) -> usize {
        let last = end.saturating_sub(LOOKED_AT);
        let (mut anchor, mut pos, mut quiet) = (start, start, 0);
        while pos < last {
            let word = window.load64(pos);
            let (old, new) = self.insert(word, pos);
            let mut found = Match { length: 0, distance: 0 };
            if same_tag(old as u32, new) || same_tag((old >> 32) as u32, new) {
                found = longest(window, (pos, end), old, new);
            }
            if found.length < LEAST.max(least) {
                quiet += 1;
                pos += 1 + (quiet >> PATIENCE_BITS);
                if pos - anchor >= STRETCH {
                    pos = pos.min(last);
                    sequences.push_literals(window, anchor, pos);
                    anchor = pos;
                    if sequences.len() >= enough {
                        return pos;
                    }
                }
                continue;
            }
            let (old, new) = self.insert(word >> 8, pos + 1);
            let after = longest(window, (pos + 1, end), old, new);
            let better = after.length > found.length;
            let mut length = if better { after.length } else { found.length };
            let distance = if better { after.distance } else { found.distance };
            self.insert(word >> 16, pos + 2);
            pos += usize::from(better);
            if length >= 32 {
                length = window.common_beyond::<32>(pos - distance, pos, MOST_LENGTH);
            }
            length = length.min(end - pos);
            let next = pos + length;
            self.insert(window.load64(next - 1), next - 1);
            sequences.push_run(window, (anchor, pos), of_match(Match { length, distance }));
            (anchor, pos, quiet) = (next, next, 0);
            if sequences.len() >= enough {
                return pos;
            }
        }
        sequences.push_literals(window, anchor, end);
        end
    }
}
