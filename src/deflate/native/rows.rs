//! Earlier occurrences, in rows: what levels 4 to 9 look for matches in, and the first look of those above.
//!
//! A row holds the last positions whose four bytes have the same hash, and of each eight more bits of the hash. Those are
//! compared all at once, and only positions where they are the same are looked at: the serial loads of a hash chain,
//! one for each candidate, are what limits it. A row of sixteen is one cache line.
//!
//! To find something longer than a match that is known, not its beginning is looked up but its end: the last four bytes
//! that a longer one must have. They are rarer, as most matches end where their kind ends, so there are few candidates;
//! and what is rare is remembered for longer, so that matches are found which are long out of the row of their
//! beginning. At level 6 time falls by 10 %.

use super::boxed::boxed;
use super::hash;
use super::room::Room;
use super::simd::same_bytes;
use super::symbols::{LEAST_LENGTH, MOST_LENGTH};
use super::tokens::Match;
use crate::deflate::WINDOW;

/// Base-2 logarithm of the entries for three bytes: 2^13 make binaries and images 1 % larger, and
/// 2^16, which are slower, everything 0.1 % smaller.
const THREES_BITS: u32 = 15;

/// Length of what is hashed, so that shorter matches are not in the rows.
const HASHED: usize = 4;

/// How often a longer match is looked for behind the one found: content can be made that has one of each length, and
/// would take a hundred times as long. Without a bound the corpus is 0.001 % smaller at level 6.
const MOST_LOOKS: usize = 16;

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

/// Rows of `WIDTH` (16 or 64) positions, and for three bytes the last position of each hash.
pub(super) struct Rows<const WIDTH: usize, const ROWS: usize> {
    rows: Box<[Row<WIDTH>; ROWS]>,
    threes: Box<[u16; 1 << THREES_BITS]>,
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

    /// How far back from `pos` the positions with a tag are, newest first, up to the first that is out of reach. (An entry
    /// that is empty, or older than 2^16 positions, may give a distance within reach; what is there is compared.)
    #[inline(always)]
    fn distances(&self, tag: u8, pos: usize) -> impl Iterator<Item = usize> {
        let head = u32::from(self.head);
        let mut same = rotate::<WIDTH>(self.with_tag(tag), head);
        std::iter::from_fn(move || {
            if same == 0 {
                return None;
            }
            let slot = (same.trailing_zeros() + head) as usize % WIDTH;
            same &= same - 1;
            let distance = usize::from((pos as u16).wrapping_sub(self.positions[slot]));
            (distance.wrapping_sub(1) < WINDOW).then_some(distance)
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

/// Turns the lowest `WIDTH` bits so that bit `first` becomes the lowest.
#[inline(always)]
fn rotate<const WIDTH: usize>(bits: u64, first: u32) -> u64 {
    match WIDTH {
        16 => u64::from((bits as u16).rotate_right(first)),
        _ => bits.rotate_right(first),
    }
}

impl<const WIDTH: usize, const ROWS: usize> Rows<WIDTH, ROWS> {
    pub(super) fn new() -> Self {
        Self { rows: boxed(Row::EMPTY), threes: boxed(0) }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes.
    pub(super) fn prime(&mut self, room: &Room, start: usize) {
        self.rows.fill(Row::EMPTY);
        self.threes.fill(0);
        self.insert_all(room, 0, start, true);
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
        &mut self.threes[(hash::of_three(word) >> (32 - THREES_BITS)) as usize]
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, room: &Room, pos: usize) {
        let word = room.load32(pos);
        let (row, tag) = Self::place(word);
        self.rows[row].insert(tag, pos);
        *self.three(word) = pos as u16;
    }

    /// Inserts every position from `start` to `end`, for matches of three bytes only if `threes`.
    #[inline(never)]
    pub(super) fn insert_all(&mut self, room: &Room, start: usize, end: usize, threes: bool) {
        if threes {
            (start..end).for_each(|pos| self.insert(room, pos));
            return;
        }
        for pos in start..end {
            let (row, tag) = Self::place(room.load32(pos));
            self.rows[row].insert(tag, pos);
        }
    }

    /// Finds the longest match for `pos` among `depth` candidates, good enough from `nice` bytes on, and inserts `pos`.
    #[inline(always)]
    pub(super) fn find(&mut self, room: &Room, (pos, end): (usize, usize), depth: usize, nice: usize) -> Match {
        let word = room.load32(pos);
        let most = MOST_LENGTH.min(end - pos);
        let nice = nice.min(most);
        let (row, tag) = Self::place(word);
        let row = &mut self.rows[row];
        let mut best = Match { length: LEAST_LENGTH, distance: 0 };
        for distance in row.distances(tag, pos).take(depth) {
            // The byte that would make it longer, and three before.
            let decisive = best.length + 1 - HASHED;
            if room.load32(pos - distance + decisive) == room.load32(pos + decisive) {
                let length = room.common(pos - distance, pos, 0, most);
                if length > best.length {
                    best = Match { length, distance };
                    if length >= nice {
                        break;
                    }
                }
            }
        }
        row.insert(tag, pos);
        let three = self.three(word);
        let distance = usize::from((pos as u16).wrapping_sub(*three));
        *three = pos as u16;
        let is_three = |distance: usize| (room.load32(pos - distance) ^ word) << 8 == 0;
        if best.distance == 0 && distance.wrapping_sub(1) < WINDOW && is_three(distance) {
            best.distance = distance;
        }
        best
    }

    /// Finds a match for `pos` that is longer than `best`, by where it would end, and again by where that ends; if there is
    /// none, `best`. What is `nice` is long enough.
    #[inline(always)]
    pub(super) fn longer(&self, room: &Room, (pos, end): (usize, usize), mut best: Match, nice: usize) -> Match {
        let most = MOST_LENGTH.min(end - pos);
        let nice = nice.min(most);
        'longer: for _ in 0..MOST_LOOKS {
            if best.length >= nice {
                break;
            }
            let tail = pos + best.length + 1 - HASHED;
            let (row, tag) = Self::place(room.load32(tail));
            for distance in self.rows[row].distances(tag, tail) {
                if distance > pos {
                    break;
                }
                let same = |at: usize| room.load32(at - distance) == room.load32(at);
                if same(pos) && same(tail) {
                    let length = room.common(pos - distance, pos, HASHED, most);
                    if length > best.length {
                        best = Match { length, distance };
                        continue 'longer;
                    }
                }
            }
            break;
        }
        best
    }
}
