//! Checks the header of a block with dynamic codes (RFC 1951 section 3.2.7).

use super::peek;

/// Length of HLIT, HDIST and HCLEN in bits.
pub(super) const COUNTS: u64 = 14;

/// The largest valid values of HLIT and HDIST: 286 and 30 symbols.
const MAX_HLIT: u64 = 29;
const MAX_HDIST: u64 = 29;

/// Order of the precode's lengths.
const PRECODE_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Longest code of the precode.
const PRECODE_BITS: u32 = 7;

/// The symbol that ends a block.
const END_OF_BLOCK: usize = 256;

/// The Kraft sum of a complete code, in units of its longest code.
const PRECODE_COMPLETE: u32 = 1 << PRECODE_BITS;
const COMPLETE: u32 = 1 << 15;

/// For four lengths of a precode (12 bits), their part of the Kraft sum. It fits in a byte if it is less than a complete
/// code's; otherwise it is 255, which no other summands make complete.
static PRECODE_KRAFT: [u8; 1 << 12] = precode_kraft();

const fn precode_kraft() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut lengths = 0;
    while lengths < table.len() {
        let mut sum = 0;
        let mut rest = lengths;
        while rest != 0 {
            if rest & 7 != 0 {
                sum += PRECODE_COMPLETE >> (rest & 7);
            }
            rest >>= 3;
        }
        table[lengths] = if sum < 255 { sum as u8 } else { 255 };
        lengths += 1;
    }
    table
}

/// The lengths of the precode, three bits each, if HLIT, HDIST and HCLEN are at `bit`. Most random data fails here.
#[inline(always)]
pub(super) fn precode_lengths(data: &[u8], bit: u64) -> u64 {
    let hclen = peek(data, bit + 10) & 15;
    peek(data, bit + COUNTS) & !(u64::MAX << (3 * (hclen + 4)))
}

/// Whether the precode is complete. zlib accepts no other.
#[inline(always)]
pub(super) fn is_complete_precode(lengths: u64) -> bool {
    let part = |shift: u32| u32::from(PRECODE_KRAFT[(lengths >> shift) as usize % PRECODE_KRAFT.len()]);
    part(0) + part(12) + part(24) + part(36) + part(48) == PRECODE_COMPLETE
}

/// Whether valid counts and codes are at `bit`, which is after BTYPE: codes that zlib accepts and encoders write. zlib also
/// accepts a literal/length code whose only symbol is the end of the block. No encoder writes an empty block in this way.
pub(super) fn is_valid(data: &[u8], bit: u64) -> bool {
    let counts = peek(data, bit);
    let (hlit, hdist, hclen) = (counts & 31, counts >> 5 & 31, counts >> 10 & 15);
    let lengths = precode_lengths(data, bit);
    if hlit > MAX_HLIT || hdist > MAX_HDIST || !is_complete_precode(lengths) {
        return false;
    }
    let precode = decode_table(lengths);
    let first = bit + COUNTS + 3 * (hclen + 4);
    let (litlens, distances) = (hlit as usize + 257, hdist as usize + 1);
    let end =
        CodeLengthReader { litlens, ..CodeLengthReader::default() }.read(data, first, &precode, litlens + distances);
    end.is_some_and(|end| end <= 8 * data.len() as u64)
}

/// For the next seven bits: the symbol times 8, and the length of its code. A complete code fills the table.
fn decode_table(lengths: u64) -> [u8; 1 << PRECODE_BITS] {
    let mut by_symbol = [0_u8; 19];
    for (i, &symbol) in PRECODE_ORDER.iter().enumerate() {
        by_symbol[usize::from(symbol)] = (lengths >> (3 * i) & 7) as u8;
    }
    let mut next_code = [0_u8; 8];
    let mut counts = [0_u8; 8];
    for length in by_symbol {
        counts[usize::from(length)] += 1;
    }
    counts[0] = 0;
    for length in 1..8 {
        next_code[length] = next_code[length - 1].wrapping_add(counts[length - 1]) << 1;
    }
    let mut table = [0; 1 << PRECODE_BITS];
    for (symbol, &length) in (0_u8..).zip(&by_symbol) {
        if length > 0 {
            let code = next_code[usize::from(length)];
            next_code[usize::from(length)] += 1;
            // Codes are read from their highest bit on.
            let reversed = usize::from(code.reverse_bits() >> (8 - length));
            table.iter_mut().skip(reversed).step_by(1 << length).for_each(|entry| *entry = symbol << 3 | length);
        }
    }
    table
}

/// Reads the code lengths of both codes. It keeps only what decides whether they are valid.
#[derive(Default)]
struct CodeLengthReader {
    /// Literal/length symbols; the lengths of distance symbols follow.
    litlens: usize,
    /// Symbols whose lengths are read.
    count: usize,
    litlen_kraft: u32,
    distance_kraft: u32,
    /// Distance symbols that have a code.
    used_distances: usize,
    has_end_of_block: bool,
}

impl CodeLengthReader {
    /// Reads `total` lengths from `bit` on; returns their end if they are valid.
    fn read(mut self, data: &[u8], mut bit: u64, precode: &[u8; 1 << PRECODE_BITS], total: usize) -> Option<u64> {
        let mut previous = None;
        while self.count < total {
            let bits = peek(data, bit);
            let entry = precode[bits as usize % precode.len()];
            let (symbol, code_bits) = (entry >> 3, u32::from(entry & 7));
            let extra = (bits >> code_bits) as usize;
            let (length, repeat, extra_bits) = match symbol {
                16 => (previous?, 3 + (extra & 3), 2),
                17 => (0, 3 + (extra & 7), 3),
                18 => (0, 11 + (extra & 127), 7),
                length => (length, 1, 0),
            };
            bit += u64::from(code_bits) + extra_bits;
            self.add(length, repeat);
            previous = Some(length);
            // Random lengths soon exceed the sum.
            if self.litlen_kraft > COMPLETE || self.distance_kraft > COMPLETE {
                return None;
            }
        }
        let is_distance_code = self.distance_kraft == COMPLETE
            || self.used_distances == 0
            || self.used_distances == 1 && self.distance_kraft == COMPLETE / 2;
        let is_valid =
            self.count == total && self.litlen_kraft == COMPLETE && self.has_end_of_block && is_distance_code;
        is_valid.then_some(bit)
    }

    /// Adds a length that `repeat` symbols have.
    fn add(&mut self, length: u8, repeat: usize) {
        if length > 0 {
            let of_litlens = self.litlens.saturating_sub(self.count).min(repeat);
            let of_distances = repeat - of_litlens;
            let kraft = COMPLETE >> length;
            self.litlen_kraft += of_litlens as u32 * kraft;
            self.distance_kraft += of_distances as u32 * kraft;
            self.used_distances += of_distances;
            self.has_end_of_block |= (self.count..self.count + of_litlens).contains(&END_OF_BLOCK);
        }
        self.count += repeat;
    }
}
