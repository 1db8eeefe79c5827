//! Stored blocks (RFC 1951 section 3.2.4): the bytes as they are, behind five bytes of header.
//!
//! Level 0, and the refuge of whatever does not shrink.

use super::{Engine, ROOM};

/// Most bytes that one stored block holds: LEN has 16 bits.
pub(super) const MOST: usize = 65_535;

/// Header bits padded to a byte, LEN and NLEN.
const HEADER: usize = 5;

/// Bytes that [`write()`] appends for `length` bytes of input.
pub(super) fn size(length: usize) -> usize {
    length + HEADER * length.div_ceil(MOST).max(1)
}

/// LEN and NLEN of one stored block.
pub(super) fn lengths(block: &[u8]) -> [u8; 4] {
    let length = block.len() as u16;
    let ([a, b], [c, d]) = (length.to_le_bytes(), (!length).to_le_bytes());
    [a, b, c, d]
}

/// Appends `input` as stored blocks, the last of them final if `last`. Begins and ends on a byte boundary.
pub(super) fn write(input: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut rest = input;
    loop {
        let (block, after) = rest.split_at(rest.len().min(MOST));
        out.push(u8::from(last && after.is_empty()));
        out.extend_from_slice(&lengths(block));
        out.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
}

/// Level 0 of every engine.
pub(super) struct Stored {
    room: Box<[u8]>,
}

impl Stored {
    pub(super) fn new() -> Self {
        Self { room: vec![0; ROOM].into_boxed_slice() }
    }
}

impl Engine for Stored {
    fn room(&mut self) -> &mut [u8] {
        &mut self.room
    }

    fn block(&mut self, start: usize, end: usize, last: bool, out: &mut Vec<u8>) {
        write(&self.room[start..end], last, out);
    }
}
