//! Generators of test inputs.

use super::random_bytes;

/// Random numbers: a seeded xorshift generator.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed << 1 | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % bound
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        (1..items.len()).rev().for_each(|i| items.swap(i, self.below(i + 1)));
    }
}

/// Lines like those of a log.
pub(super) fn text(size: usize) -> Vec<u8> {
    let mut rng = Rng::new(2);
    let mut out = Vec::with_capacity(size + 80);
    while out.len() < size {
        let (host, item, took) = (rng.below(5), rng.below(50) * 7, rng.below(9000));
        out.extend(format!("2026-11-25 host{host} GET /item/{item} took {took} ms\n").into_bytes());
    }
    out.truncate(size);
    out
}

/// Bytes of an alphabet of at most 32, without three consecutive bytes that occur twice: a de Bruijn sequence, by the greedy
/// rule of M. H. Martin (1934). It has few symbols and no match.
pub(super) fn without_repeats(alphabet: u8) -> Vec<u8> {
    let mut seen = vec![false; 1 << 15];
    let key = |a: u8, b: u8, c: u8| usize::from(a) << 10 | usize::from(b) << 5 | usize::from(c);
    let mut out = vec![0, 0];
    while let Some(next) = (0..alphabet).rev().find(|&c| !seen[key(out[out.len() - 2], out[out.len() - 1], c)]) {
        seen[key(out[out.len() - 2], out[out.len() - 1], next)] = true;
        out.push(next);
    }
    out
}

/// Frequencies for which each symbol gets a Huffman code one bit longer than the next. The Fibonacci numbers are the smallest
/// such frequencies; these grow a little faster, so that small deviations do not matter.
pub(super) fn growing_frequencies(symbols: usize) -> Vec<usize> {
    (0..symbols).map(|i| 1.65f64.powi(i as i32) as usize).collect()
}

/// Items with these frequencies, shuffled.
pub(super) fn with_frequencies<T: Copy>(items: &[T], frequencies: &[usize]) -> Vec<T> {
    let mut out: Vec<T> =
        items.iter().zip(frequencies).flat_map(|(&item, &times)| std::iter::repeat_n(item, times)).collect();
    Rng::new(8).shuffle(&mut out);
    out
}

/// `size` random bytes with `phrase` at the positions `first` and `second`.
pub(crate) fn phrase_twice(phrase: &[u8], first: usize, second: usize, size: usize) -> Vec<u8> {
    let mut out = random_bytes(size, 31);
    for at in [first, second] {
        out[at..at + phrase.len()].copy_from_slice(phrase);
    }
    out
}

/// Appends a match, as an inflater does.
pub(super) fn append_match(out: &mut Vec<u8>, length: usize, distance: usize) {
    let from = out.len() - distance;
    (from..from + length).for_each(|at| out.push(out[at]));
}
