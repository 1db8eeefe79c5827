//! Inputs whose Huffman codes would be longer than DEFLATE allows without a limit.

use super::generators::{Rng, append_match, growing_frequencies, with_frequencies};
use super::*;

/// Number of symbols of an alphabet whose longest code would need 19 bits.
const SYMBOLS: usize = 20;

#[test]
fn literals_whose_codes_would_be_too_long_roundtrip() {
    let symbols: Vec<u8> = (0..SYMBOLS as u8).map(|i| i * 11 + 3).collect();
    let few = with_frequencies(&symbols[..17], &growing_frequencies(17));
    assert_roundtrip(levels(), b"", &[few]);
    let many = with_frequencies(&symbols, &growing_frequencies(SYMBOLS));
    assert_roundtrip(levels().filter(|level| !is_slow(level)), &random_bytes(WINDOW, 21), &[many]);
}

/// Random bytes of few values, with rarer and rarer ones among them, so that the rarest would need 18 bits. The rare ones
/// are written as literals, whatever part of the others is matched.
#[test]
fn rare_literals_among_random_ones_get_the_longest_codes() {
    let common = random_bytes(33_000, 34).into_iter().map(|byte| byte | 240);
    // The Fibonacci numbers; the first is the frequency of the end of the block.
    let frequencies = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597];
    let rare = with_frequencies(&(0..16).collect::<Vec<u8>>(), &frequencies);
    let mut input = [common.collect(), rare].concat();
    Rng::new(5).shuffle(&mut input);
    assert_roundtrip(levels(), b"", &[input]);
}

/// Consecutive matches with these lengths and distances, from a dictionary of random bytes.
fn matches(dictionary: &[u8], matches: impl Iterator<Item = (usize, usize)>) -> Vec<u8> {
    let mut out = dictionary.to_vec();
    matches.for_each(|(length, distance)| append_match(&mut out, length, distance));
    out.split_off(dictionary.len())
}

#[test]
fn lengths_whose_codes_would_be_too_long_roundtrip() {
    let mut rng = Rng::new(6);
    // One length for each of 17 symbols; the longest has the rarest symbol.
    let lengths = [258, 227, 195, 163, 131, 115, 99, 83, 67, 51, 35, 23, 15, 9, 7, 6, 5];
    let dictionary = random_bytes(WINDOW, 22);
    let lengths = with_frequencies(&lengths, &growing_frequencies(lengths.len()));
    let input = matches(&dictionary, lengths.into_iter().map(|length| (length, 20_000 + rng.below(12_000))));
    for level in levels() {
        let out = deflate(level, &dictionary, &input, true);
        assert!(inflate(&dictionary, &out, input.len()) == input, "{level:?}");
    }
}

#[test]
fn distances_whose_codes_would_be_too_long_roundtrip() {
    let mut rng = Rng::new(7);
    // Two distances for each power of two; the nearest is the rarest.
    let distances: Vec<usize> = (6..15).flat_map(|power| [(1 << power) + 1, (3 << (power - 1)) + 1]).collect();
    let dictionary = random_bytes(WINDOW, 23);
    let distances = with_frequencies(&distances, &growing_frequencies(distances.len()));
    let input = matches(&dictionary, distances.into_iter().map(|distance| (6, distance + rng.below(distance / 4))));
    for level in levels() {
        let out = deflate(level, &dictionary, &input, true);
        assert!(inflate(&dictionary, &out, input.len()) == input, "{level:?}");
    }
}

/// Every match length, each at a distance with another symbol.
#[test]
fn every_length_and_every_distance_roundtrip() {
    let dictionary = random_bytes(WINDOW, 24);
    let mut rng = Rng::new(9);
    let powers =
        (0..15).flat_map(|power| [1usize << power, (1 << power) + 1, 3 << power >> 1, (2 << power) - 1, 2 << power]);
    let distances: Vec<usize> = powers.filter(|&distance| distance <= WINDOW).collect();
    let input = matches(&dictionary, (3..=258).map(|length| (length, distances[rng.below(distances.len())])));
    let all = matches(&dictionary, distances.iter().flat_map(|&distance| [(20, distance), (4, 30_000)]));
    for level in levels() {
        for input in [&input, &all] {
            let out = deflate(level, &dictionary, input, true);
            assert!(inflate(&dictionary, &out, input.len()) == *input, "{level:?}");
        }
    }
}
