//! Where one DEFLATE block ends and the next begins.
//!
//! Tokens come in chunks. A chunk joins the block before it unless two pairs of codes would be cheaper than one, by the
//! entropies of what they have to code. (Chunks of 1,024 tokens make logs 0.3 % smaller than ones of 4,096, and
//! everything else 0.1 %; each costs three entropies.)

use super::entropy;
use super::sequences::Histogram;

/// Bits that a block costs at the least, and for each symbol that occurs in it. Measured on the corpus: 100 and 2, 300
/// and 2.6, and 150 and 3.5 all make it larger, by up to 0.1 %, and so does a fixed 500.
const HEADER: f32 = 150.0;
const HEADER_PER_SYMBOL: f32 = 2.6;

/// Whether `chunk` begins a new block rather than being added to `block`, as it has to if that is `full`; and the bits of
/// what it is then part of.
pub(super) fn splits(block: &Histogram, chunk: &Histogram, full: bool) -> (bool, f32) {
    let mut both = block.clone();
    both.add(chunk);
    let used = chunk.litlen.iter().chain(&chunk.distances).filter(|&&frequency| frequency > 0).count();
    let header = HEADER + HEADER_PER_SYMBOL * used as f32;
    let (alone, together) = (entropy::bits(chunk), entropy::bits(&both));
    let splits = full || entropy::bits(block) + alone + header < together;
    (splits, if splits { alone } else { together })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_block_has_its_own_bits_also_where_it_has_to() {
        let mut same = Histogram::of(&[]);
        same.litlen[usize::from(b'a')..usize::from(b'i')].fill(500);
        let (splits_of_itself, together) = splits(&same, &same, false);
        let (has_to, alone) = splits(&same, &same, true);
        assert!(!splits_of_itself && has_to);
        assert!((together - 2.0 * alone).abs() < 1.0 && (alone - 12_000.0).abs() < 1.0, "{together} {alone}");
    }
}
