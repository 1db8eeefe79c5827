//! The lookup table of literals and lengths. One lookup yields up to three literals, and the length that follows them.
//!
//! An element is indexed by the next 11 bits. Layout of an element:
//!
//! | bits | meaning |
//! |---|---|
//! | 0..8 | bits to consume, with the length's extra bits |
//! | 8..16 | bits of the codes, without extra bits; for a reference, the index bits of the sub-table |
//! | 16..24 | number of literals |
//! | 24..39 | base of the length; 0 if no length follows |
//! | 39 | set for the end of a block, a reference to a sub-table, and bits that are no code |
//! | 40..64 | literals, the first lowest; for a reference, the start of the sub-table |

use super::Malformed;
use super::alphabets::{self, END_OF_BLOCK, FIRST_LENGTH_SYMBOL, LITLEN_SYMBOLS};
use super::canonical_code::{CanonicalCode, Incomplete, SymbolCode};

/// Bits that index the table. With 12 bits, the table fills a first-level cache of 32 KiB.
pub(super) const LITLEN_BITS: usize = 11;

/// Elements of the table and its sub-tables. A sub-table of 2^n elements holds at least n + 1 of the 288 symbols and n is at
/// most 4, so 2048 + 288 / 5 * 16 suffice. A power of two, so that a mask replaces the bounds check.
const ELEMENTS: usize = 4096;

/// Composite entries of at most two symbols and [`LITLEN_BITS`] - 1 bits: the Kraft sums of both kinds are at most 1.
const MAX_SUFFIXES: usize = 2 << (LITLEN_BITS - 1);

/// An element of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LitLen(u64);

const EXCEPTION: u64 = 1 << 39;
const HAS_LENGTH: u64 = 0xffff << 24;
const LITERALS: u32 = 40;

/// An exceptional element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exception {
    EndOfBlock,
    SubTable,
    NoCode,
}

impl LitLen {
    const fn literal(literal: u8, length: usize) -> Self {
        Self((literal as u64) << LITERALS | 1 << 16 | (length as u64) << 8 | length as u64)
    }

    const fn exception(kind: Exception, length: usize) -> Self {
        Self(EXCEPTION | (kind as u64) << 24 | (length as u64) << 8 | length as u64)
    }

    /// The element of a symbol whose code has `length` bits.
    pub(super) fn new(symbol: u16, length: usize) -> Self {
        match usize::from(symbol) {
            literal @ 0..END_OF_BLOCK => Self::literal(literal as u8, length),
            END_OF_BLOCK => Self::exception(Exception::EndOfBlock, length),
            symbol => match alphabets::LENGTHS.get(symbol - FIRST_LENGTH_SYMBOL) {
                Some(code) => {
                    let bits = length as u64 + u64::from(code.extra_bits);
                    Self(u64::from(code.base) << 24 | (length as u64) << 8 | bits)
                }
                None => Self::exception(Exception::NoCode, length),
            },
        }
    }

    const fn reference(start: usize, index_bits: usize) -> Self {
        Self((start as u64) << LITERALS | EXCEPTION | (Exception::SubTable as u64) << 24 | (index_bits as u64) << 8)
    }

    /// This element after a literal: its literals move up by one.
    const fn after_literal(self) -> Self {
        Self(self.0 & ((1 << LITERALS) - 1) | self.0 >> LITERALS << (LITERALS + 8))
    }

    /// This literal, followed by an element that was moved by [`after_literal`](Self::after_literal).
    const fn then(self, moved: Self) -> Self {
        Self(self.0 + moved.0)
    }

    /// Bits to consume; above the lowest 8 bits is something else.
    #[inline(always)]
    pub(super) fn bits_and_more(self) -> u32 {
        self.0 as u32
    }

    /// Bits to consume.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 as u32 & 0xff
    }

    #[inline(always)]
    pub(super) fn literal_count(self) -> usize {
        (self.0 >> 16) as usize & 0xff
    }

    /// The literals, the first lowest.
    #[inline(always)]
    pub(super) fn literals(self) -> u32 {
        (self.0 >> LITERALS) as u32
    }

    /// Neither a length nor an exception follows the literals.
    #[inline(always)]
    pub(super) fn is_literals(self) -> bool {
        self.0 & HAS_LENGTH == 0
    }

    #[inline(always)]
    pub(super) fn is_exception(self) -> bool {
        self.0 & EXCEPTION != 0
    }

    pub(super) fn kind(self) -> Exception {
        match self.0 >> 24 & 3 {
            0 => Exception::EndOfBlock,
            1 => Exception::SubTable,
            _ => Exception::NoCode,
        }
    }

    /// The length, whose extra bits are in `bits`, the input before this element was consumed.
    #[inline(always)]
    pub(super) fn length(self, bits: u64) -> usize {
        let extra = (bits & !(!0 << (self.0 & 63))) >> (self.0 >> 8 & 63);
        ((self.0 >> 24) as usize & 0x7fff) + extra as usize
    }
}

/// The code of literals and lengths, and its table.
#[derive(Debug)]
pub(super) struct LitLenTable {
    pub(super) code: CanonicalCode,
    elements: Box<[LitLen; ELEMENTS]>,
    suffixes: Box<Suffixes>,
}

impl LitLenTable {
    pub(super) fn new() -> Self {
        Self {
            code: CanonicalCode::new(),
            elements: Box::new([LitLen(0); _]),
            suffixes: Box::new(Suffixes {
                starts: [0; _],
                single_ends: [0; _],
                codes: [0; _],
                elements: [LitLen(0); _],
            }),
        }
    }

    /// The element that the next bits index.
    #[inline(always)]
    pub(super) fn lookup(&self, bits: u64) -> LitLen {
        self.elements[bits as usize & ((1 << LITLEN_BITS) - 1)]
    }

    /// The element of the sub-table that a reference is to.
    #[inline(always)]
    pub(super) fn lookup_long(&self, reference: LitLen, bits: u64) -> LitLen {
        let index = (bits >> LITLEN_BITS) as usize & ((1 << (reference.0 >> 8 & 63)) - 1);
        self.elements[(reference.literals() as usize + index) & (ELEMENTS - 1)]
    }

    /// Builds the table. `lengths` has at most [`LITLEN_SYMBOLS`] elements.
    pub(super) fn build(&mut self, lengths: &[u8]) -> Result<(), Malformed> {
        debug_assert!(lengths.len() <= LITLEN_SYMBOLS);
        self.code.assign(lengths, Incomplete::EmptyOrSingle)?;
        let Self { code, elements, suffixes } = self;
        let invalid = LitLen::exception(Exception::NoCode, 1);
        suffixes.starts = [0; _];
        code.fill(&mut elements[..], LITLEN_BITS, invalid, |table, length| suffixes.add_level(code, table, length));
        code.fill_subtables(&mut elements[..], LITLEN_BITS, LitLen::new, LitLen::reference);
        Ok(())
    }
}

/// What can follow a literal in an element: a literal, a length, or a literal and one of them. Sorted by number of bits.
#[derive(Debug)]
struct Suffixes {
    /// Index of the first suffix of each number of bits. The suffixes of one symbol come first.
    starts: [u16; LITLEN_BITS + 1],
    /// End of the suffixes of one symbol, for each number of bits.
    single_ends: [u16; LITLEN_BITS],
    codes: [u16; MAX_SUFFIXES],
    /// Their elements, moved by [`LitLen::after_literal`].
    elements: [LitLen; MAX_SUFFIXES],
}

impl Suffixes {
    /// Writes the elements whose codes have `bits` bits in total to `table`, and keeps those that can be suffixes.
    fn add_level(&mut self, code: &CanonicalCode, table: &mut [LitLen], bits: usize) {
        let mut end = usize::from(self.starts[bits.min(LITLEN_BITS)]);
        let keeps = bits < LITLEN_BITS;
        for SymbolCode { symbol, code } in code.of_length(bits) {
            let element = LitLen::new(symbol, bits);
            table[usize::from(code)] = element;
            if keeps && !element.is_exception() {
                self.set(end, code, element);
                end += 1;
            }
        }
        let single_end = end;
        for first in 1..bits {
            let suffixes = usize::from(self.starts[bits - first])..usize::from(self.starts[bits - first + 1]);
            if suffixes.is_empty() {
                continue;
            }
            let singles = usize::from(self.single_ends[bits - first]);
            let literals = code.of_length(first).take_while(|literal| usize::from(literal.symbol) < END_OF_BLOCK);
            for literal in literals {
                let element = LitLen::literal(literal.symbol as u8, first);
                for index in suffixes.clone() {
                    let code = literal.code | self.codes[index] << first;
                    let element = element.then(self.elements[index]);
                    table[usize::from(code)] = element;
                    if keeps && index < singles {
                        self.set(end, code, element);
                        end += 1;
                    }
                }
            }
        }
        if keeps {
            self.single_ends[bits] = single_end as u16;
            self.starts[bits + 1] = end as u16;
        }
    }

    fn set(&mut self, index: usize, code: u16, element: LitLen) {
        self.codes[index] = code;
        self.elements[index] = element.after_literal();
    }
}
