//! Greedy parsing with one candidate a position: level 1.
//!
//! A position's five bytes are hashed to one entry: the last position with this hash, and its tag. After a match the next position's
//! entry is loaded before the match is written down: what comes next waits for that load.

use super::hash::{self, entry};
use super::sequences::{Match, Sequences, of_match};
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;

/// Entries, of four bytes: 2^15 are 128 KiB and stay in the second cache. 2^14 are as fast and 0.9 % larger; 2^13 are 11 %
/// faster and 2.1 % larger.
const ENTRIES: usize = 1 << 15;

/// Shortest match that is taken. What has the same tag nearly always has the same five bytes; but an entry can be older
/// than 2^16 positions, and then stands for another.
const LEAST: usize = 4;

/// Bytes that have to be there from a position on, for it to be looked at: its eight, and what is hashed of the positions
/// that are inserted with it.
const LOOKED_AT: usize = 12;

/// Literals in a row after which ever more positions are passed over. 128, and a step that grows half as fast, are 0.4 %
/// smaller and 3 % slower.
const PATIENCE: usize = 48;

/// Positions that are looked at in passing over before the step grows by one: see above.
const STEADY: usize = 8;

/// Bytes that are passed over before what is behind is made into tokens: it bounds how many come at once.
const STRETCH: usize = 4096;

/// The last position of each hash.
pub(super) struct Fast {
    table: Box<[u32; ENTRIES]>,
}

/// A position's bytes, its entry, and what that held and is to hold.
struct Probe {
    word: u64,
    at: usize,
    old: u32,
    new: u32,
}

/// The distance that an old entry is at, if the new one has the same tag.
#[inline(always)]
fn candidate(old: u32, new: u32) -> Option<usize> {
    if hash::same_tag(old, new) { hash::distance(old, new) } else { None }
}

impl Fast {
    pub(super) fn new() -> Self {
        Self { table: boxed_array(0) }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes: every other position.
    pub(super) fn prime(&mut self, window: Window<'_>, start: usize) {
        self.table.fill(0);
        for pos in (0..start).step_by(2) {
            let (at, new) = entry::<ENTRIES>(window.load64(pos), pos);
            self.table[at] = new;
        }
    }

    #[inline(always)]
    fn probe(&self, window: Window<'_>, pos: usize) -> Probe {
        let word = window.load64(pos);
        let (at, new) = entry::<ENTRIES>(word, pos);
        Probe { word, at, old: self.table[at], new }
    }

    #[inline(always)]
    fn insert(&mut self, word: u64, pos: usize) {
        let (at, new) = entry::<ENTRIES>(word, pos);
        self.table[at] = new;
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
        let (mut anchor, mut pos, mut step) = (start, start, STEADY);
        'looking: while pos < last {
            let mut until = last.min(anchor + PATIENCE);
            let mut here = self.probe(window, pos);
            loop {
                let distance = loop {
                    self.table[here.at] = here.new;
                    if let Some(distance) = candidate(here.old, here.new) {
                        break distance;
                    }
                    pos += 1;
                    here = self.probe(window, pos);
                    if pos >= until {
                        if pos < last {
                            pos = self.pass_over(window, (pos, last.min(pos + STRETCH)), &mut step);
                        }
                        sequences.push_literals(window, anchor, pos);
                        anchor = pos;
                        if sequences.len() >= enough {
                            return pos;
                        }
                        continue 'looking;
                    }
                };
                let length = window.common_to(pos - distance, pos, end);
                if length < LEAST.max(least) {
                    pos += 1;
                    if pos - anchor >= STRETCH {
                        sequences.push_literals(window, anchor, pos);
                        anchor = pos;
                    }
                    continue 'looking;
                }
                let (inside, next) = (here.word, pos + length);
                here = self.probe(window, next);
                self.insert(inside >> 8, pos + 1);
                self.insert(inside >> 16, pos + 2);
                self.insert(window.load64(next - 1), next - 1);
                sequences.push_run(window, (anchor, pos), of_match(Match { length, distance }));
                (anchor, pos, step) = (next, next, STEADY);
                if sequences.len() >= enough {
                    return pos;
                }
                if pos >= last {
                    break 'looking;
                }
                until = last.min(anchor + PATIENCE);
            }
        }
        sequences.push_literals(window, anchor, end);
        end
    }

    /// Goes on to where there is a candidate again, or to `end`, ever faster: `step` is in [`STEADY`]ths.
    #[inline(never)]
    fn pass_over(&mut self, window: Window<'_>, (start, end): (usize, usize), step: &mut usize) -> usize {
        let mut pos = start;
        while pos < end {
            let here = self.probe(window, pos);
            if candidate(here.old, here.new).is_some() {
                return pos;
            }
            self.table[here.at] = here.new;
            *step += 1;
            pos += *step / STEADY;
        }
        end
    }
}
