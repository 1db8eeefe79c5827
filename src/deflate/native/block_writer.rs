//! Writes one DEFLATE block in the cheapest of its three forms: stored, fixed codes, dynamic codes (RFC 1951 section 3.2.3).

use super::bit_writer::BitWriter;
use super::block_header::CodeLengthHeader;
use super::code_lengths::CodeLengths;
use super::code_tables::CodeTables;
use super::histogram::Histogram;
use super::symbols::END_OF_BLOCK;
use crate::deflate::stored;

/// Bits of BFINAL and BTYPE.
const TYPE_BITS: u32 = 3;
/// BTYPE of a block with the fixed codes.
const FIXED: u32 = 1;
/// BTYPE of a block with dynamic codes.
const DYNAMIC: u32 = 2;

/// A block to write: its content in both forms.
pub(super) struct BlockContent<'a> {
    /// The input bytes.
    pub(super) bytes: &'a [u8],
    /// The sequences that encode them.
    pub(super) sequences: &'a [u32],
    /// Whether the block is the final one (BFINAL).
    pub(super) last: bool,
}

/// Writes a block. `histogram` holds the counts of its sequences; the end of the block is added here.
pub(super) fn write(
    content: &BlockContent<'_>,
    histogram: &mut Histogram,
    tables: &mut CodeTables,
    writer: &mut BitWriter<'_>,
) {
    let &BlockContent { bytes, sequences, last } = content;
    histogram.litlen[END_OF_BLOCK] = 1;
    let lengths = CodeLengths::optimal(histogram);
    let header = CodeLengthHeader::new(&lengths);
    let dynamic = lengths.cost(histogram);
    let fixed = CodeLengths::FIXED.cost(histogram);
    let cheapest = fixed.min(header.cost() + dynamic);
    if stored_cost(bytes.len(), writer) < u64::from(TYPE_BITS) + cheapest {
        write_stored(bytes, last, writer);
    } else if fixed == cheapest {
        writer.put(u32::from(last) | FIXED << 1, TYPE_BITS);
        tables.fill(&CodeLengths::FIXED);
        tables.write(sequences, fixed, writer);
    } else {
        writer.put(u32::from(last) | DYNAMIC << 1, TYPE_BITS);
        header.write(writer);
        tables.fill(&lengths);
        tables.write(sequences, dynamic, writer);
    }
}

/// Bits of `size` bytes as stored blocks, padding included.
fn stored_cost(size: usize, writer: &BitWriter<'_>) -> u64 {
    /// Bits of LEN and NLEN.
    const LENGTHS: u64 = 32;
    /// Bits of a header that starts on a byte boundary.
    const ALIGNED_HEADER: u64 = 8 + LENGTHS;
    let blocks = size.div_ceil(stored::MAX_STORED).max(1) as u64;
    let padding = writer.bits_to_boundary().wrapping_sub(TYPE_BITS) & 7;
    let first_header = u64::from(TYPE_BITS + padding) + LENGTHS;
    first_header + (blocks - 1) * ALIGNED_HEADER + 8 * size as u64
}

/// Writes the bytes as stored blocks, the last of them final if `last`.
pub(super) fn write_stored(bytes: &[u8], last: bool, writer: &mut BitWriter<'_>) {
    let mut rest = bytes;
    loop {
        let (content, after) = rest.split_at(rest.len().min(stored::MAX_STORED));
        writer.put((last && after.is_empty()).into(), TYPE_BITS);
        writer.align();
        writer.bytes(&stored::len_and_nlen(content));
        writer.bytes(content);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
}
