//! Reading a member's header, and everything that can be wrong with a member (RFC 1952 section 2.3).

use std::fmt;
use std::io;

use flate2::Crc;

use super::{FLAG_NAME, MAGIC, METHOD_DEFLATE};

/// FLG.FHCRC: the header's own CRC follows it.
const FLAG_HEADER_CRC: u8 = 1 << 1;
/// FLG.FEXTRA: extra subfields follow the fixed part.
const FLAG_EXTRA: u8 = 1 << 2;
/// FLG.FCOMMENT: a comment, ended by a zero byte, is part of the header.
const FLAG_COMMENT: u8 = 1 << 4;
/// Bits of FLG that mean nothing yet, so that nobody knows what follows.
const FLAGS_RESERVED: u8 = 0b1110_0000;

/// Most bytes kept of a name: one more than any path has (PATH_MAX), so that one cut short is none that could be used.
const MOST_NAME: usize = 4096 + 1;

/// What a member's header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedHeader {
    /// FNAME without its end, where there is one; of one that is longer than any path, the beginning.
    pub name: Option<Vec<u8>>,
    /// MTIME: seconds since 1970; 0 is none.
    pub mtime: u32,
    /// Bytes of the header.
    pub size: u64,
}

/// What stands where a member may begin.
#[derive(Debug, PartialEq, Eq)]
pub enum MemberStart {
    /// A member, whose header has been read.
    Member(ParsedHeader),
    /// Nothing: the data is over.
    End,
    /// Something else, of which these bytes have been read.
    Foreign(Vec<u8>),
}

/// What is wrong with compressed data. The offset, in bytes, is where in the file it was header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It does not begin as gzip data does.
    NotGzip,
    /// CM is not deflate.
    Method(u8),
    /// FLG has bits that nobody knows the meaning of.
    Flags(u8),
    /// The header's own CRC is another: (stored, computed).
    HeaderCrc(u16, u16),
    /// It ends in the middle of a member.
    Truncated(u64),
    /// What should be DEFLATE data is not.
    Data(u64),
    /// The content has another CRC-32: (offset of the trailer, stored, computed).
    Crc(u64, u32, u32),
    /// The content has another length: (offset of the trailer, stored, header, modulo 2^32).
    Length(u64, u32, u32),
    /// The content is longer than the run allows, in bytes.
    TooLong(u64),
}

impl std::error::Error for Damage {}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip => f.write_str("not in gzip format"),
            Self::Method(method) => write!(f, "compressed by method {method}, which nobody knows"),
            Self::Flags(flags) => write!(f, "its header has unknown flags ({flags:#04x})"),
            Self::HeaderCrc(stored, computed) => {
                write!(f, "damaged header (CRC {stored:#06x} stored, {computed:#06x} computed)")
            }
            Self::Truncated(at) => write!(f, "unexpected end of file at byte {at}"),
            Self::Data(at) => write!(f, "damaged data at byte {at}"),
            Self::Crc(at, stored, computed) => {
                write!(f, "damaged data before byte {at} (CRC {stored:#010x} stored, {computed:#010x} computed)")
            }
            Self::Length(at, stored, header) => {
                write!(f, "damaged data before byte {at} (length {stored} stored, {header} found)")
            }
            Self::TooLong(most) => write!(f, "expands to more than {most} bytes (--max-size)"),
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

/// Reads a header byte by byte from `next`, which gives `None` at the end of the data; `offset` is where it begins.
///
/// # Errors
/// If the header is damaged or of an unknown kind, and those of `next`.
pub fn read_header(offset: u64, next: impl FnMut() -> io::Result<Option<u8>>) -> Result<MemberStart, ReadError> {
    let start = offset;
    let mut fields = Fields { next, crc: Crc::new(), offset };
    let Some(first) = fields.maybe()? else {
        return Ok(MemberStart::End);
    };
    if first != MAGIC[0] {
        return Ok(MemberStart::Foreign(vec![first]));
    }
    match fields.maybe()? {
        Some(second) if second == MAGIC[1] => {}
        second => return Ok(MemberStart::Foreign([first].into_iter().chain(second).collect())),
    }
    let method = fields.byte()?;
    if method != METHOD_DEFLATE {
        return Err(Damage::Method(method).into());
    }
    let flags = fields.byte()?;
    if flags & FLAGS_RESERVED != 0 {
        return Err(Damage::Flags(flags).into());
    }
    let mtime = u32::from_le_bytes([fields.byte()?, fields.byte()?, fields.byte()?, fields.byte()?]);
    // XFL and OS say nothing that matters.
    fields.byte()?;
    fields.byte()?;
    if flags & FLAG_EXTRA != 0 {
        let length = u16::from_le_bytes([fields.byte()?, fields.byte()?]);
        for _ in 0..length {
            fields.byte()?;
        }
    }
    let name = if flags & FLAG_NAME != 0 { Some(fields.text()?) } else { None };
    if flags & FLAG_COMMENT != 0 {
        fields.text()?;
    }
    if flags & FLAG_HEADER_CRC != 0 {
        // CRC16: the lower half of the CRC-32 of everything before it.
        let computed = fields.crc.sum() as u16;
        let stored = u16::from_le_bytes([fields.byte()?, fields.byte()?]);
        if stored != computed {
            return Err(Damage::HeaderCrc(stored, computed).into());
        }
    }
    Ok(MemberStart::Member(ParsedHeader { name, mtime, size: fields.offset - start }))
}

/// A header under way.
struct Fields<N> {
    next: N,
    crc: Crc,
    offset: u64,
}

impl<N: FnMut() -> io::Result<Option<u8>>> Fields<N> {
    fn maybe(&mut self) -> io::Result<Option<u8>> {
        let byte = (self.next)()?;
        if let Some(byte) = byte {
            self.crc.update(&[byte]);
            self.offset += 1;
        }
        Ok(byte)
    }

    fn byte(&mut self) -> Result<u8, ReadError> {
        Ok(self.maybe()?.ok_or(Damage::Truncated(self.offset))?)
    }

    /// Up to a zero byte; the beginning of it if it is very long.
    fn text(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                0 => return Ok(text),
                byte if text.len() < MOST_NAME => text.push(byte),
                _ => {}
            }
        }
    }
}

/// What every BGZF block begins with: a gzip header with an extra field and nothing else.
pub const BGZF_BEGINNING: [u8; 4] = [MAGIC[0], MAGIC[1], METHOD_DEFLATE, FLAG_EXTRA];

/// Size in bytes of a BGZF block, a member that says its own size, and of its header; `None` where `bytes` do
/// not begin with one. (SAM/BAM specification, section 4.1: an extra subfield `BC` of two bytes, the size less one.)
pub fn bgzf_block(bytes: &[u8]) -> Option<(usize, usize)> {
    let [id1, id2, METHOD_DEFLATE, FLAG_EXTRA, _, _, _, _, _, _, low, high, extra @ ..] = bytes else {
        return None;
    };
    let header = 12 + usize::from(u16::from_le_bytes([*low, *high]));
    let mut extra = extra.get(..header - 12).filter(|_| [*id1, *id2] == MAGIC)?;
    while let [si1, si2, low, high, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let field = rest.get(..length)?;
        if let (b'B', b'C', &[low, high]) = (si1, si2, field) {
            let size = usize::from(u16::from_le_bytes([low, high])) + 1;
            return (size >= header + super::TRAILER).then_some((size, header));
        }
        extra = &rest[length..];
    }
    None
}

/// CRC-32 and length (modulo 2^32) that a trailer holds.
pub fn read_trailer(trailer: [u8; super::TRAILER]) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = trailer;
    (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
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
    fn what_is_written_is_read() {
        for (name, mtime) in [(None, 0), (Some("a.log"), 1_700_000_000)] {
            let mut bytes = Vec::new();
            let header = Header { name: name.map(OsStr::new), mtime: Some(mtime), level: 6 };
            write_header(&header, &mut bytes);
            let name = name.map(|name| name.as_bytes().to_vec());
            assert_eq!(
                read(&bytes),
                Ok(MemberStart::Member(ParsedHeader { name, mtime: mtime as u32, size: bytes.len() as u64 }))
            );
            for cut in 2..bytes.len() {
                assert_eq!(read(&bytes[..cut]), Err(Damage::Truncated(cut as u64)));
            }
        }
    }

    #[test]
    fn every_optional_field_is_passed_over_and_the_headers_crc_is_checked() {
        let mut bytes = vec![0x1f, 0x8b, 8, 0b1_1111, 1, 0, 0, 0, 0, 3, 5, 0];
        bytes.extend(b"extraname\0comment\0");
        let mut crc = Crc::new();
        crc.update(&bytes);
        bytes.extend((crc.sum() as u16).to_le_bytes());
        assert_eq!(
            read(&bytes),
            Ok(MemberStart::Member(ParsedHeader { name: Some(b"name".to_vec()), mtime: 1, size: 32 }))
        );
        // But for the bit that says there is a CRC at all.
        for bit in (0..8 * (bytes.len() - 2)).filter(|&bit| bit != 8 * 3 + 1) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(read(&flipped), Ok(MemberStart::Member(header)) if header.mtime == 1), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_member_is_told_from_one_that_is_unknown() {
        assert_eq!(read(b""), Ok(MemberStart::End));
        assert_eq!(read(b"plain"), Ok(MemberStart::Foreign(b"p".to_vec())));
        assert_eq!(read(b"\x1f\x8c"), Ok(MemberStart::Foreign(b"\x1f\x8c".to_vec())));
        assert_eq!(read(b"\x1f"), Ok(MemberStart::Foreign(b"\x1f".to_vec())));
        assert_eq!(read(b"\x1f\x8b\x07\0"), Err(Damage::Method(7)));
        assert_eq!(read(b"\x1f\x8b\x08\x20"), Err(Damage::Flags(0x20)));
    }

    #[test]
    fn a_bgzf_block_tells_its_size() {
        let block = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";
        assert_eq!(bgzf_block(block), Some((28, 18)));
        let behind_another = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x0c\0XY\x02\0__BC\x02\0\x21\0";
        assert_eq!(bgzf_block(behind_another), Some((34, 24)));
        for cut in 0..18 {
            assert_eq!(bgzf_block(&block[..cut]), None);
        }
        let too_small = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x10\0";
        assert_eq!(bgzf_block(too_small), None);
    }
}
