//! Whether a match is worth its distance: whether it costs no more than the literals it stands for.
//!
//! A match of three bytes from far away costs about 20 bits, three literals of a log about 16: whoever takes every match
//! makes logs 4 % larger. (Judging by the average literal instead of these ones makes logs 1 % larger.)
//!
//! Prices are those of what was written last. Where that took nearly as many bits as literals alone would have, they are
//! those of literals alone: see `sample`. Then random letters of four kinds become 7 % smaller, and other content stays as
//! it is.

use super::codes;
use super::entropy::Prices;
use super::literal_statistics::LiteralStatistics;
use super::sequences::{Histogram, Match};
use super::symbols::{DISTANCE_EXTRA, DISTANCES, LEAST_LENGTH, LENGTHS, distance_symbol};

/// Matches of this length on are worth any distance, unless literals are cheap.
const LONG_MATCH: usize = 7;

/// The unit of prices: sixteenths of a bit are as fine as the estimates, and sums fit in 16 bits.
const PRICE_OF_BIT: f32 = 16.0;

/// A price that no literals reach.
const UNREACHABLE_PRICE: u16 = u16::MAX / 2;

/// Matches of three bytes are looked for inside of matches where more than one match in so many has three bytes; elsewhere
/// remembering them costs 10 to 20 % of the time and gains nothing.
const HASH3_SHARE: u32 = 6;

/// What each literal costs before anything is written, beyond what it would cost if there were only literals, as a share of
/// the average: matches take most of those that come often. Of small files 0.4 % less at level 6 than with 6 bits for
/// each literal. With 0.2 they are 0.2 % larger; with two bits, whatever the content, letters of four kinds are 2 %.
const INITIAL_SURCHARGE: f32 = 0.3;

/// What was written against literals alone: up to the first, matches are as they were; from the second on, they are
/// judged by literals alone. 0.7 and 0.95 make images 0.2 % larger.
const RATIO_USEFUL: f32 = 0.8;
const RATIO_USELESS: f32 = 1.1;

/// Most bits that are counted for a length's symbol and a distance's, where matches are useful, and where they are
/// not: there those that would be are rare only because none was taken.
const MAX_BITS: (f32, f32) = (13.0, 10.0);
const MAX_BITS_USELESS: (f32, f32) = (5.0, 3.0);

/// Before anything is written, matches of three bytes are left out where few different bytes come, as in text; longer ones
/// are not, which cost more if that is wrong. Small files are 0.1 % smaller.
const INITIAL_MIN_MATCH: usize = 4;

/// Bits of the symbol of a distance that is used again, at the most. With 3 or 1 some numbers that grow are larger.
const MAX_REUSED_DISTANCE_BITS: u16 = 2;

/// Bits of a length before anything is written, of the symbol of a distance, and of one of the nearest: with as many as of
/// the others, some numbers that grow have no match that pays, ever.
const INITIAL_LENGTH_BITS: u16 = 6;
const INITIAL_DISTANCE_BITS: u16 = 5;
const INITIAL_NEAR_DISTANCE_BITS: u16 = 2;
/// The nearest: the symbols of distances up to 16.
const NEAR_DISTANCES: usize = 8;

/// The shortest match in runs: shorter ones begin a run that is cheaper begun by a literal.
const MIN_MATCH_IN_RUNS: usize = 6;

/// What symbols cost, by what was written last and what comes.
pub(super) struct CostModel {
    literals: [u16; 256],
    lengths: [u16; LONG_MATCH],
    /// With their extra bits.
    distances: [u16; DISTANCES + 2],
    /// What the average literal costs, and the average length that is longer.
    average: u32,
    longer: u32,
    /// What a byte of content took, if anything was written: in bits, and as a price.
    bits: Option<f32>,
    per_byte: i32,
    /// How useless matches are: 0 to 1.
    literal_weight: f32,
    /// Matches that are shorter are not taken.
    pub(super) least: usize,
    /// Matches that are as long always pay.
    always: usize,
    /// Whether matches of three bytes are frequent.
    pub(super) threes: bool,
    /// Whether the last chunk was looked at before.
    sampled: bool,
    /// Whether what comes is runs.
    pub(super) runs: bool,
}

impl CostModel {
    /// Before anything is written. What literals cost is then told by a sample.
    pub(super) fn new() -> Self {
        let distances = std::array::from_fn(|symbol| match DISTANCE_EXTRA.get(symbol) {
            Some(&extra) => {
                let bits = if symbol < NEAR_DISTANCES { INITIAL_NEAR_DISTANCE_BITS } else { INITIAL_DISTANCE_BITS };
                (bits + u16::from(extra)) * PRICE_OF_BIT as u16
            }
            None => UNREACHABLE_PRICE,
        });
        Self {
            literals: [0; 256],
            lengths: [INITIAL_LENGTH_BITS * PRICE_OF_BIT as u16; LONG_MATCH],
            distances,
            average: 1,
            longer: u32::from(INITIAL_LENGTH_BITS) * PRICE_OF_BIT as u32,
            bits: None,
            per_byte: 3 * PRICE_OF_BIT as i32,
            literal_weight: 0.0,
            least: LEAST_LENGTH,
            always: LONG_MATCH,
            threes: true,
            sampled: false,
            runs: false,
        }
    }

    /// Looks at what comes, after what was written.
    #[inline(never)]
    pub(super) fn prepare(&mut self, sample: &LiteralStatistics) {
        self.always = LONG_MATCH;
        let mut least = LEAST_LENGTH;
        match self.bits {
            None => {
                self.judge(sample, 1.0, INITIAL_SURCHARGE * sample.entropy());
                least = sample.min_match().min(INITIAL_MIN_MATCH);
                self.threes = least == LEAST_LENGTH;
            }
            Some(bits) => {
                self.literal_weight =
                    ((bits / sample.entropy() - RATIO_USEFUL) / (RATIO_USELESS - RATIO_USEFUL)).clamp(0.0, 1.0);
                if self.literal_weight > 0.0 {
                    self.judge(sample, self.literal_weight, 0.0);
                }
            }
        }
        self.runs = sample.is_runs;
        self.raise_min_match(if self.runs { MIN_MATCH_IN_RUNS } else { least });
    }

    /// Whether it is time to look at what comes: where matches were useful before, every other time is enough.
    pub(super) fn needs_sample(&mut self) -> bool {
        self.sampled = !self.sampled || self.literal_weight > 0.0 || self.runs;
        self.sampled
    }

    /// Makes a share of what literals cost what they would cost alone, or so many bits more.
    fn judge(&mut self, sample: &LiteralStatistics, share: f32, more: f32) {
        let alone = sample.prices();
        let literals: [f32; 256] = std::array::from_fn(|byte| {
            (alone[byte] + more) * PRICE_OF_BIT * share + f32::from(self.literals[byte]) * (1.0 - share)
        });
        self.literals = literals.map(|price| price as u16);
        self.average = (sample.average(&literals) as u32).max(1);
        let far = self.distances[DISTANCES - 1].max(self.distances[DISTANCES - 2]);
        self.always = LONG_MATCH.max(((u32::from(far) + self.longer) / self.average) as usize + 1);
    }

    /// Refuses matches that are shorter than this, until more is learnt.
    pub(super) fn raise_min_match(&mut self, least: usize) {
        self.least = least;
        self.always = self.always.max(least);
        self.lengths[..least.min(LONG_MATCH)].fill(UNREACHABLE_PRICE);
    }

    /// Looks at what has been written for so many bytes; its symbols take about so many bits.
    #[inline(never)]
    pub(super) fn update(&mut self, histogram: &Histogram, bits: f32, bytes: usize) {
        let bits = (bits + codes::extra_bits(histogram) as f32) / bytes as f32;
        self.bits = Some(bits);
        self.per_byte = (bits * PRICE_OF_BIT) as i32;
        let most = |(useful, literal_weight): (f32, f32)| useful + (literal_weight - useful) * self.literal_weight;
        let most_length = most((MAX_BITS.0, MAX_BITS_USELESS.0));
        let most_distance = most((MAX_BITS.1, MAX_BITS_USELESS.1));
        let litlen = Prices::of(&histogram.litlen, MAX_BITS.0);
        for (price, &frequency) in self.literals.iter_mut().zip(&histogram.litlen) {
            *price = (litlen.bits(frequency) * PRICE_OF_BIT) as u16;
        }
        for (length, price) in self.lengths.iter_mut().enumerate().skip(LEAST_LENGTH) {
            let symbol = LENGTHS[length - LEAST_LENGTH].0;
            *price = (litlen.bits(histogram.litlen[usize::from(symbol)]).min(most_length) * PRICE_OF_BIT) as u16;
        }
        let longer = &histogram.litlen[usize::from(LENGTHS[LONG_MATCH - LEAST_LENGTH].0)..];
        let all: f32 = longer.iter().map(|&frequency| frequency as f32 * litlen.bits(frequency)).sum();
        let average = all / longer.iter().sum::<u32>().max(1) as f32;
        self.longer = (average.clamp(1.0, MAX_BITS_USELESS.0) * PRICE_OF_BIT) as u32;
        let distances = Prices::of(&histogram.distances, most_distance);
        for (symbol, &extra) in DISTANCE_EXTRA.iter().enumerate() {
            self.distances[symbol] =
                ((distances.bits(histogram.distances[symbol]) + f32::from(extra)) * PRICE_OF_BIT) as u16;
        }
        let threes = histogram.litlen[usize::from(LENGTHS[0].0)];
        self.threes = threes * HASH3_SHARE > histogram.distances.iter().sum();
    }

    /// Whether a match costs no more than the `bytes` that it stands for.
    #[inline(always)]
    pub(super) fn pays(&self, bytes: u64, length: usize, distance: usize) -> bool {
        if length >= self.always {
            return true;
        }
        if length >= LONG_MATCH {
            return self.long_match_pays(bytes, length, distance);
        }
        let price = |i: usize| self.literals[(bytes >> (8 * i)) as usize & 0xff];
        // Without a branch on the length.
        let more = |i: usize| price(i) & u16::from(length > i).wrapping_neg();
        let literals = price(0) + price(1) + price(2) + more(3) + more(4) + more(5);
        self.lengths[length] + self.distance_price(distance) <= literals
    }

    /// The same for a longer one, where literals are cheap: those that `bytes` does not hold are average.
    #[cold]
    #[inline(never)]
    fn long_match_pays(&self, bytes: u64, length: usize, distance: usize) -> bool {
        let known = length.min(8);
        let literals: u32 = (0..known).map(|i| u32::from(self.literals[(bytes >> (8 * i)) as usize & 0xff])).sum();
        let literals = literals + (length - known) as u32 * self.average;
        length >= self.least && self.longer + u32::from(self.distance_price(distance)) <= literals
    }

    /// Whether another match behind `literals` is better than the one found, by the bytes more or less that it stands for
    /// and by what its distance costs: little, as it was used before and will be again.
    pub(super) fn prefers(&self, literals: &[u8], other: Match, found: Match) -> bool {
        let more = (literals.len() + other.length) as i32 - found.length as i32;
        let literals: i32 = literals.iter().map(|&byte| i32::from(self.literals[usize::from(byte)])).sum();
        let symbol = distance_symbol(other.distance as u32).0 as usize % DISTANCES;
        let again = self.distances[symbol]
            .min((MAX_REUSED_DISTANCE_BITS + u16::from(DISTANCE_EXTRA[symbol])) * PRICE_OF_BIT as u16);
        let price = literals + i32::from(again) - i32::from(self.distance_price(found.distance));
        price < more * self.per_byte
    }

    #[inline(always)]
    fn distance_price(&self, distance: usize) -> u16 {
        self.distances[distance_symbol(distance as u32).0 as usize % 32]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_more_than_its_literals_does_not_pay() {
        let mut histogram = Histogram::EMPTY;
        histogram.litlen[usize::from(b'a')] = 1000;
        histogram.litlen[usize::from(b'z')] = 1;
        histogram.litlen[257..265].fill(10);
        histogram.distances[..DISTANCES].fill(10);
        let mut model = CostModel::new();
        model.update(&histogram, 4000.0, 1000);
        let bytes = |text: &[u8; 8]| u64::from_le_bytes(*text);
        assert!(!model.pays(bytes(b"aaaaaaaa"), 3, 30_000), "a is cheap");
        assert!(model.pays(bytes(b"zzzzzzzz"), 3, 30_000), "z is not");
        assert!(model.pays(bytes(b"aaaaaaaa"), LONG_MATCH, 30_000), "a long match always pays");
        assert!(!model.threes);
    }
}
