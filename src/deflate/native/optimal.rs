//! Near-optimal parsing: the cheapest way through a block, by what its symbols cost. Levels 10 to 12.
//!
//! All matches of a stretch are found once. Then, from its end to its beginning, the cheapest way from each position is
//! computed from those of the positions behind it; what symbols cost is known from the way before, the first time from
//! lazy parsing, and after a few rounds the two agree (the shortest path of Zopfli, 2013, with matches kept as in
//! libdeflate, 2016).

use super::entropy::Prices;
use super::sequences::{Histogram, LiteralOrMatch, Match, Sequences};
use super::symbols::{DISTANCE_EXTRA, DISTANCES, LEAST_LENGTH, LENGTHS, MOST_LENGTH, distance_symbol};
use super::tree::Trees;
use crate::deflate::Window;

/// How much is done for a way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Steps down a tree.
    pub(super) depth: usize,
    /// Length of a match that is taken without a look at what else there is inside of it.
    pub(super) nice: usize,
    /// Ways that are computed, at the most.
    pub(super) rounds: usize,
}

/// Matches that are kept for a stretch: 5 MiB, so that a worker stays within 16. With 8 MiB an XML file is 0.01 % smaller,
/// and all else the same.
const KEPT: usize = 5 << 18;

/// Bytes that have to be there from a position on, for it to be looked up.
const LOOKED_AT: usize = 8;

/// The unit of prices: 64ths of a bit.
const BIT: f32 = 64.0;

/// What leads beyond the end: more than any way through a block costs, and far from an overflow.
const FORBIDDEN: u32 = u32::MAX / 4;

/// A round has to save one part in so many for another to follow: of logs, the fifth round saves less. (Costs of two rounds
/// are by different prices; the last way is the one that is taken, as its symbols are those that were priced.)
const WORTHWHILE: u32 = 2048;

/// What symbols cost, with their extra bits.
struct Costs {
    literals: [u32; 256],
    lengths: [u32; MOST_LENGTH + 1],
    distances: [u32; DISTANCES + 2],
}

impl Costs {
    fn of(histogram: &Histogram) -> Self {
        let mut costs = Self { literals: [0; 256], lengths: [0; MOST_LENGTH + 1], distances: [0; DISTANCES + 2] };
        let litlen = Prices::of(&histogram.litlen, 14.0);
        for (cost, &frequency) in costs.literals.iter_mut().zip(&histogram.litlen) {
            *cost = (litlen.bits(frequency) * BIT) as u32;
        }
        for (cost, &(symbol, _, extra)) in costs.lengths[LEAST_LENGTH..].iter_mut().zip(&LENGTHS) {
            *cost = ((litlen.bits(histogram.litlen[usize::from(symbol)]) + f32::from(extra)) * BIT) as u32;
        }
        let distances = Prices::of(&histogram.distances, 12.0);
        for ((cost, &frequency), &extra) in costs.distances.iter_mut().zip(&histogram.distances).zip(&DISTANCE_EXTRA) {
            *cost = ((distances.bits(frequency) + f32::from(extra)) * BIT) as u32;
        }
        costs
    }
}

/// A match in 32 bits: from the lowest on, 9 of its length, 15 of its distance less one, and its distance's symbol.
#[derive(Clone, Copy)]
struct Kept(u32);

impl Kept {
    /// One byte of its own: a literal.
    const LITERAL: Self = Self(1);

    fn new(found: Match) -> Self {
        let distance = found.distance as u32;
        Self(found.length as u32 | (distance - 1) << 9 | distance_symbol(distance).0 << 24)
    }

    fn length(self) -> usize {
        (self.0 & 511) as usize
    }

    /// The same distance with another length.
    fn cut(self, length: usize) -> Self {
        Self(self.0 & !511 | length as u32)
    }

    fn distance(self) -> usize {
        (self.0 >> 9 & 0x7fff) as usize + 1
    }

    fn symbol(self) -> usize {
        (self.0 >> 24) as usize % (DISTANCES + 2)
    }
}

/// Finds the cheapest ways.
pub(super) struct Optimal {
    trees: Trees,
    effort: Effort,
    /// Matches of the stretch, position after position, of each the shorter first.
    matches: Vec<Kept>,
    /// Where each position's begin, and where the last one's end.
    begins: Vec<u32>,
    /// What the way from each position to the end costs.
    costs: Vec<u32>,
    /// The first step of that way.
    steps: Vec<Kept>,
    /// The way as tokens.
    pub(super) sequences: Sequences,
}

impl Optimal {
    pub(super) fn new(effort: Effort) -> Self {
        Self {
            trees: Trees::new(),
            effort,
            matches: Vec::with_capacity(KEPT + MOST_LENGTH),
            begins: Vec::new(),
            costs: Vec::new(),
            steps: Vec::new(),
            sequences: Sequences::new(),
        }
    }

    /// Forgets the block before, and takes in a dictionary of `start` bytes; what follows it ends at `end`.
    pub(super) fn prime(&mut self, window: Window<'_>, start: usize, end: usize) {
        self.trees.clear();
        for pos in 0..start.min(end.saturating_sub(LOOKED_AT)) {
            self.pass(window, pos, end);
        }
    }

    /// Finds the cheapest way from `start` to `end`, or as far as there is window for its matches; `histogram` says what
    /// symbols cost, and is then what the way counts. Returns how far it came. The content ends at `over`.
    pub(super) fn way(
        &mut self,
        window: Window<'_>,
        (start, end): (usize, usize),
        over: usize,
        histogram: &mut Histogram,
    ) -> usize {
        let end = self.look_up(window, (start, end), over);
        let mut before = u32::MAX;
        for _ in 0..self.effort.rounds {
            self.compute(window, (start, end), &Costs::of(histogram));
            self.follow(window, start);
            *histogram = Histogram::of(self.sequences.as_slice());
            let cost = self.costs[0];
            if cost > before - before / WORTHWHILE {
                break;
            }
            before = cost;
        }
        end
    }

    /// Inserts a position whose matches nobody needs.
    fn pass(&mut self, window: Window<'_>, pos: usize, over: usize) {
        // What is not found is not needed soon: an eighth of the depth keeps the trees in order well enough.
        self.trees.insert(window, (pos, over), (self.effort.depth / 8 + 1, self.effort.nice), |_| {});
    }

    /// Finds all matches of a stretch; returns where it ends.
    #[inline(never)]
    fn look_up(&mut self, window: Window<'_>, (start, end): (usize, usize), over: usize) -> usize {
        let Effort { depth, nice, .. } = self.effort;
        let last = over.saturating_sub(LOOKED_AT);
        self.matches.clear();
        self.begins.clear();
        let mut pos = start;
        let mut inside = start;
        while pos < end && (self.matches.len() < KEPT || pos < inside) {
            self.begins.push(self.matches.len() as u32);
            if pos < last && pos < inside {
                self.pass(window, pos, over);
            } else if pos < last {
                let matches = &mut self.matches;
                self.trees.insert(window, (pos, over), (depth, nice), |found| {
                    // A DEFLATE block is not left.
                    let length = found.length.min(end - pos);
                    if length >= LEAST_LENGTH {
                        matches.push(Kept::new(Match { length, ..found }));
                    }
                    if found.length >= nice {
                        inside = pos + found.length;
                    }
                });
            }
            pos += 1;
        }
        self.begins.push(self.matches.len() as u32);
        pos
    }

    /// Computes the cheapest way from each position to the end.
    #[inline(never)]
    fn compute(&mut self, window: Window<'_>, (start, end): (usize, usize), costs: &Costs) {
        let size = end - start;
        self.steps.clear();
        self.steps.resize(size, Kept::LITERAL);
        self.costs.clear();
        self.costs.resize(size + 1 + MOST_LENGTH, FORBIDDEN);
        self.costs[size] = 0;
        let begins = self.begins.windows(2).map(|pair| pair[0] as usize..pair[1] as usize);
        for (at, matches) in begins.enumerate().rev() {
            let reach: &mut [u32; MOST_LENGTH + 1] =
                (&mut self.costs[at..=at + MOST_LENGTH]).try_into().expect("as many");
            let mut cheapest = costs.literals[usize::from(window.byte(start + at))] + reach[1];
            let mut step = Kept::LITERAL;
            let mut shortest = LEAST_LENGTH;
            for &found in &self.matches[matches] {
                let most = found.length().min(MOST_LENGTH);
                let distance = costs.distances[found.symbol()];
                // By index, as three arrays of one size: so no bound is checked.
                #[allow(clippy::needless_range_loop)]
                for length in shortest..=most {
                    let cost = costs.lengths[length] + distance + reach[length];
                    if cost < cheapest {
                        cheapest = cost;
                        step = found.cut(length);
                    }
                }
                shortest = most + 1;
            }
            reach[0] = cheapest;
            self.steps[at] = step;
        }
    }

    /// Makes tokens of the cheapest way.
    #[inline(never)]
    fn follow(&mut self, window: Window<'_>, start: usize) {
        let (steps, mut at) = (&self.steps, 0);
        self.sequences.replace(std::iter::from_fn(|| {
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
