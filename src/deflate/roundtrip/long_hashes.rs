//! Content for which more than four bytes are hashed (`native/hash_choice.rs`), at levels 5 to 9.

use super::generators::Rng;
use super::*;

/// Random letters of three kinds, and words of twelve kinds in UTF-16.
fn contents() -> [Vec<u8>; 2] {
    let mut rng = Rng::new(31);
    let letters = (0..70_000).map(|_| b'a' + rng.below(3) as u8).collect();
    let words: Vec<u16> = (0..40_000).map(|i| if i % 7 == 6 { 32 } else { 97 + rng.below(12) as u16 }).collect();
    [letters, words.into_iter().flat_map(u16::to_le_bytes).collect()]
}

fn lazy_levels() -> impl Iterator<Item = EngineLevel> {
    (5..=9).map(|level| (Engine::Native, level))
}

#[test]
fn long_hashes_roundtrip_at_every_end_of_a_block() {
    for content in contents() {
        // A match that ends with the block, or a few bytes before.
        let inputs: Vec<_> = (0..=18).map(|rest| [&content[..], &content[40_000..40_020 + rest]].concat()).collect();
        assert_roundtrip(lazy_levels(), &content[..5000], &inputs);
    }
}

#[test]
fn long_hashes_are_reset_from_block_to_block() {
    let [letters, words] = contents();
    let text = super::generators::text(70_000);
    for level in lazy_levels() {
        let mut used = new_compressor_for(level);
        for block in [&letters, &words, &text, &words, &letters] {
            for start in [0, 20_000] {
                let mut out = Vec::new();
                // Bytes behind the block must not change the output.
                used.compress(&[block, &words[..40]].concat(), start, false, &mut Vec::new());
                used.compress(block, start, true, &mut out);
                assert!(out == deflate(level, &block[..start], &block[start..], true), "{level:?}, from {start}");
            }
        }
    }
}
