//! Matches from far away, up to the window and past it, and at places where 16 bits are over.

use super::inputs::{copy, phrase_twice};
use super::*;

/// Positions that 16 bits tell apart.
const WRAP: usize = 1 << 16;

#[test]
fn repeats_as_far_as_the_window_come_back() {
    let noise = noise(WINDOW + 1, 25);
    for distance in [WINDOW - 263, WINDOW - 262, WINDOW - 261, WINDOW - 1, WINDOW] {
        let dictionary = &noise[..distance];
        for level in levels() {
            for size in [3, 4, 9, 300, 3000] {
                let out = deflate(level, dictionary, &dictionary[..size], true);
                assert!(inflate(dictionary, &out, size) == dictionary[..size], "{level:?}, {size} from {distance}");
            }
        }
    }
}

#[test]
fn repeats_from_within_the_block_come_back_near_the_end_of_the_window() {
    let mut inputs = Vec::new();
    for distance in [WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 2] {
        let mut input = noise(distance, 26);
        copy(&mut input, 500, distance);
        inputs.push(input);
    }
    assert_come_back(levels(), b"", &inputs[..3]);
    // The same for a block's whole length, and from a place that a dictionary has pushed away from zero.
    for input in &mut inputs {
        copy(input, 2 * WINDOW, input.len() - 500);
    }
    assert_come_back(levels().filter(|level| !is_slow(level)), &noise(WINDOW, 21), &inputs);
}

/// What repeats after `period` bytes and not before: seven bits of eight, so that it is not stored unseen as noise.
fn repeating(period: usize, size: usize) -> Vec<u8> {
    let mut out: Vec<u8> = noise(period, 34).into_iter().map(|byte| byte & 0x7f).collect();
    copy(&mut out, size - period, period);
    out
}

fn native_levels() -> impl Iterator<Item = Level> {
    levels().filter(|&(kind, level)| kind == Engine::Native && level > 0)
}

#[test]
fn the_farthest_distance_is_used_by_every_level() {
    let input = repeating(WINDOW, 9 * WINDOW);
    let (dictionary, rest) = input.split_at(WINDOW);
    for level in native_levels() {
        let behind = deflate(level, dictionary, &rest[..WINDOW], true);
        assert!(behind.len() < WINDOW / 32, "{level:?}: {} behind a dictionary", behind.len());
        assert!(inflate(dictionary, &behind, WINDOW) == rest[..WINDOW], "{level:?}");
        // What does not match is passed over ever faster, so that a period or two more go by until all is known.
        let alone = deflate(level, b"", &input, true);
        assert!(alone.len() < 2 * WINDOW, "{level:?}: {} alone", alone.len());
        assert!(inflate(b"", &alone, input.len()) == input, "{level:?}");
    }
}

#[test]
fn nothing_is_farther_than_the_farthest_distance() {
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
fn what_repeats_after_two_to_the_sixteen_is_not_near() {
    let phrase = noise(300, 27);
    for distance in [WRAP - WINDOW - 1, WRAP - WINDOW, WRAP - 1, WRAP, WRAP + 1, WRAP + WINDOW, WRAP + WINDOW + 1] {
        let inputs = [phrase_twice(&phrase, 100, 100 + distance, distance + 1000)];
        assert_come_back(levels().filter(|level| !is_slow(level)), b"", &inputs);
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
fn noise_that_repeats_after_two_to_the_sixteen_comes_back() {
    for period in [WRAP - 1, WRAP, WRAP + 1, WRAP + 5000] {
        let mut input = noise(period, 28);
        copy(&mut input, period + 700, period);
        for level in levels().filter(|level| !is_slow(level) || period == WRAP) {
            assert!(inflate(b"", &deflate(level, b"", &input, true), input.len()) == input, "{level:?}, {period}");
        }
    }
}

/// With the whole input alike up to a few bytes, every table is full of places that 16 bits cannot tell apart.
#[test]
fn a_small_alphabet_comes_back_at_every_level_past_two_to_the_sixteen() {
    let mut input: Vec<u8> = noise(3 * WRAP, 29).into_iter().map(|byte| byte % 7 / 2).collect();
    input[WRAP - 300..WRAP + 300].fill(0);
    for level in levels() {
        let input = if is_slow(&level) { &input[..WRAP + 2000] } else { &input };
        assert!(inflate(b"", &deflate(level, b"", input, true), input.len()) == input, "{level:?}");
    }
}

#[test]
fn matches_that_begin_where_positions_wrap_come_back() {
    let phrase = noise(40, 30);
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
fn matches_of_three_bytes_come_back_from_near_and_far() {
    let mut inputs = Vec::new();
    // Words of three letters; what stands between them has none of their bytes, nor a repeat.
    for gap in [1, 2, 7, 40, 2000] {
        let fresh: Vec<u8> = noise(40 * gap.min(700), 33).into_iter().map(|byte| byte | 128).collect();
        let words: Vec<&[u8]> = b"abcabdbcdacd".chunks(3).collect();
        let parts = fresh.chunks(gap).zip(words.iter().cycle());
        inputs.push(parts.flat_map(|(part, word)| [part, word].concat()).collect::<Vec<u8>>());
    }
    assert_come_back(levels(), b"abc", &inputs);
}
