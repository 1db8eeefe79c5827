//! The header of a block with dynamic codes: the code lengths, run-length coded and Huffman coded (RFC 1951 section 3.2.7).

use super::bit_writer::BitWriter;
use super::code_lengths::CodeLengths;
use super::huffman;
use super::symbols::{DISTANCE_SYMBOLS, FIRST_LENGTH_SYMBOL, LITLEN_SYMBOLS, LITLEN_SYMBOLS_USED};
use crate::format::alphabets::{PRECODE_ORDER, PRECODE_SYMBOLS};

/// Longest code of a code length symbol.
const MAX_CODE_LENGTH: u8 = 7;

/// Copies the previous code length 3 to 6 times.
const REPEAT: u8 = 16;
/// Repeats code length 0 for 3 to 10 times.
const ZEROS: u8 = 17;
/// Repeats code length 0 for 11 to 138 times.
const MANY_ZEROS: u8 = 18;

/// Extra bits of each code length symbol.
const EXTRA_BITS: [u8; PRECODE_SYMBOLS] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

/// A code length symbol and the value of its extra bits.
#[derive(Clone, Copy)]
struct CodeLengthItem {
    symbol: u8,
    extra: u8,
}

/// The header of a block with dynamic codes.
pub(super) struct CodeLengthHeader {
    /// HLIT + 257: literal and length symbols listed.
    litlen_count: usize,
    /// HDIST + 1: distance symbols listed.
    distance_count: usize,
    /// HCLEN + 4: code length symbols listed.
    symbol_count: usize,
    /// The run-length coded code lengths: the first `item_count`.
    items: [CodeLengthItem; LITLEN_SYMBOLS + DISTANCE_SYMBOLS + 2],
    item_count: usize,
    code_lengths: [u8; PRECODE_SYMBOLS],
    cost: u64,
}

impl CodeLengthHeader {
    /// The header for these code lengths.
    pub(super) fn new(lengths: &CodeLengths) -> Self {
        let count =
            |lengths: &[u8], min: usize| lengths.iter().rposition(|&l| l > 0).map_or(min, |last| min.max(last + 1));
        let litlen_count = count(&lengths.litlen[..LITLEN_SYMBOLS_USED], FIRST_LENGTH_SYMBOL);
        let distance_count = count(&lengths.distances[..DISTANCE_SYMBOLS], 1);
        let mut all = [0; LITLEN_SYMBOLS + DISTANCE_SYMBOLS];
        all[..litlen_count].copy_from_slice(&lengths.litlen[..litlen_count]);
        all[litlen_count..litlen_count + distance_count].copy_from_slice(&lengths.distances[..distance_count]);
        let mut header = Self {
            litlen_count,
            distance_count,
            symbol_count: 0,
            items: [CodeLengthItem { symbol: 0, extra: 0 }; LITLEN_SYMBOLS + DISTANCE_SYMBOLS + 2],
            item_count: 0,
            code_lengths: [0; PRECODE_SYMBOLS],
            cost: 0,
        };
        header.run_length_code(&all[..litlen_count + distance_count]);
        header.choose_codes();
        header
    }

    /// Fills `items`: replaces each run of equal code lengths that is long enough by repeat symbols.
    fn run_length_code(&mut self, lengths: &[u8]) {
        for run in lengths.chunk_by(|a, b| a == b) {
            let (length, mut rest) = (run[0], run.len());
            if length == 0 {
                while rest >= 3 {
                    let repeat = rest.min(138);
                    match repeat {
                        11.. => self.push(MANY_ZEROS, repeat as u8 - 11),
                        _ => self.push(ZEROS, repeat as u8 - 3),
                    }
                    rest -= repeat;
                }
            } else if rest > 3 {
                self.push(length, 0);
                rest -= 1;
                while rest >= 3 {
                    let repeat = rest.min(6);
                    self.push(REPEAT, repeat as u8 - 3);
                    rest -= repeat;
                }
            }
            (0..rest).for_each(|_| self.push(length, 0));
        }
    }

    fn push(&mut self, symbol: u8, extra: u8) {
        self.items[self.item_count] = CodeLengthItem { symbol, extra };
        self.item_count += 1;
    }

    /// Computes the code length codes for the items, and the cost of the header.
    fn choose_codes(&mut self) {
        let mut frequencies = [0; PRECODE_SYMBOLS];
        self.items[..self.item_count].iter().for_each(|item| frequencies[usize::from(item.symbol)] += 1);
        huffman::code_lengths(&frequencies, MAX_CODE_LENGTH, &mut self.code_lengths);
        self.symbol_count = PRECODE_ORDER
            .iter()
            .rposition(|&s| self.code_lengths[usize::from(s)] > 0)
            .map_or(4, |last| 4.max(last + 1));
        let items =
            (0..PRECODE_SYMBOLS).map(|s| u64::from(frequencies[s]) * u64::from(self.code_lengths[s] + EXTRA_BITS[s]));
        self.cost = 5 + 5 + 4 + 3 * self.symbol_count as u64 + items.sum::<u64>();
    }

    /// Bits of the header, without the three bits of BFINAL and BTYPE.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// Writes the header, without BFINAL and BTYPE.
    pub(super) fn write(&self, writer: &mut BitWriter<'_>) {
        let mut codes = [0; PRECODE_SYMBOLS];
        huffman::codes(&self.code_lengths, &mut codes);
        writer.span(self.cost, |span| {
            span.put(self.litlen_count as u64 - 257, 5);
            span.put(self.distance_count as u64 - 1, 5);
            span.put(self.symbol_count as u64 - 4, 4);
            PRECODE_ORDER[..self.symbol_count]
                .iter()
                .for_each(|&symbol| span.put(self.code_lengths[usize::from(symbol)].into(), 3));
            for item in &self.items[..self.item_count] {
                let symbol = usize::from(item.symbol);
                span.put(codes[symbol].into(), self.code_lengths[symbol].into());
                span.put(item.extra.into(), EXTRA_BITS[symbol].into());
            }
        });
    }
}
