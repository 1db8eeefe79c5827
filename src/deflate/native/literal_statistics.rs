//! Statistics of the next chunk of input, from a sample that is taken before the chunk is parsed.
//!
//! The output so far shows what matches and literals cost, but only for the choices that were made: if every short match is
//! taken, literals are rare and look expensive, so matches continue to be taken. The distribution of the bytes themselves
//! shows what a block of literals alone would cost. The sample depends only on the block's next [`SPAN`] bytes.

use std::ops::Range;

use super::entropy::{self, SymbolPrices};
use crate::deflate::Window;

/// Bytes that the sample is taken from: about the input of the next chunk.
pub(super) const SPAN: usize = 8000;

/// The input consists of runs if more than this many of 1024 bytes equal the next byte. With 832, sparse images are 5 % larger, and an
/// image of one bit 8 %; with 700, growing numbers of eight digits are up to 10 % larger.
const MIN_REPEATED: u32 = 780;

/// The shortest match that pays, by the number of distinct literals: few distinct literals are cheap (as in libdeflate,
/// 2016). With more distinct literals, matches of three bytes pay.
const MIN_MATCH_BY_LITERALS: [u8; 80] = {
    let mut min_match = [4; 80];
    let mut distinct = 0;
    while distinct < 46 {
        min_match[distinct] = match distinct {
            0..6 => 9,
            6..8 => 8,
            8..10 => 7,
            10..16 => 6,
            _ => 5,
        };
        distinct += 1;
    }
    min_match
};

/// Content has few literals if a sample has fewer distinct bytes than this. Growing numbers have, and most other text does not.
const FEW_LITERALS: usize = 32;

/// With fewer distinct literals, content is not digits: runs have one, and letters that stand for choices two to four.
const MIN_EVEN_LITERALS: usize = 5;

/// Few literals are evenly distributed from this share of the highest possible entropy on. Digits are; in executables, zeros are
/// more frequent than other bytes.
const MIN_EVENNESS: f32 = 0.6;

/// Byte frequencies of a sample of the input.
pub(super) struct LiteralStatistics {
    counts: [u32; 256],
    total: u32,
    /// Number of distinct bytes.
    distinct: usize,
    /// Whether most bytes equal the next one.
    pub(super) is_runs: bool,
}

impl LiteralStatistics {
    /// Statistics of about `size` bytes of the positions `input`, which must not be empty, or of all of them.
    #[inline(never)]
    pub(super) fn sample(window: Window<'_>, input: Range<usize>, size: usize) -> Self {
        let Range { start, end } = input;
        let span = (end - start).min(SPAN);
        // An odd step, because records often have even sizes.
        let step = (span / size) | 1;
        let mut counts = [0; 256];
        let (mut total, mut repeated) = (0, 0);
        let mut at = start;
        while at < start + span {
            let bytes = window.load32(at);
            counts[bytes as usize & 0xff] += 1;
            repeated += u32::from((bytes ^ bytes >> 8) & 0xff == 0);
            total += 1;
            at += step;
        }
        // The byte behind the end must not count.
        let last = start + span - 1;
        if last + 1 == end && (last - start).is_multiple_of(step) {
            repeated -= u32::from(window.byte(end) == window.byte(last));
        }
        let distinct = counts.iter().filter(|&&count| count > 0).count();
        Self { counts, total, distinct, is_runs: repeated * 1024 > MIN_REPEATED * total }
    }

    /// The shortest match that pays.
    pub(super) fn min_match(&self) -> usize {
        let min_match = MIN_MATCH_BY_LITERALS.get(self.distinct).map_or(3, |&min_match| min_match.into());
        // One byte is more frequent than the space in any text. Binary numbers have matches of three bytes.
        let is_binary = || self.counts.iter().any(|&count| count * 8 > self.total * 3);
        if min_match == 4 && is_binary() { 3 } else { min_match }
    }

    /// Whether the sample has few distinct literals.
    pub(super) fn has_few_literals(&self) -> bool {
        self.distinct < FEW_LITERALS
    }

    /// Whether the sample has few distinct literals, all about equally frequent, as digits are.
    pub(super) fn has_even_literals(&self) -> bool {
        let few = (MIN_EVEN_LITERALS..FEW_LITERALS).contains(&self.distinct);
        few && self.entropy() >= MIN_EVENNESS * entropy::log2(self.distinct as f32)
    }

    /// Bits of the average literal in a block of literals alone. One more symbol, for matches, makes the codes of a small
    /// alphabet longer; the last term estimates that.
    pub(super) fn entropy(&self) -> f32 {
        entropy::alphabet_bits(&self.counts) / self.total as f32 + 1.0 / self.distinct as f32
    }

    /// Bits of each literal in a block of literals alone. The size of the sample bounds those that it misses.
    pub(super) fn prices(&self) -> [f32; 256] {
        let prices = SymbolPrices::new(&self.counts, f32::INFINITY);
        let one_more = 1.0 / self.distinct as f32;
        self.counts.map(|count| prices.bits(count) + one_more)
    }

    /// The average price of the sampled bytes.
    pub(super) fn average(&self, prices: &[f32; 256]) -> f32 {
        prices.iter().zip(&self.counts).map(|(price, &count)| price * count as f32).sum::<f32>() / self.total as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    fn sample(bytes: &[u8], size: usize) -> LiteralStatistics {
        let mut buffer = WindowBuffer::new();
        // Bytes behind the end must not count.
        buffer.input().fill(b'x');
        LiteralStatistics::sample(buffer.fill(bytes), 0..bytes.len(), size)
    }

    #[test]
    fn a_small_alphabet_raises_the_shortest_match() {
        let genes: Vec<u8> = (0..9000u32).map(|i| b"ACGT"[(i.wrapping_mul(2_654_435_761) >> 30) as usize]).collect();
        for size in [1, 2, 100, 8000, 9000] {
            let sample = sample(&genes[..size], 256);
            assert!(sample.distinct <= 4 && sample.min_match() == 9 && !sample.is_runs, "{size}: {}", sample.distinct);
        }
        let sample = sample(&genes, 1024);
        assert!((sample.entropy() - 2.25).abs() < 0.1, "{}", sample.entropy());
        assert!((sample.average(&sample.prices()) - 2.25).abs() < 0.1);
    }

    #[test]
    fn a_large_alphabet_allows_matches_of_three_bytes() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(sample(&all, 1024).min_match(), 3);
    }

    #[test]
    fn digits_are_few_and_even_literals() {
        let digits: String = (0..2000).map(|i| format!("{i}\n")).collect();
        assert!(sample(digits.as_bytes(), 384).has_even_literals());
        let table: Vec<u8> = (0..2000u64).flat_map(|i| (i % 5).to_le_bytes()).collect();
        let sparse = sample(&table, 384);
        assert!(sparse.has_few_literals() && !sparse.has_even_literals());
        let all: Vec<u8> = (0..=255).cycle().take(9000).collect();
        assert!(!sample(&all, 384).has_few_literals());
    }

    #[test]
    fn only_long_runs_count_as_runs() {
        let runs = |length: usize| (0..9000).map(|i| (i / length) as u8).collect::<Vec<u8>>();
        assert!(sample(&runs(100), 1024).is_runs && sample(&[7; 100], 1024).is_runs);
        assert!(!sample(&runs(4), 1024).is_runs && !sample(&runs(1), 256).is_runs);
    }

    #[test]
    fn bytes_behind_the_end_do_not_extend_a_run() {
        // Of four equal bytes, three equal the next one, which is not enough. The byte behind them is equal too.
        assert!(!sample(&[b'x'; 4], 1024).is_runs && sample(&[b'x'; 5], 1024).is_runs);
    }
}
