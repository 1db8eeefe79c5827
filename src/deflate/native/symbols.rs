//! The two alphabets of DEFLATE (RFC 1951 section 3.2.5): literals, lengths and the end of block in one, distances in
//! the other.

/// Shortest match that can be written.
pub(super) const LEAST_LENGTH: usize = 3;

/// Longest match that can be written.
pub(super) const MOST_LENGTH: usize = 258;

/// The symbol that ends a block.
pub(super) const END_OF_BLOCK: usize = 256;

/// Symbols of literals and lengths, with two that only the fixed code has.
pub(super) const LITLEN: usize = 288;

/// Those that occur.
pub(super) const LITLEN_USED: usize = 286;

/// Symbols of distances that occur.
pub(super) const DISTANCES: usize = 30;

/// The symbol of each length (less [`LEAST_LENGTH`]) and the extra bits behind it: value, and how many.
pub(super) const LENGTHS: [(u16, u8, u8); MOST_LENGTH - LEAST_LENGTH + 1] = lengths();

/// Extra bits of each distance symbol.
pub(super) const DISTANCE_EXTRA: [u8; DISTANCES] = {
    let mut extra = [0; DISTANCES];
    let mut symbol = 4;
    while symbol < DISTANCES {
        extra[symbol] = (symbol / 2 - 1) as u8;
        symbol += 1;
    }
    extra
};

/// The symbol of a distance, and the value of the extra bits behind it.
#[inline(always)]
pub(super) fn distance_symbol(distance: u32) -> (u32, u32) {
    // From 5 on, two symbols for each power of two: its exponent, and the bit below the highest.
    let less_one = distance - 1;
    let extra_bits = (less_one | 2).ilog2() - 1;
    let highest = less_one >> extra_bits;
    (2 * extra_bits + highest, less_one ^ (highest << extra_bits))
}

const fn lengths() -> [(u16, u8, u8); MOST_LENGTH - LEAST_LENGTH + 1] {
    let mut lengths = [(0, 0, 0); MOST_LENGTH - LEAST_LENGTH + 1];
    let mut i = 0;
    while i < lengths.len() {
        // From 8 (length 11) on, four symbols for each power of two.
        lengths[i] = if i < 8 {
            (257 + i as u16, 0, 0)
        } else {
            let extra_bits = i.ilog2() - 2;
            let symbol = 257 + 4 * extra_bits as u16 + (i >> extra_bits) as u16;
            (symbol, (i & ((1 << extra_bits) - 1)) as u8, extra_bits as u8)
        };
        i += 1;
    }
    // The longest has a symbol to itself.
    lengths[MOST_LENGTH - LEAST_LENGTH] = (285, 0, 0);
    lengths
}
