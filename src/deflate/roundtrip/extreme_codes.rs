//! Contents by what their Huffman codes are like: longer than DEFLATE allows, before they are limited.

use super::inputs::{Dice, copy, often, steep};
use super::*;

/// Symbols of a code that would need 19 bits.
const SYMBOLS: usize = 20;

#[test]
fn literals_whose_codes_would_be_too_long_come_back() {
    let symbols: Vec<u8> = (0..SYMBOLS as u8).map(|i| i * 11 + 3).collect();
    let few = often(&symbols[..17], &steep(17));
    assert_come_back(levels(), b"", &[few]);
    let many = often(&symbols, &steep(SYMBOLS));
    assert_come_back(levels().filter(|level| !is_slow(level)), &noise(WINDOW, 21), &[many]);
}

/// Noise over few symbols, and among them some that are rarer and rarer, so that the rarest would need 18 bits. However
/// much of the noise is matched, those are written as literals.
#[test]
fn rare_literals_in_noise_have_the_longest_codes() {
    let common = noise(33_000, 34).into_iter().map(|byte| byte | 240);
    // Fibonacci's numbers, the first of which is that of the end of the block.
    let frequencies = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597];
    let rare = often(&(0..16).collect::<Vec<u8>>(), &frequencies);
    let mut input = [common.collect(), rare].concat();
    Dice::new(5).shuffle(&mut input);
    assert_come_back(levels(), b"", &[input]);
}

/// Matches with these lengths and distances, one behind the other, out of a dictionary of noise.
fn matches(dictionary: &[u8], matches: impl Iterator<Item = (usize, usize)>) -> Vec<u8> {
    let mut out = dictionary.to_vec();
    matches.for_each(|(length, distance)| copy(&mut out, length, distance));
    out.split_off(dictionary.len())
}

#[test]
fn lengths_whose_codes_would_be_too_long_come_back() {
    let mut dice = Dice::new(6);
    // A length for each of so many symbols, the longest for the rarest.
    let lengths = [258, 227, 195, 163, 131, 115, 99, 83, 67, 51, 35, 23, 15, 9, 7, 6, 5];
    let dictionary = noise(WINDOW, 22);
    let lengths = often(&lengths, &steep(lengths.len()));
    let input = matches(&dictionary, lengths.into_iter().map(|length| (length, 20_000 + dice.throw(12_000))));
    for level in levels() {
        let out = deflate(level, &dictionary, &input, true);
        assert!(inflate(&dictionary, &out, input.len()) == input, "{level:?}");
    }
}

#[test]
fn distances_whose_codes_would_be_too_long_come_back() {
    let mut dice = Dice::new(7);
    // Two for each power of two, the nearest the rarest.
    let distances: Vec<usize> = (6..15).flat_map(|power| [(1 << power) + 1, (3 << (power - 1)) + 1]).collect();
    let dictionary = noise(WINDOW, 23);
    let distances = often(&distances, &steep(distances.len()));
    let input = matches(&dictionary, distances.into_iter().map(|distance| (6, distance + dice.throw(distance / 4))));
    for level in levels() {
        let out = deflate(level, &dictionary, &input, true);
        assert!(inflate(&dictionary, &out, input.len()) == input, "{level:?}");
    }
}

/// Every length there is, each at a distance with another symbol.
#[test]
fn every_length_and_every_distance_come_back() {
    let dictionary = noise(WINDOW, 24);
    let mut dice = Dice::new(9);
    let powers =
        (0..15).flat_map(|power| [1usize << power, (1 << power) + 1, 3 << power >> 1, (2 << power) - 1, 2 << power]);
    let distances: Vec<usize> = powers.filter(|&distance| distance <= WINDOW).collect();
    let input = matches(&dictionary, (3..=258).map(|length| (length, distances[dice.throw(distances.len())])));
    let all = matches(&dictionary, distances.iter().flat_map(|&distance| [(20, distance), (4, 30_000)]));
    for level in levels() {
        for input in [&input, &all] {
            let out = deflate(level, &dictionary, input, true);
            assert!(inflate(&dictionary, &out, input.len()) == *input, "{level:?}");
        }
    }
}
