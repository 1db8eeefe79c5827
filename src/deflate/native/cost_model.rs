//! Estimated prices of literals and matches. The lazy parser uses them to decide whether a match pays: whether it costs at
//! most as much as the literals that it replaces.
//!
//! A match of three bytes from far away costs about 20 bits, three literals of a log about 16. A parser that takes every match
//! makes logs 4 % larger. A parser that compares a match with average literals, not with those that it replaces, makes logs 1 %
//! larger.
//!
//! The prices are those of the symbols written last. If these took nearly as many bits as literals alone would have, matches
//! are useless, and prices move towards those of literals alone (see `literal_statistics`). Random text of four letters becomes
//! 7 % smaller by that; other content does not change.

use std::ops::Range;

use super::code_lengths;
use super::entropy::SymbolPrices;
use super::histogram::Histogram;
use super::literal_statistics::LiteralStatistics;
use super::sequences::Match;
use super::symbols::{DISTANCE_EXTRA_BITS, DISTANCE_SYMBOLS, DistanceCode, LENGTHS, MIN_MATCH};

/// Matches of this length or more pay at any distance, unless literals are cheap.
const LONG_MATCH: usize = 7;

/// The price of one bit. Prices in sixteenths of a bit are as accurate as the estimates, and their sums fit in 16 bits.
const PRICE_OF_BIT: f32 = 16.0;

/// A price that no sum of literals reaches.
const UNREACHABLE_PRICE: u16 = u16::MAX / 2;

/// Positions inside of matches are inserted into the table for three bytes if more than one match in this many has three
/// bytes. With fewer such matches, the insertion costs 10 to 20 % of the time and gains nothing.
const HASH3_SHARE: u32 = 6;

/// The next chunk is not searched for matches of three bytes if at most one match in this many had three bytes. The search takes 5
/// to 20 % of the time at level 6. With 16, binaries are 0.05 to 0.1 % larger, and some databases take 10 % less time; with 64,
/// sizes change by less than 0.03 %.
const SEARCH3_SHARE: u32 = 32;

/// One chunk in this many is searched for matches of three bytes in any case. With 8, binaries are 0.1 % larger, and nothing is
/// faster.
const SEARCH3_PERIOD: u32 = 4;

/// The shortest chunk, in sequences, where literals are few and even. In growing numbers, prices that come from fewer sequences
/// lead away from the previous number: with 1,024 at level 7 and 512 at level 9, some decimal numbers are 5 % larger. With 4,096,
/// hexadecimal ones are 1 to 5 % larger, and decimal ones up to 8 % smaller.
pub(super) const MIN_CHUNK_OF_EVEN_LITERALS: usize = 2048;

/// In growing numbers, the two most frequent distance symbols have more than this share of the matches (numerator and denominator):
/// nearly all, down to three quarters where the number of digits changes. In other content of few literals, they have a half at most.
const MAX_SHARE_OF_TWO: (u32, u32) = (2, 3);

/// The least number of matches of a chunk by which growing numbers are recognized.
const MIN_MATCHES_OF_COUNTER: u32 = 64;

/// Surcharge of a literal in the first chunk of a block, as a share of the average price of literals alone. Literals cost
/// more than that, because matches replace most of the frequent ones. Small files are 0.4 % smaller at level 6 than with 6
/// bits for each literal. With 0.2 they are 0.2 % larger; with two bits for any content, letters of four kinds are 2 %
/// larger.
const INITIAL_SURCHARGE: f32 = 0.3;

/// Limits for the size of the last output relative to literals alone. Up to the first, matches are fully useful. From the second
/// on they are useless, and only the prices of literals alone count. With 0.7 and 0.95, images are 0.2 % larger.
const RATIO_USEFUL: f32 = 0.8;
const RATIO_USELESS: f32 = 1.1;

/// Upper bounds of the prices of length and distance symbols, in bits.
struct PriceBounds {
    length: f32,
    distance: f32,
}

/// The bounds where matches are useful.
const BOUNDS_USEFUL: PriceBounds = PriceBounds { length: 13.0, distance: 10.0 };
/// The bounds where matches are useless: there, symbols are rare only because no match was taken.
const BOUNDS_USELESS: PriceBounds = PriceBounds { length: 5.0, distance: 3.0 };

/// The shortest match in the first chunk of a block if it has few distinct literals, as text has. A higher limit would cost more
/// where it is wrong than it gains elsewhere. Small files are 0.1 % smaller.
const INITIAL_MIN_MATCH: usize = 4;

/// Price in bits of a length or distance symbol in the first chunk. Prices of 3 to 8 differ by less than 0.01 % on real data; growing
/// numbers are up to 30 % larger with 3.
const INITIAL_BITS: u16 = 6;

/// Price in bits of a near distance symbol in the first chunk, and upper bound of the price of a repeated distance's symbol. With a
/// higher or lower bound, or the price of other distances, real data changes by less than 0.03 %, but no match ever pays in some
/// sequences of growing numbers, which are up to 50 % larger.
const NEAR_DISTANCE_BITS: u16 = 2;
/// Near distance symbols: those of distances up to 16.
const NEAR_DISTANCE_SYMBOLS: usize = 8;

/// The average price of literals of few kinds, 1.6 to 3 bits. The search does not slow down with two kinds, which are cheaper.
const PRICE_OF_FEW_LETTERS: Range<u32> = 26..48;

/// Prices of symbols, estimated from the output so far and from a sample of the next input.
pub(super) struct CostModel {
    literals: [u16; 256],
    /// Prices of matches shorter than [`LONG_MATCH`].
    lengths: [u16; LONG_MATCH],
    /// Prices of distance symbols with their extra bits.
    distances: [u16; DISTANCE_SYMBOLS + 2],
    /// The average price of a literal, and of the length of a long match.
    average_literal: u32,
    long_length: u32,
    /// Output bits for each input byte, `None` before the first output; and the same as a price.
    bits_per_byte: Option<f32>,
    price_per_byte: i32,
    /// Weight of the prices of literals alone, from 0 (matches are useful) to 1 (useless).
    literals_only_weight: f32,
    /// Shorter matches never pay.
    pub(super) min_match: usize,
    /// Matches of this length or more always pay.
    always_pays: usize,
    /// Whether matches of three bytes are frequent, so that positions inside of matches go into the table for three bytes.
    pub(super) use_hash3: bool,
    /// Whether the next chunk is searched for matches of three bytes, at levels where that depends on the content.
    pub(super) search_hash3: bool,
    /// Whether the last sample had few distinct literals, and whether these were also about equally frequent, as digits are.
    has_few_literals: bool,
    pub(super) has_even_literals: bool,
    /// The number of chunks so far.
    chunks: u32,
    /// Whether the last chunk needed a sample.
    sampled: bool,
    /// Whether the input consists of runs.
    pub(super) is_runs: bool,
    /// Whether the input is fields at equal distances: growing numbers, or records of one size.
    pub(super) is_fields: bool,
    /// The most frequent distance of fields, 0 if there is none.
    pub(super) record_distance: usize,
    /// The symbols of the last chunk, if that was fields.
    chunk: Histogram,
}

impl CostModel {
    /// The model before the first output; [`prepare`](Self::prepare) sets the prices of literals.
    pub(super) fn new() -> Self {
        let distances = std::array::from_fn(|symbol| match DISTANCE_EXTRA_BITS.get(symbol) {
            Some(&extra) => {
                let near = symbol < NEAR_DISTANCE_SYMBOLS;
                let bits = if near { NEAR_DISTANCE_BITS } else { INITIAL_BITS };
                (bits + u16::from(extra)) * PRICE_OF_BIT as u16
            }
            None => UNREACHABLE_PRICE,
        });
        Self {
            literals: [0; 256],
            lengths: [INITIAL_BITS * PRICE_OF_BIT as u16; LONG_MATCH],
            distances,
            average_literal: 1,
            long_length: u32::from(INITIAL_BITS) * PRICE_OF_BIT as u32,
            bits_per_byte: None,
            price_per_byte: 3 * PRICE_OF_BIT as i32,
            literals_only_weight: 0.0,
            min_match: MIN_MATCH,
            always_pays: LONG_MATCH,
            use_hash3: true,
            search_hash3: true,
            has_few_literals: false,
            has_even_literals: false,
            chunks: 0,
            sampled: false,
            is_runs: false,
            is_fields: false,
            record_distance: 0,
            chunk: Histogram::EMPTY,
        }
    }

    /// Whether there is no output yet.
    pub(super) fn is_first_chunk(&self) -> bool {
        self.bits_per_byte.is_none()
    }

    /// Begins the next chunk. Returns whether it needs a sample: where matches are useful, every other chunk does.
    pub(super) fn begin_chunk(&mut self) -> bool {
        self.sampled = !self.sampled || self.literals_only_weight > 0.0 || self.is_runs;
        self.sampled
    }

    /// Adjusts the prices to a sample of the next chunk.
    #[inline(never)]
    pub(super) fn prepare(&mut self, sample: &LiteralStatistics) {
        self.always_pays = LONG_MATCH;
        let mut min_match = MIN_MATCH;
        match self.bits_per_byte {
            None => {
                self.blend_literals_only(sample, 1.0, INITIAL_SURCHARGE * sample.entropy());
                min_match = sample.min_match().min(INITIAL_MIN_MATCH);
                self.use_hash3 = min_match == MIN_MATCH;
            }
            Some(bits) => {
                self.literals_only_weight =
                    ((bits / sample.entropy() - RATIO_USEFUL) / (RATIO_USELESS - RATIO_USEFUL)).clamp(0.0, 1.0);
                if self.literals_only_weight > 0.0 {
                    self.blend_literals_only(sample, self.literals_only_weight, 0.0);
                }
            }
        }
        self.is_runs = sample.is_runs;
        self.has_few_literals = sample.has_few_literals();
        self.has_even_literals = sample.has_even_literals();
        self.raise_min_match(min_match);
    }

    /// Blends the prices of literals with those of literals alone, which get this weight and a surcharge in bits.
    fn blend_literals_only(&mut self, sample: &LiteralStatistics, weight: f32, surcharge: f32) {
        let alone = sample.prices();
        let literals: [f32; 256] = std::array::from_fn(|byte| {
            (alone[byte] + surcharge) * PRICE_OF_BIT * weight + f32::from(self.literals[byte]) * (1.0 - weight)
        });
        self.literals = literals.map(|price| price as u16);
        self.average_literal = (sample.average(&literals) as u32).max(1);
        let far = self.distances[DISTANCE_SYMBOLS - 1].max(self.distances[DISTANCE_SYMBOLS - 2]);
        self.always_pays = LONG_MATCH.max(((u32::from(far) + self.long_length) / self.average_literal) as usize + 1);
    }

    /// Refuses shorter matches until the next call of [`prepare`](Self::prepare).
    pub(super) fn raise_min_match(&mut self, min_match: usize) {
        self.min_match = min_match;
        self.always_pays = self.always_pays.max(min_match);
        self.lengths[..min_match.min(LONG_MATCH)].fill(UNREACHABLE_PRICE);
    }

    /// Updates the prices from the symbols of a pending block: `bits` is the entropy of the histogram, `bytes` the input size.
    #[inline(never)]
    pub(super) fn update(&mut self, histogram: &Histogram, bits: f32, bytes: usize) {
        let bits = (bits + code_lengths::extra_bits(histogram) as f32) / bytes as f32;
        self.bits_per_byte = Some(bits);
        self.price_per_byte = (bits * PRICE_OF_BIT) as i32;
        let bound = |useful: f32, useless: f32| useful + (useless - useful) * self.literals_only_weight;
        let max_length = bound(BOUNDS_USEFUL.length, BOUNDS_USELESS.length);
        let max_distance = bound(BOUNDS_USEFUL.distance, BOUNDS_USELESS.distance);
        let litlen = SymbolPrices::new(&histogram.litlen, BOUNDS_USEFUL.length);
        for (price, &frequency) in self.literals.iter_mut().zip(&histogram.litlen) {
            *price = (litlen.bits(frequency) * PRICE_OF_BIT) as u16;
        }
        for (length, price) in self.lengths.iter_mut().enumerate().skip(MIN_MATCH) {
            let frequency = histogram.litlen[usize::from(LENGTHS[length - MIN_MATCH].symbol)];
            *price = (litlen.bits(frequency).min(max_length) * PRICE_OF_BIT) as u16;
        }
        let long = &histogram.litlen[usize::from(LENGTHS[LONG_MATCH - MIN_MATCH].symbol)..];
        let all: f32 = long.iter().map(|&frequency| frequency as f32 * litlen.bits(frequency)).sum();
        let average = all / long.iter().sum::<u32>().max(1) as f32;
        self.long_length = (average.clamp(1.0, BOUNDS_USELESS.length) * PRICE_OF_BIT) as u32;
        let distances = SymbolPrices::new(&histogram.distances, max_distance);
        for (symbol, &extra) in DISTANCE_EXTRA_BITS.iter().enumerate() {
            self.distances[symbol] =
                ((distances.bits(histogram.distances[symbol]) + f32::from(extra)) * PRICE_OF_BIT) as u16;
        }
        self.use_hash3 = matches_of_three(histogram) * HASH3_SHARE > histogram.distances.iter().sum();
    }

    /// Decides from the last chunk how the next one is parsed and searched; `record` is the distance of records if it
    /// consists of fields.
    pub(super) fn update_search(&mut self, chunk: &Histogram, record: Option<usize>) {
        self.chunks += 1;
        let matches: u32 = chunk.distances.iter().sum();
        let of_two_distances = largest_two(&chunk.distances) * MAX_SHARE_OF_TWO.1 > matches * MAX_SHARE_OF_TWO.0;
        let is_counter = self.has_even_literals && of_two_distances && matches >= MIN_MATCHES_OF_COUNTER;
        self.record_distance = record.unwrap_or(0);
        self.is_fields = is_counter || record.is_some();
        if self.is_fields {
            self.chunk.clone_from(chunk);
        }
        let pays = self.search_hash3 && matches_of_three(chunk) * SEARCH3_SHARE > matches;
        self.search_hash3 = pays || self.has_few_literals || self.chunks % SEARCH3_PERIOD == 1;
    }

    /// The symbols of the last chunk of fields.
    pub(super) fn chunk_counts(&self) -> &Histogram {
        &self.chunk
    }

    /// Output bits for each input byte, as far as known.
    pub(super) fn bits_per_byte(&self) -> f32 {
        self.bits_per_byte.unwrap_or(0.0)
    }

    /// Whether the first chunk has not been parsed yet.
    pub(super) fn is_new(&self) -> bool {
        self.chunks == 0
    }

    /// Whether the input has few distinct bytes and matches save little, as in random letters of four kinds.
    pub(super) fn has_few_letters(&self) -> bool {
        let few = PRICE_OF_FEW_LETTERS.contains(&self.average_literal);
        few && self.literals_only_weight > 0.0 && !self.is_runs
    }

    /// Whether a match costs at most as much as its literals; `bytes` are the first eight.
    #[inline(always)]
    pub(super) fn pays(&self, bytes: u64, length: usize, distance: usize) -> bool {
        if length >= self.always_pays {
            return true;
        }
        if length >= LONG_MATCH {
            return self.long_match_pays(bytes, length, distance);
        }
        let price = |i: usize| u64::from(self.literals[(bytes >> (8 * i)) as usize & 0xff]);
        // The sums of the first three to six prices, in 16 bits each: a table without memory, because a branch on the length would
        // be mispredicted.
        let sums = (price(0) + price(1) + price(2)) * 0x0001_0001_0001_0001
            + price(3) * 0x0001_0001_0001_0000
            + price(4) * 0x0001_0001_0000_0000
            + price(5) * 0x0001_0000_0000_0000;
        let literals = (sums >> (16 * (length - MIN_MATCH))) as u16;
        self.lengths[length] + self.distance_price(distance) <= literals
    }

    /// [`pays`](Self::pays) for a long match where literals are cheap. Literals that `bytes` does not hold have the average
    /// price.
    #[cold]
    #[inline(never)]
    fn long_match_pays(&self, bytes: u64, length: usize, distance: usize) -> bool {
        let known = length.min(8);
        let literals: u32 = (0..known).map(|i| u32::from(self.literals[(bytes >> (8 * i)) as usize & 0xff])).sum();
        let literals = literals + (length - known) as u32 * self.average_literal;
        length >= self.min_match && self.long_length + u32::from(self.distance_price(distance)) <= literals
    }

    /// Whether `literals` and then a match at a repeated distance are better than the match `found`: by the bytes that they
    /// cover and by their prices. A repeated distance is cheap, because it will be used again.
    pub(super) fn prefers_repeat(&self, literals: &[u8], repeat: Match, found: Match) -> bool {
        let more_bytes = (literals.len() + repeat.length) as i32 - found.length as i32;
        let literals: i32 = literals.iter().map(|&byte| i32::from(self.literals[usize::from(byte)])).sum();
        let symbol = DistanceCode::of(repeat.distance).symbol as usize % DISTANCE_SYMBOLS;
        let bound = (NEAR_DISTANCE_BITS + u16::from(DISTANCE_EXTRA_BITS[symbol])) * PRICE_OF_BIT as u16;
        let distance = self.distances[symbol].min(bound);
        let more = literals + i32::from(distance) - i32::from(self.distance_price(found.distance));
        more < more_bytes * self.price_per_byte
    }

    /// The price of a literal.
    #[inline(always)]
    pub(super) fn literal_price(&self, byte: u8) -> i32 {
        self.literals[usize::from(byte)].into()
    }

    /// The price of a match.
    pub(super) fn match_price(&self, found: Match) -> i32 {
        let length = self.lengths.get(found.length).map_or(self.long_length, |&price| price.into());
        length as i32 + i32::from(self.distance_price(found.distance))
    }

    #[inline(always)]
    fn distance_price(&self, distance: usize) -> u16 {
        self.distances[DistanceCode::of(distance).symbol as usize % (DISTANCE_SYMBOLS + 2)]
    }
}

/// The sum of the two largest counts.
fn largest_two(counts: &[u32]) -> u32 {
    let (mut first, mut second) = (0, 0);
    for &count in counts {
        second = second.max(count.min(first));
        first = first.max(count);
    }
    first + second
}

/// The number of matches of three bytes.
fn matches_of_three(histogram: &Histogram) -> u32 {
    histogram.litlen[usize::from(LENGTHS[0].symbol)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_that_costs_more_than_its_literals_does_not_pay() {
        let mut histogram = Histogram::EMPTY;
        histogram.litlen[usize::from(b'a')] = 1000;
        histogram.litlen[usize::from(b'z')] = 1;
        histogram.litlen[257..265].fill(10);
        histogram.distances[..DISTANCE_SYMBOLS].fill(10);
        let mut model = CostModel::new();
        model.update(&histogram, 4000.0, 1000);
        let bytes = |text: &[u8; 8]| u64::from_le_bytes(*text);
        assert!(!model.pays(bytes(b"aaaaaaaa"), 3, 30_000), "a is cheap");
        assert!(model.pays(bytes(b"zzzzzzzz"), 3, 30_000), "z is expensive");
        assert!(model.pays(bytes(b"aaaaaaaa"), LONG_MATCH, 30_000), "a long match always pays");
        assert!(!model.use_hash3);
    }
}
