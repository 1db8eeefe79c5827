//! The alphabets of DEFLATE (RFC 1951 sections 3.2.5 to 3.2.7): symbols, the values that they stand for, and the fixed codes.

/// The symbol that ends a block.
pub(crate) const END_OF_BLOCK: usize = 256;

/// The symbol of the shortest match.
pub(crate) const FIRST_LENGTH_SYMBOL: usize = 257;

/// Symbols of the fixed literal and length code. The last two must not occur in data.
pub(crate) const LITLEN_SYMBOLS: usize = 288;

/// Symbols of the fixed distance code. The last two must not occur in data.
pub(crate) const DISTANCE_SYMBOLS: usize = 32;

/// Symbols of the code length code.
pub(crate) const PRECODE_SYMBOLS: usize = 19;

/// The order in which a header lists the lengths of the code length code.
pub(crate) const PRECODE_ORDER: [u8; PRECODE_SYMBOLS] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The values that a symbol stands for: `base` plus the value of its extra bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueRange {
    pub(crate) base: u16,
    pub(crate) extra_bits: u8,
}

/// The lengths of the symbols from [`FIRST_LENGTH_SYMBOL`] on. From length 11 on, each power of two has four symbols. The last
/// symbol is the longest match alone.
pub(crate) const LENGTHS: [ValueRange; 29] = {
    let mut lengths = value_ranges(3, 4);
    lengths[28] = ValueRange { base: 258, extra_bits: 0 };
    lengths
};

/// The distances of the symbols. From distance 5 on, each power of two has two symbols.
pub(crate) const DISTANCES: [ValueRange; 30] = value_ranges(1, 2);

/// Consecutive ranges from `base` on, `per_power` of them for each power of two.
const fn value_ranges<const N: usize>(mut base: u16, per_power: usize) -> [ValueRange; N] {
    let mut ranges = [ValueRange { base: 0, extra_bits: 0 }; N];
    let mut i = 0;
    while i < N {
        let extra_bits = if i < 2 * per_power { 0 } else { i / per_power - 1 };
        ranges[i] = ValueRange { base, extra_bits: extra_bits as u8 };
        base = base.wrapping_add(1 << extra_bits);
        i += 1;
    }
    ranges
}

/// Code lengths of the fixed literal and length code (RFC 1951 section 3.2.6).
pub(crate) const FIXED_LITLEN_LENGTHS: [u8; LITLEN_SYMBOLS] = {
    let mut lengths = [8; LITLEN_SYMBOLS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    lengths
};

/// Code lengths of the fixed distance code.
pub(crate) const FIXED_DISTANCE_LENGTHS: [u8; DISTANCE_SYMBOLS] = [5; DISTANCE_SYMBOLS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_symbols_are_as_in_the_rfc() {
        assert_eq!(LENGTHS[27], ValueRange { base: 227, extra_bits: 5 });
        assert_eq!(LENGTHS[28], ValueRange { base: 258, extra_bits: 0 });
        assert_eq!(DISTANCES[29], ValueRange { base: 24577, extra_bits: 13 });
    }
}
