//! Canonical Huffman codes: from code lengths to codes (RFC 1951 section 3.2.2), and the lookup tables of the decoder.

use super::Malformed;

/// Longest code.
pub(super) const MAX_LENGTH: usize = 15;

/// Largest alphabet: literals and lengths.
const MAX_SYMBOLS: usize = 288;

/// Which incomplete codes are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incomplete {
    /// None. In a code length code, zlib accepts the one without symbols, reads zeros as all code lengths, and fails because the
    /// end of the block has no code. The data is invalid in any case, and gzip reports that at once.
    Never,
    /// The one without symbols, and a single code of one bit. zlib accepts both for literals, lengths and distances.
    EmptyOrSingle,
}

/// The symbols of a code, sorted by code length, and then by symbol.
#[derive(Debug)]
pub(super) struct CanonicalCode {
    /// Number of symbols of each code length. Element 0 is 0.
    counts: [u16; MAX_LENGTH + 1],
    /// Index of the first symbol of each code length, and the number of symbols.
    starts: [u16; MAX_LENGTH + 2],
    symbols: [u16; MAX_SYMBOLS],
    /// The code of each symbol, first bit lowest.
    codes: [u16; MAX_SYMBOLS],
    /// The code length of each symbol.
    lengths: [u8; MAX_SYMBOLS],
    /// Every sequence of bits begins with a code.
    is_complete: bool,
}

/// A symbol and its code.
#[derive(Clone, Copy, Debug)]
pub(super) struct SymbolCode {
    pub(super) symbol: u16,
    /// The code, first bit lowest.
    pub(super) code: u16,
}

impl CanonicalCode {
    pub(super) fn new() -> Self {
        Self { counts: [0; _], starts: [0; _], symbols: [0; _], codes: [0; _], lengths: [0; _], is_complete: false }
    }

    /// Assigns codes to the symbols whose length is not 0.
    pub(super) fn assign(&mut self, lengths: &[u8], incomplete: Incomplete) -> Result<(), Malformed> {
        self.count(lengths);
        let mut unused = 1_i32;
        for length in 1..=MAX_LENGTH {
            self.starts[length + 1] = self.starts[length] + self.counts[length];
            unused = 2 * unused - i32::from(self.counts[length]);
            if unused < 0 {
                return Err(Malformed);
            }
        }
        self.is_complete = unused == 0;
        if !self.is_complete && (incomplete == Incomplete::Never || self.longest() > 1) {
            return Err(Malformed);
        }
        self.sort(lengths);
        Ok(())
    }

    fn count(&mut self, lengths: &[u8]) {
        // Equal lengths often follow each other. With two arrays, an increment does not wait for the one before.
        let mut counts = [[0_u16; 16]; 2];
        for pair in lengths.chunks(2) {
            for (&length, counts) in pair.iter().zip(&mut counts) {
                counts[usize::from(length & 15)] += 1;
            }
        }
        for (length, count) in self.counts.iter_mut().enumerate().skip(1) {
            *count = counts[0][length] + counts[1][length];
        }
    }

    fn sort(&mut self, lengths: &[u8]) {
        let mut next = self.starts;
        // Symbols without a code go behind the others, so that no branch depends on the length.
        next[0] = self.starts[MAX_LENGTH + 1];
        for (symbol, &length) in (0..).zip(lengths) {
            let index = &mut next[usize::from(length & 15)];
            self.symbols[usize::from(*index)] = symbol;
            *index += 1;
        }
        let mut code = 0_u16;
        for length in 1..=MAX_LENGTH {
            code <<= 1;
            let range = usize::from(self.starts[length])..usize::from(self.starts[length + 1]);
            self.lengths[range.clone()].fill(length as u8);
            for reversed in &mut self.codes[range] {
                *reversed = code.reverse_bits() >> (16 - length);
                code += 1;
            }
        }
    }

    /// Length of the longest code; 0 if there is none.
    pub(super) fn longest(&self) -> usize {
        self.counts.iter().rposition(|&count| count > 0).unwrap_or(0)
    }

    /// The indices of the codes of a length.
    #[inline(always)]
    pub(super) fn range(&self, length: usize) -> std::ops::Range<usize> {
        usize::from(self.starts[length])..usize::from(self.starts[length + 1])
    }

    /// The symbol at an index, and its code.
    #[inline(always)]
    pub(super) fn at(&self, index: usize) -> SymbolCode {
        SymbolCode { symbol: self.symbols[index], code: self.codes[index] }
    }

    /// The codes of a length, ordered by symbol.
    #[inline(always)]
    pub(super) fn of_length(&self, length: usize) -> impl ExactSizeIterator<Item = SymbolCode> + '_ {
        let range = usize::from(self.starts[length])..usize::from(self.starts[length + 1]);
        let pairs = self.symbols[range.clone()].iter().zip(&self.codes[range]);
        pairs.map(|(&symbol, &code)| SymbolCode { symbol, code })
    }

    /// Decodes one symbol from the `count` valid bits of `bits`, bit by bit. Returns the symbol and the length of its code.
    ///
    /// The last symbols of the input are decoded in this way, where the tables may already see the next symbol.
    pub(super) fn decode(&self, bits: u64, count: u32) -> Decoding {
        let (mut first, mut code) = (0_usize, 0_usize);
        for length in 1..=MAX_LENGTH {
            if count < length as u32 {
                return Decoding::NeedsBits;
            }
            let number = usize::from(self.counts[length]);
            code = code << 1 | (bits >> (length - 1) & 1) as usize;
            first <<= 1;
            if code < first + number {
                let symbol = self.symbols[usize::from(self.starts[length]) + code - first];
                return Decoding::Symbol { symbol, length: length as u32 };
            }
            first += number;
            if !self.is_complete {
                break;
            }
        }
        Decoding::NoCode
    }

    /// Fills the first 2^`bits` elements of `table`, which are indexed by the next `bits` bits: with the entries of the codes
    /// that are not longer. Elements at which longer codes begin keep unspecified values.
    ///
    /// Each code length doubles the part of the table that is filled. `level` is called after each doubling with the part and
    /// the length, and writes the entries of the codes of this length.
    #[inline(always)]
    pub(super) fn fill<E: Copy>(
        &self,
        table: &mut [E],
        bits: usize,
        invalid: E,
        mut level: impl FnMut(&mut [E], usize),
    ) {
        if !self.is_complete {
            table[..2].fill(invalid);
        }
        for length in 1..=bits {
            // Before the shortest code, this copies entries that are overwritten later.
            let half = 1 << (length - 1);
            if length > 1 {
                table.copy_within(..half, half);
            }
            level(&mut table[..2 * half], length);
        }
    }

    /// Writes sub-tables for the codes longer than `bits`, from element 2^`bits` on, and the entries that refer to them.
    #[inline(always)]
    pub(super) fn fill_subtables<E: Copy>(
        &self,
        table: &mut [E],
        bits: usize,
        entry: impl Fn(u16, usize) -> E,
        reference: impl Fn(usize, usize) -> E,
    ) {
        let end = usize::from(self.starts[MAX_LENGTH + 1]);
        let mut index = usize::from(self.starts[bits + 1]);
        let mut start = 1 << bits;
        let prefix = |index: usize| usize::from(self.codes[index]) & ((1 << bits) - 1);
        while index < end {
            let in_subtable = (index..end).take_while(|&other| prefix(other) == prefix(index)).count();
            let longest = usize::from(self.lengths[index + in_subtable - 1]);
            let size = 1 << (longest - bits);
            for index in index..index + in_subtable {
                let length = usize::from(self.lengths[index]);
                let entry = entry(self.symbols[index], length);
                let first = usize::from(self.codes[index]) >> bits;
                for element in table[start..start + size][first..].iter_mut().step_by(1 << (length - bits)) {
                    *element = entry;
                }
            }
            table[prefix(index)] = reference(start, longest - bits);
            start += size;
            index += in_subtable;
        }
    }
}

/// The result of [`CanonicalCode::decode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoding {
    /// A symbol, and the length of its code.
    Symbol { symbol: u16, length: u32 },
    /// More bits are needed.
    NeedsBits,
    /// The bits are not a code.
    NoCode,
}
