//! What matches save in runs of equal bytes.
//!
//! A run costs a literal and a match at distance 1, whatever follows it. A match from far away that is longer than a run may end within
//! the next one, whose rest costs as much as the whole run. Such a match is long, but saves only a literal. So matches are compared by
//! what the same bytes would cost as runs and literals.

use std::ops::Range;

use super::{LazyChunk, LazyParser, MAX_LITERAL_RUN, PlacedMatch};
use crate::deflate::native::matchfinder::LazyFinder;
use crate::deflate::native::sequences::Match;
use crate::deflate::native::symbols::{MAX_MATCH, MIN_MATCH};

impl LazyChunk<'_> {
    /// The match with the bytes one position before. Its distance is 0 if it is too short.
    pub(super) fn run_at(self, pos: usize) -> PlacedMatch {
        let length = self.repeated(pos);
        let distance = usize::from(length > 0);
        PlacedMatch { pos, found: Match { length: length.max(MIN_MATCH), distance } }
    }

    /// The price that literals from `start` up to a match, and the match, save if the alternative is a match for each run.
    pub(super) fn saving(self, start: usize, matched: PlacedMatch) -> i32 {
        let PlacedMatch { pos, found } = matched;
        let literals: i32 = self.window.bytes(start..pos).iter().map(|&byte| self.model.literal_price(byte)).sum();
        self.price(start..pos + found.length) - literals - self.model.match_price(found)
    }

    /// The price of these positions as runs and literals. Of a run that continues behind them, only its share of the longest match counts:
    /// its rest needs a match as well.
    fn price(self, positions: Range<usize>) -> i32 {
        let Range { start, end } = positions;
        let of_run = self.model.match_price(Match { length: MAX_MATCH, distance: 1 });
        let (mut pos, mut price) = (start, 0);
        while pos < end {
            let length = self.repeated(pos);
            if length == 0 {
                price += self.model.literal_price(self.window.byte(pos));
                pos += 1;
                continue;
            }
            let rest = end - pos;
            price += if length <= rest { of_run } else { of_run * rest as i32 / MAX_MATCH as i32 };
            pos += length;
        }
        price
    }

    /// How many bytes from `pos` on equal the one before, up to the longest match; 0 if too few for a match.
    #[inline(always)]
    fn repeated(self, pos: usize) -> usize {
        let bytes = self.window.load32(pos.wrapping_sub(1));
        if (bytes ^ bytes >> 8) << 8 == 0 { self.long_run(pos) } else { 0 }
    }

    /// Whether the bytes from `pos` on equal each other.
    #[inline(always)]
    fn begins_at(self, pos: usize) -> bool {
        let bytes = self.window.load32(pos);
        bytes == bytes.rotate_left(8)
    }

    /// The match, begun up to `anchor` if the bytes before it are equal too.
    fn begin_earlier(self, matched: PlacedMatch, anchor: usize) -> PlacedMatch {
        let PlacedMatch { pos, found: Match { length, distance } } = matched;
        let most = (pos - anchor).min(MAX_MATCH - length).min(pos - distance);
        let before = self.window.common_suffix(pos - distance, pos, most);
        PlacedMatch { pos: pos - before, found: Match { length: length + before, distance } }
    }

    /// The length of a run of at least three bytes; 0 if they are not all before the end.
    #[inline(never)]
    fn long_run(self, pos: usize) -> usize {
        let length = if pos == 0 { 0 } else { self.window.common(pos - 1, pos, 0, MAX_MATCH.min(self.end - pos)) };
        if length < MIN_MATCH { 0 } else { length }
    }
}

impl<F: LazyFinder> LazyParser<F> {
    /// Finds the next match in runs, behind at most [`MAX_LITERAL_RUN`] literals, of which `literals` are known. Returns it, and the
    /// position behind the last one that was searched. The distance is 0 if there is no match.
    #[cold]
    #[inline(never)]
    pub(super) fn next_in_runs(&mut self, literals: Range<usize>, chunk: LazyChunk<'_>) -> (PlacedMatch, usize) {
        let Range { start: anchor, end: mut pos } = literals;
        let limit = chunk.last.min(anchor + MAX_LITERAL_RUN + 1);
        loop {
            let matched = self.match_in_runs(pos, chunk);
            pos += 1;
            if matched.found.distance > 0 {
                return (chunk.begin_earlier(matched, anchor), pos);
            }
            if pos >= limit {
                return (matched, pos);
            }
        }
    }

    /// Finds the match that saves most at `pos` in runs: one from far away, or the run itself. Its distance is 0 if there is none.
    ///
    /// In a run, the search begins at its end, because all positions in runs have the same few hashes. The first byte of a run is a
    /// literal, unless a match that is found one byte later can begin there.
    #[inline(always)]
    fn match_in_runs(&mut self, pos: usize, chunk: LazyChunk<'_>) -> PlacedMatch {
        let LazyChunk { window, end, model, search, .. } = chunk;
        let run = chunk.run_at(pos);
        let known = if run.found.distance > 0 || chunk.begins_at(pos) {
            self.finder.insert_all(window, pos..pos + 1, model.use_hash3);
            run.found
        } else {
            self.finder.find(window, pos..end, search)
        };
        if known.distance == 0 || known.distance > 1 && !model.pays(window.load64(pos), known.length, known.distance) {
            return run;
        }
        let best = self.best_match(window, PlacedMatch { pos, found: known }, end, model);
        if best.found.distance == 1 || chunk.saving(pos, best) > 0 { best } else { run }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;
    use crate::deflate::native::cost_model::CostModel;
    use crate::deflate::native::histogram::Histogram;
    use crate::deflate::native::matchfinder::{LazySearch, SearchDepth};

    fn with_chunk(content: &[u8], end: usize, check: impl FnOnce(LazyChunk<'_>)) {
        let (mut buffer, mut model) = (WindowBuffer::new(), CostModel::new());
        let mut histogram = Histogram::EMPTY;
        histogram.litlen[..270].fill(1);
        histogram.distances.fill(1);
        model.update(&histogram, 4000.0, 1000);
        let search = LazySearch { depth: SearchDepth { max_search_depth: 1, nice_length: MAX_MATCH }, hash3: false };
        check(LazyChunk { window: buffer.fill(content), last: end, end, model: &model, search });
    }

    #[test]
    fn a_match_that_ends_within_a_run_saves_little_of_it() {
        let content = [&[0; 50][..], b"abcdef", &[0; 50], b"gh", &[0; 200]].concat();
        with_chunk(&content, content.len(), |chunk| {
            let saving = |pos, length| chunk.saving(57, PlacedMatch { pos, found: Match { length, distance: 56 } });
            let literal = chunk.model.literal_price(b'g');
            assert_eq!(saving(57, 51), saving(57, 50) + literal, "one more literal");
            assert!(saving(57, 55) < saving(57, 52) + literal, "the beginning of a run");
            assert!(saving(57, 49) > saving(57, 48) + literal / 2, "the end of a run");
            assert_eq!(saving(58, 48), saving(57, 49) - chunk.model.literal_price(0), "begun later");
        });
    }

    #[test]
    fn a_run_ends_with_the_block() {
        with_chunk(&[7; 400], 100, |chunk| {
            let run_at = |pos| chunk.run_at(pos).found;
            assert_eq!(run_at(0).distance, 0, "no byte before");
            assert_eq!((run_at(1).length, run_at(1).distance), (99, 1));
            assert_eq!(run_at(98).distance, 0, "too short");
        });
    }

    #[test]
    fn a_match_begins_with_literals_before_it() {
        with_chunk(b"abcdefghabcdefgh", 16, |chunk| {
            let found = Match { length: 4, distance: 8 };
            let begin = |anchor| chunk.begin_earlier(PlacedMatch { pos: 12, found }, anchor);
            assert_eq!((begin(12).pos, begin(12).found.length), (12, 4));
            assert_eq!((begin(10).pos, begin(10).found.length), (10, 6));
            assert_eq!((begin(0).pos, begin(0).found.length), (8, 8), "the first byte of the window");
        });
    }
}
