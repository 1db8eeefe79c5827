//! The alphabets of DEFLATE (RFC 1951 section 3.2.5), as the decoder needs them: the base of each symbol and its extra bits.

/// The symbol that ends a block.
pub(in crate::inflate) const END_OF_BLOCK: usize = 256;

/// The symbol of the shortest match.
pub(super) const FIRST_LENGTH_SYMBOL: usize = 257;

/// Symbols of the fixed literal and length code. The last two must not occur in data.
pub(super) const LITLEN_SYMBOLS: usize = 288;

/// Symbols of the fixed distance code. The last two must not occur in data.
pub(super) const DISTANCE_SYMBOLS: usize = 32;

/// Symbols of the code length code.
pub(in crate::inflate) const PRECODE_SYMBOLS: usize = 19;

/// The order in which a header lists the lengths of the code length code.
pub(in crate::inflate) const PRECODE_ORDER: [u8; PRECODE_SYMBOLS] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The values that a symbol stands for: `base` plus the value of its extra bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ValueRange {
    pub(super) base: u16,
    pub(super) extra_bits: u8,
}

/// The lengths of the symbols from [`FIRST_LENGTH_SYMBOL`] on.
pub(super) const LENGTHS: [ValueRange; 29] = {
    let mut lengths = [ValueRange { base: 258, extra_bits: 0 }; 29];
    let mut base = 3;
    let mut i = 0;
    while i < 28 {
        // From length 11 on, each power of two has four symbols.
        let extra_bits = if i < 8 { 0 } else { i / 4 - 1 };
        lengths[i] = ValueRange { base, extra_bits: extra_bits as u8 };
        base += 1 << extra_bits;
        i += 1;
    }
    lengths
};

/// The distances of the symbols.
pub(super) const DISTANCES: [ValueRange; 30] = {
    let mut distances = [ValueRange { base: 0, extra_bits: 0 }; 30];
    let mut base = 1;
    let mut i = 0;
    while i < 30 {
        // From distance 5 on, each power of two has two symbols.
        let extra_bits = if i < 4 { 0 } else { i / 2 - 1 };
        distances[i] = ValueRange { base, extra_bits: extra_bits as u8 };
        base += 1 << extra_bits;
        i += 1;
    }
    distances
};

/// Code lengths of the fixed literal and length code (RFC 1951 section 3.2.6).
pub(super) const FIXED_LITLEN_LENGTHS: [u8; LITLEN_SYMBOLS] = {
    let mut lengths = [8; LITLEN_SYMBOLS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    lengths
};

/// Code lengths of the fixed distance code.
pub(super) const FIXED_DISTANCE_LENGTHS: [u8; DISTANCE_SYMBOLS] = [5; DISTANCE_SYMBOLS];

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
