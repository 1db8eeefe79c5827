//! One block's way through a worker's hands: read and compressed, or inflated.
//!
//! Knows nothing of order or of who else is at work; it reads the input and writes a buffer.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use flate2::{Crc, Decompress};
use rustix::io::Errno;

use super::{Part, Shared};
use crate::deflate::{self, BlockCompressor, WINDOW, Window, WindowBuffer};
use crate::inflate::{BgzfBatch, Content};
use crate::io::transfer::read_at_least;
use crate::outcome::{Outcome, Reason};
use crate::pipeline::block_channel::BlockInput;
use crate::settings::resources;

/// A worker's own tools, made once and used for block after block.
pub struct Hand {
    compressor: Box<dyn BlockCompressor>,
    /// What is compressed: a window, and the blocks behind it.
    pub(super) buffer: WindowBuffer,
    /// Made when there is something to inflate out of order.
    decoder: Option<Decompress>,
}

impl Hand {
    /// Tools for one worker. Fails where memory is limited and not enough is left.
    pub fn try_new(shared: &Shared<'_>) -> io::Result<Self> {
        let level = if shared.settings.decompresses() { 0 } else { shared.settings.level };
        shared.resources.with_memory(resources::tools(level), || Self::new(shared))
    }

    /// Tools for one worker, for which there is memory.
    pub fn new(shared: &Shared<'_>) -> Self {
        let compressor = (shared.compressor)(shared.settings.engine, shared.settings.level);
        Self { compressor, buffer: WindowBuffer::new(), decoder: None }
    }
}

/// A block's place in its part.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) part: Arc<Part>,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// What was cut off an input.
#[derive(Debug)]
pub(super) enum Cut {
    /// A block in the file, `length` bytes at `offset`, behind a window of this many bytes.
    At { offset: u64, window: usize, length: usize },
    /// Blocks in the worker's buffer, which end so many bytes after a window of this many.
    Read { window: usize, ends: Vec<usize> },
    /// Blocks that were handed over.
    Given(BlockInput),
    /// Content.
    Content(Content),
    /// Members to be inflated.
    Batch(BgzfBatch),
}

/// What is to be written.
#[derive(Debug)]
pub(super) enum Piece {
    /// Compressed data.
    Packed(Packed),
    /// Content.
    Content(Content),
}

/// Blocks, compressed.
#[derive(Debug)]
pub(super) struct Packed {
    /// The member's header if this is its beginning, and DEFLATE data.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the original in it.
    pub(super) length: usize,
    pub(super) crc: Crc,
    /// Whether the file had more to give than it had when it was opened.
    pub(super) grew: bool,
}

/// Does what can be done with a cut out of its turn.
pub(super) fn make(place: &Place, cut: Cut, hand: &mut Hand, shared: &Shared<'_>) -> Result<Piece, Outcome> {
    match cut {
        Cut::At { offset, window, length } => {
            let wanted = window + length;
            // Room for one byte more than the file had shows whether it has grown, without a call of its own.
            let room = &mut hand.buffer.input()[..wanted + usize::from(place.last)];
            let got = read_at_least(place.part.input.fd()?, room, wanted, offset - window as u64)?;
            if got < window || got < wanted && !place.last {
                return Err(Outcome::Skipped(Reason::Changed));
            }
            let mut packed = Packed::begin(place, shared)?;
            packed.add(&mut *hand.compressor, hand.buffer.window(0), window..got.min(wanted), place.last)?;
            packed.grew = got > wanted;
            Ok(Piece::Packed(packed))
        }
        Cut::Read { window, ends } => Ok(Piece::Packed(compress(place, window, &ends, hand, shared)?)),
        Cut::Given(BlockInput { bytes, window, ends, .. }) => {
            hand.buffer.fill(&bytes);
            shared.resources.reuse_buffer(bytes);
            Ok(Piece::Packed(compress(place, window, &ends, hand, shared)?))
        }
        Cut::Content(content) => Ok(Piece::Content(content)),
        Cut::Batch(batch) => {
            let decoder = hand.decoder.get_or_insert_with(|| Decompress::new(false));
            Ok(Piece::Content(batch.inflate(decoder, shared.resources.try_buffer()?)))
        }
    }
}

/// Compresses the blocks in the worker's buffer that end at `ends` behind the window.
fn compress(place: &Place, window: usize, ends: &[usize], hand: &mut Hand, shared: &Shared<'_>) -> io::Result<Packed> {
    let mut packed = Packed::begin(place, shared)?;
    let mut start = window;
    for (i, end) in ends.iter().enumerate() {
        let end = window + end;
        let dictionary = if shared.settings.independent { 0 } else { start.min(WINDOW) };
        // Where the dictionary begins, the view does: the output depends on positions in it.
        let view = hand.buffer.window(start - dictionary);
        let block = dictionary..dictionary + (end - start);
        packed.add(&mut *hand.compressor, view, block, place.last && i + 1 == ends.len())?;
        start = end;
    }
    Ok(packed)
}

impl Packed {
    /// With the header, if this is the beginning of a member.
    fn begin(place: &Place, shared: &Shared<'_>) -> io::Result<Self> {
        let mut bytes = shared.resources.try_buffer()?;
        shared.resources.check_memory(resources::block(shared.settings.level))?;
        if place.first {
            bytes.extend_from_slice(&place.part.header);
        }
        Ok(Self { bytes, length: 0, crc: Crc::new(), grew: false })
    }

    /// Adds a block of the window.
    fn add(
        &mut self,
        compressor: &mut dyn BlockCompressor,
        window: Window<'_>,
        block: Range<usize>,
        last: bool,
    ) -> io::Result<()> {
        // What the compressor would reserve, because it cannot fail.
        self.bytes.try_reserve(deflate::WORST_CASE).map_err(|_| Errno::NOMEM)?;
        self.crc.update(window.bytes(block.clone()));
        self.length += block.len();
        deflate::compress_block(compressor, window, block, last, &mut self.bytes);
        Ok(())
    }
}
