//! The code lengths of both alphabets, and the size of data that is written with them.

use super::histogram::Histogram;
use super::huffman;
use super::symbols::{DISTANCE_EXTRA_BITS, DISTANCE_SYMBOLS, FIRST_LENGTH_SYMBOL, LITLEN_SYMBOLS};
use crate::format::alphabets::{FIXED_DISTANCE_LENGTHS, FIXED_LITLEN_LENGTHS};

/// Longest code of a literal, length or distance (RFC 1951 section 3.2.7).
const MAX_CODE_LENGTH: u8 = 15;

/// Lengths of the Huffman codes of a block, in bits; 0 for symbols without a code.
#[derive(Clone)]
pub(super) struct CodeLengths {
    pub(super) litlen: [u8; LITLEN_SYMBOLS],
    /// Two more than there are symbols: only the fixed code has those.
    pub(super) distances: [u8; DISTANCE_SYMBOLS + 2],
}

impl CodeLengths {
    /// The fixed codes (RFC 1951 section 3.2.6).
    pub(super) const FIXED: Self = Self { litlen: FIXED_LITLEN_LENGTHS, distances: FIXED_DISTANCE_LENGTHS };

    /// The lengths that minimize the size of what the histogram counts.
    pub(super) fn optimal(histogram: &Histogram) -> Self {
        let mut lengths = Self { litlen: [0; LITLEN_SYMBOLS], distances: [0; DISTANCE_SYMBOLS + 2] };
        huffman::code_lengths(&histogram.litlen, MAX_CODE_LENGTH, &mut lengths.litlen);
        huffman::code_lengths(&histogram.distances, MAX_CODE_LENGTH, &mut lengths.distances);
        lengths
    }

    /// Bits of everything that the histogram counts, extra bits included.
    pub(super) fn cost(&self, histogram: &Histogram) -> u64 {
        let cost = |frequency: &u32, bits: u8| u64::from(*frequency) * u64::from(bits);
        let litlen: u64 = histogram.litlen.iter().zip(&self.litlen).map(|(f, &length)| cost(f, length)).sum();
        let distances: u64 = histogram.distances.iter().zip(&self.distances).map(|(f, &length)| cost(f, length)).sum();
        litlen + distances + extra_bits(histogram)
    }
}

/// Extra bits of everything that the histogram counts.
pub(super) fn extra_bits(histogram: &Histogram) -> u64 {
    // From length symbol 265 to 284, four symbols have each number of extra bits.
    let with_extra = &histogram.litlen[FIRST_LENGTH_SYMBOL + 8..FIRST_LENGTH_SYMBOL + 28];
    let of_lengths = with_extra.iter().enumerate().map(|(i, f)| u64::from(*f) * (1 + i as u64 / 4));
    let of_distances =
        histogram.distances.iter().zip(DISTANCE_EXTRA_BITS).map(|(f, bits)| u64::from(*f) * u64::from(bits));
    of_lengths.sum::<u64>() + of_distances.sum::<u64>()
}
