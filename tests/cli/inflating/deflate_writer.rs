//! An encoder for tests that writes blocks which other encoders do not write: of any type and size, in any order.

use std::ops::Range;

/// A literal or a match.
#[derive(Clone, Copy)]
pub enum Token {
    Literal(u8),
    Match { length: usize, distance: usize },
}

impl Token {
    /// Bytes of content.
    pub fn length(self) -> usize {
        match self {
            Self::Literal(_) => 1,
            Self::Match { length, .. } => length,
        }
    }
}

/// The content as literals and matches, found with a hash table of single positions.
pub fn tokens(content: &[u8]) -> Vec<Token> {
    let mut positions = vec![usize::MAX; 1 << 15];
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < content.len() {
        let token = find_match(content, at, &mut positions).unwrap_or(Token::Literal(content[at]));
        tokens.push(token);
        at += token.length();
    }
    tokens
}

fn find_match(content: &[u8], at: usize, positions: &mut [usize]) -> Option<Token> {
    let word = u32::from_le_bytes(*content.get(at..)?.first_chunk()?);
    let slot = &mut positions[(word.wrapping_mul(0x9e37_79b1) >> 17) as usize];
    let before = std::mem::replace(slot, at);
    let distance = at.checked_sub(before).filter(|distance| *distance <= 32 * 1024)?;
    let pairs = content[before..].iter().zip(&content[at..]).take(258);
    let length = pairs.take_while(|(a, b)| a == b).count();
    (length >= 4).then_some(Token::Match { length, distance })
}

/// BTYPE.
#[derive(Clone, Copy)]
pub enum BlockType {
    Stored,
    Fixed,
    Dynamic,
}

/// Writes blocks, bit by bit.
#[derive(Default)]
pub struct DeflateWriter {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet.
    bits: u64,
    count: u32,
}

impl DeflateWriter {
    /// Writes a block with these tokens. `content` is the content of the stream, and `range` the part that the tokens
    /// encode, at most 65,535 bytes in a stored block.
    pub fn block(&mut self, block: BlockType, tokens: &[Token], content: &[u8], range: Range<usize>, is_final: bool) {
        self.put(is_final.into(), 1);
        match block {
            BlockType::Stored => {
                self.put(0, 2);
                self.align();
                let length = u16::try_from(range.len()).unwrap();
                self.bytes.extend(length.to_le_bytes());
                self.bytes.extend((!length).to_le_bytes());
                self.bytes.extend(&content[range]);
            }
            BlockType::Fixed => {
                self.put(1, 2);
                self.tokens(tokens, &codes(&fixed_litlens()), &codes(&[5; 30]));
            }
            BlockType::Dynamic => {
                self.put(2, 2);
                self.header();
                self.tokens(tokens, &codes(&flat_litlens()), &codes(&flat_distances()));
            }
        }
    }

    /// The stream, padded to a byte.
    pub fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }

    /// The header of a block with the codes [`flat_litlens`] and [`flat_distances`].
    fn header(&mut self) {
        let (litlens, distances) = (flat_litlens(), flat_distances());
        self.put(litlens.len() as u64 - 257, 5);
        self.put(distances.len() as u64 - 1, 5);
        // The precode lists the lengths of the symbols 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11 and 4. Four have a code.
        self.put(12 - 4, 4);
        for length in [0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 0, 2] {
            self.put(length, 3);
        }
        for length in litlens.into_iter().chain(distances) {
            // The codes of 4, 5, 8 and 9 in this order, reversed.
            self.put([0, 0b10, 0b01, 0b11][[4, 5, 8, 9].iter().position(|&l| l == length).unwrap()], 2);
        }
    }

    fn tokens(&mut self, tokens: &[Token], litlens: &[(u64, u32)], distances: &[(u64, u32)]) {
        let mut code = |(code, bits): (u64, u32)| self.put(code, bits);
        for token in tokens {
            match *token {
                Token::Literal(byte) => code(litlens[usize::from(byte)]),
                Token::Match { length, distance } => {
                    let (symbol, extra, bits) = length_symbol(length);
                    code(litlens[symbol]);
                    code((extra, bits));
                    let (symbol, extra, bits) = distance_symbol(distance);
                    code(distances[symbol]);
                    code((extra, bits));
                }
            }
        }
        code(litlens[256]);
    }

    fn put(&mut self, value: u64, count: u32) {
        self.bits |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    fn align(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }
}

/// The symbol of a length, its extra bits and their number (RFC 1951 section 3.2.5).
fn length_symbol(length: usize) -> (usize, u64, u32) {
    match length - 3 {
        255 => (285, 0, 0),
        rest @ 0..8 => (257 + rest, 0, 0),
        rest => {
            let bits = rest.ilog2() - 2;
            (261 + 4 * bits as usize + (rest >> bits & 3), (rest & ((1 << bits) - 1)) as u64, bits)
        }
    }
}

/// The symbol of a distance, its extra bits and their number.
fn distance_symbol(distance: usize) -> (usize, u64, u32) {
    match distance - 1 {
        rest @ 0..4 => (rest, 0, 0),
        rest => {
            let bits = rest.ilog2() - 1;
            (2 + 2 * bits as usize + (rest >> bits & 1), (rest & ((1 << bits) - 1)) as u64, bits)
        }
    }
}

/// The fixed code lengths (RFC 1951 section 3.2.6).
fn fixed_litlens() -> Vec<u8> {
    [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat()
}

/// A complete code for all 286 symbols, with lengths as equal as possible.
fn flat_litlens() -> Vec<u8> {
    [vec![8; 226], vec![9; 60]].concat()
}

/// A complete code for all 30 distances.
fn flat_distances() -> Vec<u8> {
    [vec![4; 2], vec![5; 28]].concat()
}

/// The codes of these lengths, reversed, and the lengths.
fn codes(lengths: &[u8]) -> Vec<(u64, u32)> {
    let mut codes = vec![(0, 0); lengths.len()];
    let mut code = 0_u16;
    for bits in 1..16_u8 {
        code <<= 1;
        for symbol in (0..lengths.len()).filter(|&symbol| lengths[symbol] == bits) {
            codes[symbol] = (u64::from(code.reverse_bits() >> (16 - bits)), bits.into());
            code += 1;
        }
    }
    codes
}
