//! Where a block begins and ends: there an encoder has fewer bytes than it likes to read at a time.

use super::inputs::text;
use super::*;

/// A phrase, noise, the phrase again, and a few bytes more.
fn phrase_again(length: usize, between: usize, behind: usize) -> Vec<u8> {
    let phrase = noise(length, 51);
    [&phrase[..], &noise(between, 52), &phrase, &noise(behind, 53)].concat()
}

#[test]
fn a_match_may_end_anywhere_before_the_end() {
    let mut inputs = Vec::new();
    for length in [3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 31, 33, 257, 258, 259] {
        inputs.extend((0..=16).map(|behind| phrase_again(length, 11, behind)));
    }
    assert_come_back(levels().filter(|level| !is_slow(level)), b"", &inputs);
    let inputs: Vec<_> = inputs.into_iter().step_by(3).collect();
    assert_come_back(levels().filter(is_slow), b"", &inputs);
}

#[test]
fn the_only_match_may_reach_into_the_last_byte() {
    let mut inputs = Vec::new();
    // Where an encoder stops looking at several bytes at a time is some 300 before the end.
    for between in [1, 100, 240, 270, 290, 310, 600] {
        inputs.extend([3, 4, 8, 12, 13, 100, 258].map(|length| phrase_again(length, between, 0)));
    }
    assert_come_back(levels(), b"", &inputs);
}

/// Matches that get better with each byte, up to the end, which is what makes an encoder that looks ahead go on.
#[test]
fn matches_may_get_better_up_to_the_end() {
    let phrase = noise(40, 54);
    let mut inputs = Vec::new();
    for step in 1..=3 {
        for first in [3, 4, 5, 8] {
            // Each start of the phrase's end that is `step` later has a longer match than the one before.
            let parts = (0..8).map(|i| &phrase[i * step..(i * step + first + i * (step + 1)).min(phrase.len())]);
            let mut input: Vec<u8> = parts.enumerate().flat_map(|(i, part)| [part, &[i as u8; 2]].concat()).collect();
            input.extend(&phrase);
            for cut in 0..20 {
                inputs.push(input[..input.len() - cut].to_vec());
            }
        }
    }
    assert_come_back(levels().filter(|level| !is_slow(level)), b"", &inputs);
    let inputs: Vec<_> = inputs.into_iter().step_by(11).collect();
    assert_come_back(levels().filter(is_slow), b"", &inputs);
}

#[test]
fn every_split_between_dictionary_and_block_gives_the_block_back() {
    let content = [&text(400)[..], &noise(30, 55), &text(200), &[7; 40]].concat();
    let splits = (0..24).chain(300..312).chain(content.len() - 24..=content.len());
    for level in levels() {
        let mut engine = make(level);
        for split in splits.clone() {
            let (dictionary, input) = content.split_at(split);
            assert!(comes_back(&mut engine, dictionary, input), "{level:?}, split at {split}");
        }
    }
}

#[test]
fn every_end_of_a_block_gives_it_back() {
    let content = text(700);
    for level in levels() {
        let mut engine = make(level);
        for end in (1..40).chain(270..310).chain(560..610) {
            let mut out = Vec::new();
            engine.compress(&content[..end], 0, true, &mut out);
            assert!(inflate(b"", &out, end) == content[..end], "{level:?}, {end} bytes");
        }
    }
}

/// A full dictionary, and a block that begins with what it begins with or ends with, and is over at once.
#[test]
fn a_full_dictionary_is_reached_from_the_smallest_blocks() {
    let dictionary = noise(WINDOW, 56);
    for level in levels() {
        let mut engine = make(level);
        for size in [1, 2, 3, 4, 7, 8, 9, 12, 13, 20] {
            for input in [&dictionary[..size], &dictionary[WINDOW - size..], &[dictionary[WINDOW - 1]].repeat(size)] {
                let mut out = Vec::new();
                engine.compress(&[&dictionary, input].concat(), WINDOW, true, &mut out);
                assert!(inflate(&dictionary, &out, size) == input, "{level:?}, {size} bytes");
            }
        }
    }
}
