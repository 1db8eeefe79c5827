//! One DEFLATE block (RFC 1951 section 3.2.3): written in the cheapest of the three ways.

use super::bits::BitWriter;
use super::codes::{Header, Lengths, Tables};
use super::sequences::Histogram;
use super::symbols::END_OF_BLOCK;
use crate::deflate::stored;

/// Bits that tell whether a block is the last, and its kind.
const KIND_BITS: u64 = 3;

/// Writes `sequences`, counted in `histogram`, which stand for the bytes `content`.
pub(super) fn write(
    (content, sequences): (&[u8], &[u32]),
    histogram: &mut Histogram,
    last: bool,
    tables: &mut Tables,
    writer: &mut BitWriter<'_>,
) {
    histogram.litlen[END_OF_BLOCK] = 1;
    let lengths = Lengths::of(histogram);
    let header = Header::of(&lengths);
    let dynamic = lengths.cost(histogram);
    let fixed = Lengths::FIXED.cost(histogram);
    let cheapest = fixed.min(header.cost() + dynamic);
    if stored_cost(content.len(), writer) < KIND_BITS + cheapest {
        write_stored(content, last, writer);
    } else if fixed == cheapest {
        writer.put(u32::from(last) | 1 << 1, KIND_BITS as u32);
        tables.fill(&Lengths::FIXED);
        tables.write(sequences, fixed, writer);
    } else {
        writer.put(u32::from(last) | 2 << 1, KIND_BITS as u32);
        header.write(writer);
        tables.fill(&lengths);
        tables.write(sequences, dynamic, writer);
    }
}

/// Bits of `size` bytes as stored blocks.
fn stored_cost(size: usize, writer: &BitWriter<'_>) -> u64 {
    let blocks = size.div_ceil(stored::MAX_STORED).max(1) as u64;
    let first = KIND_BITS + u64::from((writer.bits_to_boundary().wrapping_sub(KIND_BITS as u32)) & 7) + 32;
    first + (blocks - 1) * 40 + 8 * size as u64
}

/// Writes the bytes as they are.
pub(super) fn write_stored(content: &[u8], last: bool, writer: &mut BitWriter<'_>) {
    let mut rest = content;
    loop {
        let (block, after) = rest.split_at(rest.len().min(stored::MAX_STORED));
        writer.put((last && after.is_empty()).into(), KIND_BITS as u32);
        writer.align();
        writer.bytes(&stored::len_and_nlen(block));
        writer.bytes(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
}
