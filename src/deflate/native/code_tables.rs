//! Writes sequences: tables that map the fields of a sequence to the bits to write.

use super::bit_writer::{BitWriter, MAX_PUT};
use super::code_lengths::CodeLengths;
use super::huffman;
use super::sequences::{FIRST_BITS, FIRST_LENGTH, FIRST_VALUES, NO_SECOND, SECOND_BITS, SECOND_LITERAL, SECOND_VALUES};
use super::symbols::{DISTANCE_EXTRA_BITS, DISTANCE_SYMBOLS, END_OF_BLOCK, FIRST_LENGTH_SYMBOL, LITLEN_SYMBOLS};
use crate::format::alphabets::LENGTHS;

/// Bits to write.
#[derive(Clone, Copy)]
struct BitString {
    bits: u64,
    count: u32,
}

/// The bits to write for each value of a sequence's fields.
pub(super) struct CodeTables {
    /// Bits 0..8: number of bits to write. Bits 8..: the code, and above it the extra bits of a length.
    firsts: [u32; FIRST_VALUES],
    /// Bits 0..8: length of the code. Bits 8..16: length of the code and of a distance's extra bits. Bits 16..: the code.
    seconds: [u32; SECOND_VALUES],
    end_of_block: BitString,
}

impl CodeTables {
    /// Tables without codes.
    pub(super) const EMPTY: Self =
        Self { firsts: [0; FIRST_VALUES], seconds: [0; SECOND_VALUES], end_of_block: BitString { bits: 0, count: 0 } };

    /// Fills the tables for codes of these lengths.
    pub(super) fn fill(&mut self, lengths: &CodeLengths) {
        let (mut litlen, mut distances) = ([0; LITLEN_SYMBOLS], [0; DISTANCE_SYMBOLS + 2]);
        huffman::codes(&lengths.litlen, &mut litlen);
        huffman::codes(&lengths.distances, &mut distances);
        for (literal, (&code, &bits)) in litlen.iter().zip(&lengths.litlen).take(END_OF_BLOCK).enumerate() {
            let (code, bits) = (u32::from(code), u32::from(bits));
            self.firsts[literal] = code << 8 | bits;
            self.seconds[SECOND_LITERAL as usize + literal] = code << 16 | bits << 8 | bits;
        }
        let of_lengths = litlen.iter().zip(&lengths.litlen).skip(FIRST_LENGTH_SYMBOL);
        for ((&code, &bits), range) in of_lengths.zip(&LENGTHS) {
            // A symbol that does not occur keeps its old entries: small blocks have few of the lengths.
            if bits > 0 {
                let (code, bits, extra_bits) = (u32::from(code), u32::from(bits), u32::from(range.extra_bits));
                let start = FIRST_LENGTH as usize + usize::from(range.base);
                for (extra, entry) in self.firsts[start..start + (1 << extra_bits)].iter_mut().enumerate() {
                    *entry = (code | (extra as u32) << bits) << 8 | (bits + extra_bits);
                }
            }
        }
        for symbol in 0..DISTANCE_SYMBOLS {
            let (code, bits) = (u32::from(distances[symbol]), u32::from(lengths.distances[symbol]));
            self.seconds[symbol] = code << 16 | (bits + u32::from(DISTANCE_EXTRA_BITS[symbol])) << 8 | bits;
        }
        self.seconds[NO_SECOND as usize] = 0;
        self.end_of_block = BitString { bits: litlen[END_OF_BLOCK].into(), count: lengths.litlen[END_OF_BLOCK].into() };
    }

    /// The code of a sequence, at most 48 bits.
    #[inline(always)]
    fn code(&self, sequence: u32) -> BitString {
        let first = self.firsts[sequence as usize % FIRST_VALUES];
        let second = self.seconds[(sequence >> FIRST_BITS) as usize % SECOND_VALUES];
        let extra = u64::from(sequence >> (FIRST_BITS + SECOND_BITS));
        let after = u64::from(second >> 16) | extra << (second & 63);
        BitString {
            bits: u64::from(first >> 8) | after << (first & 63),
            count: u32::from(first as u8) + u32::from((second >> 8) as u8),
        }
    }

    /// Writes sequences and the end of the block, together `bits` bits. Two sequences are written at a time if both fit in a
    /// word.
    pub(super) fn write(&self, sequences: &[u32], bits: u64, writer: &mut BitWriter<'_>) {
        writer.span(bits, |span| {
            let mut pairs = sequences.chunks_exact(2);
            for pair in &mut pairs {
                let (first, second) = (self.code(pair[0]), self.code(pair[1]));
                let count = first.count + second.count;
                if count <= MAX_PUT {
                    span.put(first.bits | second.bits << first.count, count);
                } else {
                    span.put(first.bits, first.count);
                    span.put(second.bits, second.count);
                }
            }
            for &sequence in pairs.remainder() {
                let BitString { bits, count } = self.code(sequence);
                span.put(bits, count);
            }
            span.put(self.end_of_block.bits, self.end_of_block.count);
        });
    }
}
