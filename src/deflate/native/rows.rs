//! Earlier occurrences, in rows: what levels 4 to 9 look for matches in, and the first look of those above.
//!
//! A row holds the last positions whose four bytes have the same hash, and of each eight more bits of the hash. Those are
//! compared all at once, and only positions where they are the same are looked at: the serial loads of a hash chain,
//! one for each candidate, are what limits it. A row of sixteen is one cache line.
//!
//! Whether there is something better than a match that is known is told by its end, not its beginning: by the last four
//! bytes that a better one must have. They are rarer, as most matches end where their kind ends, so there are few
//! candidates; and what is rare is remembered for longer, so that matches are found which are long out of the row of their
//! beginning. One look finds the longer ones that begin at the same byte and the better ones that begin one or two later.

use super::hash;
use super::sequences::Match;
use super::simd::same_bytes;
use super::symbols::LEAST_LENGTH;
use crate::deflate::WINDOW;
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;

/// Length of what is hashed, so that shorter matches are not in the rows.
pub(super) const HASHED: usize = 4;

/// Positions whose four bytes have the same hash.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Row<const WIDTH: usize> {
    tags: [u8; WIDTH],
    /// Modulo 2^16.
    positions: [u16; WIDTH],
    /// Where the newest is; the older ones follow, round the row.
    head: u8,
}

/// Rows of `WIDTH` (16 or 64) positions, and for three bytes the last position of each hash: of `THREES`, a power of two.
pub(super) struct Rows<const WIDTH: usize, const ROWS: usize, const THREES: usize> {
    rows: Box<[Row<WIDTH>; ROWS]>,
    threes: Box<[u16; THREES]>,
}

impl<const WIDTH: usize> Row<WIDTH> {
    const EMPTY: Self = Self { tags: [0; WIDTH], positions: [0; WIDTH], head: 0 };

    #[inline(always)]
    fn insert(&mut self, tag: u8, pos: usize) {
        self.head = self.head.wrapping_sub(1) % WIDTH as u8;
        let slot = usize::from(self.head) % WIDTH;
        self.tags[slot] = tag;
        self.positions[slot] = pos as u16;
    }

    /// How far back from `pos` the positions with a tag are, newest first, of the `newest` in the row: in reach or not, as an
    /// entry may be old, or empty, or another with the same hash. Most are passed over by what is there; so reach is checked
    /// only of what is the same.
    #[inline(always)]
    fn distances(&self, tag: u8, pos: usize, newest: usize) -> impl Iterator<Item = usize> {
        let head = u32::from(self.head);
        let mut same = rotate::<WIDTH>(self.with_tag(tag), head) & (u64::MAX >> (64 - newest));
        std::iter::from_fn(move || {
            if same == 0 {
                return None;
            }
            let slot = (same.trailing_zeros() + head) as usize % WIDTH;
            same &= same - 1;
            Some(usize::from((pos as u16).wrapping_sub(self.positions[slot])))
        })
    }

    /// A bit for each position, the lowest for the first: whether it has this tag.
    #[inline(always)]
    fn with_tag(&self, tag: u8) -> u64 {
        let wanted = [u64::from_le_bytes([tag; 8]); 2];
        let half = |eight: &[u8]| u64::from_le_bytes(eight.try_into().expect("eight"));
        let sixteens = self.tags.chunks_exact(16).enumerate();
        sixteens.fold(0, |all, (i, tags)| {
            all | u64::from(same_bytes([half(&tags[..8]), half(&tags[8..])], wanted)) << (16 * i)
        })
    }
}

/// Whether a match may be so far back.
#[inline(always)]
fn in_reach(distance: usize) -> bool {
    distance.wrapping_sub(1) < WINDOW
}

/// Turns the lowest `WIDTH` bits so that bit `first` becomes the lowest.
#[inline(always)]
fn rotate<const WIDTH: usize>(bits: u64, first: u32) -> u64 {
    match WIDTH {
        16 => u64::from((bits as u16).rotate_right(first)),
        _ => bits.rotate_right(first),
    }
}

impl<const WIDTH: usize, const ROWS: usize, const THREES: usize> Rows<WIDTH, ROWS, THREES> {
    pub(super) fn new() -> Self {
        Self { rows: boxed_array(Row::EMPTY), threes: boxed_array(0) }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes.
    pub(super) fn prime(&mut self, window: Window<'_>, start: usize) {
        self.rows.fill(Row::EMPTY);
        self.threes.fill(0);
        self.insert_all(window, 0, start, true);
    }

    /// The row of four bytes, and their tag.
    #[inline(always)]
    fn place(word: u32) -> (usize, u8) {
        let hash = hash::of_four(word);
        let bits = ROWS.ilog2();
        ((hash >> (32 - bits)) as usize % ROWS, (hash >> (24 - bits)) as u8)
    }

    #[inline(always)]
    fn three(&mut self, word: u32) -> &mut u16 {
        &mut self.threes[(hash::of_three(word) >> (32 - THREES.ilog2())) as usize % THREES]
    }

    #[inline(always)]
    fn insert(&mut self, window: Window<'_>, pos: usize) {
        let word = window.load32(pos);
        let (row, tag) = Self::place(word);
        self.rows[row].insert(tag, pos);
        *self.three(word) = pos as u16;
    }

    /// Inserts every position from `start` to `end`, for matches of three bytes only if `threes`.
    #[inline(never)]
    pub(super) fn insert_all(&mut self, window: Window<'_>, start: usize, end: usize, threes: bool) {
        if threes {
            (start..end).for_each(|pos| self.insert(window, pos));
            return;
        }
        for pos in start..end {
            let (row, tag) = Self::place(window.load32(pos));
            self.rows[row].insert(tag, pos);
        }
    }

    /// Finds the longest match for `pos` among the `newest` of its row, good enough from `nice` bytes on, and inserts `pos`.
    #[inline(always)]
    pub(super) fn find(&mut self, window: Window<'_>, (pos, end): (usize, usize), newest: usize, nice: usize) -> Match {
        let bytes = window.load128(pos);
        let word = bytes[0] as u32;
        let (row, tag) = Self::place(word);
        let row = &mut self.rows[row];
        let mut best = Match { length: LEAST_LENGTH, distance: 0 };
        // The byte that would make it longer, and three before.
        let (mut decisive, mut wanted) = (pos, word);
        for distance in row.distances(tag, pos, newest) {
            if window.load32(decisive.wrapping_sub(distance)) == wanted {
                if !in_reach(distance) {
                    break;
                }
                let differ = window.differ16(pos - distance, bytes);
                let length = window.common_by(differ, pos - distance, pos).min(end - pos);
                if length > best.length {
                    best = Match { length, distance };
                    if length >= nice {
                        break;
                    }
                    decisive = pos + length + 1 - HASHED;
                    wanted = window.load32(decisive);
                }
            }
        }
        row.insert(tag, pos);
        let three = self.three(word);
        let distance = usize::from((pos as u16).wrapping_sub(*three));
        *three = pos as u16;
        let is_three = |distance: usize| (window.load32(pos - distance) ^ word) << 8 == 0;
        if best.distance == 0 && in_reach(distance) && is_three(distance) {
            best.distance = distance;
        }
        best
    }

    /// Calls `tell` for each of the `newest` in the row of the four bytes at `tail` that has their tag, and whose bytes from
    /// `pos` on are the same wherever one of the masks `needed` has a bit, the lowest for the first byte: with how far back
    /// it is, and a bit for each of sixteen bytes that differs. Newest first.
    #[inline(always)]
    pub(super) fn around(
        &self,
        window: Window<'_>,
        (pos, tail, newest): (usize, usize, usize),
        needed: [u32; 2],
        mut tell: impl FnMut(usize, u32),
    ) {
        let (row, tag) = Self::place(window.load32(tail));
        let bytes = window.load128(pos);
        for distance in self.rows[row].distances(tag, tail, newest) {
            let differ = window.differ16(pos.wrapping_sub(distance), bytes);
            // Both without a branch in between.
            if (differ & needed[0] == 0) | (differ & needed[1] == 0) {
                if !in_reach(distance) || distance > pos {
                    break;
                }
                tell(distance, differ);
            }
        }
    }
}
