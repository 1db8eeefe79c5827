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

/// Literals of which no three in a row come again, so that all are written as such: first many, then fewer and fewer.
#[test]
fn literals_that_cannot_be_matched_have_the_longest_codes() {
    let frequencies = steep(17);
    let mut seen = std::collections::HashSet::new();
    let mut dice = Dice::new(5);
    let mut left: Vec<u8> = often(&(0..17).collect::<Vec<u8>>(), &frequencies);
    // The most frequent symbol stands for a kind of its own: 239 literals that all occur about as often.
    left.iter_mut().filter(|symbol| **symbol == 16).for_each(|symbol| *symbol = 17 + dice.throw(239) as u8);
    let mut input: Vec<u8> = Vec::new();
    for mut symbol in left {
        while input.len() > 1 && !seen.insert([input[input.len() - 2], input[input.len() - 1], symbol]) {
            symbol = dice.throw(256) as u8;
        }
        input.push(symbol);
    }
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
