//! Reads the header of a block with dynamic codes (RFC 1951 section 3.2.7), resumable at every bit.

use super::Malformed;
use super::bit_reader::BitReader;
use super::canonical_code::{CanonicalCode, Incomplete};
use crate::format::alphabets::{DISTANCE_SYMBOLS, END_OF_BLOCK, LITLEN_SYMBOLS, PRECODE_ORDER, PRECODE_SYMBOLS};

/// Longest code of the code length code.
const PRECODE_BITS: usize = 7;

/// Most literal and length symbols, and distance symbols, that a header may list.
const MAX_LITLEN: usize = 286;
const MAX_DISTANCES: usize = 30;

/// An element of the table of the code length code.
#[derive(Clone, Copy, Debug, Default)]
struct Precode {
    symbol: u8,
    bits: u8,
}

/// The part of a header that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderPart {
    Counts,
    PrecodeLengths,
    CodeLengths,
}

/// A header that is read, possibly in several calls.
#[derive(Debug)]
pub(super) struct DynamicHeader {
    part: HeaderPart,
    litlen_count: usize,
    distance_count: usize,
    precode_count: usize,
    /// Code lengths read in the current part.
    read: usize,
    precode_lengths: [u8; PRECODE_SYMBOLS],
    precode: CanonicalCode,
    table: [Precode; 1 << PRECODE_BITS],
    /// Code lengths of literals and lengths, directly followed by those of distances.
    lengths: [u8; LITLEN_SYMBOLS + DISTANCE_SYMBOLS],
}

impl DynamicHeader {
    pub(super) fn new() -> Self {
        Self {
            part: HeaderPart::Counts,
            litlen_count: 0,
            distance_count: 0,
            precode_count: 0,
            read: 0,
            precode_lengths: [0; _],
            precode: CanonicalCode::new(),
            table: [Precode::default(); _],
            lengths: [0; _],
        }
    }

    /// Starts a header.
    pub(super) fn restart(&mut self) {
        self.part = HeaderPart::Counts;
        self.precode_lengths = [0; _];
        self.read = 0;
    }

    /// Reads the header; returns whether it is complete. If not, the input has ended.
    pub(super) fn read(&mut self, reader: &mut BitReader<'_>) -> Result<bool, Malformed> {
        if self.part == HeaderPart::Counts && !self.read_counts(reader)? {
            return Ok(false);
        }
        if self.part == HeaderPart::PrecodeLengths && !self.read_precode(reader)? {
            return Ok(false);
        }
        self.read_lengths(reader)
    }

    /// Code lengths of literals and lengths.
    pub(super) fn litlen_lengths(&self) -> &[u8] {
        &self.lengths[..self.litlen_count]
    }

    /// Code lengths of distances.
    pub(super) fn distance_lengths(&self) -> &[u8] {
        &self.lengths[self.litlen_count..self.litlen_count + self.distance_count]
    }

    fn read_counts(&mut self, reader: &mut BitReader<'_>) -> Result<bool, Malformed> {
        let Some(counts) = reader.take(14) else {
            return Ok(false);
        };
        self.litlen_count = (counts & 31) as usize + 257;
        self.distance_count = (counts >> 5 & 31) as usize + 1;
        self.precode_count = (counts >> 10) as usize + 4;
        if self.litlen_count > MAX_LITLEN || self.distance_count > MAX_DISTANCES {
            return Err(Malformed);
        }
        self.part = HeaderPart::PrecodeLengths;
        Ok(true)
    }

    fn read_precode(&mut self, reader: &mut BitReader<'_>) -> Result<bool, Malformed> {
        while self.read < self.precode_count {
            let Some(length) = reader.take(3) else {
                return Ok(false);
            };
            self.precode_lengths[usize::from(PRECODE_ORDER[self.read])] = length as u8;
            self.read += 1;
        }
        let Self { precode, table, .. } = self;
        precode.assign(&self.precode_lengths, Incomplete::Never)?;
        precode.fill(&mut table[..], PRECODE_BITS, Precode::default(), |table, length| {
            for found in precode.of_length(length) {
                table[usize::from(found.code)] = Precode { symbol: found.symbol as u8, bits: length as u8 };
            }
        });
        self.read = 0;
        self.part = HeaderPart::CodeLengths;
        Ok(true)
    }

    fn read_lengths(&mut self, reader: &mut BitReader<'_>) -> Result<bool, Malformed> {
        let total = self.litlen_count + self.distance_count;
        while self.read < total {
            // The longest code and its extra bits.
            if reader.count < 14 {
                reader.refill();
            }
            let Precode { symbol, bits } = self.table[reader.peek(PRECODE_BITS as u32) as usize];
            let bits = u32::from(bits);
            if symbol < 16 {
                if reader.count < bits {
                    return Ok(false);
                }
                reader.consume(bits);
                self.lengths[self.read] = symbol;
                self.read += 1;
                continue;
            }
            let (extra_bits, least) = match symbol {
                16 => (2, 3),
                17 => (3, 3),
                _ => (7, 11),
            };
            if reader.count < bits + extra_bits {
                return Ok(false);
            }
            reader.consume(bits);
            let end = self.read + least + reader.peek(extra_bits) as usize;
            reader.consume(extra_bits);
            let repeated = match (symbol, self.read.checked_sub(1)) {
                (16, Some(last)) => self.lengths[last],
                (16, None) => return Err(Malformed),
                _ => 0,
            };
            if end > total {
                return Err(Malformed);
            }
            self.lengths[self.read..end].fill(repeated);
            self.read = end;
        }
        if self.lengths[END_OF_BLOCK] == 0 { Err(Malformed) } else { Ok(true) }
    }
}
