//! Points in inflated content at which another decoder can start: the candidates for an index.
//!
//! Several workers inflate a file, and each starts at a boundary that depends on their number. The same points must be selected
//! whatever that number is. So every block boundary is a candidate, except that only the last one counts in a short section of the
//! file, which bounds the memory of tiny blocks. The writer of an index sees the candidates in order, and [merges](is_merged) them
//! where the content of one worker ends.

use super::content::Content;

/// Length of a section in bits: 256 bytes, which contain several blocks only in hostile data and around flushes.
const SECTION: u64 = 8 * 256;

/// Most points of a part of the content: more than there are sections in a part, unless it has many blocks without content.
pub(super) const MAX_POINTS: usize = 4096;

/// A point at which another decoder can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentPoint {
    /// Offset in the content.
    pub at: usize,
    /// Offset of the block in the file, in bits: where the block before it ends. A stored block can be decoded from other positions
    /// as well, but rapidgzip accepts only this one.
    pub bit: u64,
    /// The block is the first of its member, so it refers to no earlier content.
    pub is_member_start: bool,
}

/// Whether a point counts instead of `last`, the point before it: both are in one section. Both are offsets in the file in bits. The points
/// of the first section all count, so that the beginning of the content is one.
pub fn is_merged(last: u64, bit: u64) -> bool {
    bit >= SECTION && bit / SECTION == last / SECTION
}

/// Adds a point, which may replace the last one.
pub(super) fn push_point(points: &mut Vec<ContentPoint>, point: ContentPoint) {
    match points.last_mut() {
        Some(last) if is_merged(last.bit, point.bit) => *last = point,
        _ => points.push(point),
    }
}

impl Content {
    /// Counts the newlines of the content.
    pub fn count_lines(&mut self) {
        self.lines = Some(count_newlines(&self.bytes));
    }
}

/// Number of newlines.
pub fn count_newlines(bytes: &[u8]) -> u64 {
    // Counters of one byte let the compiler compare many bytes at a time. They do not overflow within 255 bytes.
    let in_chunk = |chunk: &[u8]| chunk.iter().fold(0u8, |count, &byte| count + u8::from(byte == b'\n'));
    bytes.chunks(255).map(|chunk| u64::from(in_chunk(chunk))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_are_counted_in_any_number() {
        for length in [0, 1, 254, 255, 256, 1000] {
            assert_eq!(count_newlines(&vec![b'\n'; length]), length as u64);
            assert_eq!(count_newlines(&b"a\n".repeat(length)), length as u64);
        }
    }

    #[test]
    fn a_point_replaces_one_in_the_same_section_unless_it_is_the_first() {
        let point = |at, bit| ContentPoint { at, bit, is_member_start: false };
        let mut points = Vec::new();
        let all = [(0, 80), (3, 90), (4, SECTION), (5, SECTION + 1), (9, 2 * SECTION - 1), (9, 2 * SECTION)];
        all.iter().for_each(|&(at, bit)| push_point(&mut points, point(at, bit)));
        assert_eq!(points, [point(0, 80), point(3, 90), point(9, 2 * SECTION - 1), point(9, 2 * SECTION)]);
    }
}
