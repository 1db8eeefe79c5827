//! The lookup table of literals and lengths. One lookup yields up to two literals, or a literal and the length after it.
//!
//! An element is indexed by the next [`LITLEN_BITS`] bits. Layout of an element:
//!
//! | bits | meaning |
//! |---|---|
//! | 0..6 | bits to consume, with the length's extra bits; 0 for a reference to a sub-table |
//! | 6 | set if it has a length |
//! | 7 | set for an exception: the end of a block, a reference to a sub-table, or bits that are not a code |
//! | 8..14 | bits of the codes, without extra bits; for a reference, the index bits of the sub-table |
//! | 14..16 | number of literals |
//! | 16..24 | first literal |
//! | 24..32 | second literal, or base of the length less 3 |
//! | 16..32 | for a reference, the start of the sub-table; else, for an exception, whether it ends the block |

use super::Malformed;
use super::canonical_code::{CanonicalCode, Incomplete, SymbolCode};
use crate::format::alphabets::{
    END_OF_BLOCK, FIRST_LENGTH_SYMBOL, FIXED_LITLEN_LENGTHS, LENGTHS, LITLEN_SYMBOLS, ValueRange,
};

/// Bits that index the table, which then has 16 KiB. 11 bits are 2 % slower.
pub(super) const LITLEN_BITS: usize = 12;

/// Elements of the table and its sub-tables. A sub-table of 2^n elements holds at least n + 1 of the 288 symbols and n is at
/// most 3, so 4096 + 288 / 4 * 8 suffice. A power of two, so that a mask replaces the bounds check.
const ELEMENTS: usize = 8192;

/// An element of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LitLen(u32);

const HAS_LENGTH: u32 = 1 << 6;
const EXCEPTION: u32 = 1 << 7;
const ONE_LITERAL: u32 = 1 << 14;

/// An exceptional element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exception {
    EndOfBlock,
    SubTable,
    NoCode,
}

/// The elements of the symbols, without the bits of their codes.
const SYMBOLS: [u32; LITLEN_SYMBOLS] = {
    let mut elements = [EXCEPTION; LITLEN_SYMBOLS];
    let mut symbol = 0;
    while symbol < END_OF_BLOCK {
        elements[symbol] = (symbol as u32) << 16 | ONE_LITERAL;
        symbol += 1;
    }
    elements[END_OF_BLOCK] = 1 << 16 | EXCEPTION;
    let mut length = 0;
    while length < LENGTHS.len() {
        let ValueRange { base, extra_bits } = LENGTHS[length];
        elements[FIRST_LENGTH_SYMBOL + length] = (base as u32 - 3) << 24 | HAS_LENGTH | extra_bits as u32;
        length += 1;
    }
    elements
};

impl LitLen {
    const fn code(bits: usize) -> u32 {
        (bits as u32) << 8 | bits as u32
    }

    const fn no_code(bits: usize) -> Self {
        Self(EXCEPTION | Self::code(bits))
    }

    /// The element of a symbol whose code has `bits` bits.
    fn new(symbol: u16, bits: usize) -> Self {
        Self(SYMBOLS[usize::from(symbol)] + Self::code(bits))
    }

    const fn reference(start: usize, index_bits: usize) -> Self {
        Self((start as u32) << 16 | (index_bits as u32) << 8 | EXCEPTION)
    }

    /// This literal, followed by a literal or length.
    fn then(self, next: Self) -> Self {
        let moved = if next.has_length() { next.0 } else { next.0 & 0xffff | next.0 >> 16 << 24 };
        Self(self.0 + moved)
    }

    /// Bits to consume, in the lowest 6 bits. The higher bits are other fields.
    #[inline(always)]
    pub(super) fn bits_and_more(self) -> u32 {
        self.0
    }

    /// Bits to consume.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 63
    }

    #[inline(always)]
    pub(super) fn literal_count(self) -> usize {
        (self.0 >> 14) as usize & 3
    }

    /// The literals, the first lowest.
    #[inline(always)]
    pub(super) fn literals(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Nothing follows the literals.
    #[inline(always)]
    pub(super) fn is_literals(self) -> bool {
        self.0 & (HAS_LENGTH | EXCEPTION) == 0
    }

    #[inline(always)]
    pub(super) fn has_length(self) -> bool {
        self.0 & HAS_LENGTH != 0
    }

    #[inline(always)]
    pub(super) fn is_exception(self) -> bool {
        self.0 & EXCEPTION != 0
    }

    pub(super) fn kind(self) -> Exception {
        match (self.bits(), self.0 >> 16) {
            (0, _) => Exception::SubTable,
            (_, 0) => Exception::NoCode,
            _ => Exception::EndOfBlock,
        }
    }

    /// The length; 0 if it has none. Its extra bits are in `bits`, the input before this element was consumed.
    #[inline(always)]
    pub(super) fn length(self, bits: u64) -> usize {
        let extra = (bits & !(!0 << (self.0 & 63))) >> (self.0 >> 8 & 63);
        let base = if self.has_length() { (self.0 >> 24) as usize + 3 } else { 0 };
        base + extra as usize
    }
}

/// The code of literals and lengths, and its table.
#[derive(Debug)]
pub(super) struct LitLenTable {
    elements: [LitLen; ELEMENTS],
    pub(super) code: CanonicalCode,
    /// The elements of single symbols, in the order of the code.
    singles: [LitLen; LITLEN_SYMBOLS],
    /// The expected share of literals among the symbols, in units of 2^-15.
    literal_share: u32,
}

/// From this share of literals on, the loop for runs of literals is faster. Measured shares: 0.67 in files where it is 10 %
/// slower, 0.77 in files where it is 8 to 30 % faster.
const RUNS_SHARE: u32 = (1 << 15) * 72 / 100;

impl LitLenTable {
    pub(super) fn new() -> Self {
        Self { elements: [LitLen(0); _], code: CanonicalCode::new(), singles: [LitLen(0); _], literal_share: 0 }
    }

    /// Most symbols are literals, so that there are long runs of them.
    pub(super) fn has_literal_runs(&self) -> bool {
        self.literal_share > RUNS_SHARE
    }

    /// The element that the next bits index.
    #[inline(always)]
    pub(super) fn lookup(&self, bits: u64) -> LitLen {
        self.elements[bits as usize & ((1 << LITLEN_BITS) - 1)]
    }

    /// The element of the sub-table that a reference is to.
    #[inline(always)]
    pub(super) fn lookup_long(&self, reference: LitLen, bits: u64) -> LitLen {
        let index = (bits >> LITLEN_BITS) as usize & ((1 << (reference.0 >> 8 & 7)) - 1);
        self.elements[((reference.0 >> 16) as usize + index) & (ELEMENTS - 1)]
    }

    /// Builds the table of the fixed code.
    pub(super) fn build_fixed(&mut self) -> Result<(), Malformed> {
        self.build(&FIXED_LITLEN_LENGTHS)?;
        // The fixed code does not depend on the number of literals. Text compressed with it is 5 to 14 % faster without the
        // loop for runs.
        self.literal_share = 0;
        Ok(())
    }

    /// Builds the table. `lengths` has at most [`LITLEN_SYMBOLS`] elements.
    pub(super) fn build(&mut self, lengths: &[u8]) -> Result<(), Malformed> {
        debug_assert!(lengths.len() <= LITLEN_SYMBOLS);
        // A code of n bits is expected once in 2^n symbols. Length 0, which means no code, gives 2^15, which the mask removes.
        self.literal_share = lengths[..END_OF_BLOCK].iter().map(|&bits| 1 << 15 >> bits & 0x7fff).sum();
        let Self { elements, code, singles, .. } = self;
        code.assign(lengths, Incomplete::EmptyOrSingle)?;
        code.fill(&mut elements[..], LITLEN_BITS, LitLen::no_code(1), |table, bits| {
            let range = code.range(bits);
            for index in range {
                let SymbolCode { symbol, code } = code.at(index);
                let element = LitLen::new(symbol, bits);
                table[usize::from(code)] = element;
                singles[index] = element;
            }
            add_pairs(code, singles, table, bits);
        });
        code.fill_subtables(&mut elements[..], LITLEN_BITS, LitLen::new, LitLen::reference);
        Ok(())
    }
}

/// Writes the elements of a literal and the symbol after it whose codes have `bits` bits together.
fn add_pairs(code: &CanonicalCode, singles: &[LitLen; LITLEN_SYMBOLS], table: &mut [LitLen], bits: usize) {
    for first_bits in 1..bits {
        let seconds = code.range(bits - first_bits);
        if seconds.is_empty() {
            continue;
        }
        for first in code.range(first_bits) {
            let literal = code.at(first);
            if usize::from(literal.symbol) >= END_OF_BLOCK {
                break;
            }
            for second in seconds.clone() {
                if !singles[second].is_exception() {
                    let index = literal.code | code.at(second).code << first_bits;
                    table[usize::from(index)] = singles[first].then(singles[second]);
                }
            }
        }
    }
}
