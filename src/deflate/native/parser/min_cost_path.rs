//! The cheapest path through a range of input: all of its matches, and the steps of the path by the prices of symbols.
//!
//! The cheapest path from each position to the end is computed from those of the later positions, from the end to the beginning.
//! (The shortest path as in Zopfli, 2013; cached matches as in libdeflate, 2016.)

use std::ops::Range;

use crate::deflate::Window;
use crate::deflate::native::entropy::SymbolPrices;
use crate::deflate::native::histogram::Histogram;
use crate::deflate::native::sequences::{LiteralOrMatch, Match};
use crate::deflate::native::symbols::{
    DISTANCE_EXTRA_BITS, DISTANCE_SYMBOLS, DistanceCode, LENGTHS, MAX_MATCH, MIN_MATCH,
};

/// The price of one bit.
const PRICE_OF_BIT: f32 = 64.0;

/// Upper bounds in bits of the prices of symbols, without extra bits. A symbol that the last path did not use gets at most
/// these, so that the next path can use it.
pub(super) const MAX_LITLEN_BITS: f32 = 14.0;
pub(super) const MAX_DISTANCE_BITS: f32 = 12.0;

/// Upper bounds in bits of the prices of lengths and distances, without extra bits.
#[derive(Clone, Copy)]
pub(super) struct SymbolBounds {
    pub(super) length: f32,
    pub(super) distance: f32,
}

impl SymbolBounds {
    pub(super) const NONE: Self = Self { length: MAX_LITLEN_BITS, distance: MAX_DISTANCE_BITS };
}

/// Prices of symbols with their extra bits.
pub(super) struct PathPrices {
    literals: [u32; 256],
    lengths: [u32; MAX_MATCH + 1],
    distances: [u32; DISTANCE_SYMBOLS + 2],
    /// The price of a byte behind the range that the last match does not cover.
    beyond: u32,
}

impl PathPrices {
    /// Prices by the frequencies of a histogram, within bounds. `beyond` is the price in bits of a byte behind the range.
    pub(super) fn bounded(histogram: &Histogram, bounds: SymbolBounds, beyond: f32) -> Self {
        let mut costs = Self {
            literals: [0; 256],
            lengths: [0; MAX_MATCH + 1],
            distances: [0; DISTANCE_SYMBOLS + 2],
            beyond: (beyond * PRICE_OF_BIT) as u32,
        };
        let litlen = SymbolPrices::new(&histogram.litlen, MAX_LITLEN_BITS);
        for (cost, &frequency) in costs.literals.iter_mut().zip(&histogram.litlen) {
            *cost = (litlen.bits(frequency) * PRICE_OF_BIT) as u32;
        }
        for (cost, length) in costs.lengths[MIN_MATCH..].iter_mut().zip(&LENGTHS) {
            let frequency = histogram.litlen[usize::from(length.symbol)];
            *cost = ((litlen.bits(frequency).min(bounds.length) + f32::from(length.extra_bits)) * PRICE_OF_BIT) as u32;
        }
        let distances = SymbolPrices::new(&histogram.distances, MAX_DISTANCE_BITS);
        for ((cost, &frequency), &extra) in
            costs.distances.iter_mut().zip(&histogram.distances).zip(&DISTANCE_EXTRA_BITS)
        {
            *cost = ((distances.bits(frequency).min(bounds.distance) + f32::from(extra)) * PRICE_OF_BIT) as u32;
        }
        costs
    }
}

/// A match in 32 bits. Bits 0..9: its length. Bits 9..24: its distance less one. Bits 24..32: its distance symbol.
#[derive(Clone, Copy)]
pub(super) struct PathStep(u32);

impl PathStep {
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

/// The matches of a range of input, and the cheapest path through it.
pub(super) struct MinCostPath {
    /// The matches of the range, in the order of their positions, and of each position the shorter first.
    matches: Vec<PathStep>,
    /// The index in `matches` of each position's first match, and the number of all matches.
    first_matches: Vec<u32>,
    /// The price of the cheapest path from each position to the end of the range.
    costs: Vec<u32>,
    /// The first step of that path.
    steps: Vec<PathStep>,
}

impl MinCostPath {
    /// A path without matches.
    pub(super) fn new() -> Self {
        Self { matches: Vec::new(), first_matches: Vec::new(), costs: Vec::new(), steps: Vec::new() }
    }

    /// Forgets the last range.
    pub(super) fn clear(&mut self) {
        self.matches.clear();
        self.first_matches.clear();
    }

    /// Begins the next position, or ends the range. Its matches follow.
    pub(super) fn begin_position(&mut self) {
        self.first_matches.push(self.matches.len() as u32);
    }

    /// Adds a match of the current position; a longer one than those before.
    #[inline(always)]
    pub(super) fn add(&mut self, found: Match) {
        self.matches.push(PathStep::new(found));
    }

    /// The end of the path, whose first position is `start`.
    pub(super) fn end(&self, start: usize) -> usize {
        let mut at = 0;
        while let Some(step) = self.steps.get(at) {
            at += step.length();
        }
        start + at
    }

    /// Computes the cheapest path from each position of a range to its end.
    #[inline(never)]
    pub(super) fn compute(&mut self, window: Window<'_>, range: Range<usize>, costs: &PathPrices) {
        let size = range.len();
        self.steps.clear();
        self.steps.resize(size, PathStep::LITERAL);
        self.costs.clear();
        self.costs.resize(size, 0);
        self.costs.extend((0..=MAX_MATCH as u32).rev().map(|missing| missing * costs.beyond));
        let matches = self.first_matches.windows(2).map(|pair| pair[0] as usize..pair[1] as usize);
        for (at, matches) in matches.enumerate().rev() {
            let reach: &mut [u32; MAX_MATCH + 1] =
                (&mut self.costs[at..=at + MAX_MATCH]).try_into().expect("MAX_MATCH + 1 costs");
            let mut cheapest = costs.literals[usize::from(window.byte(range.start + at))] + reach[1];
            let mut step = PathStep::LITERAL;
            let mut shortest = MIN_MATCH;
            for &found in &self.matches[matches] {
                let most = found.length().min(MAX_MATCH);
                let distance = costs.distances[found.distance_symbol()];
                // The first match can be one that is tried in any case.
                if most < shortest {
                    shortest = MIN_MATCH;
                }
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

    /// The symbols of the path, whose first position is `start`.
    pub(super) fn histogram(&self, window: Window<'_>, start: usize) -> Histogram {
        let mut histogram = Histogram::EMPTY;
        let mut at = 0;
        while let Some(&step) = self.steps.get(at) {
            match step.length() {
                1 => histogram.litlen[usize::from(window.byte(start + at))] += 1,
                length => {
                    histogram.litlen[usize::from(LENGTHS[length - MIN_MATCH].symbol)] += 1;
                    histogram.distances[step.distance_symbol()] += 1;
                }
            }
            at += step.length();
        }
        histogram
    }

    /// The steps from the position `start`, the first of the range.
    pub(super) fn items<'a>(&'a self, window: Window<'a>, start: usize) -> impl Iterator<Item = LiteralOrMatch> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            let step = *self.steps.get(at)?;
            let literal = window.byte(start + at);
            at += step.length();
            Some(match step.length() {
                1 => LiteralOrMatch::Literal(literal),
                length => LiteralOrMatch::Match(Match { length, distance: step.distance() }),
            })
        })
    }
}
