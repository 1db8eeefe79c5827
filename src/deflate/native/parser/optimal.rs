//! Near-optimal parsing: the cheapest path through a block by the prices of its symbols. Levels 10 to 12.
//!
//! All matches of the block are found once. Then the cheapest path from each position to the end is computed from those of the
//! later positions, from the end to the beginning. The prices come from the previous path. The first prices come from lazy parsing,
//! corrected by the change that the paths of the last block made. After a few passes, path and prices agree. (The shortest path as
//! in Zopfli, 2013; cached matches as in libdeflate, 2016.)

use std::ops::{Range, RangeInclusive};

use super::match_cache::{MAX_SHORT, MatchCache, NO_DISTANCE, SHORT_LENGTHS};
use super::min_cost_path::{MAX_DISTANCE_BITS, MAX_LITLEN_BITS};
use crate::deflate::native::entropy::SymbolPrices;
use crate::deflate::native::histogram::Histogram;
use crate::deflate::native::matchfinder::SearchDepth;
use crate::deflate::native::matchfinder::binary_tree::{BinaryTrees, PackedMatch};
use crate::deflate::native::sequences::{LiteralOrMatch, Match, Sequences};
use crate::deflate::native::symbols::{
    DISTANCE_EXTRA_BITS, DISTANCE_SYMBOLS, DistanceCode, LENGTHS, MAX_MATCH, MIN_MATCH,
};
use crate::deflate::{BLOCK, Window};

/// How much work the optimal parser does for a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptimalParameters {
    /// Nodes of a tree that are visited for a position. A match of the nice length is taken without a search at the positions inside
    /// of it.
    pub(crate) depth: SearchDepth,
    /// Upper bound of the number of paths that are computed.
    pub(crate) max_passes: usize,
}

/// Bytes needed behind a position to search it.
const LOOKAHEAD: usize = 8;

/// The price of one bit. With 64, sizes are 0.02 % larger.
const PRICE_OF_BIT: f32 = 16.0;

/// Prices are multiplied by two to this power, and the lowest bits of a sum of prices state the first step of a path: 0 for a
/// literal, 1 to 8 for a match of a short length, [`LONG_STEP`] for a longer one.
const STEP_BITS: u32 = 4;

/// The first step of a path that begins with a match longer than [`MAX_SHORT`].
const LONG_STEP: u32 = 9;

const STEP_MASK: u32 = (1 << STEP_BITS) - 1;

/// The price of a path beyond the end: more than any path through a block, even of literals alone. With all that is added to it, it
/// fits in 32 bits.
const UNREACHABLE: u32 = 1 << 31;

const _: () = assert!((BLOCK as u64 * (MAX_LITLEN_BITS * PRICE_OF_BIT) as u64) << STEP_BITS < UNREACHABLE as u64);

/// The price of a length that no match has: more than the literals of the longest short match.
const NO_MATCH: u32 = 1 << 20;

/// Another pass follows if the last one saved more than one part in this many. On logs, the fifth pass saves less. The last path is
/// used, not the cheapest one, because the passes have different prices, and their costs cannot be compared.
const MIN_SAVING: u32 = 2048;

/// The price of this many bits.
fn price(bits: f32) -> u32 {
    ((bits * PRICE_OF_BIT + 0.5) as u32) << STEP_BITS
}

/// Prices of symbols with their extra bits. Those of lengths state the step of a match.
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
            *cost = price(litlen.bits(frequency));
        }
        for (step, (cost, length)) in (1..).zip(costs.lengths[MIN_MATCH..].iter_mut().zip(&LENGTHS)) {
            let frequency = histogram.litlen[usize::from(length.symbol)];
            *cost = price(litlen.bits(frequency) + f32::from(length.extra_bits)) | LONG_STEP.min(step);
        }
        let distances = SymbolPrices::new(&histogram.distances, MAX_DISTANCE_BITS);
        for ((cost, &frequency), &extra) in
            costs.distances.iter_mut().zip(&histogram.distances).zip(&DISTANCE_EXTRA_BITS)
        {
            *cost = price(distances.bits(frequency) + f32::from(extra));
        }
        costs.distances[NO_DISTANCE] = NO_MATCH;
        costs
    }

    /// The price of a distance.
    #[inline(always)]
    fn of_distance(&self, distance: usize) -> u32 {
        self.distances[DistanceCode::of(distance).symbol as usize % (DISTANCE_SYMBOLS + 2)]
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

/// The optimal parser.
pub(crate) struct OptimalParser {
    trees: BinaryTrees,
    parameters: OptimalParameters,
    /// The matches of the range.
    cache: MatchCache,
    /// The price of the cheapest path from each position to the end of the range.
    costs: Vec<u32>,
    /// The first step of that path.
    steps: Vec<u8>,
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
            cache: MatchCache::new(),
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
        let positions = 0..size.min(block_end.saturating_sub(LOOKAHEAD));
        self.trees.insert_all(window, positions, block_end, self.parameters.depth);
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
            let costs = SymbolCosts::new(histogram);
            self.compute_costs(window, start..end, &costs);
            self.follow_steps(window, start, &costs);
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

    /// Caches all matches of a range, as far as there is space. Returns the end of the part that was searched.
    #[inline(never)]
    fn find_matches(&mut self, window: Window<'_>, range: Range<usize>, block_end: usize) -> usize {
        let depth = self.parameters.depth;
        let last = range.end.min(block_end.saturating_sub(LOOKAHEAD));
        let mut pos = range.start;
        self.cache.clear();
        while pos < last && !self.cache.is_full() {
            let searched = self.trees.find(window, pos..last, block_end, depth);
            let inserted = pos + searched;
            for found in &self.trees.found()[..searched] {
                self.cache.push(found);
                let longest = found.as_slice().last().map_or(0, |longest| longest.length());
                pos += 1;
                if longest >= depth.nice_length {
                    let next = last.min(pos - 1 + longest);
                    self.trees.insert_all(window, inserted..next, block_end, depth);
                    self.cache.push_empty(next - pos);
                    pos = next;
                    break;
                }
            }
        }
        if pos >= last {
            self.cache.push_empty(range.end - pos);
            pos = range.end;
        }
        self.cache.finish();
        pos
    }

    /// Computes the cheapest path from each position of a range to its end. Matches that leave the range are as good as shorter ones:
    /// the costs of positions beyond it exceed all others.
    #[inline(never)]
    fn compute_costs(&mut self, window: Window<'_>, range: Range<usize>, costs: &SymbolCosts) {
        let size = range.len();
        self.steps.resize(size, 0);
        self.costs.clear();
        self.costs.resize(size + 1 + MAX_MATCH, UNREACHABLE);
        self.costs[size] = 0;
        let short: &[u32; SHORT_LENGTHS] = costs.lengths[MIN_MATCH..].first_chunk().expect("all lengths");
        for (at, &matches) in self.cache.positions().iter().enumerate().rev() {
            let reach: &mut [u32; MAX_MATCH + 1] =
                (&mut self.costs[at..=at + MAX_MATCH]).try_into().expect("MAX_MATCH + 1 costs");
            let mut cheapest = UNREACHABLE;
            if !matches.is_empty() {
                for (i, length) in short.iter().enumerate() {
                    let distance = costs.distances[matches.short_symbol(i)];
                    cheapest = cheapest.min(reach[MIN_MATCH + i] + length + distance);
                }
                if matches.has_long() {
                    cheapest = cheapest.min(cost_of_long(self.cache.at(at), reach, costs));
                }
            }
            // Last, because the cost of the next position was computed last.
            let literal = costs.literals[usize::from(window.byte(range.start + at))];
            let cheapest = cheapest.min(reach[1] + literal);
            reach[0] = cheapest & !STEP_MASK;
            self.steps[at] = (cheapest & STEP_MASK) as u8;
        }
    }

    /// Replaces the path by the steps from the start. `costs` are the prices that it was computed with.
    #[inline(never)]
    fn follow_steps(&mut self, window: Window<'_>, start: usize, costs: &SymbolCosts) {
        let Self { cache, steps, costs: paths, path, .. } = self;
        let mut at = 0;
        path.replace(std::iter::from_fn(|| {
            let step = usize::from(*steps.get(at)?);
            if step == 0 {
                at += 1;
                return Some(LiteralOrMatch::Literal(window.byte(start + at - 1)));
            }
            let matches = cache.at(at);
            let found = if step < LONG_STEP as usize {
                let length = MIN_MATCH + step - 1;
                let distance = matches.iter().find(|found| found.length() >= length).expect("a match").distance();
                Match { length, distance }
            } else {
                cheapest_long(matches, &paths[at..], costs)
            };
            at += found.length;
            Some(LiteralOrMatch::Match(found))
        }));
    }
}

/// The lengths above [`MAX_SHORT`] for which each match is the nearest, with the match.
#[inline(always)]
fn long_matches(matches: &[PackedMatch]) -> impl Iterator<Item = (RangeInclusive<usize>, usize)> {
    let mut shortest = MAX_SHORT + 1;
    matches.iter().map(move |found| {
        let lengths = shortest..=found.length().min(MAX_MATCH);
        shortest = shortest.max(found.length() + 1);
        (lengths, found.distance())
    })
}

/// The price of the cheapest path that begins with a match longer than [`MAX_SHORT`]. `reach` has the costs from the position of
/// `matches` on.
#[inline(always)]
fn cost_of_long(matches: &[PackedMatch], reach: &[u32; MAX_MATCH + 1], costs: &SymbolCosts) -> u32 {
    let mut cheapest = UNREACHABLE;
    for (lengths, distance) in long_matches(matches) {
        if !lengths.is_empty() {
            // No step is stored for a length, so that the compiler can vectorize this loop.
            let sums = costs.lengths[lengths.clone()].iter().zip(&reach[lengths]);
            let least = sums.fold(UNREACHABLE, |least, (length, reach)| least.min(length + reach));
            cheapest = cheapest.min(least + costs.of_distance(distance));
        }
    }
    cheapest
}

/// The match longer than [`MAX_SHORT`] that begins the cheapest path. `reach` has the costs from the position of `matches` on.
fn cheapest_long(matches: &[PackedMatch], reach: &[u32], costs: &SymbolCosts) -> Match {
    for (lengths, distance) in long_matches(matches) {
        for length in lengths {
            if reach[length] + costs.lengths[length] + costs.of_distance(distance) == reach[0] | LONG_STEP {
                return Match { length, distance };
            }
        }
    }
    unreachable!("the cost of a path is that of its steps")
}
