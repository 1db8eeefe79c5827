//! The gzip wrapper around DEFLATE data (RFC 1952): a member's header and trailer.
//!
//! Pure functions of what they are given. One file is one member; no clock, host or file name gets
//! in unless asked for, so equal content makes equal bytes. What is read may be anything at all.

mod header_parser;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

pub use self::header_parser::{
    BGZF_BEGINNING, Damage, MemberStart, ParsedHeader, ReadError, bgzf_block, read_header, read_trailer,
};

/// ID1, ID2 (RFC 1952 section 2.3.1).
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// CM: deflate, the only method there is.
const METHOD_DEFLATE: u8 = 8;

/// FLG.FNAME: a name, ended by a zero byte, follows the fixed part.
const FLAG_NAME: u8 = 1 << 3;

/// OS: Unix, on every machine, as the bytes must not depend on it.
const OS_UNIX: u8 = 3;

/// Length of a trailer in bytes: CRC32 and ISIZE.
pub const TRAILER: usize = 8;

/// Most bytes of a name: the longest that a file system takes.
pub const MOST_NAME: usize = 255;

/// Most bytes of a header: ten, a name and its end.
pub const MOST_HEADER: usize = 10 + MOST_NAME + 1;

/// What a header may say of the file it stands for.
#[derive(Clone, Debug, Default)]
pub struct Header<'a> {
    /// FNAME: the input's name without its directories.
    pub name: Option<&'a OsStr>,
    /// MTIME: seconds since 1970; what does not fit 32 bits is stored as 0, "no time stamp".
    pub mtime: Option<i64>,
    /// Level that XFL hints at: 9 and above are the slowest, 1 is the fastest.
    pub level: u8,
}

/// Appends a member's header to `out`.
pub fn write_header(header: &Header<'_>, out: &mut Vec<u8>) {
    // RFC 1952 gives names in Latin-1; like every gzip, the bytes of the name go in as they are.
    let name = header.name.map(OsStr::as_bytes);
    let mtime = header.mtime.and_then(|t| u32::try_from(t).ok()).unwrap_or(0);
    out.extend_from_slice(&MAGIC);
    out.push(METHOD_DEFLATE);
    out.push(if name.is_some() { FLAG_NAME } else { 0 });
    out.extend_from_slice(&mtime.to_le_bytes());
    out.push(match header.level {
        9.. => 2,
        1 => 4,
        _ => 0,
    });
    out.push(OS_UNIX);
    if let Some(name) = name {
        out.extend_from_slice(name);
        out.push(0);
    }
}

/// A member's trailer: CRC-32 of its content, and its length in bytes modulo 2^32.
pub fn trailer(crc: u32, length: u64) -> [u8; TRAILER] {
    let mut bytes = [0; TRAILER];
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    bytes[4..].copy_from_slice(&(length as u32).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(header: &Header<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        write_header(header, &mut out);
        out
    }

    #[test]
    fn a_plain_header_is_ten_bytes_without_name_or_time() {
        let plain = Header { level: 6, ..Header::default() };
        assert_eq!(header(&plain), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn the_extra_flags_hint_at_the_extreme_levels_only() {
        let hints: Vec<u8> = (0..=12).map(|level| header(&Header { level, ..Header::default() })[8]).collect();
        assert_eq!(hints, [0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]);
    }

    #[test]
    fn name_and_time_are_stored_when_given() {
        let named = Header { name: Some(OsStr::new("a.log")), mtime: Some(0x0102_0304), level: 6 };
        assert_eq!(header(&named), *b"\x1f\x8b\x08\x08\x04\x03\x02\x01\x00\x03a.log\0");
    }

    #[test]
    fn a_time_that_does_not_fit_is_no_time() {
        for mtime in [-1, 1 << 32] {
            assert_eq!(header(&Header { mtime: Some(mtime), ..Header::default() })[4..8], [0; 4]);
        }
    }

    #[test]
    fn the_trailer_holds_the_crc_and_the_length_modulo_two_to_the_32() {
        assert_eq!(trailer(0x0403_0201, (1 << 32) + 5), [1, 2, 3, 4, 5, 0, 0, 0]);
    }
}
