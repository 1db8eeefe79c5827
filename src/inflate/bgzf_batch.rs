//! BGZF: members that tell their own size, so that they can be cut off without being inflated.
//!
//! A size is believed only if the next member, or nothing, stands where this one is said to end; any other member
//! is inflated in order, as if it had told nothing. One that is believed has to be right: a member that ends before
//! the place where it says it does is damaged, although gzip, which knows nothing of such sizes, would read on.

use std::io;
use std::ops::Range;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::compressed_buffer::{CompressedBuffer, CompressedSource};
use super::{Content, MOST_MEMBERS};
use crate::deflate::BLOCK;
use crate::format::gzip::{self, Damage};
use crate::outcome::MemberStats;

/// Most bytes a block expands to (SAM/BAM specification, section 4.1).
const MOST_CONTENT: usize = 64 * 1024;

/// Bytes in which a block's header is looked for: its own 18, and room for what others may have put beside them.
const HEADER: usize = 64;

/// Whole blocks that together expand to [`BLOCK`] bytes at most.
#[derive(Debug, Default)]
pub struct BgzfBatch {
    /// Their bytes, from the first header to the last trailer.
    packed: Vec<u8>,
    /// Each one's DEFLATE data and trailer, in those bytes.
    blocks: Vec<Range<usize>>,
    stats: MemberStats,
    /// Offset in the file of the first.
    offset: u64,
}

impl BgzfBatch {
    /// Cuts off the blocks that stand next in `packed`; `None` if there are none.
    pub(super) fn cut(packed: &mut CompressedBuffer, from: &mut dyn CompressedSource) -> io::Result<Option<Self>> {
        let mut batch = Self { offset: packed.offset(), ..Self::default() };
        let mut content = 0;
        // Blocks of no content may still be long.
        while batch.blocks.len() < MOST_MEMBERS
            && batch.packed.len() < BLOCK
            && let Some(Next { size, header, length }) = next_block(packed, from)?
        {
            content += length;
            if content > BLOCK {
                break;
            }
            let block = &packed.bytes()[..size];
            let (crc, _) = trailer(block);
            let mtime = u32::from_le_bytes([block[4], block[5], block[6], block[7]]);
            let overhead = (header + gzip::TRAILER) as u64;
            batch.stats.add(MemberStats { overhead, crc: Some(crc), mtime: Some(mtime.into()) });
            let start = batch.packed.len();
            batch.blocks.push(start + header..start + size);
            batch.packed.extend_from_slice(block);
            packed.consume(size);
        }
        Ok((!batch.blocks.is_empty()).then_some(batch))
    }

    /// Inflates and member_ends the blocks into `bytes`, which is empty and has room for more than [`BLOCK`] bytes.
    pub fn inflate(self, decoder: &mut Decompress, bytes: Vec<u8>) -> Content {
        let consumed = self.offset + self.packed.len() as u64;
        let mut content = Content { bytes, verified: true, stats: self.stats, consumed, ..Content::default() };
        for block in self.blocks {
            let offset = self.offset + block.start as u64;
            if let Err(damage) = inflate(&self.packed[block], offset, decoder, &mut content.bytes) {
                content.end = Some(Err(damage.into()));
                break;
            }
        }
        content
    }
}

/// A block that stands next in the buffer, whole: sizes in bytes.
pub(super) struct Next {
    /// Of the block.
    size: usize,
    /// Of its header.
    header: usize,
    /// Of its content, as it says.
    length: usize,
}

/// The block that stands next, if there is one to be believed.
pub(super) fn next_block(packed: &mut CompressedBuffer, from: &mut dyn CompressedSource) -> io::Result<Option<Next>> {
    // Most members have no extra field, and those may be all that there is for a long time.
    packed.provide(from, gzip::BGZF_BEGINNING.len())?;
    if !packed.bytes().starts_with(&gzip::BGZF_BEGINNING) {
        return Ok(None);
    }
    packed.provide(from, HEADER)?;
    // However much more there happens to be, it decides nothing: a file and a pipe are cut alike.
    let beginning = &packed.bytes()[..packed.bytes().len().min(HEADER)];
    let Some((size, header)) = gzip::bgzf_block(beginning) else {
        return Ok(None);
    };
    packed.provide(from, size + gzip::MAGIC.len())?;
    let Some((block, next)) = packed.bytes().split_at_checked(size) else {
        return Ok(None);
    };
    let (_, length) = trailer(block);
    let believed = (next.is_empty() || next.starts_with(&gzip::MAGIC)) && length as usize <= MOST_CONTENT;
    Ok(believed.then_some(Next { size, header, length: length as usize }))
}

/// CRC-32 and length at the end of a block.
fn trailer(block: &[u8]) -> (u32, u32) {
    gzip::read_trailer(*block.last_chunk().expect("a block has a trailer"))
}

/// Inflates a block without its header, which stands at `offset` in the file, and member_ends what came of it.
fn inflate(block: &[u8], offset: u64, decoder: &mut Decompress, bytes: &mut Vec<u8>) -> Result<(), Damage> {
    let data = &block[..block.len() - gzip::TRAILER];
    let start = bytes.len();
    decoder.reset(false);
    let status = decoder.decompress_vec(data, bytes, FlushDecompress::Finish);
    let consumed = decoder.total_in();
    let content = &bytes[start..];
    let (crc, length) = trailer(block);
    let at = offset + data.len() as u64;
    match status {
        // What does not end with its room of 128 KiB and more used up is longer than any block.
        Ok(Status::Ok | Status::BufError) if bytes.len() == bytes.capacity() => {
            return Err(Damage::Length(at, length, content.len() as u32));
        }
        Ok(Status::StreamEnd) if consumed == data.len() as u64 => {}
        _ => return Err(Damage::Data(offset + consumed)),
    }
    let mut sum = Crc::new();
    sum.update(content);
    if sum.sum() != crc {
        return Err(Damage::Crc(at, crc, sum.sum()));
    }
    if content.len() as u64 != u64::from(length) {
        return Err(Damage::Length(at, length, content.len() as u32));
    }
    Ok(())
}
