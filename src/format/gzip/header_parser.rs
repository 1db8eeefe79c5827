//! Parses a member's header (RFC 1952 section 2.3).

use crate::format::crc32::Crc32;
use std::io;

use super::{Damage, FLAG_EXTRA, FLAG_NAME, MAGIC, METHOD_DEFLATE, ReadError};

/// FLG.FHCRC: the header ends with a CRC of its bytes.
const FLAG_HEADER_CRC: u8 = 1 << 1;
/// FLG.FCOMMENT: the header contains a comment that ends with a zero byte.
const FLAG_COMMENT: u8 = 1 << 4;
/// Reserved bits of FLG. A member with one may contain unknown fields, so it is refused (RFC 1952 section 2.3.1.2).
pub const FLAGS_RESERVED: u8 = 0b1110_0000;

/// Most bytes of a name that are kept: one more than the longest path (PATH_MAX), so a truncated name is never usable
/// as a file name.
const MAX_KEPT_NAME: usize = 4096 + 1;

/// The fields of a member's header that are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedHeader {
    /// FNAME without its zero byte, if present. A name that is longer than any path is truncated.
    pub name: Option<Vec<u8>>,
    /// MTIME: seconds since 1970; 0 means none.
    pub mtime: u32,
    /// XFL.
    pub extra_flags: u8,
    /// Size of the header in bytes.
    pub size: u64,
}

/// The data at a position at which a member may begin.
#[derive(Debug, PartialEq, Eq)]
pub enum MemberStart {
    /// A member. Its header was read.
    Member(ParsedHeader),
    /// The end of the data.
    End,
    /// Other data. These bytes of it were read.
    Foreign(Vec<u8>),
}

/// Reads a header byte by byte from `next`, which returns `None` at the end of the data. The header begins at `offset`.
///
/// # Errors
/// If the header is damaged or not supported, and the errors of `next`.
pub fn read_header(offset: u64, next: impl FnMut() -> io::Result<Option<u8>>) -> Result<MemberStart, ReadError> {
    let start = offset;
    let mut reader = HeaderReader { next, crc: Crc32::new(), offset };
    let Some(first) = reader.maybe()? else {
        return Ok(MemberStart::End);
    };
    if first != MAGIC[0] {
        return Ok(MemberStart::Foreign(vec![first]));
    }
    match reader.maybe()? {
        Some(second) if second == MAGIC[1] => {}
        second => return Ok(MemberStart::Foreign([first].into_iter().chain(second).collect())),
    }
    let method = reader.byte()?;
    if method != METHOD_DEFLATE {
        return Err(Damage::Method(method).into());
    }
    let flags = reader.byte()?;
    if flags & FLAGS_RESERVED != 0 {
        return Err(Damage::Flags(flags).into());
    }
    let mtime = u32::from_le_bytes([reader.byte()?, reader.byte()?, reader.byte()?, reader.byte()?]);
    let extra_flags = reader.byte()?;
    // OS is not used.
    reader.byte()?;
    if flags & FLAG_EXTRA != 0 {
        let length = u16::from_le_bytes([reader.byte()?, reader.byte()?]);
        for _ in 0..length {
            reader.byte()?;
        }
    }
    let name = if flags & FLAG_NAME != 0 { Some(reader.text()?) } else { None };
    if flags & FLAG_COMMENT != 0 {
        reader.text()?;
    }
    if flags & FLAG_HEADER_CRC != 0 {
        // CRC16: the lower half of the CRC-32 of all bytes before it.
        let computed = reader.crc.sum() as u16;
        let stored = u16::from_le_bytes([reader.byte()?, reader.byte()?]);
        if stored != computed {
            return Err(Damage::HeaderCrc { stored, computed }.into());
        }
    }
    Ok(MemberStart::Member(ParsedHeader { name, mtime, extra_flags, size: reader.offset - start }))
}

/// Reads the fields of a header, and computes its CRC.
struct HeaderReader<N> {
    next: N,
    crc: Crc32,
    /// Offset of the next byte in the file.
    offset: u64,
}

impl<N: FnMut() -> io::Result<Option<u8>>> HeaderReader<N> {
    /// The next byte. `None` at the end of the data.
    fn maybe(&mut self) -> io::Result<Option<u8>> {
        let byte = (self.next)()?;
        if let Some(byte) = byte {
            self.crc.update(&[byte]);
            self.offset += 1;
        }
        Ok(byte)
    }

    /// The next byte.
    fn byte(&mut self) -> Result<u8, ReadError> {
        Ok(self.maybe()?.ok_or(Damage::Truncated(self.offset))?)
    }

    /// The bytes up to a zero byte, truncated if there are very many.
    fn text(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                0 => return Ok(text),
                byte if text.len() < MAX_KEPT_NAME => text.push(byte),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::gzip::{Header, write_header};
    use std::ffi::OsStr;

    fn read(bytes: &[u8]) -> Result<MemberStart, Damage> {
        let mut bytes = bytes.iter().copied();
        read_header(0, || Ok(bytes.next())).map_err(|error| match error {
            ReadError::Damage(damage) => damage,
            ReadError::Source(error) => panic!("{error}"),
        })
    }

    #[test]
    fn a_written_header_is_parsed_and_a_truncated_one_is_refused() {
        for (name, mtime) in [(None, 0), (Some("a.log"), 1_700_000_000)] {
            let mut bytes = Vec::new();
            let header = Header { name: name.map(OsStr::new), mtime: Some(mtime), level: 6 };
            write_header(&header, &mut bytes);
            let name = name.map(|name| name.as_bytes().to_vec());
            assert_eq!(
                read(&bytes),
                Ok(MemberStart::Member(ParsedHeader {
                    name,
                    mtime: mtime as u32,
                    extra_flags: 0,
                    size: bytes.len() as u64
                }))
            );
            for cut in 2..bytes.len() {
                assert_eq!(read(&bytes[..cut]), Err(Damage::Truncated(cut as u64)));
            }
        }
    }

    #[test]
    fn optional_fields_are_skipped_and_the_header_crc_is_checked() {
        let mut bytes = vec![0x1f, 0x8b, 8, 0b1_1111, 1, 0, 0, 0, 0, 3, 5, 0];
        bytes.extend(b"extraname\0comment\0");
        let mut crc = Crc32::new();
        crc.update(&bytes);
        bytes.extend((crc.sum() as u16).to_le_bytes());
        assert_eq!(
            read(&bytes),
            Ok(MemberStart::Member(ParsedHeader { name: Some(b"name".to_vec()), mtime: 1, extra_flags: 0, size: 32 }))
        );
        // Except for the flag of the CRC itself.
        for bit in (0..8 * (bytes.len() - 2)).filter(|&bit| bit != 8 * 3 + 1) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(read(&flipped), Ok(MemberStart::Member(header)) if header.mtime == 1), "bit {bit}");
        }
    }

    #[test]
    fn foreign_data_and_unsupported_members_are_distinguished() {
        assert_eq!(read(b""), Ok(MemberStart::End));
        assert_eq!(read(b"plain"), Ok(MemberStart::Foreign(b"p".to_vec())));
        assert_eq!(read(b"\x1f\x8c"), Ok(MemberStart::Foreign(b"\x1f\x8c".to_vec())));
        assert_eq!(read(b"\x1f"), Ok(MemberStart::Foreign(b"\x1f".to_vec())));
        assert_eq!(read(b"\x1f\x8b\x07\0"), Err(Damage::Method(7)));
        assert_eq!(read(b"\x1f\x8b\x08\x20"), Err(Damage::Flags(0x20)));
    }
}
