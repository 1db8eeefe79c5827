//! Decides where one DEFLATE block ends and the next begins.
//!
//! The parser delivers sequences in chunks. A chunk is added to the pending block unless two blocks would be cheaper than
//! one, judged by the entropies of their symbols. Chunks of 1,024 sequences make logs 0.3 % smaller than chunks of 4,096, and
//! other content 0.1 %; each chunk costs three entropy computations.

use super::entropy;
use super::histogram::Histogram;

/// Estimated bits of a block header: a constant part, and a part for each symbol that occurs in the block. With 100 and 2, 300 and
/// 2.6, 150 and 3.5, or a constant 500, the corpus is up to 0.1 % larger.
const HEADER_BITS: f32 = 150.0;
const HEADER_BITS_PER_SYMBOL: f32 = 2.6;

/// Where a chunk belongs.
pub(super) struct SplitDecision {
    /// Whether the chunk begins a new block.
    pub(super) splits: bool,
    /// Estimated bits of the block that contains the chunk, without its header and extra bits.
    pub(super) bits: f32,
}

/// Decides whether `chunk` begins a new block or is added to `block`. It begins a new one in any case if `block` is `full`.
/// `min_saving` is the share of the bits that a new block must save.
pub(super) fn decide(block: &Histogram, chunk: &Histogram, full: bool, min_saving: f32) -> SplitDecision {
    let mut both = block.clone();
    both.add(chunk);
    let used = chunk.litlen.iter().chain(&chunk.distances).filter(|&&frequency| frequency > 0).count();
    let header = HEADER_BITS + HEADER_BITS_PER_SYMBOL * used as f32;
    let (alone, together) = (entropy::bits(chunk), entropy::bits(&both));
    let splits = full || entropy::bits(block) + alone + header < together * (1.0 - min_saving);
    SplitDecision { splits, bits: if splits { alone } else { together } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_those_of_the_block_that_contains_the_chunk() {
        let mut same = Histogram::EMPTY;
        same.litlen[usize::from(b'a')..usize::from(b'i')].fill(500);
        let joined = decide(&same, &same, false, 0.0);
        let forced = decide(&same, &same, true, 0.0);
        assert!(!joined.splits && forced.splits);
        assert!((joined.bits - 2.0 * forced.bits).abs() < 1.0, "{} {}", joined.bits, forced.bits);
        assert!((forced.bits - 12_000.0).abs() < 1.0, "{}", forced.bits);
    }
}
