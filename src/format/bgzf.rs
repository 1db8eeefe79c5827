//! The header of a BGZF block: a gzip member that states its own size (SAM/BAM specification, section 4.1).
//!
//! The size is in an extra subfield `BC`. A reader can split a file into blocks without inflating them.

use super::gzip::{FLAG_EXTRA, MAGIC, METHOD_DEFLATE, TRAILER};

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
