//! The gzip format around DEFLATE data (RFC 1952): a member's header and trailer.
//!
//! Pure functions of their arguments. The clock, the host and the file name enter a header only if the caller passes
//! them, so equal content gives equal bytes (P5). The parser accepts arbitrary, even hostile, data.

mod damage;
mod header_parser;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

pub use self::damage::{Damage, ReadError};
pub use self::header_parser::{FLAGS_RESERVED, MemberStart, ParsedHeader, read_header};
use super::legacy::LegacyFormat;

/// ID1, ID2 (RFC 1952 section 2.3.1).
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// CM: deflate, the only method that is defined.
pub const METHOD_DEFLATE: u8 = 8;

/// FLG.FNAME: the header contains a name that ends with a zero byte.
const FLAG_NAME: u8 = 1 << 3;

/// FLG.FEXTRA: the header contains extra subfields.
pub(super) const FLAG_EXTRA: u8 = 1 << 2;

/// OS: Unix, on every system, because the output must not depend on the system.
const OS_UNIX: u8 = 3;

/// Length of a trailer in bytes: CRC32 and ISIZE.
pub const TRAILER: usize = 8;

/// Longest name in a header, in bytes: the limit of nearly all file systems (NAME_MAX).
pub const MAX_NAME: usize = 255;

/// Size of the largest header that is written, in bytes: ten, a name and its zero byte.
pub const MAX_HEADER: usize = 10 + MAX_NAME + 1;

/// The variable fields of a header that is written.
#[derive(Clone, Debug, Default)]
pub struct Header<'a> {
    /// FNAME: the last part of the input's name.
    pub name: Option<&'a OsStr>,
    /// MTIME: seconds since 1970. A time that does not fit in 32 bits is stored as 0, which means "no time stamp".
    pub mtime: Option<i64>,
    /// The compression level. XFL states whether it is the fastest (1) or among the slowest (9 and above).
    pub level: u8,
}

/// The value of MTIME for a time in seconds since 1970. `None` if the field cannot hold it: 0 means "no time stamp".
pub fn stored_time(mtime: i64) -> Option<u32> {
    u32::try_from(mtime).ok().filter(|&mtime| mtime != 0)
}

/// Offset of XFL in a header.
const EXTRA_FLAGS: usize = 8;

/// Bit of XFL that marks a recompressed file: the other bits are the level. RFC 1952 defines the values 2 and 4 for deflate, and
/// readers ignore the field. An extra subfield would be the place for this in theory, but the Linux kernel cannot skip one in an
/// initramfs, and htslib reads no BGZF block with a second one.
const RECOMPRESSED: u8 = 0x80;

/// Marks the member that begins at the start of `member` as recompressed at this level.
pub fn mark_recompressed(member: &mut [u8], level: u8) {
    member[EXTRA_FLAGS] = RECOMPRESSED | level;
}

/// The level at which a member with this XFL was recompressed; `None` if it was not.
pub fn recompressed_level(extra_flags: u8) -> Option<u8> {
    (extra_flags & RECOMPRESSED != 0).then_some(extra_flags & !RECOMPRESSED)
}

/// Appends a member's header to `out`.
pub fn write_header(header: &Header<'_>, out: &mut Vec<u8>) {
    // RFC 1952 specifies Latin-1. Like every gzip, this writes the bytes of the name unchanged.
    let name = header.name.map(OsStr::as_bytes);
    let mtime = header.mtime.and_then(stored_time).unwrap_or(0);
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

/// A member's trailer: the CRC-32 of its content, and the content's length in bytes modulo 2^32.
pub fn trailer(crc: u32, length: u64) -> [u8; TRAILER] {
    let mut bytes = [0; TRAILER];
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    bytes[4..].copy_from_slice(&(length as u32).to_le_bytes());
    bytes
}

/// The fields of a member's trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// CRC-32 of the content.
    pub crc: u32,
    /// Length of the content in bytes, modulo 2^32.
    pub length: u32,
}

impl Trailer {
    /// The damage of a member with this trailer, which is at `offset`, if the trailer of its content would be `actual`. `None` if
    /// they are equal.
    pub fn damage(self, actual: Self, offset: u64) -> Option<Damage> {
        let length_differs = self.length != actual.length;
        if self.crc != actual.crc {
            let (stored, computed) = (self.crc, actual.crc);
            return Some(Damage::Crc { trailer: offset, stored, computed, length_differs });
        }
        length_differs.then_some(Damage::Length { trailer: offset, stored: self.length, actual: actual.length })
    }
}

/// Parses a member's trailer.
pub fn read_trailer(trailer: [u8; TRAILER]) -> Trailer {
    let [a, b, c, d, e, f, g, h] = trailer;
    Trailer { crc: u32::from_le_bytes([a, b, c, d]), length: u32::from_le_bytes([e, f, g, h]) }
}

/// The checksum that a file states of its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoredChecksum {
    /// No member was read to its end.
    #[default]
    Unread,
    /// The CRC-32 in a trailer of gzip or zip.
    Crc(u32),
    /// None: a format without checksums.
    Missing(LegacyFormat),
}

/// Figures of the gzip members of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberStats {
    /// Bytes of headers and trailers.
    pub overhead: u64,
    /// The checksum of the last member.
    pub checksum: StoredChecksum,
    /// MTIME of the last header, or the input's own modification time; in seconds since 1970.
    pub mtime: Option<i64>,
}

impl MemberStats {
    /// Adds a member with this header, and its trailer.
    pub(crate) fn add_header(&mut self, header: &ParsedHeader) {
        self.mtime = Some(header.mtime.into());
        self.overhead += header.size + TRAILER as u64;
    }

    /// Adds the figures of a later part of the file.
    pub(crate) fn add(&mut self, later: Self) {
        self.overhead += later.overhead;
        if later.checksum != StoredChecksum::Unread {
            self.checksum = later.checksum;
        }
        self.mtime = later.mtime.or(self.mtime);
    }
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
    fn a_header_without_name_and_time_has_ten_bytes() {
        let plain = Header { level: 6, ..Header::default() };
        assert_eq!(header(&plain), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn the_extra_flags_state_only_the_extreme_levels() {
        let hints: Vec<u8> = (0..=12).map(|level| header(&Header { level, ..Header::default() })[8]).collect();
        assert_eq!(hints, [0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]);
    }

    #[test]
    fn a_member_that_is_marked_states_its_level() {
        let mut marked = header(&Header { level: 9, ..Header::default() });
        assert_eq!(recompressed_level(marked[EXTRA_FLAGS]), None);
        for level in 0..=12 {
            mark_recompressed(&mut marked, level);
            assert_eq!(recompressed_level(marked[EXTRA_FLAGS]), Some(level));
        }
    }

    #[test]
    fn name_and_time_are_stored_when_given() {
        let named = Header { name: Some(OsStr::new("a.log")), mtime: Some(0x0102_0304), level: 6 };
        assert_eq!(header(&named), *b"\x1f\x8b\x08\x08\x04\x03\x02\x01\x00\x03a.log\0");
    }

    #[test]
    fn a_time_that_does_not_fit_is_stored_as_no_time() {
        for mtime in [-1, 1 << 32] {
            assert_eq!(header(&Header { mtime: Some(mtime), ..Header::default() })[4..8], [0; 4]);
        }
    }

    #[test]
    fn the_trailer_holds_the_crc_and_the_length_modulo_two_to_the_32() {
        assert_eq!(trailer(0x0403_0201, (1 << 32) + 5), [1, 2, 3, 4, 5, 0, 0, 0]);
    }
}
