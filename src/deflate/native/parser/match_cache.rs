//! The matches of all positions of a DEFLATE block, found once and used by each pass of the optimal parser.

use crate::deflate::native::matchfinder::binary_tree::{FoundMatches, PackedMatch};
use crate::deflate::native::symbols::{DistanceCode, MAX_MATCH, MIN_MATCH};

/// Matches that are cached: 5 MiB, so that a worker needs at most 16 MiB. With 8 MiB an XML file is 0.01 % smaller, and
/// other content unchanged.
const MAX_CACHED_MATCHES: usize = 5 << 18;

/// Short lengths: 3 to 10. Most positions have no longer match.
pub(super) const SHORT_LENGTHS: usize = 8;

/// The longest short length.
pub(super) const MAX_SHORT: usize = MIN_MATCH + SHORT_LENGTHS - 1;

/// The distance symbol of a length that no match has.
pub(super) const NO_DISTANCE: usize = 31;

/// Bits of a distance symbol.
const SYMBOL_BITS: usize = 5;

/// The bits of the distance symbols of all short lengths.
const SHORT_BITS: u64 = (1 << (SYMBOL_BITS * SHORT_LENGTHS)) - 1;

/// One in each distance symbol.
const EACH_SYMBOL: u64 = SHORT_BITS / NO_DISTANCE as u64;

/// Set where a match is longer than the short ones.
const HAS_LONG: u64 = SHORT_BITS + 1;

/// The lowest bit of the index.
const INDEX_SHIFT: u32 = SHORT_BITS.count_ones() + 1;

/// The matches of a position in 64 bits. Bits 0..40: the distance symbol of the nearest match that has each short length or more.
/// Bit 40: whether a match is longer. Bits 41..64: the index of the first match in the cache.
///
/// With symbols by length, the price of each short length is computed without a branch.
#[derive(Clone, Copy)]
pub(super) struct PositionMatches(u64);

impl PositionMatches {
    fn new(index: usize, found: &[PackedMatch]) -> Self {
        let mut symbols = SHORT_BITS;
        let mut filled = 0;
        for &found in found {
            let length = found.length().min(MAX_SHORT);
            let covered = (1 << (SYMBOL_BITS * (length + 1 - MIN_MATCH))) - 1;
            let symbol = u64::from(DistanceCode::of(found.distance()).symbol);
            symbols &= (symbol * EACH_SYMBOL) | !covered | filled;
            filled = covered;
            if length == MAX_SHORT {
                break;
            }
        }
        let has_long = found.last().is_some_and(|longest| longest.length() > MAX_SHORT);
        Self((index as u64) << INDEX_SHIFT | if has_long { HAS_LONG } else { 0 } | symbols)
    }

    /// Whether there is no match.
    #[inline(always)]
    pub(super) fn is_empty(self) -> bool {
        self.0 & SHORT_BITS == SHORT_BITS
    }

    /// Whether a match is longer than [`MAX_SHORT`].
    #[inline(always)]
    pub(super) fn has_long(self) -> bool {
        self.0 & HAS_LONG != 0
    }

    /// The distance symbol of the short length `MIN_MATCH + i`, or [`NO_DISTANCE`].
    #[inline(always)]
    pub(super) fn short_symbol(self, i: usize) -> usize {
        (self.0 >> (SYMBOL_BITS * i)) as usize & NO_DISTANCE
    }

    fn index(self) -> usize {
        (self.0 >> INDEX_SHIFT) as usize
    }
}

/// The cache.
pub(super) struct MatchCache {
    /// In the order of their positions, and of each position the shorter first.
    matches: Vec<PackedMatch>,
    /// One element for each position, and one for the end of the last position's matches.
    positions: Vec<PositionMatches>,
}

impl MatchCache {
    pub(super) fn new() -> Self {
        Self { matches: Vec::with_capacity(MAX_CACHED_MATCHES + 2 * MAX_MATCH), positions: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.matches.clear();
        self.positions.clear();
    }

    /// Whether no more positions should be added.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.matches.len() >= MAX_CACHED_MATCHES
    }

    /// Adds the matches of the next position.
    #[inline(always)]
    pub(super) fn push(&mut self, found: &FoundMatches) {
        let index = self.matches.len();
        self.positions.push(PositionMatches::new(index, found.as_slice()));
        // Eight in any case, because a copy of a known size is fast.
        let (first, rest) = found.matches.split_at(8);
        self.matches.extend_from_slice(first);
        if found.count <= 8 {
            self.matches.truncate(index + found.count);
        } else {
            self.matches.extend_from_slice(&rest[..found.count - 8]);
        }
    }

    /// Adds positions without matches.
    pub(super) fn push_empty(&mut self, count: usize) {
        let empty = PositionMatches::new(self.matches.len(), &[]);
        self.positions.resize(self.positions.len() + count, empty);
    }

    /// Marks the end of the last position's matches.
    pub(super) fn finish(&mut self) {
        self.push_empty(1);
    }

    /// All positions.
    pub(super) fn positions(&self) -> &[PositionMatches] {
        &self.positions[..self.positions.len() - 1]
    }

    /// The matches of the position with this index.
    #[inline(always)]
    pub(super) fn at(&self, index: usize) -> &[PackedMatch] {
        &self.matches[self.positions[index].index()..self.positions[index + 1].index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_short_length_has_the_nearest_distance() {
        let found = [(4, 3), (5, 300), (12, 20_000)].map(|(length, distance)| PackedMatch::new(length, distance));
        let position = PositionMatches::new(7, &found);
        let symbols: Vec<usize> = (0..SHORT_LENGTHS).map(|i| position.short_symbol(i)).collect();
        let of = |distance| DistanceCode::of(distance).symbol as usize;
        let (near, middle, far) = (of(3), of(300), of(20_000));
        assert_eq!(symbols, [near, near, middle, far, far, far, far, far]);
        assert!(position.has_long() && !position.is_empty() && position.index() == 7);
    }

    #[test]
    fn lengths_beyond_the_longest_match_have_no_distance() {
        let position = PositionMatches::new(0, &[PackedMatch::new(3, 1)]);
        assert_eq!((position.short_symbol(0), position.short_symbol(1)), (0, NO_DISTANCE));
        assert!(!position.has_long() && !position.is_empty());
        assert!(PositionMatches::new(0, &[]).is_empty());
    }
}
