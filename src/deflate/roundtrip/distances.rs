//! Matches at long distances, up to the window and beyond, and where positions exceed 16 bits.

use super::generators::{append_match, phrase_twice};
use super::*;

/// Positions that 16 bits distinguish.
const WRAP: usize = 1 << 16;

#[test]
fn repeats_as_far_as_the_window_roundtrip() {
    let random = random_bytes(WINDOW + 1, 25);
    for distance in [WINDOW - 263, WINDOW - 262, WINDOW - 261, WINDOW - 1, WINDOW] {
        let dictionary = &random[..distance];
        for level in levels() {
            for size in [3, 4, 9, 300, 3000] {
                let out = deflate(level, dictionary, &dictionary[..size], true);
                assert!(inflate(dictionary, &out, size) == dictionary[..size], "{level:?}, {size} from {distance}");
            }
        }
    }
}

#[test]
fn repeats_from_within_the_block_roundtrip_near_the_end_of_the_window() {
    let mut inputs = Vec::new();
    for distance in [WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 2] {
        let mut input = random_bytes(distance, 26);
        append_match(&mut input, 500, distance);
        inputs.push(input);
    }
    assert_roundtrip(levels(), b"", &inputs[..3]);
    // The same over the whole block, and behind a dictionary, so that positions do not start at zero.
    for input in &mut inputs {
        append_match(input, 2 * WINDOW, input.len() - 500);
    }
    assert_roundtrip(levels().filter(|level| !is_slow(level)), &random_bytes(WINDOW, 21), &inputs);
}

/// Bytes that repeat after `period` bytes and not earlier. Only seven bits of each vary, so that they are not stored as
/// incompressible.
fn repeating(period: usize, size: usize) -> Vec<u8> {
    let mut out: Vec<u8> = random_bytes(period, 34).into_iter().map(|byte| byte & 0x7f).collect();
    append_match(&mut out, size - period, period);
    out
}

fn native_levels() -> impl Iterator<Item = EngineLevel> {
    levels().filter(|&(kind, level)| kind == Engine::Native && level > 0)
}

#[test]
fn every_level_uses_the_longest_distance() {
    let input = repeating(WINDOW, 9 * WINDOW);
    let (dictionary, rest) = input.split_at(WINDOW);
    for level in native_levels() {
        let behind = deflate(level, dictionary, &rest[..WINDOW], true);
        assert!(behind.len() < WINDOW / 64, "{level:?}: {} behind a dictionary", behind.len());
        assert!(inflate(dictionary, &behind, WINDOW) == rest[..WINDOW], "{level:?}");
        // The search skips positions without a match, so it takes a period or two more until all positions are known.
        let alone = deflate(level, b"", &input, true);
        assert!(alone.len() < 2 * WINDOW, "{level:?}: {} alone", alone.len());
        assert!(inflate(b"", &alone, input.len()) == input, "{level:?}");
    }
}

#[test]
fn no_match_exceeds_the_longest_distance() {
    let input = repeating(WINDOW + 1, 3 * WINDOW);
    for level in native_levels() {
        for start in [0, WINDOW] {
            let (dictionary, rest) = input.split_at(start);
            let out = deflate(level, dictionary, rest, true);
            assert!(out.len() > rest.len() / 8 * 7 - 100, "{level:?}: {}", out.len());
            assert!(inflate(dictionary, &out, rest.len()) == rest, "{level:?}");
        }
    }
}

#[test]
fn a_repeat_after_two_to_the_sixteen_bytes_is_not_taken_for_a_near_one() {
    let phrase = random_bytes(300, 27);
    for distance in [WRAP - WINDOW - 1, WRAP - WINDOW, WRAP - 1, WRAP, WRAP + 1, WRAP + WINDOW, WRAP + WINDOW + 1] {
        let inputs = [phrase_twice(&phrase, 100, 100 + distance, distance + 1000)];
        assert_roundtrip(levels().filter(|level| !is_slow(level)), b"", &inputs);
        if [WRAP - WINDOW, WRAP, WRAP + 1].contains(&distance) {
            let input = &inputs[0];
            for level in levels().filter(is_slow) {
                assert!(
                    inflate(b"", &deflate(level, b"", input, true), input.len()) == *input,
                    "{level:?}, {distance}"
                );
            }
        }
    }
}

#[test]
fn random_bytes_that_repeat_after_two_to_the_sixteen_roundtrips() {
    for period in [WRAP - 1, WRAP, WRAP + 1, WRAP + 5000] {
        let mut input = random_bytes(period, 28);
        append_match(&mut input, period + 700, period);
        for level in levels().filter(|level| !is_slow(level) || period == WRAP) {
            assert!(inflate(b"", &deflate(level, b"", &input, true), input.len()) == input, "{level:?}, {period}");
        }
    }
}

/// In such uniform input, every table is full of positions that 16 bits do not distinguish.
#[test]
fn a_small_alphabet_roundtrips_at_every_level_past_two_to_the_sixteen() {
    let mut input: Vec<u8> = random_bytes(3 * WRAP, 29).into_iter().map(|byte| byte % 7 / 2).collect();
    input[WRAP - 300..WRAP + 300].fill(0);
    for level in levels() {
        let input = if is_slow(&level) { &input[..WRAP + 2000] } else { &input };
        assert!(inflate(b"", &deflate(level, b"", input, true), input.len()) == input, "{level:?}");
    }
}

#[test]
fn matches_that_begin_where_positions_wrap_roundtrip() {
    let phrase = random_bytes(40, 30);
    for back in [41, 1000, WINDOW - 1, WINDOW] {
        for at in [WRAP - 3, WRAP - 2, WRAP - 1, WRAP, WRAP + 1, WRAP + 2] {
            let input = phrase_twice(&phrase, at - back, at, WRAP + 700);
            let levels = levels().filter(|level| !is_slow(level) || (back == 1000 && at == WRAP));
            for level in levels.filter(|&(kind, _)| kind == Engine::Native) {
                let out = deflate(level, b"", &input, true);
                assert!(inflate(b"", &out, input.len()) == input, "{level:?}, {at} from {back}");
            }
        }
    }
}

#[test]
fn matches_of_three_bytes_roundtrip_from_near_and_far() {
    let mut inputs = Vec::new();
    // Words of three letters; the bytes between them contain no letter and no repetition.
    for gap in [1, 2, 7, 40, 2000] {
        let fresh: Vec<u8> = random_bytes(40 * gap.min(700), 33).into_iter().map(|byte| byte | 128).collect();
        let words: Vec<&[u8]> = b"abcabdbcdacd".chunks(3).collect();
        let parts = fresh.chunks(gap).zip(words.iter().cycle());
        inputs.push(parts.flat_map(|(part, word)| [part, word].concat()).collect::<Vec<u8>>());
    }
    assert_roundtrip(levels(), b"abc", &inputs);
}
