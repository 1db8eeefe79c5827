//! Finds repetitions of incompressible data while it is stored, by a sample of its positions.
//!
//! A match finder that inserts every position takes most of the time on incompressible data. Here, a position is an anchor if its
//! byte equals the next one: about one position in 256. The test names no byte value, so data that lacks some values has anchors
//! too. The content decides, so both copies of repeated data have the same anchors.

use std::ops::Range;

use super::matchfinder::hash_functions;
use super::simd::same_bytes;
use super::symbols::MAX_MATCH;
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::{WINDOW, Window};

/// Entries of the table. A window of incompressible data has 128 anchors, so that 3 % of them are overwritten too early.
const ENTRIES: usize = 1 << 12;

/// Positions that are tested at once.
const STEP: usize = 16;

/// Bytes of an anchor that are hashed, and that must be equal.
const HASHED: usize = 8;

/// The shortest repetition that ends a stored block. A block with codes costs 100 bytes more than a stored one.
const MIN_REPEATED: usize = 32;

/// The last anchor of each hash.
pub(super) struct Anchors {
    /// Positions modulo 2^16.
    table: Box<[u16; ENTRIES]>,
    /// Where the next scan begins. No position was scanned yet if it is 0.
    scanned: usize,
}

impl Anchors {
    pub(super) fn new() -> Self {
        Self { table: boxed_array(0), scanned: 0 }
    }

    /// Forgets the last block.
    pub(super) fn clear(&mut self) {
        if self.scanned > 0 {
            self.table.fill(0);
            self.scanned = 0;
        }
    }

    /// Scans the positions `range` of a block that ends at `end`, after those of the window before them. Returns where the first
    /// repetition begins: at the beginning of the range at the earliest.
    pub(super) fn find_repeat(&mut self, window: Window<'_>, range: Range<usize>, end: usize) -> Option<usize> {
        let Range { start, end: limit } = range;
        let limit = limit.min(end.saturating_sub(HASHED));
        let before = self.scanned.max(start.saturating_sub(WINDOW));
        self.scan(window, before..start, |_, _| false);
        let mut repeat = None;
        self.scan(window, start.max(self.scanned)..limit, |pos, candidate| {
            let back = window.common_suffix(candidate, pos, candidate.min(pos - start));
            let length = window.common(candidate, pos, HASHED, MAX_MATCH.min(end - pos));
            let long = back + length >= MIN_REPEATED;
            if long {
                repeat = Some(pos - back);
            }
            long
        });
        repeat
    }

    /// Inserts the anchors among the positions `range`. Stops behind the first one for which `found` accepts the earlier anchor with
    /// the same bytes.
    #[inline(always)]
    fn scan(&mut self, window: Window<'_>, range: Range<usize>, mut found: impl FnMut(usize, usize) -> bool) {
        let Range { start, end } = range;
        let mut at = start;
        while at < end {
            let mut anchors = same_bytes(window.load128(at), window.load128(at + 1));
            if end - at < STEP {
                anchors &= (1 << (end - at)) - 1;
            }
            while anchors != 0 {
                let pos = at + anchors.trailing_zeros() as usize;
                anchors &= anchors - 1;
                let candidate = self.insert(window, pos);
                if candidate.is_some_and(|candidate| found(pos, candidate)) {
                    self.scanned = pos + 1;
                    return;
                }
            }
            at += STEP;
        }
        self.scanned = self.scanned.max(end);
    }

    /// Inserts an anchor. Returns the last one in the window that has the same bytes.
    #[inline(always)]
    fn insert(&mut self, window: Window<'_>, pos: usize) -> Option<usize> {
        let word = window.load64(pos);
        let entry = &mut self.table[(hash_functions::hash8(word) >> (64 - ENTRIES.ilog2())) as usize % ENTRIES];
        let distance = usize::from((pos as u16).wrapping_sub(*entry));
        *entry = pos as u16;
        let in_window = distance.wrapping_sub(1) < WINDOW.min(pos);
        (in_window && window.load64(pos - distance) == word).then(|| pos - distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;
    use crate::deflate::roundtrip::generators::phrase_twice;
    use crate::deflate::roundtrip::random_bytes;

    fn repeat(bytes: &[u8], range: Range<usize>) -> Option<usize> {
        let mut buffer = WindowBuffer::new();
        Anchors::new().find_repeat(buffer.fill(bytes), range, bytes.len())
    }

    #[test]
    fn a_repetition_is_found_at_its_first_byte() {
        let phrase = random_bytes(3000, 71);
        let bytes = phrase_twice(&phrase, 5000, 5000 + WINDOW, 50_000);
        assert_eq!(repeat(&bytes, 10_000..50_000), Some(5000 + WINDOW));
        assert_eq!(repeat(&bytes, 6000 + WINDOW..50_000), Some(6000 + WINDOW), "the scan begins inside of it");
        assert_eq!(repeat(&bytes, 10_000..5000 + WINDOW), None);
    }

    #[test]
    fn what_is_beyond_the_window_or_too_short_is_no_repetition() {
        let phrase = random_bytes(3000, 71);
        assert_eq!(repeat(&phrase_twice(&phrase, 5000, 5001 + WINDOW, 50_000), 10_000..50_000), None);
        let short = [&b"xx"[..], &phrase[..MIN_REPEATED - 3]].concat();
        assert_eq!(repeat(&phrase_twice(&short, 5000, 12_000, 50_000), 10_000..50_000), None);
    }

    #[test]
    fn an_earlier_block_is_forgotten() {
        let (mut anchors, mut buffer) = (Anchors::new(), WindowBuffer::new());
        let bytes = phrase_twice(&random_bytes(3000, 71), 5000, 25_000, 50_000);
        let mut find = |anchors: &mut Anchors| anchors.find_repeat(buffer.fill(&bytes), 24_000..50_000, bytes.len());
        let first = find(&mut anchors);
        anchors.clear();
        assert_eq!((first, find(&mut anchors)), (Some(25_000), Some(25_000)));
    }
}
