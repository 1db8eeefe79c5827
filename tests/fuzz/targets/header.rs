//! Parses any bytes as a header. The parser must not panic and must agree with flate2; the reported size of a BGZF block
//! must be valid.
#![no_main]

use std::io;

use flate2::Crc;
use flate2::bufread::GzDecoder;
use gzcc::fuzzing::{
    BlockSizes, Damage, MemberStart, ParsedHeader, ReadError, TRAILER, parse_bgzf_header, read_header,
};
use libfuzzer_sys::fuzz_target;

/// flate2 refuses longer names and comments.
const MOST_TEXT: usize = 65_535;

/// gzcc truncates longer names.
const MOST_NAME: usize = 4097;

fuzz_target!(|data: &[u8]| {
    let mut read = 0;
    let next = || {
        read += 1;
        Ok(data.get(read - 1).copied())
    };
    let found = read_header(0, next).map_err(|error| match error {
        ReadError::Damage(damage) => damage,
        ReadError::Source(error) => panic!("nothing else can go wrong: {error}"),
    });
    // The parser reads no byte after the header, and the end of input at most once.
    assert!(read <= data.len() + 1);
    match &found {
        Ok(MemberStart::Member(found)) => assert_flate2_agrees(data, found, read),
        Ok(MemberStart::End) => assert!(data.is_empty()),
        Ok(MemberStart::Foreign(bytes)) => assert!(data.starts_with(bytes) && !data.starts_with(&[0x1f, 0x8b])),
        Err(damage) => assert_damage_is_real(data, *damage),
    }
    if let Some(BlockSizes { block, header }) = parse_bgzf_header(data) {
        // A BGZF block's header has only the extra field, so it ends with that field.
        assert!(block >= header + TRAILER && block <= 1 << 16 && header <= data.len());
        let Ok(MemberStart::Member(found)) = &found else { panic!("a block without a header: {found:?}") };
        assert_eq!((found.size, &found.name), (header as u64, &None));
    }
    assert_reader_error_is_returned(data, read);
});

fn assert_flate2_agrees(data: &[u8], found: &ParsedHeader, read: usize) {
    assert_eq!(found.size, read as u64);
    let header = rebuild(&data[..read]);
    assert_eq!(header, &data[..read], "the copy equals the bytes that were read");
    let decoder = GzDecoder::new(data);
    let Some(header) = decoder.header() else {
        assert!(read > MOST_TEXT, "flate2 refuses it");
        return;
    };
    assert_eq!(header.mtime(), found.mtime);
    let kept = |name: &[u8]| name[..name.len().min(MOST_NAME)].to_vec();
    assert_eq!(header.filename().map(kept), found.name);
    assert_eq!(decoder.into_inner().len(), data.len() - read, "its length");
}

/// Splits a header into the fields of its flags and joins them again, with a computed checksum. The result differs from
/// `header` if that has bytes after its end.
fn rebuild(header: &[u8]) -> Vec<u8> {
    let flags = header[3];
    let mut out = header[..10].to_vec();
    let mut rest = &header[10..];
    if flags & 4 != 0 {
        let length = 2 + usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        out.extend(&rest[..length]);
        rest = &rest[length..];
    }
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        let length = rest.iter().position(|&byte| byte == 0).expect("a text has an end") + 1;
        out.extend(&rest[..length]);
        rest = &rest[length..];
    }
    if flags & 2 != 0 {
        let mut crc = Crc::new();
        crc.update(&out);
        out.extend((crc.sum() as u16).to_le_bytes());
    }
    out
}

fn assert_damage_is_real(data: &[u8], damage: Damage) {
    assert!(data.starts_with(&[0x1f, 0x8b]));
    match damage {
        Damage::Truncated(at) => assert_eq!(at, data.len() as u64),
        Damage::Method(method) => assert!(method == data[2] && method != 8),
        Damage::Flags(flags) => assert!(flags == data[3] && flags >= 0x20),
        Damage::HeaderCrc { stored, computed } => assert!(stored != computed && data[3] & 2 != 0),
        other => panic!("{other:?} is nothing that a header can have"),
    }
    assert!(GzDecoder::new(data).header().is_none(), "flate2 takes what is refused: {damage:?}");
}

/// An error of the reader at any position must be returned unchanged.
fn assert_reader_error_is_returned(data: &[u8], read: usize) {
    let at = data.iter().fold(0usize, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % read;
    let mut i = 0;
    let next = || {
        i += 1;
        if i > at { Err(io::Error::from(io::ErrorKind::TimedOut)) } else { Ok(data.get(i - 1).copied()) }
    };
    let error = read_header(0, next).expect_err("it is read up to there");
    assert!(matches!(error, ReadError::Source(error) if error.kind() == io::ErrorKind::TimedOut));
}
