//! Near-optimal parsing: the cheapest path through a block by the prices of its symbols. Levels 10 to 12.
//!
//! All matches of the block are found once. Then the cheapest path from each position to the end is computed from those of the
//! later positions, from the end to the beginning. The prices come from the previous path. The first prices come from lazy parsing,
//! corrected by the change that the paths of the last block made. After a few passes, path and prices agree. (The shortest path as
//! in Zopfli, 2013; cached matches as in libdeflate, 2016.)

use std::ops::Range;

use crate::deflate::Window;
use crate::deflate::native::entropy::SymbolPrices;
use crate::deflate::native::histogram::Histogram;
use crate::deflate::native::matchfinder::SearchDepth;
use crate::deflate::native::matchfinder::binary_tree::BinaryTrees;
use crate::deflate::native::sequences::{LiteralOrMatch, Match, Sequences};
use crate::deflate::native::symbols::{
    DISTANCE_EXTRA_BITS, DISTANCE_SYMBOLS, DistanceCode, LENGTHS, MAX_MATCH, MIN_MATCH,
};

/// How much work the optimal parser does for a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptimalParameters {
    /// Nodes of a tree that are visited for a position.
    pub(crate) max_search_depth: usize,
    /// A match of this length is taken without a search at the positions inside of it.
    pub(crate) nice_length: usize,
    /// Upper bound of the number of paths that are computed.
    pub(crate) max_passes: usize,
}

/// Matches that are cached: 5 MiB, so that a worker needs at most 16 MiB. With 8 MiB an XML file is 0.01 % smaller, and
/// other content unchanged.
const MAX_CACHED_MATCHES: usize = 5 << 18;

/// Bytes needed behind a position to search it.
const LOOKAHEAD: usize = 8;

/// The price of one bit.
const PRICE_OF_BIT: f32 = 64.0;

/// The price of a path beyond the end: more than any path through a block, and far from an overflow.
const UNREACHABLE: u32 = u32::MAX / 4;

/// Another pass follows if the last one saved more than one part in this many. On logs, the fifth pass saves less. The last path is
/// used, not the cheapest one, because the passes have different prices, and their costs cannot be compared.
const MIN_SAVING: u32 = 2048;

/// Upper bounds in bits of the prices of symbols, without extra bits. A symbol that the last path did not use gets at most
/// these, so that the next path can use it.
const MAX_LITLEN_BITS: f32 = 14.0;
const MAX_DISTANCE_BITS: f32 = 12.0;

/// Prices of symbols with their extra bits.
struct SymbolCosts {
    literals: [u32; 256],
    lengths: [u32; MAX_MATCH + 1],
    distances: [u32; DISTANCE_SYMBOLS + 2],
}

impl SymbolCosts {
    /// Prices by the frequencies of a histogram.
    fn new(histogram: &Histogram) -> Self {
        let mut costs = Self { literals: [0; 256], lengths: [0; MAX_MATCH + 1], distances: [0; DISTANCE_SYMBOLS + 2] };
        let litlen = SymbolPrices::new(&histogram.litlen, MAX_LITLEN_BITS);
        for (cost, &frequency) in costs.literals.iter_mut().zip(&histogram.litlen) {
            *cost = (litlen.bits(frequency) * PRICE_OF_BIT) as u32;
        }
        for (cost, length) in costs.lengths[MIN_MATCH..].iter_mut().zip(&LENGTHS) {
            let frequency = histogram.litlen[usize::from(length.symbol)];
            *cost = ((litlen.bits(frequency) + f32::from(length.extra_bits)) * PRICE_OF_BIT) as u32;
        }
        let distances = SymbolPrices::new(&histogram.distances, MAX_DISTANCE_BITS);
        for ((cost, &frequency), &extra) in
            costs.distances.iter_mut().zip(&histogram.distances).zip(&DISTANCE_EXTRA_BITS)
        {
            *cost = ((distances.bits(frequency) + f32::from(extra)) * PRICE_OF_BIT) as u32;
        }
        costs
    }
}

/// Added to both counts of a symbol before their ratio is taken, so that rare symbols change little. With 1 or 32, level 10 is
/// 0.01 to 0.02 % larger.
const CORRECTION_SMOOTHING: f32 = 16.0;

/// Upper bound of a correction, and its inverse the lower bound. Without a bound, small structures are 6 % larger: a symbol that
/// the last path did not use is not used again.
const MAX_CORRECTION: f32 = 4.0;

/// Corrected counts are multiplied by this, so that rounding changes little.
const CORRECTION_SCALE: f32 = 16.0;

/// How the symbols of the last whole block changed from lazy parsing to its cheapest path. Those of the next block will change like that,
/// which saves about a pass: level 10 is 0.10 % smaller, level 12 0.07 %.
struct Correction {
    lazy: Histogram,
    path: Histogram,
}

impl Correction {
    /// Changes the counts of lazy parsing to those to be expected of the cheapest path.
    fn apply(&self, histogram: &mut Histogram) {
        let Self { lazy, path } = self;
        let litlen = histogram.litlen.iter_mut().zip(&lazy.litlen).zip(&path.litlen);
        let distances = histogram.distances.iter_mut().zip(&lazy.distances).zip(&path.distances);
        for ((count, &lazy), &path) in litlen.chain(distances) {
            let ratio = (path as f32 + CORRECTION_SMOOTHING) / (lazy as f32 + CORRECTION_SMOOTHING);
            let factor = ratio.clamp(1.0 / MAX_CORRECTION, MAX_CORRECTION) * CORRECTION_SCALE;
            *count = ((*count as f32 + 0.5) * factor) as u32;
        }
    }
}

/// A match in 32 bits. Bits 0..9: its length. Bits 9..24: its distance less one. Bits 24..32: its distance symbol.
#[derive(Clone, Copy)]
struct CachedMatch(u32);

impl CachedMatch {
    /// A literal: a step of one byte.
    const LITERAL: Self = Self(1);

    fn new(found: Match) -> Self {
        let distance = found.distance as u32;
        Self(found.length as u32 | (distance - 1) << 9 | DistanceCode::of(found.distance).symbol << 24)
    }

    fn length(self) -> usize {
        (self.0 & 511) as usize
    }

    /// The match at the same distance with another length.
    fn with_length(self, length: usize) -> Self {
        Self(self.0 & !511 | length as u32)
    }

    fn distance(self) -> usize {
        (self.0 >> 9 & 0x7fff) as usize + 1
    }

    fn distance_symbol(self) -> usize {
        (self.0 >> 24) as usize % (DISTANCE_SYMBOLS + 2)
    }
}

/// The optimal parser.
pub(crate) struct OptimalParser {
    trees: BinaryTrees,
    parameters: OptimalParameters,
    /// The matches of the range, in the order of their positions, and of each position the shorter first.
    matches: Vec<CachedMatch>,
    /// The index in `matches` of each position's first match, and the number of all matches.
    first_matches: Vec<u32>,
    /// The price of the cheapest path from each position to the end of the range.
    costs: Vec<u32>,
    /// The first step of that path.
    steps: Vec<CachedMatch>,
    /// The path from the start.
    path: Sequences,
    /// The change of the last DEFLATE block of this block that fitted in the match cache, if there is one.
    correction: Option<Correction>,
}

impl OptimalParser {
    pub(crate) fn new(parameters: OptimalParameters) -> Self {
        Self {
            trees: BinaryTrees::new(),
            parameters,
            matches: Vec::with_capacity(MAX_CACHED_MATCHES + MAX_MATCH),
            first_matches: Vec::new(),
            costs: Vec::new(),
            steps: Vec::new(),
            path: Sequences::new(),
            correction: None,
        }
    }

    /// The sequences of the last path.
    pub(crate) fn path(&self) -> &[u32] {
        self.path.as_slice()
    }

    /// Forgets the last block, and loads a dictionary of `size` bytes. The block behind it ends at `block_end`.
    pub(crate) fn load_dictionary(&mut self, window: Window<'_>, size: usize, block_end: usize) {
        self.trees.clear();
        self.correction = None;
        for pos in 0..size.min(block_end.saturating_sub(LOOKAHEAD)) {
            self.insert(window, pos..block_end);
        }
    }

    /// Computes the cheapest path through `range`, or through as much of it as fits in the match cache; the block ends at
    /// `block_end`. The first prices come from `histogram`, which has the counts of lazy parsing, and then those of the path. Returns
    /// the end of the path.
    pub(crate) fn min_cost_path(
        &mut self,
        window: Window<'_>,
        range: Range<usize>,
        block_end: usize,
        histogram: &mut Histogram,
    ) -> usize {
        let start = range.start;
        let end = self.find_matches(window, range, block_end);
        if let Some(correction) = &self.correction {
            correction.apply(histogram);
        }
        let mut before = u32::MAX;
        for _ in 0..self.parameters.max_passes {
            self.compute_costs(window, start..end, &SymbolCosts::new(histogram));
            self.follow_steps(window, start);
            *histogram = Histogram::count(self.path.as_slice());
            let cost = self.costs[0];
            if cost > before - before / MIN_SAVING {
                break;
            }
            before = cost;
        }
        end
    }

    /// Whether a correction is known.
    #[cfg(test)]
    pub(crate) fn has_correction(&self) -> bool {
        self.correction.is_some()
    }

    /// Derives the correction for the next DEFLATE block from the counts of lazy parsing and of the path. Both must be of the same
    /// bytes: not of a block and of the part of it that fits in the match cache.
    pub(crate) fn learn_correction(&mut self, lazy: Histogram, path: Histogram) {
        self.correction = Some(Correction { lazy, path });
    }

    /// Inserts the position `range.start` without a search for its matches.
    fn insert(&mut self, window: Window<'_>, range: Range<usize>) {
        let OptimalParameters { max_search_depth, nice_length, .. } = self.parameters;
        // An eighth of the depth keeps the trees sorted well enough.
        let limits = SearchDepth { max_search_depth: max_search_depth / 8 + 1, nice_length };
        self.trees.insert(window, range, limits, |_| {});
    }

    /// Caches all matches of a range, as far as there is space. Returns the end of the part that was searched.
    #[inline(never)]
    fn find_matches(&mut self, window: Window<'_>, range: Range<usize>, block_end: usize) -> usize {
        let OptimalParameters { max_search_depth, nice_length, .. } = self.parameters;
        let Range { start, end } = range;
        let last = block_end.saturating_sub(LOOKAHEAD);
        self.matches.clear();
        self.first_matches.clear();
        let mut pos = start;
        let mut inside_until = start;
        while pos < end && (self.matches.len() < MAX_CACHED_MATCHES || pos < inside_until) {
            self.first_matches.push(self.matches.len() as u32);
            if pos < last && pos < inside_until {
                self.insert(window, pos..block_end);
            } else if pos < last {
                let matches = &mut self.matches;
                self.trees.insert(window, pos..block_end, SearchDepth { max_search_depth, nice_length }, |found| {
                    // A match must not leave the DEFLATE block.
                    let length = found.length.min(end - pos);
                    if length >= MIN_MATCH {
                        matches.push(CachedMatch::new(Match { length, ..found }));
                    }
                    if found.length >= nice_length {
                        inside_until = pos + found.length;
                    }
                });
            }
            pos += 1;
        }
        self.first_matches.push(self.matches.len() as u32);
        pos
    }

    /// Computes the cheapest path from each position of a range to its end.
    #[inline(never)]
    fn compute_costs(&mut self, window: Window<'_>, range: Range<usize>, costs: &SymbolCosts) {
        let size = range.len();
        self.steps.clear();
        self.steps.resize(size, CachedMatch::LITERAL);
        self.costs.clear();
        self.costs.resize(size + 1 + MAX_MATCH, UNREACHABLE);
        self.costs[size] = 0;
        let matches = self.first_matches.windows(2).map(|pair| pair[0] as usize..pair[1] as usize);
        for (at, matches) in matches.enumerate().rev() {
            let reach: &mut [u32; MAX_MATCH + 1] =
                (&mut self.costs[at..=at + MAX_MATCH]).try_into().expect("MAX_MATCH + 1 costs");
            let mut cheapest = costs.literals[usize::from(window.byte(range.start + at))] + reach[1];
            let mut step = CachedMatch::LITERAL;
            let mut shortest = MIN_MATCH;
            for &found in &self.matches[matches] {
                let most = found.length().min(MAX_MATCH);
                let distance = costs.distances[found.distance_symbol()];
                // By index: three arrays of one known size need no bounds check.
                #[allow(clippy::needless_range_loop)]
                for length in shortest..=most {
                    let cost = costs.lengths[length] + distance + reach[length];
                    if cost < cheapest {
                        cheapest = cost;
                        step = found.with_length(length);
                    }
                }
                shortest = most + 1;
            }
            reach[0] = cheapest;
            self.steps[at] = step;
        }
    }

    /// Replaces the path by the steps from the start.
    #[inline(never)]
    fn follow_steps(&mut self, window: Window<'_>, start: usize) {
        let (steps, mut at) = (&self.steps, 0);
        self.path.replace(std::iter::from_fn(|| {
            let step = *steps.get(at)?;
            let literal = window.byte(start + at);
            at += step.length();
            Some(match step.length() {
                1 => LiteralOrMatch::Literal(literal),
                length => LiteralOrMatch::Match(Match { length, distance: step.distance() }),
            })
        }));
    }
}
