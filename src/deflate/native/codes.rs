//! The codes of one DEFLATE block, and what it costs to tell them (RFC 1951 sections 3.2.6 and 3.2.7).

use super::bits::BitWriter;
use super::huffman;
use super::sequences::{
    FIRST_BITS, FIRST_LENGTH, FIRST_VALUES, Histogram, NO_SECOND, SECOND_BITS, SECOND_LITERAL, SECOND_VALUES,
};
use super::symbols::{DISTANCE_EXTRA, DISTANCES, END_OF_BLOCK, LENGTHS, LITLEN, LITLEN_USED};

/// Longest code of a literal, length or distance.
pub(super) const MOST_BITS: u8 = 15;

/// Longest code of a code length.
const MOST_META_BITS: u8 = 7;

/// Symbols of code lengths.
const META: usize = 19;

/// The order in which their own code lengths are told.
const META_ORDER: [usize; META] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Extra bits behind each of them.
const META_EXTRA: [u8; META] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

/// Lengths of the codes of both alphabets.
#[derive(Clone)]
pub(super) struct Lengths {
    pub(super) litlen: [u8; LITLEN],
    pub(super) distances: [u8; DISTANCES + 2],
}

impl Lengths {
    /// Those that need no telling.
    pub(super) const FIXED: Self = {
        let mut litlen = [8; LITLEN];
        let mut symbol = 144;
        while symbol < 280 {
            litlen[symbol] = if symbol < 256 { 9 } else { 7 };
            symbol += 1;
        }
        Self { litlen, distances: [5; DISTANCES + 2] }
    };

    /// The cheapest for these frequencies.
    pub(super) fn of(histogram: &Histogram) -> Self {
        let mut lengths = Self { litlen: [0; LITLEN], distances: [0; DISTANCES + 2] };
        huffman::code_lengths(&histogram.litlen, MOST_BITS, &mut lengths.litlen);
        huffman::code_lengths(&histogram.distances, MOST_BITS, &mut lengths.distances);
        lengths
    }

    /// Bits of everything that is counted, extra bits and all.
    pub(super) fn cost(&self, histogram: &Histogram) -> u64 {
        let cost = |frequency: &u32, bits: u8| u64::from(*frequency) * u64::from(bits);
        let litlen: u64 = histogram.litlen.iter().zip(&self.litlen).map(|(f, &length)| cost(f, length)).sum();
        let distances: u64 = histogram.distances.iter().zip(&self.distances).map(|(f, &length)| cost(f, length)).sum();
        litlen + distances + extra_bits(histogram)
    }
}

/// Extra bits of everything that is counted; those of a length are told by its symbol.
pub(super) fn extra_bits(histogram: &Histogram) -> u64 {
    let of_lengths = histogram.litlen[265..285].iter().enumerate().map(|(i, f)| u64::from(*f) * (1 + i as u64 / 4));
    let of_distances = histogram.distances.iter().zip(DISTANCE_EXTRA).map(|(f, bits)| u64::from(*f) * u64::from(bits));
    of_lengths.sum::<u64>() + of_distances.sum::<u64>()
}

/// How code lengths are told: themselves coded, runs shortened.
pub(super) struct Header {
    litlen: usize,
    distances: usize,
    meta: usize,
    /// Symbol, and value of its extra bits.
    items: [(u8, u8); LITLEN + DISTANCES + 2],
    used: usize,
    meta_lengths: [u8; META],
    cost: u64,
}

impl Header {
    /// Of these lengths.
    pub(super) fn of(lengths: &Lengths) -> Self {
        let told = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|&l| l > 0).map_or(least, |last| least.max(last + 1))
        };
        let litlen = told(&lengths.litlen[..LITLEN_USED], 257);
        let distances = told(&lengths.distances[..DISTANCES], 1);
        let mut all = [0; LITLEN + DISTANCES];
        all[..litlen].copy_from_slice(&lengths.litlen[..litlen]);
        all[litlen..litlen + distances].copy_from_slice(&lengths.distances[..distances]);
        let mut header = Self {
            litlen,
            distances,
            meta: 0,
            items: [(0, 0); LITLEN + DISTANCES + 2],
            used: 0,
            meta_lengths: [0; META],
            cost: 0,
        };
        header.shorten(&all[..litlen + distances]);
        let mut frequencies = [0; META];
        header.items[..header.used].iter().for_each(|&(symbol, _)| frequencies[usize::from(symbol)] += 1);
        huffman::code_lengths(&frequencies, MOST_META_BITS, &mut header.meta_lengths);
        header.meta = META_ORDER.iter().rposition(|&s| header.meta_lengths[s] > 0).map_or(4, |last| 4.max(last + 1));
        let items = (0..META).map(|s| u64::from(frequencies[s]) * u64::from(header.meta_lengths[s] + META_EXTRA[s]));
        header.cost = 5 + 5 + 4 + 3 * header.meta as u64 + items.sum::<u64>();
        header
    }

    /// Bits that it takes.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// Makes items of code lengths: each run of one that is long enough becomes a symbol or more for its repetition.
    fn shorten(&mut self, lengths: &[u8]) {
        for run in lengths.chunk_by(|a, b| a == b) {
            let (length, mut rest) = (run[0], run.len());
            if length == 0 {
                while rest >= 3 {
                    let most = rest.min(138);
                    self.push(if most > 10 { (18, most as u8 - 11) } else { (17, most as u8 - 3) });
                    rest -= most;
                }
            } else if rest > 3 {
                self.push((length, 0));
                rest -= 1;
                while rest >= 3 {
                    let most = rest.min(6);
                    self.push((16, most as u8 - 3));
                    rest -= most;
                }
            }
            (0..rest).for_each(|_| self.push((length, 0)));
        }
    }

    fn push(&mut self, item: (u8, u8)) {
        self.items[self.used] = item;
        self.used += 1;
    }

    /// Writes it.
    pub(super) fn write(&self, writer: &mut BitWriter<'_>) {
        let mut codes = [0; META];
        huffman::codes(&self.meta_lengths, &mut codes);
        writer.span(self.cost, |span| {
            span.put(self.litlen as u64 - 257, 5);
            span.put(self.distances as u64 - 1, 5);
            span.put(self.meta as u64 - 4, 4);
            META_ORDER[..self.meta].iter().for_each(|&symbol| span.put(self.meta_lengths[symbol].into(), 3));
            for &(symbol, extra) in &self.items[..self.used] {
                let symbol = usize::from(symbol);
                span.put(codes[symbol].into(), self.meta_lengths[symbol].into());
                span.put(extra.into(), META_EXTRA[symbol].into());
            }
        });
    }
}

/// What to write for each value of a token's fields.
pub(super) struct Tables {
    /// In the lowest byte how many bits; from bit 8 on the bits: the code, the extra bits of a length above it.
    firsts: [u32; FIRST_VALUES],
    /// In the lowest byte how many bits the code has, in the next how many it has with the extra bits of a distance;
    /// from bit 16 on the code.
    seconds: [u32; SECOND_VALUES],
    end_of_block: (u16, u8),
}

impl Tables {
    /// Empty ones.
    pub(super) const EMPTY: Self =
        Self { firsts: [0; FIRST_VALUES], seconds: [0; SECOND_VALUES], end_of_block: (0, 0) };

    /// For codes of these lengths.
    pub(super) fn fill(&mut self, lengths: &Lengths) {
        let (mut litlen, mut distances) = ([0; LITLEN], [0; DISTANCES + 2]);
        huffman::codes(&lengths.litlen, &mut litlen);
        huffman::codes(&lengths.distances, &mut distances);
        for (literal, (&code, &bits)) in litlen.iter().zip(&lengths.litlen).take(END_OF_BLOCK).enumerate() {
            let (code, bits) = (u32::from(code), u32::from(bits));
            self.firsts[literal] = code << 8 | bits;
            self.seconds[SECOND_LITERAL as usize + literal] = code << 16 | bits << 8 | bits;
        }
        for (i, &(symbol, extra, extra_bits)) in LENGTHS.iter().enumerate() {
            let (code, bits) = (u32::from(litlen[usize::from(symbol)]), u32::from(lengths.litlen[usize::from(symbol)]));
            self.firsts[FIRST_LENGTH as usize + 3 + i] =
                (code | u32::from(extra) << bits) << 8 | (bits + u32::from(extra_bits));
        }
        for symbol in 0..DISTANCES {
            let (code, bits) = (u32::from(distances[symbol]), u32::from(lengths.distances[symbol]));
            self.seconds[symbol] = code << 16 | (bits + u32::from(DISTANCE_EXTRA[symbol])) << 8 | bits;
        }
        self.seconds[NO_SECOND as usize] = 0;
        self.end_of_block = (litlen[END_OF_BLOCK], lengths.litlen[END_OF_BLOCK]);
    }

    /// The bits of a token, and how many: at most 48.
    #[inline(always)]
    fn bits(&self, sequence: u32) -> (u64, u32) {
        let first = self.firsts[sequence as usize % FIRST_VALUES];
        let second = self.seconds[(sequence >> FIRST_BITS) as usize % SECOND_VALUES];
        let extra = u64::from(sequence >> (FIRST_BITS + SECOND_BITS));
        let after = u64::from(second >> 16) | extra << (second & 63);
        (u64::from(first >> 8) | after << (first & 63), u32::from(first as u8) + u32::from((second >> 8) as u8))
    }

    /// Writes tokens, which take this many bits, and the end of the block.
    pub(super) fn write(&self, sequences: &[u32], bits: u64, writer: &mut BitWriter<'_>) {
        writer.span(bits, |span| {
            let mut pairs = sequences.chunks_exact(2);
            for pair in &mut pairs {
                let ((first, first_count), (second, second_count)) = (self.bits(pair[0]), self.bits(pair[1]));
                if first_count + second_count <= 56 {
                    span.put(first | second << first_count, first_count + second_count);
                } else {
                    span.put(first, first_count);
                    span.put(second, second_count);
                }
            }
            for &sequence in pairs.remainder() {
                let (bits, count) = self.bits(sequence);
                span.put(bits, count);
            }
            span.put(self.end_of_block.0.into(), self.end_of_block.1.into());
        });
    }
}
