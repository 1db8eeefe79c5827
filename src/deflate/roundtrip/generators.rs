//! Inputs made to measure.

use super::noise;

/// Numbers in no order, for choices: a xorshift generator, seeded.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self((seed << 1 | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// One of `0..sides`.
    pub(super) fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % sides
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        (1..items.len()).rev().for_each(|i| items.swap(i, self.throw(i + 1)));
    }
}

/// Lines such as logs have.
pub(super) fn text(size: usize) -> Vec<u8> {
    let mut dice = Dice::new(2);
    let mut out = Vec::with_capacity(size + 80);
    while out.len() < size {
        let (host, item, took) = (dice.throw(5), dice.throw(50) * 7, dice.throw(9000));
        out.extend(format!("2026-11-25 host{host} GET /item/{item} took {took} ms\n").into_bytes());
    }
    out.truncate(size);
    out
}

/// Bytes of an alphabet, at most 32, in which no three in a row occur again (a de Bruijn sequence, by the greedy rule
/// of M. H. Martin, 1934): nothing to match, though few symbols.
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

/// How often each of so many symbols occurs for a Huffman code to have one more bit for each. Fibonacci's numbers are
/// the least that do it; these grow a little faster, so that some may be off by some.
pub(super) fn steep(symbols: usize) -> Vec<usize> {
    (0..symbols).map(|i| 1.65f64.powi(i as i32) as usize).collect()
}

/// Items that occur that often, shuffled.
pub(super) fn often<T: Copy>(items: &[T], frequencies: &[usize]) -> Vec<T> {
    let mut out: Vec<T> =
        items.iter().zip(frequencies).flat_map(|(&item, &times)| std::iter::repeat_n(item, times)).collect();
    Dice::new(8).shuffle(&mut out);
    out
}

/// Noise, `phrase` from `first` on and again from `second` on, up to `size`.
pub(super) fn phrase_twice(phrase: &[u8], first: usize, second: usize, size: usize) -> Vec<u8> {
    let mut out = noise(size, 31);
    for at in [first, second] {
        out[at..at + phrase.len()].copy_from_slice(phrase);
    }
    out
}

/// Appends what stands `distance` back, for `length` bytes, as an inflater does.
pub(super) fn copy(out: &mut Vec<u8>, length: usize, distance: usize) {
    let from = out.len() - distance;
    (from..from + length).for_each(|at| out.push(out[at]));
}
