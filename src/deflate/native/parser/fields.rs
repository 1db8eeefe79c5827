//! Parsing of fields at equal distances, as growing numbers and records have: the cheapest path through a few candidates.
//!
//! In such input, one choice decides whether all later matches have the same distance, which then costs a bit or two. Lazy parsing
//! compares a match with the next two positions, and takes longer matches from other fields. Here, all distances begin with the price
//! that a frequent one has, and the path decides which of them becomes frequent.

use std::ops::Range;

use super::min_cost_path::{MinCostPath, PathPrices, SymbolBounds};
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::LazyFinder;
use crate::deflate::native::sequences::{LiteralOrMatch, Match};
use crate::deflate::native::symbols::MIN_MATCH;

/// Bytes of a chunk.
const CHUNK: usize = 4096;

/// A match of this length is taken without a search at the positions inside of it.
const NICE_LENGTH: usize = 128;

/// Upper bounds of the first prices, in bits: about those of the lengths and distances that most matches of such input have.
const FIRST_BOUNDS: SymbolBounds = SymbolBounds { length: 4.0, distance: 2.0 };

/// Bytes needed behind a position to search it.
const LOOKAHEAD: usize = 12;

/// The parser of fields.
pub(super) struct FieldParser {
    path: MinCostPath,
}

impl FieldParser {
    pub(super) fn new() -> Self {
        Self { path: MinCostPath::new() }
    }

    /// Finds the cheapest path through the next chunk of `input`, which extends to the end of the block. Returns where it ends.
    #[inline(never)]
    pub(super) fn parse<F: LazyFinder>(
        &mut self,
        finder: &mut F,
        window: Window<'_>,
        input: Range<usize>,
        model: &CostModel,
    ) -> usize {
        let last = input.end.saturating_sub(LOOKAHEAD);
        let range = input.start..input.end.min(input.start + CHUNK);
        self.find_matches(finder, window, range.clone(), Record { distance: model.record_distance, end: input.end });
        let beyond = if range.end == input.end { 0.0 } else { model.bits_per_byte() };
        let first = PathPrices::bounded(model.chunk_counts(), FIRST_BOUNDS, beyond);
        self.path.compute(window, range.clone(), &first);
        let counts = self.path.histogram(window, range.start);
        self.path.compute(window, range.clone(), &PathPrices::bounded(&counts, SymbolBounds::NONE, beyond));
        let end = self.path.end(range.start);
        finder.insert_all(window, range.end.min(last)..end.min(last), true);
        end
    }

    /// The sequences of the path that begins at `start`.
    pub(super) fn items<'a>(&'a self, window: Window<'a>, start: usize) -> impl Iterator<Item = LiteralOrMatch> + 'a {
        self.path.items(window, start)
    }

    /// Finds the matches of a range. They may reach behind it.
    fn find_matches<F: LazyFinder>(&mut self, finder: &mut F, window: Window<'_>, range: Range<usize>, record: Record) {
        let Record { distance: record, end } = record;
        let last = end.saturating_sub(LOOKAHEAD);
        let path = &mut self.path;
        path.clear();
        let mut inside_until = range.start;
        for pos in range {
            path.begin_position();
            if pos >= last {
                continue;
            }
            if pos < inside_until {
                finder.insert_all(window, pos..pos + 1, true);
                continue;
            }
            let mut longest = MIN_MATCH - 1;
            if (1..=pos).contains(&record) {
                longest = window.common_to(pos - record, pos, end);
                if longest >= MIN_MATCH {
                    path.add(Match { length: longest, distance: record });
                }
            }
            finder.find_all(window, pos..end, |found| {
                if found.distance != record {
                    longest = longest.max(found.length);
                    path.add(found);
                }
            });
            if longest >= NICE_LENGTH {
                inside_until = pos + longest;
            }
        }
        path.begin_position();
    }
}

/// The distance to the last record, 0 if there is none, and the end of the block.
struct Record {
    distance: usize,
    end: usize,
}
