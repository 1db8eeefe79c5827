//! Incompressible data that repeats: each level finds what repeats within the window, whatever it stores without a search.

use super::generators::Rng;
use super::*;

const SIZE: usize = 400_000;

/// Chunks of 16 to 30 KB of random bytes, each twice.
fn chunks_twice() -> Vec<u8> {
    let mut rng = Rng::new(51);
    let mut out = Vec::new();
    while out.len() < SIZE {
        let chunk = random_bytes(16_000 + rng.below(14_000), out.len() as u64);
        out.extend([&chunk[..], &chunk].concat());
    }
    out
}

/// Random bytes; behind each 20,000 of them, 2,000 that were there up to a window before.
fn repeated_parts() -> Vec<u8> {
    let mut rng = Rng::new(52);
    let mut out = random_bytes(WINDOW, 1);
    while out.len() < SIZE {
        out.extend(random_bytes(20_000, out.len() as u64));
        let start = out.len() - 2000 - rng.below(WINDOW - 2000);
        out.extend_from_within(start..start + 2000);
    }
    out
}

fn assert_sizes(content: &[u8], bound: usize) {
    for level in 1..=12 {
        // With a dictionary that is random itself.
        let (dictionary, block) = content.split_at(WINDOW);
        for (dictionary, block) in [(&b""[..], content), (dictionary, block)] {
            let out = deflate((Engine::Native, level), dictionary, block, true);
            assert!(inflate(dictionary, &out, block.len()) == block, "level {level}");
            assert!(out.len() <= bound, "level {level}, dictionary of {}: {} bytes", dictionary.len(), out.len());
        }
    }
}

#[test]
fn chunks_that_repeat_are_found_at_every_level() {
    let content = chunks_twice();
    assert_sizes(&content, content.len() * 9 / 16);
}

#[test]
fn parts_that_repeat_are_found_at_every_level() {
    let content = repeated_parts();
    assert_sizes(&content, content.len() * 95 / 100);
}

/// The dictionary of the second block is random, so that the block begins without a search.
#[test]
fn a_block_finds_what_its_dictionary_has() {
    let content = random_bytes(WINDOW + 30_000, 53);
    let (dictionary, block) = content.split_at(WINDOW);
    for level in 1..=12 {
        let repeated = [block, &dictionary[10_000..]].concat();
        let start = WINDOW - 8000;
        let out = deflate((Engine::Native, level), &repeated[..start], &repeated[start..], true);
        assert!(inflate(&repeated[..start], &out, repeated.len() - start) == repeated[start..], "level {level}");
        assert_eq!(out.len() / 1000, 28, "level {level}: nothing repeats");
        let out = deflate((Engine::Native, level), dictionary, &dictionary[8000..], true);
        assert!(out.len() < 1000, "level {level}: {}", out.len());
    }
}
