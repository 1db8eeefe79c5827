//! The beginning and end of a block, where fewer bytes are left than an encoder loads at once.

use super::generators::text;
use super::*;

/// A dictionary with which every input has the parser and the tables of large inputs.
const LARGE_TABLES: &[u8] = b"x";

/// A phrase, random bytes, the phrase again, and a few bytes more.
fn phrase_again(length: usize, between: usize, behind: usize) -> Vec<u8> {
    let phrase = random_bytes(length, 51);
    [&phrase[..], &random_bytes(between, 52), &phrase, &random_bytes(behind, 53)].concat()
}

#[test]
fn a_match_may_end_anywhere_before_the_end() {
    let mut inputs = Vec::new();
    for length in [3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 31, 33, 257, 258, 259] {
        inputs.extend((0..=16).map(|behind| phrase_again(length, 11, behind)));
    }
    for dictionary in [&b""[..], LARGE_TABLES] {
        assert_roundtrip(levels().filter(|level| !is_slow(level)), dictionary, &inputs);
    }
    let inputs: Vec<_> = inputs.into_iter().step_by(3).collect();
    assert_roundtrip(levels().filter(is_slow), b"", &inputs);
}

#[test]
fn the_only_match_may_reach_into_the_last_byte() {
    let mut inputs = Vec::new();
    // Encoders stop loading several bytes at once about 300 bytes before the end.
    for between in [1, 100, 240, 270, 290, 310, 600] {
        inputs.extend([3, 4, 8, 12, 13, 100, 258].map(|length| phrase_again(length, between, 0)));
    }
    for dictionary in [&b""[..], LARGE_TABLES] {
        assert_roundtrip(levels(), dictionary, &inputs);
    }
}

/// Each match is deferred for the better one that begins a byte later, up to the end of the block.
#[test]
fn matches_may_be_deferred_up_to_the_end() {
    let phrase = random_bytes(40, 54);
    let mut inputs = Vec::new();
    for step in 1..=3 {
        for first in [3, 4, 5, 8] {
            // A match that begins `step` bytes later is longer than the one before.
            let parts = (0..8).map(|i| &phrase[i * step..(i * step + first + i * (step + 1)).min(phrase.len())]);
            let mut input: Vec<u8> = parts.enumerate().flat_map(|(i, part)| [part, &[i as u8; 2]].concat()).collect();
            input.extend(&phrase);
            for cut in 0..20 {
                inputs.push(input[..input.len() - cut].to_vec());
            }
        }
    }
    for dictionary in [&b""[..], LARGE_TABLES] {
        assert_roundtrip(levels().filter(|level| !is_slow(level)), dictionary, &inputs);
    }
    let inputs: Vec<_> = inputs.into_iter().step_by(11).collect();
    assert_roundtrip(levels().filter(is_slow), b"", &inputs);
}

#[test]
fn every_split_between_dictionary_and_block_roundtrips() {
    let content = [&text(400)[..], &random_bytes(30, 55), &text(200), &[7; 40]].concat();
    let splits = (0..24).chain(300..312).chain(content.len() - 24..=content.len());
    for level in levels() {
        let mut compressor = new_compressor_for(level);
        for split in splits.clone() {
            let (dictionary, input) = content.split_at(split);
            assert!(roundtrips(&mut compressor, dictionary, input), "{level:?}, split at {split}");
        }
    }
}

#[test]
fn every_block_length_roundtrips() {
    let content = text(700);
    for level in levels() {
        let mut compressor = new_compressor_for(level);
        for end in (1..40).chain(270..310).chain(560..610) {
            for start in [0, 1] {
                let (dictionary, input) = content[..end].split_at(start);
                assert!(roundtrips(&mut compressor, dictionary, input), "{level:?}, {start} to {end}");
            }
        }
    }
}

/// A full dictionary, and a short block that repeats its beginning or its end.
#[test]
fn the_smallest_blocks_reach_a_full_dictionary() {
    let dictionary = random_bytes(WINDOW, 56);
    for level in levels() {
        let mut compressor = new_compressor_for(level);
        for size in [1, 2, 3, 4, 7, 8, 9, 12, 13, 20] {
            for input in [&dictionary[..size], &dictionary[WINDOW - size..], &[dictionary[WINDOW - 1]].repeat(size)] {
                let mut out = Vec::new();
                compressor.compress(&[&dictionary, input].concat(), WINDOW, true, &mut out);
                assert!(inflate(&dictionary, &out, size) == input, "{level:?}, {size} bytes");
            }
        }
    }
}
