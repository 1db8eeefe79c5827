//! The formats that gunzip reads besides gzip: LZW (`compress`), pack, and LZH (`compress -H` of SCO).
//!
//! Each decoder pulls its input a byte at a time and stops when its output is full, so a file of any size needs the memory of the
//! decoder's tables only. The formats have no checksum: pack states the length of the content, and the other two nothing.

#[cfg(test)]
mod encoders;
#[cfg(test)]
mod legacy_tests;
mod lzh;
mod lzw;
mod msb_bits;
mod pack;

use std::io;

use self::lzh::LzhDecoder;
use self::lzw::LzwDecoder;
use self::pack::PackDecoder;

/// Where a decoder gets its input: the next byte, or `None` at the end of the file.
pub type NextByte<'a> = &'a mut dyn FnMut() -> io::Result<Option<u8>>;

/// A format that is recognized by its first two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyFormat {
    /// LZW with codes of 9 to 16 bits, by `compress`: names ending in `.Z`.
    Lzw,
    /// Huffman codes of bytes, by `pack`: names ending in `.z`.
    Pack,
    /// LZ77 and Huffman codes, by SCO's `compress -H`.
    Lzh,
}

impl LegacyFormat {
    /// The format of a file that begins with these bytes.
    pub fn of(magic: [u8; 2]) -> Option<Self> {
        match magic {
            [0x1f, 0x9d] => Some(Self::Lzw),
            [0x1f, 0x1e] => Some(Self::Pack),
            [0x1f, 0xa0] => Some(Self::Lzh),
            _ => None,
        }
    }

    /// A decoder for the data after the first two bytes.
    pub fn decoder(self) -> LegacyDecoder {
        LegacyDecoder(match self {
            Self::Lzw => LegacyState::Lzw(Box::new(LzwDecoder::new())),
            Self::Pack => LegacyState::Pack(Box::new(PackDecoder::new())),
            Self::Lzh => LegacyState::Lzh(Box::new(LzhDecoder::new())),
        })
    }
}

/// The output of a call. Bytes are appended until it is full.
#[derive(Debug)]
pub struct LegacyOutput<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl<'a> LegacyOutput<'a> {
    /// An empty output that holds at most as many bytes as the slice.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, length: 0 }
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.length
    }

    fn free(&self) -> usize {
        self.bytes.len() - self.length
    }

    /// Appends a byte. The output must not be full.
    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// Appends `count` bytes, which the caller fills in any order. There must be space for them.
    fn append(&mut self, count: usize) -> &mut [u8] {
        let start = self.length;
        self.length += count;
        &mut self.bytes[start..self.length]
    }
}

/// Why a call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyStatus {
    /// The output is full.
    OutputFull,
    /// The data has ended.
    End,
}

/// Why data could not be decoded.
#[derive(Debug)]
pub enum LegacyError {
    /// The source of the input failed.
    Source(io::Error),
    /// The file ends inside the data.
    Truncated,
    /// The data is invalid.
    Invalid,
    /// The content does not have the length that the header states: (stored, actual), modulo 2^32.
    Length(u32, u32),
}

impl From<io::Error> for LegacyError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

/// Decodes one file.
#[derive(Debug)]
pub struct LegacyDecoder(LegacyState);

#[derive(Debug)]
enum LegacyState {
    Lzw(Box<LzwDecoder>),
    Pack(Box<PackDecoder>),
    Lzh(Box<LzhDecoder>),
}

impl LegacyDecoder {
    /// Decodes until the output is full or the data ends. LZW data ends with the file; bytes after the data of the other formats
    /// stay unread.
    ///
    /// # Errors
    /// See [`LegacyError`]. The output before the error is valid. The decoder must not be used after an error.
    pub fn decode(&mut self, next: NextByte<'_>, output: &mut LegacyOutput<'_>) -> Result<LegacyStatus, LegacyError> {
        match &mut self.0 {
            LegacyState::Lzw(decoder) => decoder.decode(next, output),
            LegacyState::Pack(decoder) => decoder.decode(next, output),
            LegacyState::Lzh(decoder) => decoder.decode(next, output),
        }
    }
}
