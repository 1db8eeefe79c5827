//! The lookup table of distances.
//!
//! An element is indexed by the next 8 bits. Layout of an element:
//!
//! | bits | meaning |
//! |---|---|
//! | 0..8 | bits to consume, with the extra bits; 0 for a reference |
//! | 8..15 | bits of the code, without extra bits; for a reference, the index bits of the sub-table |
//! | 15 | set for a reference to a sub-table, and for bits that match no code |
//! | 16..32 | base of the distance; for a reference, the start of the sub-table |

use super::Malformed;
use super::canonical_code::{CanonicalCode, Incomplete};
use super::match_copy::UNCONDITIONAL;
use crate::format::alphabets::DISTANCES;

/// Bits that index the table. 9 bits are 0.5 % slower.
pub(super) const DISTANCE_BITS: usize = 8;

/// Elements of the table and its sub-tables. A sub-table of 2^n elements holds at least n + 1 of the 32 symbols and n is at
/// most 7, so 256 + 32 / 8 * 128 suffice.
const ELEMENTS: usize = 1024;

/// An element of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Distance(u32);

const EXCEPTION: u32 = 1 << 15;

impl Distance {
    /// The distance of a match of length 0, which takes no bits. The loop copies [`UNCONDITIONAL`] symbols from there.
    pub(super) const NONE: Self = Self((UNCONDITIONAL as u32) << 16);

    const fn no_code(length: usize) -> Self {
        Self(EXCEPTION | length as u32)
    }

    /// The element of a symbol whose code has `length` bits.
    fn new(symbol: u16, length: usize) -> Self {
        match DISTANCES.get(usize::from(symbol)) {
            Some(range) => {
                let bits = length as u32 + u32::from(range.extra_bits);
                Self(u32::from(range.base) << 16 | (length as u32) << 8 | bits)
            }
            None => Self::no_code(length),
        }
    }

    const fn reference(start: usize, index_bits: usize) -> Self {
        Self((start as u32) << 16 | EXCEPTION | (index_bits as u32) << 8)
    }

    /// A reference to a sub-table, or no code.
    #[inline(always)]
    pub(super) fn is_exception(self) -> bool {
        self.0 & EXCEPTION != 0
    }

    /// An exception that is a reference to a sub-table.
    #[inline(always)]
    pub(super) fn is_reference(self) -> bool {
        self.bits() == 0
    }

    /// Bits to consume; above the lowest 8 bits is something else.
    #[inline(always)]
    pub(super) fn bits_and_more(self) -> u32 {
        self.0
    }

    /// Bits to consume.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 0xff
    }

    /// The distance, whose extra bits are in `bits`, the input before this element was consumed.
    #[inline(always)]
    pub(super) fn distance(self, bits: u64) -> usize {
        let extra = (bits & !(!0 << (self.0 & 63))) >> (self.0 >> 8 & 63);
        (self.0 >> 16) as usize + extra as usize
    }
}

/// The distance code, and its table.
#[derive(Debug)]
pub(super) struct DistanceTable {
    code: CanonicalCode,
    elements: [Distance; ELEMENTS],
}

impl DistanceTable {
    pub(super) fn new() -> Self {
        Self { code: CanonicalCode::new(), elements: [Distance(0); _] }
    }

    /// The element that the next bits index.
    #[inline(always)]
    pub(super) fn lookup(&self, bits: u64) -> Distance {
        self.elements[bits as usize & ((1 << DISTANCE_BITS) - 1)]
    }

    /// The element of the sub-table that a reference is to.
    #[inline(always)]
    pub(super) fn lookup_long(&self, reference: Distance, bits: u64) -> Distance {
        let index = (bits >> DISTANCE_BITS) as usize & ((1 << (reference.0 >> 8 & 7)) - 1);
        self.elements[((reference.0 >> 16) as usize + index) & (ELEMENTS - 1)]
    }

    /// The element of the next bits, in the table or in a sub-table.
    pub(super) fn find(&self, bits: u64) -> Distance {
        let element = self.lookup(bits);
        if element.is_exception() && element.is_reference() { self.lookup_long(element, bits) } else { element }
    }

    /// The element in a sub-table, for a reference to it. `None` for bits that match no code.
    #[inline(always)]
    pub(super) fn resolve(&self, exception: Distance, bits: u64) -> Option<Distance> {
        let element = if exception.is_reference() { self.lookup_long(exception, bits) } else { exception };
        (!element.is_exception()).then_some(element)
    }

    /// Builds the table. `lengths` has at most 32 elements.
    pub(super) fn build(&mut self, lengths: &[u8]) -> Result<(), Malformed> {
        self.code.assign(lengths, Incomplete::EmptyOrSingle)?;
        let Self { code, elements } = self;
        code.fill(&mut elements[..], DISTANCE_BITS, Distance::no_code(1), |table, length| {
            for found in code.of_length(length) {
                table[usize::from(found.code)] = Distance::new(found.symbol, length);
            }
        });
        code.fill_subtables(&mut elements[..], DISTANCE_BITS, Distance::new, Distance::reference);
        Ok(())
    }
}
