//! Rows of candidates: levels 6 to 9, and the first pass of levels 10 to 12.
//!
//! A row holds the last positions whose four bytes have the same hash, and a tag for each: eight more bits of the hash. All
//! tags are compared at once, and only positions with the same tag are looked at. A hash chain is limited by its serial
//! loads, one for each candidate; a row of 16 is one cache line.
//!
//! [`search_around`](LazyFinder::search_around) finds a better match than a known one by its end: it looks up the last four bytes
//! that a better match must have. These are rarer than the first four, because most matches end where their kind of content ends. So there
//! are fewer candidates, and they stay in their rows for longer. One search finds longer matches at the same position and
//! better matches one or two positions later.

use std::ops::Range;

use super::hash_functions::{LongHash, hash4};
use super::last_position::LastPosition;
use super::{AroundQuery, LazyFinder, LazySearch, in_window};
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::native::sequences::Match;
use crate::deflate::native::simd::same_bytes;
use crate::deflate::native::symbols::MIN_MATCH;

/// Bytes that are hashed without `LONG`. Rows do not contain shorter matches.
const HASHED: usize = 4;

/// The last positions of one hash.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Row<const WIDTH: usize> {
    tags: [u8; WIDTH],
    /// Positions modulo 2^16.
    positions: [u16; WIDTH],
    /// Index of the newest position. The older ones follow, around the row.
    head: u8,
}

/// Rows of `WIDTH` (16 or 64) positions, and the last position of each hash of the shortest matches. `ROWS` and `SHORT` are powers of
/// two. With `LONG`, rows are chosen by a hash of more than four bytes, and the shortest matches have four bytes instead of three.
pub(crate) struct MatchRows<const WIDTH: usize, const ROWS: usize, const SHORT: usize, const LONG: bool> {
    rows: Box<[Row<WIDTH>; ROWS]>,
    short: LastPosition<SHORT>,
    hash: LongHash,
}

/// Where the positions of a hash are.
struct HashedRow {
    /// The index of the row.
    row: usize,
    tag: u8,
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

    /// The distances from `pos` back to the positions with a tag, newest first, among the newest `depth` of the row. A distance
    /// may exceed the window, because an entry can be old or empty. Most candidates are rejected by their bytes, so the caller
    /// checks the distance only of those whose bytes are equal.
    #[inline(always)]
    fn distances(&self, tag: u8, pos: usize, depth: usize) -> impl Iterator<Item = usize> {
        let same = self.newest_with_tag(tag, depth);
        self.distances_to(same, same != 0, pos)
    }

    /// The same distances, or if there are none, that to the newest position of the row. The caller rejects it by its bytes. A loop
    /// that always has a first candidate is mispredicted less often: level 6 is 2 % faster where a search finds few candidates.
    #[inline(always)]
    fn distances_or_newest(&self, tag: u8, pos: usize, depth: usize) -> impl Iterator<Item = usize> {
        self.distances_to(self.newest_with_tag(tag, depth), true, pos)
    }

    /// A bit for each of the newest `depth` positions, the lowest for the newest: set if it has this tag.
    #[inline(always)]
    fn newest_with_tag(&self, tag: u8, depth: usize) -> u64 {
        rotate::<WIDTH>(self.with_tag(tag), u32::from(self.head)) & (u64::MAX >> (64 - depth))
    }

    /// The distances from `pos` back to the positions in `same`, a bit for each from the newest on; none unless `any`.
    #[inline(always)]
    fn distances_to(&self, mut same: u64, mut any: bool, pos: usize) -> impl Iterator<Item = usize> {
        let head = u32::from(self.head);
        std::iter::from_fn(move || {
            if !any {
                return None;
            }
            let slot = (same.trailing_zeros() + head) as usize % WIDTH;
            same &= same.wrapping_sub(1);
            any = same != 0;
            Some(usize::from((pos as u16).wrapping_sub(self.positions[slot])))
        })
    }

    /// A bit for each position, the lowest for the first: set if it has this tag.
    #[inline(always)]
    fn with_tag(&self, tag: u8) -> u64 {
        let wanted = [u64::from_le_bytes([tag; 8]); 2];
        let half = |eight: &[u8]| u64::from_le_bytes(eight.try_into().expect("8 bytes"));
        let sixteens = self.tags.chunks_exact(16).enumerate();
        sixteens.fold(0, |all, (i, tags)| {
            all | u64::from(same_bytes([half(&tags[..8]), half(&tags[8..])], wanted)) << (16 * i)
        })
    }
}

/// Rotates the lowest `WIDTH` bits so that bit `first` becomes the lowest.
#[inline(always)]
fn rotate<const WIDTH: usize>(bits: u64, first: u32) -> u64 {
    match WIDTH {
        16 => u64::from((bits as u16).rotate_right(first)),
        _ => bits.rotate_right(first),
    }
}

impl<const WIDTH: usize, const ROWS: usize, const SHORT: usize, const LONG: bool> MatchRows<WIDTH, ROWS, SHORT, LONG> {
    /// The row of the bytes at a position, and their tag.
    #[inline(always)]
    fn hashed_row(&self, window: Window<'_>, pos: usize) -> HashedRow {
        self.row_of(if LONG { window.load64(pos) } else { window.load32(pos).into() })
    }

    /// The row of the lowest bytes of a word, and their tag.
    #[inline(always)]
    fn row_of(&self, word: u64) -> HashedRow {
        let bits = ROWS.ilog2();
        if LONG {
            let hash = self.hash.of(word);
            return HashedRow { row: (hash >> (64 - bits)) as usize % ROWS, tag: (hash >> (56 - bits)) as u8 };
        }
        let hash = hash4(word as u32);
        HashedRow { row: (hash >> (32 - bits)) as usize % ROWS, tag: (hash >> (24 - bits)) as u8 }
    }

    #[inline(always)]
    fn insert(&mut self, window: Window<'_>, pos: usize) {
        let word = if LONG { window.load64(pos) } else { window.load32(pos).into() };
        let HashedRow { row, tag } = self.row_of(word);
        self.rows[row].insert(tag, pos);
        self.insert_short(word as u32, pos);
    }

    /// Inserts a position into the table of the shortest matches. Returns the distance to the last position with the same hash.
    #[inline(always)]
    fn insert_short(&mut self, word: u32, pos: usize) -> usize {
        if LONG { self.short.insert_four(word, pos) } else { self.short.insert(word, pos) }
    }
}

impl<const WIDTH: usize, const ROWS: usize, const SHORT: usize, const LONG: bool> LazyFinder
    for MatchRows<WIDTH, ROWS, SHORT, LONG>
{
    const LONG: bool = LONG;
    const MAX_CANDIDATES: usize = WIDTH;

    fn new() -> Self {
        Self { rows: boxed_array(Row::EMPTY), short: LastPosition::new(), hash: LongHash::new(HASHED) }
    }

    fn clear(&mut self) {
        self.rows.fill(Row::EMPTY);
        self.short.clear();
    }

    #[inline(always)]
    fn hashed(&self) -> usize {
        if LONG { self.hash.bytes } else { HASHED }
    }

    fn set_hash(&mut self, hash: LongHash) {
        self.hash = hash;
    }

    #[inline(never)]
    fn insert_all(&mut self, window: Window<'_>, positions: Range<usize>, hash3: bool) {
        if hash3 || LONG {
            positions.for_each(|pos| self.insert(window, pos));
            return;
        }
        for pos in positions {
            let HashedRow { row, tag } = self.hashed_row(window, pos);
            self.rows[row].insert(tag, pos);
        }
    }

    #[inline(always)]
    fn find(&mut self, window: Window<'_>, range: Range<usize>, search: LazySearch) -> Match {
        let Range { start: pos, end } = range;
        let LazySearch { depth, hash3 } = search;
        let bytes = window.load128(pos);
        let word = bytes[0] as u32;
        let HashedRow { row, tag } = self.row_of(bytes[0]);
        let row = &mut self.rows[row];
        let mut best = Match { length: MIN_MATCH, distance: 0 };
        // A longer match has these four bytes: the one behind the best match and the three before.
        let (mut decisive, mut wanted) = (pos, word);
        for distance in row.distances(tag, pos, depth.max_search_depth) {
            if window.load32(decisive.wrapping_sub(distance)) == wanted {
                if !in_window(distance) {
                    break;
                }
                let differ = window.differ16(pos - distance, bytes);
                let length = window.common_by(differ, pos - distance, pos).min(end - pos);
                if length > best.length {
                    best = Match { length, distance };
                    if length >= depth.nice_length {
                        break;
                    }
                    decisive = pos + length + 1 - HASHED;
                    wanted = window.load32(decisive);
                }
            }
        }
        row.insert(tag, pos);
        let distance = if hash3 || LONG { self.insert_short(word, pos) } else { 0 };
        if LONG {
            let short =
                if best.distance == 0 { LastPosition::<SHORT>::match_at(window, pos..end, distance) } else { None };
            return short.unwrap_or(best);
        }
        let is_match = |distance: usize| (window.load32(pos - distance) ^ word) << 8 == 0;
        if best.distance == 0 && in_window(distance) && is_match(distance) {
            best.distance = distance;
        }
        best
    }

    #[inline(always)]
    fn find_all(&mut self, window: Window<'_>, range: Range<usize>, mut found: impl FnMut(Match)) {
        let Range { start: pos, end } = range;
        let bytes = window.load128(pos);
        let distance = self.insert_short(bytes[0] as u32, pos);
        let mut longest = MIN_MATCH - 1;
        if let Some(short) = LastPosition::<SHORT>::match_at(window, pos..end, distance) {
            longest = short.length;
            found(short);
        }
        let HashedRow { row, tag } = self.row_of(bytes[0]);
        let row = &mut self.rows[row];
        for distance in row.distances(tag, pos, WIDTH) {
            if !in_window(distance) {
                break;
            }
            let differ = window.differ16(pos - distance, bytes);
            let length = window.common_by(differ, pos - distance, pos).min(end - pos);
            if length > longest {
                longest = length;
                found(Match { length, distance });
            }
        }
        row.insert(tag, pos);
    }

    #[inline(always)]
    fn search_around(&self, window: Window<'_>, query: AroundQuery, mut found: impl FnMut(usize, u32)) {
        let AroundQuery { pos, tail, depth, needed } = query;
        let HashedRow { row, tag } = self.hashed_row(window, tail);
        let bytes = window.load128(pos);
        for distance in self.rows[row].distances_or_newest(tag, tail, depth) {
            let differ = window.differ16(pos.wrapping_sub(distance), bytes);
            // One branch for both masks.
            if (differ & needed[0] == 0) | (differ & needed[1] == 0) {
                if !in_window(distance) || distance > pos {
                    break;
                }
                found(distance, differ);
            }
        }
    }
}
