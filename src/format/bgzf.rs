//! BGZF blocks: gzip members that state their own size (SAM/BAM specification, section 4.1).
//!
//! The size is in an extra subfield `BC`. A reader can split a file into blocks without inflating them.

use super::gzip::{self, FLAG_EXTRA, MAGIC, METHOD_DEFLATE, TRAILER};

/// What the name of an index adds to the name of its file, as in bgzip.
pub const INDEX_SUFFIX: &str = ".gzi";

/// Most bytes of content in a block that is written, as in bgzip. The specification allows 64 KiB of content in blocks of up to
/// 64 KiB. This length leaves room for the header, the trailer and stored content, so that every content fits.
pub const WRITTEN_CONTENT: usize = 0xff00;

/// Bytes of a block's header and trailer, if it is written here: the header has no other subfield.
pub const WRITTEN_OVERHEAD: usize = HEADER.len() + TRAILER;

/// The header of a block that is written, with 0 as its size. htslib reads no other header: the extra field must be `BC` alone,
/// and there must be neither a name nor a comment. As in bgzip, time and flags are 0 and the system is unknown.
const HEADER: [u8; 18] = *b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\0\0";

/// The last block of a file: no content, in fixed codes. Readers warn about a truncated file if these bytes are missing.
pub const END_MARKER: [u8; 28] = *b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";

/// Begins a block at the end of `out`. [`end_block`] completes it after its DEFLATE data. Returns where it begins.
pub fn begin_block(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&HEADER);
    out.len() - HEADER.len()
}

/// Completes the block that begins at `start` and holds `length` bytes with this CRC-32. Returns its size.
pub fn end_block(out: &mut Vec<u8>, start: usize, crc: u32, length: usize) -> usize {
    out.extend_from_slice(&gzip::trailer(crc, length as u64));
    let size = out.len() - start;
    let stated = u16::try_from(size - 1).expect("any 65,280 bytes fit in a block");
    out[start + HEADER.len() - 2..start + HEADER.len()].copy_from_slice(&stated.to_le_bytes());
    size
}

/// The first bytes of every BGZF block: a gzip header with the extra field as its only optional field.
pub const PREFIX: [u8; 4] = [MAGIC[0], MAGIC[1], METHOD_DEFLATE, FLAG_EXTRA];

/// Bytes of the header before the extra field: ten, and its length.
const BEFORE_EXTRA: usize = 12;

/// Sizes that a block's header states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSizes {
    /// Bytes of the block, from its header to its trailer: 65,536 at most.
    pub block: usize,
    /// Bytes of its header.
    pub header: usize,
}

/// Parses the header of the block at the start of `bytes`. `None` if there is no complete header of a BGZF block.
pub fn parse_header(bytes: &[u8]) -> Option<BlockSizes> {
    let [id1, id2, METHOD_DEFLATE, FLAG_EXTRA, _, _, _, _, _, _, low, high, extra @ ..] = bytes else {
        return None;
    };
    let header = BEFORE_EXTRA + usize::from(u16::from_le_bytes([*low, *high]));
    let mut extra = extra.get(..header - BEFORE_EXTRA).filter(|_| [*id1, *id2] == MAGIC)?;
    while let [si1, si2, low, high, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let field = rest.get(..length)?;
        if let (b'B', b'C', &[low, high]) = (si1, si2, field) {
            // BSIZE: the size of the block minus 1.
            let block = usize::from(u16::from_le_bytes([low, high])) + 1;
            return (block >= header + TRAILER).then_some(BlockSizes { block, header });
        }
        extra = &rest[length..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_without_content_is_the_end_marker() {
        let mut out = b"before".to_vec();
        let start = begin_block(&mut out);
        out.extend_from_slice(&[3, 0]);
        assert_eq!((start, end_block(&mut out, start, 0, 0)), (6, END_MARKER.len()));
        assert_eq!(out[start..], END_MARKER);
        assert_eq!(parse_header(&out[start..]), Some(BlockSizes { block: 28, header: HEADER.len() }));
    }

    #[test]
    fn the_header_of_a_block_states_its_size() {
        let block = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";
        assert_eq!(parse_header(block), Some(BlockSizes { block: 28, header: 18 }));
        let second_subfield = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x0c\0XY\x02\0__BC\x02\0\x21\0";
        assert_eq!(parse_header(second_subfield), Some(BlockSizes { block: 34, header: 24 }));
        for cut in 0..18 {
            assert_eq!(parse_header(&block[..cut]), None);
        }
        let too_small = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x10\0";
        assert_eq!(parse_header(too_small), None);
    }
}
