//! Stored blocks (RFC 1951 section 3.2.4): uncompressed bytes, each block behind a header of five bytes.
//!
//! Level 0 of every engine, and the fallback for blocks that do not shrink.

use std::ops::Range;

use super::{BlockCompressor, Window};

/// Most bytes of one stored block: LEN has 16 bits.
pub(super) const MAX_STORED: usize = 65_535;

/// Bytes of a stored block's header: three bits padded to a byte, LEN and NLEN.
const HEADER: usize = 5;

/// Bytes that [`write()`] appends for `length` bytes of input.
pub(super) fn size(length: usize) -> usize {
    length + HEADER * length.div_ceil(MAX_STORED).max(1)
}

/// LEN and NLEN of a stored block with this content.
pub(super) fn len_and_nlen(content: &[u8]) -> [u8; 4] {
    let length = content.len() as u16;
    let ([a, b], [c, d]) = (length.to_le_bytes(), (!length).to_le_bytes());
    [a, b, c, d]
}

/// Appends `input` as stored blocks, the last of them final if `last`. `out` starts and ends on a byte boundary.
pub(super) fn write(input: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut rest = input;
    loop {
        let (content, after) = rest.split_at(rest.len().min(MAX_STORED));
        out.push(u8::from(last && after.is_empty()));
        out.extend_from_slice(&len_and_nlen(content));
        out.extend_from_slice(content);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
}

/// Level 0 of every engine.
pub(super) struct StoredCompressor;

impl BlockCompressor for StoredCompressor {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        write(window.bytes(block), last, out);
    }
}
