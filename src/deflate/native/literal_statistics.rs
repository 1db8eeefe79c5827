//! What kind of content comes next: a sample of it, taken before it is parsed.
//!
//! What was written says what matches and literals cost, but only among what was taken: where every short match is
//! taken, literals are rare, look expensive, and matches go on being taken. How the bytes themselves are spread says what
//! literals alone would cost. The sample is of the block's own next bytes, at most [`SPAN`], and decides nothing else.

use super::entropy::{self, Prices};
use crate::deflate::Window;

/// Bytes from which the sample is: about what the next chunk stands for.
const SPAN: usize = 8000;

/// Of 1024 bytes, how many are followed by the same where content is runs: more than 31 of 32, so that no part of the corpus
/// is, and runs of more than 32 bytes on average are.
const MIN_REPEATED: u32 = 992;

/// The shortest match that is worth it, by how many different bytes there are (as in libdeflate, 2016): literals of
/// few are cheap. What has more is worth a match of three.
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

/// A sample of what comes.
pub(super) struct LiteralStatistics {
    /// How often each byte occurs.
    counts: [u32; 256],
    total: u32,
    /// How many different bytes there are.
    pub(super) distinct: usize,
    /// Whether nearly every byte is followed by the same.
    pub(super) is_runs: bool,
}

impl LiteralStatistics {
    /// About `size` bytes of a stretch that is not empty, or all of it.
    #[inline(never)]
    pub(super) fn of(window: Window<'_>, (start, end): (usize, usize), size: usize) -> Self {
        let span = (end - start).min(SPAN);
        // Odd, so that it is no multiple of what records have.
        let step = (span / size) | 1;
        let mut counts = [0; 256];
        let (mut total, mut followed) = (0, 0);
        let mut at = start;
        while at < start + span {
            let bytes = window.load32(at);
            counts[bytes as usize & 0xff] += 1;
            followed += u32::from((bytes ^ bytes >> 8) & 0xff == 0);
            total += 1;
            at += step;
        }
        // What stands behind the end does not count.
        let last = start + span - 1;
        if last + 1 == end && (last - start).is_multiple_of(step) {
            followed -= u32::from(window.byte(end) == window.byte(last));
        }
        let distinct = counts.iter().filter(|&&count| count > 0).count();
        Self { counts, total, distinct, is_runs: followed * 1024 > MIN_REPEATED * total }
    }

    /// The shortest match that is worth it.
    pub(super) fn min_match(&self) -> usize {
        MIN_MATCH_BY_LITERALS.get(self.distinct).map_or(3, |&min_match| min_match.into())
    }

    /// Bits of the average byte as a literal if there were only literals. A Huffman code that has to have a place for one
    /// symbol more makes few symbols longer.
    pub(super) fn entropy(&self) -> f32 {
        entropy::of_alphabet(&self.counts) / self.total as f32 + 1.0 / self.distinct as f32
    }

    /// The same of each byte.
    pub(super) fn prices(&self) -> [f32; 256] {
        let prices = Prices::of(&self.counts, 13.0);
        let one_more = 1.0 / self.distinct as f32;
        self.counts.map(|count| prices.bits(count) + one_more)
    }

    /// The average of what the bytes cost.
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
        // What stands behind must not count.
        buffer.input().fill(b'x');
        LiteralStatistics::of(buffer.fill(bytes), (0, bytes.len()), size)
    }

    #[test]
    fn few_symbols_are_told_from_many() {
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
    fn many_symbols_are_worth_a_match_of_three() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(sample(&all, 1024).min_match(), 3);
    }

    #[test]
    fn runs_are_told_from_what_only_has_some() {
        let runs = |length: usize| (0..9000).map(|i| (i / length) as u8).collect::<Vec<u8>>();
        assert!(sample(&runs(100), 1024).is_runs && sample(&[7; 100], 1024).is_runs);
        assert!(!sample(&runs(10), 1024).is_runs && !sample(&runs(1), 256).is_runs);
    }

    #[test]
    fn what_stands_behind_the_end_makes_no_run() {
        // Of 32 equal bytes 31 are followed by the same, which is just not enough; the same behind them would be.
        assert!(!sample(&[b'x'; 32], 1024).is_runs && sample(&[b'x'; 33], 1024).is_runs);
    }
}
