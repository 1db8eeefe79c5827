//! Writes random DEFLATE streams, valid ones and others, with all kinds of blocks and codes.

use crate::deflate::roundtrip::generators::Rng;
use crate::format::alphabets::{
    DISTANCES, END_OF_BLOCK, FIRST_LENGTH_SYMBOL, FIXED_DISTANCE_LENGTHS, FIXED_LITLEN_LENGTHS, LENGTHS, PRECODE_ORDER,
};

/// A number below one of the bounds, chosen at random.
fn below_one_of(random: &mut Rng, bounds: [usize; 3]) -> usize {
    let bound = bounds[random.below(3)];
    random.below(bound)
}

/// StreamBits that are packed into bytes.
#[derive(Default)]
pub(super) struct StreamBits {
    bytes: Vec<u8>,
    count: usize,
}

impl StreamBits {
    /// Appends the lowest `count` bits of `value`, the lowest first.
    pub(super) fn put(&mut self, value: usize, count: usize) {
        for bit in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (self.count % 8);
            self.count += 1;
        }
    }

    /// Appends a code of a canonical code with these lengths. A symbol without a code appends nothing.
    pub(super) fn put_code(&mut self, lengths: &[u8], symbol: usize) {
        let length = lengths[symbol];
        if length == 0 {
            return;
        }
        // RFC 1951 section 3.2.2, for one symbol.
        let mut code = 0_usize;
        for bits in 1..=length {
            let shorter = lengths.iter().filter(|&&l| l > 0 && l == bits - 1).count();
            code = (code + shorter) << 1;
        }
        code += lengths[..symbol].iter().filter(|&&l| l == length).count();
        for bit in (0..length).rev() {
            self.put(code >> bit & 1, 1);
        }
    }

    pub(super) fn align(&mut self) {
        self.count = 8 * self.bytes.len();
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Appends the header of a dynamic block whose code lengths are written without run lengths.
pub(super) fn put_dynamic_header(bits: &mut StreamBits, is_last: bool, litlen: &[u8], distances: &[u8]) {
    bits.put(usize::from(is_last) | 2 << 1, 3);
    bits.put(litlen.len() - 257, 5);
    bits.put(distances.len() - 1, 5);
    bits.put(15, 4);
    let mut precode = [0; 19];
    precode[..16].fill(4);
    for symbol in PRECODE_ORDER {
        bits.put(precode[usize::from(symbol)].into(), 3);
    }
    for &length in litlen.iter().chain(distances) {
        bits.put_code(&precode, length.into());
    }
}

/// Random lengths of a complete code with `used` of `symbols` symbols, `wanted` among them.
fn complete_code(random: &mut Rng, symbols: usize, used: usize, wanted: Option<usize>) -> Vec<u8> {
    // Splits leaves of a tree. With a small `spread`, the same leaf again and again, so that codes become long.
    let spread = 1 + random.below(used);
    let mut leaves = vec![0_u8];
    while leaves.len() < used {
        let at = leaves.len() - 1 - random.below(spread.min(leaves.len()));
        let at = (0..=at).rev().chain(at..leaves.len()).find(|&at| leaves[at] < 15).unwrap();
        leaves[at] += 1;
        let depth = leaves[at];
        leaves.push(depth);
    }
    let mut free: Vec<usize> = (0..symbols).filter(|&symbol| Some(symbol) != wanted).collect();
    let mut lengths = vec![0; symbols];
    let mut taken: Vec<usize> = wanted.into_iter().collect();
    while taken.len() < used {
        let at = random.below(free.len());
        taken.push(free.swap_remove(at));
    }
    for symbol in taken {
        let leaf = random.below(leaves.len());
        lengths[symbol] = leaves.swap_remove(leaf);
    }
    lengths
}

/// Code lengths of literals and lengths, and of distances.
struct BlockCodes {
    litlen: Vec<u8>,
    distances: Vec<u8>,
}

impl BlockCodes {
    fn random(random: &mut Rng) -> Self {
        let used = 2 + below_one_of(random, [4, 40, 285]);
        let litlen = complete_code(random, 286, used.min(286), Some(END_OF_BLOCK));
        let used = random.below(31);
        let distances = match used {
            0 => vec![0; 30],
            // A single code of one bit.
            1 => {
                let mut lengths = vec![0; 30];
                lengths[random.below(30)] = 1;
                lengths
            }
            used => complete_code(random, 30, used, None),
        };
        Self { litlen, distances }
    }

    fn fixed() -> Self {
        Self { litlen: FIXED_LITLEN_LENGTHS.to_vec(), distances: FIXED_DISTANCE_LENGTHS.to_vec() }
    }
}

/// A random stream. `written` counts the bytes it expands to.
pub(super) fn random_stream(random: &mut Rng) -> Vec<u8> {
    let mut bits = StreamBits::default();
    let mut written = 0;
    let blocks = 1 + random.below(4);
    for block in 1..=blocks {
        let is_last = block == blocks;
        match random.below(6) {
            0 => put_stored(&mut bits, random, is_last, &mut written),
            1 => {
                bits.put(usize::from(is_last) | 1 << 1, 3);
                put_symbols(&mut bits, random, &BlockCodes::fixed(), &mut written);
            }
            _ => {
                let codes = BlockCodes::random(random);
                put_dynamic_header(&mut bits, is_last, &codes.litlen, &codes.distances);
                put_symbols(&mut bits, random, &codes, &mut written);
            }
        }
    }
    bits.into_bytes()
}

fn put_stored(bits: &mut StreamBits, random: &mut Rng, is_last: bool, written: &mut usize) {
    bits.put(usize::from(is_last), 3);
    bits.align();
    let length = below_one_of(random, [2, 50, 1000]);
    bits.put(length, 16);
    bits.put(!length, 16);
    (0..length).for_each(|_| bits.put(random.below(256), 8));
    *written += length;
}

/// Random symbols, and the end of the block. One distance in a thousand may be too far.
fn put_symbols(bits: &mut StreamBits, random: &mut Rng, codes: &BlockCodes, written: &mut usize) {
    let used = |lengths: &[u8]| (0..lengths.len()).filter(|&symbol| lengths[symbol] > 0).collect::<Vec<_>>();
    let litlen = used(&codes.litlen[..286]);
    let distances = used(&codes.distances[..30]);
    for _ in 0..below_one_of(random, [3, 60, 1500]) {
        let symbol = litlen[random.below(litlen.len())];
        if symbol < END_OF_BLOCK {
            bits.put_code(&codes.litlen, symbol);
            *written += 1;
        } else if symbol >= FIRST_LENGTH_SYMBOL && !distances.is_empty() {
            let symbol_of_distance = distances[random.below(distances.len())];
            let range = DISTANCES[symbol_of_distance];
            let extra = random.below(1 << range.extra_bits);
            if usize::from(range.base) + extra > *written && random.below(1000) > 0 {
                continue;
            }
            bits.put_code(&codes.litlen, symbol);
            let length = LENGTHS[symbol - FIRST_LENGTH_SYMBOL];
            let length_extra = random.below(1 << length.extra_bits);
            bits.put(length_extra, length.extra_bits.into());
            bits.put_code(&codes.distances, symbol_of_distance);
            bits.put(extra, range.extra_bits.into());
            *written += usize::from(length.base) + length_extra;
        }
    }
    bits.put_code(&codes.litlen, END_OF_BLOCK);
}
