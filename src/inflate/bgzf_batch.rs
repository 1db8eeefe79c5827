//! Batches of BGZF blocks: members that state their own size, so that a file is split into them without inflating it.
//!
//! A stated size is used only if the next member, or the end of the file, follows directly. Any other member is
//! inflated in order, as if it stated no size. Once used, the size must be correct: a block that ends before its stated
//! end is damaged. gzip ignores the stated size and would continue.

use std::io;
use std::ops::Range;

use super::compressed_buffer::{CompressedBuffer, CompressedSource};
use super::content_buffer::ContentBuffer;
use super::content_points::{ContentPoint, push_point};
use super::native::{DecodeStatus, Decoded, InvalidData};
use super::{Content, EngineDecoder, MAX_MEMBERS};
use crate::deflate::BLOCK;
use crate::format::bgzf::{self, BlockSizes};
use crate::format::crc32::Crc32;
use crate::format::gzip::MemberStats;
use crate::format::gzip::{self, Damage, StoredChecksum, Trailer};

/// Longest content of a block in bytes (SAM/BAM specification, section 4.1).
const MAX_CONTENT: usize = 64 * 1024;

/// Bytes that are searched for a block's header: the usual 18, and space for other subfields.
const HEADER: usize = 64;

/// Bytes needed to decide whether a block comes next: the block, and the start of the member after it.
pub(super) const MAX_NEXT: usize = (1 << 16) + gzip::MAGIC.len();

/// Complete blocks whose content is at most [`BLOCK`] bytes in total.
#[derive(Debug, Default)]
pub struct BgzfBatch {
    /// The blocks, from the first header to the last trailer.
    compressed: Vec<u8>,
    /// For each block, the range of its DEFLATE data and trailer in `compressed`.
    blocks: Vec<Range<usize>>,
    stats: MemberStats,
    /// Offset of the first block in the file.
    offset: u64,
}

impl BgzfBatch {
    /// Takes the next blocks from `buffer`. `None` if no block comes next.
    pub(super) fn take(buffer: &mut CompressedBuffer, source: &mut dyn CompressedSource) -> io::Result<Option<Self>> {
        let mut batch = Self { offset: buffer.offset(), ..Self::default() };
        let mut content = 0;
        // Blocks without content may be long, so the compressed size is limited as well.
        while batch.blocks.len() < MAX_MEMBERS
            && batch.compressed.len() < BLOCK
            && (batch.blocks.is_empty() || buffer.provide_ready(source, MAX_NEXT)?)
            && let Some(NextBlock { sizes, content: length }) = next_block(buffer, source)?
        {
            content += length;
            if content > BLOCK {
                break;
            }
            let block = &buffer.bytes()[..sizes.block];
            let crc = trailer(block).crc;
            let mtime = u32::from_le_bytes([block[4], block[5], block[6], block[7]]);
            let overhead = (sizes.header + gzip::TRAILER) as u64;
            batch.stats.add(MemberStats {
                overhead,
                checksum: StoredChecksum::Crc(crc),
                mtime: Some(mtime.into()),
                ..MemberStats::default()
            });
            let start = batch.compressed.len();
            batch.blocks.push(start + sizes.header..start + sizes.block);
            batch.compressed.extend_from_slice(block);
            buffer.consume(sizes.block);
        }
        Ok((!batch.blocks.is_empty()).then_some(batch))
    }

    /// Inflates the blocks into `bytes` and verifies them. `bytes` has capacity for more than [`BLOCK`] bytes, and is
    /// overwritten.
    pub fn inflate(self, decoder: &mut EngineDecoder, bytes: Vec<u8>) -> Content {
        let mut buffer = ContentBuffer::new(bytes);
        let (mut points, mut end) = (Vec::with_capacity(self.blocks.len()), None);
        for block in self.blocks {
            let offset = self.offset + block.start as u64;
            push_point(&mut points, ContentPoint { at: buffer.len(), bit: 8 * offset, is_member_start: true });
            if let Err(damage) = inflate(&self.compressed[block], offset, decoder, &mut buffer) {
                end = Some(Err(damage.into()));
                break;
            }
        }
        let consumed = self.offset + self.compressed.len() as u64;
        let bytes = buffer.into_content();
        Content { bytes, points, verified: true, stats: self.stats, consumed, end, ..Content::default() }
    }
}

/// Whether the buffer starts like a block, as far as it has bytes.
pub(super) fn may_be_next(buffer: &CompressedBuffer) -> bool {
    buffer.bytes().iter().zip(bgzf::PREFIX).all(|(&byte, expected)| byte == expected)
}

/// A complete block at the start of the buffer.
pub(super) struct NextBlock {
    sizes: BlockSizes,
    /// Length of the content in bytes, as the trailer states it.
    content: usize,
}

/// The block at the start of the buffer, if its stated size can be used.
pub(super) fn next_block(
    buffer: &mut CompressedBuffer,
    source: &mut dyn CompressedSource,
) -> io::Result<Option<NextBlock>> {
    // Most members have no extra field, and a pipe may deliver no more bytes for a long time: read only the prefix
    // first.
    buffer.provide(source, bgzf::PREFIX.len())?;
    if !buffer.bytes().starts_with(&bgzf::PREFIX) {
        return Ok(None);
    }
    buffer.provide(source, HEADER)?;
    // Bytes beyond that are ignored, even if they are in the buffer, so that files and pipes are split in the same way.
    let beginning = &buffer.bytes()[..buffer.bytes().len().min(HEADER)];
    let Some(sizes) = bgzf::parse_header(beginning) else {
        return Ok(None);
    };
    buffer.provide(source, sizes.block + gzip::MAGIC.len())?;
    let Some((block, next)) = buffer.bytes().split_at_checked(sizes.block) else {
        return Ok(None);
    };
    let content = trailer(block).length as usize;
    let usable = (next.is_empty() || next.starts_with(&gzip::MAGIC)) && content <= MAX_CONTENT;
    Ok(usable.then_some(NextBlock { sizes, content }))
}

/// The trailer of a block.
fn trailer(block: &[u8]) -> Trailer {
    gzip::read_trailer(*block.last_chunk().expect("a block has a trailer"))
}

/// Inflates a block, which is passed without its header, and verifies its content. `offset` is the offset of `block` in
/// the file.
fn inflate(block: &[u8], offset: u64, decoder: &mut EngineDecoder, buffer: &mut ContentBuffer) -> Result<(), Damage> {
    let data = &block[..block.len() - gzip::TRAILER];
    let start = buffer.len();
    let consumed = inflate_data(data, decoder, buffer);
    let content = &buffer.content()[start..];
    let stored = trailer(block);
    let at = offset + data.len() as u64;
    match consumed {
        Ok(consumed) if consumed == data.len() => {}
        // The content fills the buffer of more than 128 KiB without an end: it is longer than any block's.
        _ if buffer.free() == 0 => {
            return Err(Damage::Length { trailer: at, stored: stored.length, actual: content.len() as u32 });
        }
        Ok(consumed) | Err(consumed) => return Err(Damage::Data(offset + consumed as u64)),
    }
    let mut computed = Crc32::new();
    computed.update(content);
    let actual = Trailer { crc: computed.sum(), length: content.len() as u32 };
    stored.damage(actual, at).map_or(Ok(()), Err)
}

/// Inflates a block's DEFLATE data; returns the length of the stream. If the stream does not end in `data`, is not valid, or
/// does not fit in the buffer, the error is the number of bytes consumed.
fn inflate_data(data: &[u8], decoder: &mut EngineDecoder, buffer: &mut ContentBuffer) -> Result<usize, usize> {
    decoder.restart();
    let start = buffer.len();
    let mut consumed = 0;
    loop {
        let at = buffer.len() - start;
        let decoded = decoder.decode(&data[consumed..], &mut buffer.with_space()[start..], at);
        let (Ok(Decoded { consumed: more, produced, .. }) | Err(InvalidData { consumed: more, produced })) = decoded;
        consumed += more;
        buffer.add(produced);
        match decoded.map(|decoded| decoded.status) {
            Ok(DecodeStatus::StreamEnd) => return Ok(consumed),
            Ok(DecodeStatus::BlockEnd) => {}
            Ok(DecodeStatus::OutputFull) if buffer.free() > 0 => {}
            Ok(DecodeStatus::OutputFull | DecodeStatus::NeedsInput) | Err(_) => return Err(consumed),
        }
    }
}
