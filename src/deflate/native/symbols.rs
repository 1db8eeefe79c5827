//! The two alphabets of DEFLATE (RFC 1951 section 3.2.5): literals, end of block and match lengths in one, distances in the
//! other.

use crate::format::alphabets::DISTANCES;
pub(super) use crate::format::alphabets::{END_OF_BLOCK, FIRST_LENGTH_SYMBOL, LITLEN_SYMBOLS};

/// Shortest match.
pub(super) const MIN_MATCH: usize = 3;

/// Longest match.
pub(super) const MAX_MATCH: usize = 258;

/// Literal and length symbols that can occur in data.
pub(super) const LITLEN_SYMBOLS_USED: usize = 286;

/// Distance symbols that can occur in data.
pub(super) const DISTANCE_SYMBOLS: usize = 30;

/// How a match length is written.
#[derive(Clone, Copy)]
pub(super) struct LengthCode {
    pub(super) symbol: u16,
    /// The number of extra bits.
    pub(super) extra_bits: u8,
}

/// The code of each match length, less [`MIN_MATCH`].
pub(super) const LENGTHS: [LengthCode; MAX_MATCH - MIN_MATCH + 1] = lengths();

/// Extra bits of each distance symbol.
pub(super) const DISTANCE_EXTRA_BITS: [u8; DISTANCE_SYMBOLS] = {
    let mut extra = [0; DISTANCE_SYMBOLS];
    let mut symbol = 0;
    while symbol < DISTANCE_SYMBOLS {
        extra[symbol] = DISTANCES[symbol].extra_bits;
        symbol += 1;
    }
    extra
};

/// How a distance is written. [`DISTANCE_EXTRA_BITS`] has the number of its extra bits.
#[derive(Clone, Copy)]
pub(super) struct DistanceCode {
    pub(super) symbol: u32,
    /// The value of the extra bits.
    pub(super) extra: u32,
}

impl DistanceCode {
    /// The code of a distance.
    #[inline(always)]
    pub(super) fn of(distance: usize) -> Self {
        // From distance 5 on, each power of two has two symbols: the bit below the highest selects one.
        let less_one = distance as u32 - 1;
        let extra_bits = (less_one | 2).ilog2() - 1;
        let highest = less_one >> extra_bits;
        Self { symbol: 2 * extra_bits + highest, extra: less_one ^ (highest << extra_bits) }
    }
}

const fn lengths() -> [LengthCode; MAX_MATCH - MIN_MATCH + 1] {
    let first = FIRST_LENGTH_SYMBOL as u16;
    let mut lengths = [LengthCode { symbol: 0, extra_bits: 0 }; MAX_MATCH - MIN_MATCH + 1];
    let mut i = 0;
    while i < lengths.len() {
        // From length 11 on, each power of two has four symbols.
        lengths[i] = if i < 8 {
            LengthCode { symbol: first + i as u16, extra_bits: 0 }
        } else {
            let extra_bits = i.ilog2() - 2;
            LengthCode {
                symbol: first + 4 * extra_bits as u16 + (i >> extra_bits) as u16,
                extra_bits: extra_bits as u8,
            }
        };
        i += 1;
    }
    // The longest match has a symbol of its own.
    lengths[MAX_MATCH - MIN_MATCH] = LengthCode { symbol: 285, extra_bits: 0 };
    lengths
}
