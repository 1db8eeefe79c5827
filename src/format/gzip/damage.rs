//! Errors in gzip data.

use std::fmt;
use std::io;

/// A defect in compressed data. Offsets are in bytes from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The data does not begin with a gzip header.
    NotGzip,
    /// The compression method (CM) is not deflate.
    Method(u8),
    /// The flags (FLG) contain reserved bits.
    Flags(u8),
    /// The CRC-16 of the header does not match.
    HeaderCrc {
        /// In the header.
        stored: u16,
        /// Of the header's bytes.
        computed: u16,
    },
    /// The data ends inside a member, at this offset.
    Truncated(u64),
    /// Invalid DEFLATE data at this offset.
    Data(u64),
    /// The CRC-32 of the content does not match.
    Crc {
        /// Offset of the trailer.
        trailer: u64,
        /// In the trailer.
        stored: u32,
        /// Of the content.
        computed: u32,
        /// The length of the content does not match either.
        length_differs: bool,
    },
    /// The length of the content does not match, modulo 2^32.
    Length {
        /// Offset of the trailer.
        trailer: u64,
        /// In the trailer.
        stored: u32,
        /// Of the content.
        actual: u32,
    },
    /// The first entry of a zip file is encrypted.
    ZipEncrypted,
    /// The first entry of a zip file is compressed by this method, which is neither deflate nor none.
    ZipMethod(u16),
    /// A zip file has more entries than the first one.
    ZipEntries,
    /// The content is longer than this limit in bytes.
    TooLong(u64),
}

impl std::error::Error for Damage {}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip => f.write_str("not in gzip format"),
            Self::Method(method) => write!(f, "unknown compression method {method}"),
            Self::Flags(flags) => write!(f, "its header has unknown flags ({flags:#04x})"),
            Self::HeaderCrc { stored, computed } => {
                write!(f, "damaged header (CRC {stored:#06x} stored, {computed:#06x} computed)")
            }
            Self::Truncated(at) => write!(f, "unexpected end of file at byte {at}"),
            Self::Data(at) => write!(f, "damaged data at byte {at}"),
            Self::Crc { trailer, stored, computed, .. } => {
                write!(f, "damaged data before byte {trailer} (CRC {stored:#010x} stored, {computed:#010x} computed)")
            }
            Self::Length { trailer, stored, actual } => {
                write!(f, "damaged data before byte {trailer} (length {stored} stored, {actual} found)")
            }
            Self::ZipEncrypted => f.write_str("the first zip entry is encrypted; use unzip"),
            Self::ZipMethod(method) => write!(f, "the first zip entry is compressed by method {method}; use unzip"),
            Self::ZipEntries => f.write_str("a zip file with more than one entry; use unzip"),
            Self::TooLong(most) => write!(f, "expands to more than {most} bytes"),
        }
    }
}

/// Why gzip data could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The source failed.
    Source(io::Error),
    /// The data is damaged, or not gzip data.
    Damage(Damage),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}
