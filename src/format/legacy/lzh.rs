//! LZ77 and Huffman codes as SCO's `compress -H` writes them: the method of `ar` by Okumura, which LHA calls lh5.
//!
//! The data consists of blocks. A block begins with the number of its symbols (16 bits), a code for the lengths of the literal code,
//! the literal code, and the code of distances. A symbol up to 255 is a byte; a higher one is the length of a match, whose distance
//! follows. A block of no symbols, or the end of the file, ends the data.

use super::msb_bits::MsbBits;
use super::{LegacyError, LegacyOutput, LegacyStatus, NextByte};

/// Size of the window in bytes.
const WINDOW: usize = 1 << 13;

/// Length of the shortest match; the first symbol that is not a byte means it.
const MIN_MATCH: usize = 3;

/// Symbols of the literal and length code: bytes, and lengths up to 256.
const LITLEN_SYMBOLS: usize = 256 + 256 - MIN_MATCH + 1;

/// Symbols of the code for the lengths of the literal and length code.
const PRECODE_SYMBOLS: usize = 19;

/// Symbols of the distance code: the number of bits of a distance.
const DISTANCE_SYMBOLS: usize = 14;

/// Width in bits of the number of symbols of a block.
const COUNT_WIDTH: u32 = 16;

/// Longest code in bits.
const MAX_LENGTH: usize = 16;

/// Decodes LZH data.
#[derive(Debug)]
pub(super) struct LzhDecoder {
    bits: MsbBits,
    /// Symbols of the block that are left.
    symbols_left: u32,
    litlen: PrefixCode,
    distance: PrefixCode,
    window: Box<[u8; WINDOW]>,
    /// Where the next byte goes.
    position: usize,
    /// Bytes of a match that are not written yet, and its distance.
    match_length: usize,
    match_distance: usize,
}

impl LzhDecoder {
    pub(super) fn new() -> Self {
        Self {
            bits: MsbBits::default(),
            symbols_left: 0,
            litlen: PrefixCode::Single(0),
            distance: PrefixCode::Single(0),
            window: Box::new([0; WINDOW]),
            position: 0,
            match_length: 0,
            match_distance: 0,
        }
    }

    pub(super) fn decode(
        &mut self,
        next: NextByte<'_>,
        output: &mut LegacyOutput<'_>,
    ) -> Result<LegacyStatus, LegacyError> {
        while output.free() > 0 {
            if self.match_length > 0 {
                let byte = self.window[(self.position + WINDOW - self.match_distance) % WINDOW];
                self.match_length -= 1;
                self.write(byte, output);
                continue;
            }
            if self.symbols_left == 0 && !self.begin_block(next)? {
                return Ok(LegacyStatus::End);
            }
            self.symbols_left -= 1;
            let symbol = self.litlen.decode(&mut self.bits, next)?;
            match u8::try_from(symbol) {
                Ok(byte) => self.write(byte, output),
                Err(_) => {
                    self.match_length = symbol - 256 + MIN_MATCH;
                    self.match_distance = self.read_distance(next)?;
                }
            }
        }
        Ok(LegacyStatus::OutputFull)
    }

    fn write(&mut self, byte: u8, output: &mut LegacyOutput<'_>) {
        self.window[self.position] = byte;
        self.position = (self.position + 1) % WINDOW;
        output.push(byte);
    }

    /// Reads the header of a block. Returns false at the end of the data.
    fn begin_block(&mut self, next: NextByte<'_>) -> Result<bool, LegacyError> {
        let count = self.bits.peek(COUNT_WIDTH, next)?;
        if count == 0 {
            return Ok(false);
        }
        self.bits.consume(COUNT_WIDTH)?;
        let precode = PrefixCode::read(&PRECODE, &mut self.bits, next)?;
        self.litlen = read_litlen_code(&precode, &mut self.bits, next)?;
        self.distance = PrefixCode::read(&DISTANCE_CODE, &mut self.bits, next)?;
        self.symbols_left = count;
        Ok(true)
    }

    fn read_distance(&mut self, next: NextByte<'_>) -> Result<usize, LegacyError> {
        let symbol = self.distance.decode(&mut self.bits, next)?;
        let Some(extra_bits) = (symbol as u32).checked_sub(1) else { return Ok(1) };
        Ok((1 << extra_bits) + self.bits.read(extra_bits, next)? as usize + 1)
    }
}

/// Reads the code of literals and lengths, whose code lengths are symbols of `precode`.
fn read_litlen_code(precode: &PrefixCode, bits: &mut MsbBits, next: NextByte<'_>) -> Result<PrefixCode, LegacyError> {
    let count = bits.read(9, next)? as usize;
    if count == 0 {
        return PrefixCode::single(bits.read(9, next)? as usize, LITLEN_SYMBOLS);
    }
    let mut lengths = [0; LITLEN_SYMBOLS];
    let mut symbol = 0;
    while symbol < count {
        let zeros = match precode.decode(bits, next)? {
            0 => 1,
            1 => 3 + bits.read(4, next)? as usize,
            2 => 20 + bits.read(9, next)? as usize,
            length => {
                *lengths.get_mut(symbol).ok_or(LegacyError::Invalid)? = (length - 2) as u8;
                1
            }
        };
        symbol += zeros;
    }
    if symbol > LITLEN_SYMBOLS { Err(LegacyError::Invalid) } else { PrefixCode::from_lengths(&lengths) }
}

/// How the lengths of a code are stored.
struct CodeFormat {
    /// The largest number of symbols.
    max_symbols: usize,
    /// Bits of the count of symbols, and of a single symbol.
    width: u32,
    /// After the symbol before this one, two bits state how many symbols without a code follow.
    gap: Option<usize>,
}

/// The code of the code lengths.
const PRECODE: CodeFormat = CodeFormat { max_symbols: PRECODE_SYMBOLS, width: 5, gap: Some(3) };

/// The code of distances.
const DISTANCE_CODE: CodeFormat = CodeFormat { max_symbols: DISTANCE_SYMBOLS, width: 4, gap: None };

/// A canonical Huffman code whose first bit is the highest.
#[derive(Debug)]
enum PrefixCode {
    /// One symbol, which takes no bits.
    Single(usize),
    /// No symbol: reading one is an error.
    Empty,
    Codes {
        /// For each length, the end of its codes. Larger values are prefixes of longer codes.
        end_code: [u32; MAX_LENGTH + 1],
        /// For each length, the index in `symbols` of the symbol of the code 0, modulo 2^32.
        offset: [u32; MAX_LENGTH + 1],
        /// Symbols ordered by code.
        symbols: Vec<u16>,
    },
}

impl PrefixCode {
    /// Reads a code.
    fn read(format: &CodeFormat, bits: &mut MsbBits, next: NextByte<'_>) -> Result<Self, LegacyError> {
        let &CodeFormat { max_symbols, width, gap } = format;
        let count = bits.read(width, next)? as usize;
        if count == 0 {
            return Self::single(bits.read(width, next)? as usize, max_symbols);
        }
        if count > max_symbols {
            return Err(LegacyError::Invalid);
        }
        let mut lengths = Vec::with_capacity(max_symbols);
        while lengths.len() < count {
            lengths.push(read_length(bits, next)?);
            if Some(lengths.len()) == gap {
                lengths.resize(lengths.len() + bits.read(2, next)? as usize, 0);
            }
        }
        if lengths.len() > max_symbols { Err(LegacyError::Invalid) } else { Self::from_lengths(&lengths) }
    }

    fn single(symbol: usize, max_symbols: usize) -> Result<Self, LegacyError> {
        if symbol < max_symbols { Ok(Self::Single(symbol)) } else { Err(LegacyError::Invalid) }
    }

    /// The code with these lengths; symbols of length 0 have none.
    ///
    /// # Errors
    /// If the code is not complete.
    fn from_lengths(lengths: &[u8]) -> Result<Self, LegacyError> {
        if lengths.iter().all(|&length| length == 0) {
            return Ok(Self::Empty);
        }
        let (mut end_code, mut offset) = ([0; MAX_LENGTH + 1], [0; MAX_LENGTH + 1]);
        let mut symbols = Vec::with_capacity(lengths.len());
        let mut code = 0_u32;
        for length in 1..=MAX_LENGTH {
            code *= 2;
            offset[length] = (symbols.len() as u32).wrapping_sub(code);
            let before = symbols.len();
            symbols.extend(
                (0..).zip(lengths).filter(|(_, l)| usize::from(**l) == length).map(|(symbol, _): (u16, _)| symbol),
            );
            code += (symbols.len() - before) as u32;
            end_code[length] = code;
            if code > 1 << length {
                return Err(LegacyError::Invalid);
            }
        }
        let is_complete = code == 1 << MAX_LENGTH && lengths.iter().all(|&length| usize::from(length) <= MAX_LENGTH);
        if is_complete { Ok(Self::Codes { end_code, offset, symbols }) } else { Err(LegacyError::Invalid) }
    }

    /// Decodes a symbol.
    fn decode(&self, bits: &mut MsbBits, next: NextByte<'_>) -> Result<usize, LegacyError> {
        let (end_code, offset, symbols) = match self {
            Self::Single(symbol) => return Ok(*symbol),
            Self::Empty => return Err(LegacyError::Invalid),
            Self::Codes { end_code, offset, symbols } => (end_code, offset, symbols),
        };
        let next_bits = bits.peek(MAX_LENGTH as u32, next)?;
        for length in 1..=MAX_LENGTH {
            let code = next_bits >> (MAX_LENGTH - length);
            if code < end_code[length] {
                bits.consume(length as u32)?;
                return Ok(usize::from(symbols[code.wrapping_add(offset[length]) as usize]));
            }
        }
        Err(LegacyError::Invalid)
    }
}

/// Reads a code length: three bits; 7 is followed by a one for each bit more, and a zero.
fn read_length(bits: &mut MsbBits, next: NextByte<'_>) -> Result<u8, LegacyError> {
    let mut length = bits.read(3, next)? as u8;
    if length == 7 {
        while bits.read(1, next)? == 1 {
            length += 1;
            if usize::from(length) > MAX_LENGTH {
                return Err(LegacyError::Invalid);
            }
        }
    }
    Ok(length)
}
