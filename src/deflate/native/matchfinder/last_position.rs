//! The last position of each hash of three or four bytes: finds the short matches that other finders do not hold.

use std::ops::Range;

use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::native::matchfinder::{hash_functions, in_window};
use crate::deflate::native::sequences::Match;

/// A table of `ENTRIES` (a power of two) positions modulo 2^16, by the hash of three or four bytes.
pub(crate) struct LastPosition<const ENTRIES: usize> {
    table: Box<[u16; ENTRIES]>,
}

impl<const ENTRIES: usize> LastPosition<ENTRIES> {
    pub(crate) fn new() -> Self {
        Self { table: boxed_array(0) }
    }

    /// Forgets the last block.
    pub(crate) fn clear(&mut self) {
        self.table.fill(0);
    }

    /// Inserts a position with these three bytes. Returns the distance to the last position with the same hash, which may exceed the
    /// window.
    #[inline(always)]
    pub(crate) fn insert(&mut self, word: u32, pos: usize) -> usize {
        self.replace(hash_functions::hash3(word), pos)
    }

    /// The same with the hash of four bytes.
    #[inline(always)]
    pub(crate) fn insert_four(&mut self, word: u32, pos: usize) -> usize {
        self.replace(hash_functions::hash4(word), pos)
    }

    #[inline(always)]
    fn replace(&mut self, hash: u32, pos: usize) -> usize {
        let last = &mut self.table[(hash >> (32 - ENTRIES.ilog2())) as usize % ENTRIES];
        let distance = usize::from((pos as u16).wrapping_sub(*last));
        *last = pos as u16;
        distance
    }

    /// The match for the position `range.start` at a distance that an insertion returned, at most up to `range.end`;
    /// `None` if three bytes differ.
    #[inline(always)]
    pub(crate) fn match_at(window: Window<'_>, range: Range<usize>, distance: usize) -> Option<Match> {
        let Range { start: pos, end } = range;
        let is_match = in_window(distance) && (window.load32(pos - distance) ^ window.load32(pos)) << 8 == 0;
        is_match.then(|| Match { length: window.common_to(pos - distance, pos, end), distance })
    }
}
