//! Huffman codes of bytes as `pack` writes them (`.z`).
//!
//! After the magic bytes come the length of the content (four bytes, the highest first), the length of the longest code, the number
//! of codes of each length, and the bytes that the codes stand for, ordered by length. At least two codes have the longest
//! length, so their number is stored less two. The last code marks the end of the content. Of the values of a length, the smallest
//! are prefixes of longer codes, and the codes follow in ascending order.

use super::msb_bits::MsbBits;
use super::{LegacyError, LegacyOutput, LegacyStatus, NextByte};

/// Longest code in bits. Longer ones need more than 2^24 bytes of input, as in a Fibonacci distribution.
const MAX_LENGTH: usize = 25;

/// Bits that are decoded by one look-up. Rarer, longer codes are decoded by their length.
const TABLE_BITS: u32 = 10;

/// Decodes pack data.
#[derive(Debug)]
pub(super) struct PackDecoder {
    bits: MsbBits,
    /// `None` until the header is read.
    code: Option<PackCode>,
    /// Bytes written, modulo 2^32.
    length: u32,
}

/// The header.
#[derive(Debug)]
struct PackCode {
    /// Length of the content, modulo 2^32.
    content_length: u32,
    max_length: usize,
    /// For each length, the first of its codes. Smaller values are prefixes of longer codes.
    first_code: [u32; MAX_LENGTH + 1],
    /// For each length, the index of its first byte in `bytes`.
    first_byte: [usize; MAX_LENGTH + 1],
    /// What the codes stand for. The code that ends the content has the index `bytes.len()`.
    bytes: Vec<u8>,
    /// For the next [`TABLE_BITS`] bits, the length of the code. 0 if it is longer.
    lengths: Box<[u8; 1 << TABLE_BITS]>,
}

impl PackDecoder {
    pub(super) fn new() -> Self {
        Self { bits: MsbBits::default(), code: None, length: 0 }
    }

    pub(super) fn decode(
        &mut self,
        next: NextByte<'_>,
        output: &mut LegacyOutput<'_>,
    ) -> Result<LegacyStatus, LegacyError> {
        let code = match &self.code {
            Some(code) => code,
            None => self.code.insert(PackCode::read(next)?),
        };
        while output.free() > 0 {
            let Some(byte) = code.decode(&mut self.bits, next)? else {
                return match self.length == code.content_length {
                    true => Ok(LegacyStatus::End),
                    false => Err(LegacyError::Length(code.content_length, self.length)),
                };
            };
            output.push(byte);
            self.length = self.length.wrapping_add(1);
        }
        Ok(LegacyStatus::OutputFull)
    }
}

impl PackCode {
    fn read(next: NextByte<'_>) -> Result<Self, LegacyError> {
        let mut byte = || next()?.ok_or(LegacyError::Truncated);
        let content_length = u32::from_be_bytes([byte()?, byte()?, byte()?, byte()?]);
        let max_length = usize::from(byte()?);
        if !(1..=MAX_LENGTH).contains(&max_length) {
            return Err(LegacyError::Invalid);
        }
        let mut counts = [0; MAX_LENGTH + 1];
        for count in &mut counts[1..=max_length] {
            *count = usize::from(byte()?);
        }
        counts[max_length] += 2;
        let first_code = first_codes(&counts[..=max_length])?;
        let mut first_byte = [0; MAX_LENGTH + 1];
        for length in 1..max_length {
            first_byte[length + 1] = first_byte[length] + counts[length];
        }
        let symbols: usize = counts.iter().sum();
        if symbols > 256 + 1 {
            return Err(LegacyError::Invalid);
        }
        let bytes = (1..symbols).map(|_| byte()).collect::<Result<_, _>>()?;
        let lengths = lengths_by_prefix(&first_code[..=max_length]);
        Ok(Self { content_length, max_length, first_code, first_byte, bytes, lengths })
    }

    /// Decodes a byte. `None` for the code that ends the content.
    fn decode(&self, bits: &mut MsbBits, next: NextByte<'_>) -> Result<Option<u8>, LegacyError> {
        // The code that ends the content has the largest length, so the file has this many bits before its end.
        let table_bits = TABLE_BITS.min(self.max_length as u32);
        let prefix = bits.peek(table_bits, next)?;
        let mut length = usize::from(self.lengths[(prefix << (TABLE_BITS - table_bits)) as usize]);
        let mut code = prefix >> (table_bits - (length as u32).min(table_bits));
        if length == 0 {
            length = table_bits as usize;
            loop {
                length += 1;
                code = bits.peek(length as u32, next)?;
                if code >= self.first_code[length] {
                    break;
                }
            }
        }
        bits.consume(length as u32)?;
        Ok(self.bytes.get(self.first_byte[length] + (code - self.first_code[length]) as usize).copied())
    }
}

/// The first code of each length: the number of prefixes of longer codes.
///
/// # Errors
/// If the codes are not complete: some bits have no code, or two.
fn first_codes(counts: &[usize]) -> Result<[u32; MAX_LENGTH + 1], LegacyError> {
    let mut first = [0; MAX_LENGTH + 1];
    let mut nodes = 0;
    for length in (1..counts.len()).rev() {
        if nodes % 2 != 0 {
            return Err(LegacyError::Invalid);
        }
        nodes /= 2;
        first[length] = nodes as u32;
        nodes += counts[length];
        if nodes > 1 << length {
            return Err(LegacyError::Invalid);
        }
    }
    if nodes == 2 { Ok(first) } else { Err(LegacyError::Invalid) }
}

/// For each value of the next [`TABLE_BITS`] bits, the length of the code that they begin with, or 0 if it is longer.
fn lengths_by_prefix(first_code: &[u32]) -> Box<[u8; 1 << TABLE_BITS]> {
    let length_of = |prefix: usize| {
        let is_code = |&length: &usize| (prefix >> (TABLE_BITS as usize - length)) as u32 >= first_code[length];
        (1..first_code.len().min(TABLE_BITS as usize + 1)).find(is_code).unwrap_or(0)
    };
    let mut lengths = Box::new([0; 1 << TABLE_BITS]);
    for (prefix, length) in lengths.iter_mut().enumerate() {
        *length = length_of(prefix) as u8;
    }
    lengths
}
