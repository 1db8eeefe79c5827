//! Symbol frequencies of a part of a block.

use super::sequences::{FIRST_BITS, FIRST_LENGTH, FIRST_VALUES, SECOND_LITERAL, SECOND_VALUES};
use super::symbols::{DISTANCE_SYMBOLS, LENGTHS, LITLEN_SYMBOLS, MIN_MATCH};

/// How often each symbol of both alphabets occurs.
#[derive(Clone)]
pub(super) struct Histogram {
    pub(super) litlen: [u32; LITLEN_SYMBOLS],
    /// Two more than there are symbols, so that the size is a multiple of 8.
    pub(super) distances: [u32; DISTANCE_SYMBOLS + 2],
}

impl Histogram {
    /// No symbol occurs.
    pub(super) const EMPTY: Self = Self { litlen: [0; LITLEN_SYMBOLS], distances: [0; DISTANCE_SYMBOLS + 2] };

    /// Adds the counts of another histogram.
    pub(super) fn add(&mut self, other: &Self) {
        self.litlen.iter_mut().zip(&other.litlen).for_each(|(sum, more)| *sum += more);
        self.distances.iter_mut().zip(&other.distances).for_each(|(sum, more)| *sum += more);
    }

    /// Counts the symbols of sequences.
    #[inline(never)]
    pub(super) fn count(sequences: &[u32]) -> Self {
        // Two counters for each value, used in turn: a value that repeats would wait for its own increment.
        let mut firsts = [[0u32; FIRST_VALUES]; 2];
        let mut seconds = [[0u32; SECOND_VALUES]; 2];
        let mut count = |sequence: u32, turn: usize| {
            firsts[turn][(sequence as usize) % FIRST_VALUES] += 1;
            seconds[turn][(sequence >> FIRST_BITS) as usize % SECOND_VALUES] += 1;
        };
        let mut pairs = sequences.chunks_exact(2);
        for pair in &mut pairs {
            count(pair[0], 0);
            count(pair[1], 1);
        }
        pairs.remainder().iter().for_each(|&sequence| count(sequence, 0));
        let mut histogram = Self::EMPTY;
        for turn in 0..2 {
            for literal in 0..256 {
                histogram.litlen[literal] += firsts[turn][literal] + seconds[turn][SECOND_LITERAL as usize + literal];
            }
            for (i, length) in LENGTHS.iter().enumerate() {
                histogram.litlen[usize::from(length.symbol)] += firsts[turn][FIRST_LENGTH as usize + MIN_MATCH + i];
            }
            histogram
                .distances
                .iter_mut()
                .zip(&seconds[turn][..DISTANCE_SYMBOLS])
                .for_each(|(sum, count)| *sum += count);
        }
        histogram
    }
}
