//! Checks the header of a block with dynamic codes (RFC 1951 section 3.2.7).

use super::peek;
use crate::format::alphabets::{END_OF_BLOCK, PRECODE_ORDER, PRECODE_SYMBOLS};

/// Length of HLIT, HDIST and HCLEN in bits.
pub(super) const COUNTS: u64 = 14;

/// The largest valid values of HLIT and HDIST: 286 and 30 symbols.
const MAX_HLIT: u64 = 29;
const MAX_HDIST: u64 = 29;

/// Longest code of the precode.
const PRECODE_BITS: u32 = 7;

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
    let end = CodeLengthCheck::new(litlens).read(data, first, &precode, litlens + distances);
    end.is_some_and(|end| end <= 8 * data.len() as u64)
}

/// An element of the precode's table: for the next seven bits, the symbol and its bits.
#[derive(Clone, Copy, Default)]
struct PrecodeEntry {
    symbol: u8,
    code_bits: u8,
    /// Bits of the code and the extra bits.
    total_bits: u8,
}

/// The table of a complete precode.
fn decode_table(lengths: u64) -> [PrecodeEntry; 1 << PRECODE_BITS] {
    let mut by_symbol = [0_u8; PRECODE_SYMBOLS];
    let mut counts = [0_u8; 8];
    for (i, &symbol) in PRECODE_ORDER.iter().enumerate() {
        let length = (lengths >> (3 * i) & 7) as u8;
        by_symbol[usize::from(symbol)] = length;
        counts[usize::from(length)] += 1;
    }
    let mut next = [0_u8; 8];
    for length in 2..8 {
        next[length] = next[length - 1] + counts[length - 1];
    }
    let mut sorted = [0_u8; PRECODE_SYMBOLS];
    for (symbol, &length) in (0..).zip(&by_symbol).filter(|&(_, &length)| length > 0) {
        sorted[usize::from(next[usize::from(length)])] = symbol;
        next[usize::from(length)] += 1;
    }
    let mut table = [PrecodeEntry::default(); 1 << PRECODE_BITS];
    let (mut code, mut symbols) = (0_u8, sorted.iter());
    for code_bits in 1..8_u8 {
        // Each length doubles the table. Before the shortest code, this copies entries that are overwritten later.
        let half = 1 << (code_bits - 1);
        table.copy_within(..half, half);
        code <<= 1;
        for &symbol in symbols.by_ref().take(counts[usize::from(code_bits)].into()) {
            let total_bits = code_bits + RUNS[usize::from(symbol)].extra_bits;
            // Codes are read from their highest bit on.
            table[usize::from(code.reverse_bits() >> (8 - code_bits))] = PrecodeEntry { symbol, code_bits, total_bits };
            code = code.wrapping_add(1);
        }
    }
    table
}

/// The meaning of a symbol of the precode: a run of equal lengths.
#[derive(Clone, Copy)]
struct Run {
    /// The length, or [`PREVIOUS`].
    length: u8,
    /// The shortest run.
    least: u8,
    extra_bits: u8,
}

/// The length before. Invalid as a length.
const PREVIOUS: u8 = 16;

/// The runs of the symbols.
static RUNS: [Run; PRECODE_SYMBOLS] = {
    let mut runs = [Run { length: 0, least: 1, extra_bits: 0 }; PRECODE_SYMBOLS];
    let mut length = 0;
    while length < 16 {
        runs[length].length = length as u8;
        length += 1;
    }
    runs[16] = Run { length: PREVIOUS, least: 3, extra_bits: 2 };
    runs[17] = Run { length: 0, least: 3, extra_bits: 3 };
    runs[18] = Run { length: 0, least: 11, extra_bits: 7 };
    runs
};

/// The contribution of a code of each length to the Kraft sum. Index 0 is an unused symbol, and index 16 is invalid.
static KRAFT: [u32; 17] = {
    let mut parts = [0; 17];
    let mut length = 1;
    while length < 16 {
        parts[length] = COMPLETE >> length;
        length += 1;
    }
    parts[PREVIOUS as usize] = COMPLETE + 1;
    parts
};

/// The properties of the code lengths read so far that decide whether both codes are valid.
struct CodeLengthCheck {
    /// Literal/length symbols; the lengths of distance symbols follow.
    litlens: usize,
    /// Symbols whose lengths are read.
    count: usize,
    /// The Kraft sums.
    litlen_kraft: u32,
    distance_kraft: u32,
    /// Distance symbols that have a code.
    used_distances: usize,
    has_end_of_block: bool,
}

impl CodeLengthCheck {
    fn new(litlens: usize) -> Self {
        Self { litlens, count: 0, litlen_kraft: 0, distance_kraft: 0, used_distances: 0, has_end_of_block: false }
    }

    /// Reads `total` lengths from `bit` on; returns their end if they are valid.
    fn read(
        &mut self,
        data: &[u8],
        mut bit: u64,
        precode: &[PrecodeEntry; 1 << PRECODE_BITS],
        total: usize,
    ) -> Option<u64> {
        let mut previous = PREVIOUS;
        while self.count < total {
            // Four symbols have at most 56 bits.
            let mut bits = peek(data, bit);
            for _ in 0..4 {
                let entry = precode[bits as usize % precode.len()];
                let run = RUNS[usize::from(entry.symbol) % RUNS.len()];
                let extra = bits >> entry.code_bits & !(u64::MAX << run.extra_bits);
                previous = if run.length == PREVIOUS { previous } else { run.length };
                if self.count < total {
                    self.add(previous, usize::from(run.least) + extra as usize);
                    bits >>= entry.total_bits;
                    bit += u64::from(entry.total_bits);
                }
            }
            // Random lengths soon exceed the sum.
            if self.litlen_kraft.max(self.distance_kraft) > COMPLETE {
                return None;
            }
        }
        (self.count == total && self.are_valid()).then_some(bit)
    }

    /// Adds a length that `repeat` symbols have. Without branches, because random lengths are not predictable.
    #[inline(always)]
    fn add(&mut self, length: u8, repeat: usize) {
        let kraft = KRAFT[usize::from(length) % KRAFT.len()];
        let is_used = kraft > 0;
        let of_litlens = self.litlens.saturating_sub(self.count).min(repeat);
        let of_distances = repeat - of_litlens;
        self.litlen_kraft += of_litlens as u32 * kraft;
        self.distance_kraft += of_distances as u32 * kraft;
        self.used_distances += of_distances * usize::from(is_used);
        self.has_end_of_block |= is_used & (self.count <= END_OF_BLOCK) & (END_OF_BLOCK < self.count + of_litlens);
        self.count += repeat;
    }

    /// Whether both codes are valid.
    fn are_valid(&self) -> bool {
        let is_distance_code = self.distance_kraft == COMPLETE
            || self.used_distances == 0
            || self.used_distances == 1 && self.distance_kraft == COMPLETE / 2;
        self.litlen_kraft == COMPLETE && self.has_end_of_block && is_distance_code
    }
}
