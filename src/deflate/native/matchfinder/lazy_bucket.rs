//! Two candidates for each hash of five bytes, and one for each hash of three: level 5. Long hashes are those of more bytes, and of four.
//!
//! Two candidates with five equal bytes are better than all of a row with four in text, logs and tables, and no branch depends on
//! which of them is longer. In structured data, rows find more.

use std::ops::Range;

use super::bucket::{BucketTable, HASH};
use super::hash_functions::LongHash;
use super::last_position::LastPosition;
use super::{AroundQuery, LazyFinder, LazySearch};
use crate::deflate::Window;
use crate::deflate::native::sequences::Match;
use crate::deflate::native::symbols::{MAX_MATCH, MIN_MATCH};

/// Buckets of five bytes, and the last position of each hash of three; with `LONG`, buckets of six to eight bytes, and the last position of
/// each hash of four.
pub(crate) struct LazyBuckets<const ENTRIES: usize, const SHORT: usize, const LONG: bool> {
    buckets: BucketTable<ENTRIES>,
    short: LastPosition<SHORT>,
    hash: LongHash,
}

impl<const ENTRIES: usize, const SHORT: usize, const LONG: bool> LazyBuckets<ENTRIES, SHORT, LONG> {
    #[inline(always)]
    fn hash(&self, word: u64) -> u64 {
        if LONG { self.hash.of(word) } else { HASH.of(word) }
    }

    /// Inserts a position into the table of the shortest matches. Returns the distance to the last position with the same hash.
    #[inline(always)]
    fn insert_short(&mut self, word: u64, pos: usize) -> usize {
        if LONG { self.short.insert_four(word as u32, pos) } else { self.short.insert(word as u32, pos) }
    }
}

impl<const ENTRIES: usize, const SHORT: usize, const LONG: bool> LazyFinder for LazyBuckets<ENTRIES, SHORT, LONG> {
    const LONG: bool = LONG;
    const MAX_CANDIDATES: usize = 2;

    fn new() -> Self {
        Self { buckets: BucketTable::new(), short: LastPosition::new(), hash: HASH }
    }

    #[inline(always)]
    fn hashed(&self) -> usize {
        if LONG { self.hash.bytes } else { HASH.bytes }
    }

    fn set_hash(&mut self, hash: LongHash) {
        self.hash = hash;
    }

    fn clear(&mut self) {
        self.buckets.clear();
        self.short.clear();
    }

    #[inline(never)]
    fn insert_all(&mut self, window: Window<'_>, positions: Range<usize>, hash3: bool) {
        for pos in positions {
            let word = window.load64(pos);
            self.buckets.insert_hash(self.hash(word), pos);
            if hash3 || LONG {
                self.insert_short(word, pos);
            }
        }
    }

    #[inline(always)]
    fn find(&mut self, window: Window<'_>, range: Range<usize>, search: LazySearch) -> Match {
        let Range { start: pos, end } = range;
        let word = window.load64(pos);
        let bucket = self.buckets.insert_hash(self.hash(word), pos);
        let distance = if search.hash3 || LONG { self.insert_short(word, pos) } else { 0 };
        if bucket.has_candidate() {
            let Match { length, distance } = match search.depth.max_search_depth {
                1 => bucket.newest(window, pos..end),
                _ => bucket.longest(window, pos..end),
            };
            if length >= 32 {
                let length = window.common_beyond::<32>(pos - distance, pos, MAX_MATCH).min(end - pos);
                return Match { length, distance };
            }
            if length >= MIN_MATCH {
                return Match { length, distance };
            }
        }
        let short = LastPosition::<SHORT>::match_at(window, pos..end, distance);
        short.unwrap_or(Match { length: MIN_MATCH, distance: 0 })
    }

    #[inline(always)]
    fn find_all(&mut self, window: Window<'_>, range: Range<usize>, mut found: impl FnMut(Match)) {
        let Range { start: pos, end } = range;
        let word = window.load64(pos);
        let bucket = self.buckets.insert_hash(self.hash(word), pos);
        let distance = self.insert_short(word, pos);
        let mut longest = MIN_MATCH - 1;
        let short = LastPosition::<SHORT>::match_at(window, pos..end, distance);
        let nearest = bucket.distances().map(|distance| {
            distance.map(|distance| Match { length: window.common_to(pos - distance, pos, end), distance })
        });
        for other in std::iter::once(short).chain(nearest).flatten() {
            if other.length > longest {
                longest = other.length;
                found(other);
            }
        }
    }

    #[inline(always)]
    fn search_around(&self, window: Window<'_>, query: AroundQuery, mut found: impl FnMut(usize, u32)) {
        let AroundQuery { pos, tail, needed, .. } = query;
        let bytes = window.load128(pos);
        for distance in self.buckets.peek_hash(self.hash(window.load64(tail)), tail).distances() {
            let Some(distance) = distance else { continue };
            let differ = window.differ16(pos.wrapping_sub(distance), bytes);
            // One branch for both masks.
            if ((differ & needed[0] == 0) | (differ & needed[1] == 0)) && distance <= pos {
                found(distance, differ);
            }
        }
    }
}
