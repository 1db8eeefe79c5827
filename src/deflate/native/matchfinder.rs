//! Match finders: data structures that return earlier positions with the same bytes.
//!
//! | finder | levels | structure |
//! |---|---|---|
//! | [`hash`] | 1 | the last position of each hash |
//! | [`bucket`] | 2 to 4 | the last two positions of each hash |
//! | [`lazy_bucket`] | 5 | the same, for lazy parsing |
//! | [`rows`] | 6 to 9, first pass of 10 to 12 | the last 16 or 64 positions of each hash, compared at once by tags |
//! | [`binary_tree`] | 10 to 12 | a sorted tree of positions for each hash |
//!
//! A finder knows positions of one block and its dictionary. `clear` resets it for the next block.

use std::ops::Range;

pub(crate) use self::hash_functions::LongHash;
use super::sequences::Match;
use crate::deflate::{WINDOW, Window};

pub(super) mod binary_tree;
pub(super) mod bucket;
pub(super) mod hash;
pub(super) mod hash_functions;
pub(super) mod last_position;
pub(super) mod lazy_bucket;
pub(super) mod rows;

/// When a search at a position ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SearchDepth {
    /// Candidates to look at, of those of the hash.
    pub(crate) max_search_depth: usize,
    /// A match of this length ends the search.
    pub(crate) nice_length: usize,
}

/// What [`LazyFinder::find`] looks for.
#[derive(Clone, Copy)]
pub(crate) struct LazySearch {
    pub(crate) depth: SearchDepth,
    /// Whether to look for a match of three bytes if there is no longer one.
    pub(crate) hash3: bool,
}

/// Which candidates [`LazyFinder::search_around`] looks at.
pub(crate) struct AroundQuery {
    /// The position of the known match.
    pub(crate) pos: usize,
    /// The position of the bytes to look up: the last that a better match must have.
    pub(crate) tail: usize,
    /// Candidates to look at, of those of the hash.
    pub(crate) depth: usize,
    /// Bytes from `pos` on that must be equal, the lowest bit for the first: all of one mask or all of the other.
    pub(crate) needed: [u32; 2],
}

/// A match finder for lazy parsing. It finds the longest match at a position, and a better match than a known one by its end.
pub(crate) trait LazyFinder: Send {
    /// Whether the hash is chosen for each block.
    const LONG: bool;

    /// Most candidates that a search looks at.
    const MAX_CANDIDATES: usize;

    fn new() -> Self;

    /// Bytes that are hashed. Matches of fewer bytes are found at one distance at most.
    fn hashed(&self) -> usize;

    /// Chooses the hash, if the finder is for long ones.
    fn set_hash(&mut self, hash: LongHash);

    /// Forgets the last block.
    fn clear(&mut self);

    /// Inserts every position of a range; into the table for matches of three bytes only if `hash3`.
    fn insert_all(&mut self, window: Window<'_>, positions: Range<usize>, hash3: bool);

    /// Finds the longest match for the position `range.start`, at most up to `range.end`, and inserts the position. The
    /// distance is 0 if there is no match.
    fn find(&mut self, window: Window<'_>, range: Range<usize>, search: LazySearch) -> Match;

    /// Inserts the position `range.start`, and calls `found` for each match there that is longer than all nearer ones, the nearest
    /// first.
    fn find_all(&mut self, window: Window<'_>, range: Range<usize>, found: impl FnMut(Match));

    /// Calls `found` for each candidate of a query that has the hashed bytes at `tail` and the needed bytes, newest first: with
    /// its distance, and a bit for each of 16 bytes that differs.
    fn search_around(&self, window: Window<'_>, query: AroundQuery, found: impl FnMut(usize, u32));
}

/// Whether a match may have this distance.
#[inline(always)]
pub(super) fn in_window(distance: usize) -> bool {
    distance.wrapping_sub(1) < WINDOW
}
