//! gzcc's engines through its library: gzcc's own blocks, each with the preceding 32 KiB as dictionary, as in the command.

use anyhow::Result;
use gzcc::deflate::{self, BLOCK, BlockCompressor, WINDOW, WindowBuffer};
pub(super) use gzcc::settings::Engine as Kind;

use super::{Compressor, StreamLayout};

/// One of gzcc's engines at a level.
pub(super) struct Gzcc {
    compressor: Box<dyn BlockCompressor>,
    buffer: WindowBuffer,
    out: Vec<u8>,
}

impl Gzcc {
    pub(super) fn new(kind: Kind, level: u8) -> Self {
        Self { compressor: deflate::new_compressor(kind, level), buffer: WindowBuffer::new(), out: Vec::new() }
    }
}

impl Compressor for Gzcc {
    fn compress(&mut self, file: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        // The last block is the one that is shorter than BLOCK; it may be empty.
        for start in (0..=file.len()).step_by(BLOCK) {
            let (window, end) = (start.saturating_sub(WINDOW), file.len().min(start + BLOCK));
            self.out.clear();
            self.compressor.compress_block(
                self.buffer.fill(&file[window..end]),
                start - window..end - window,
                end - start < BLOCK,
                &mut self.out,
            );
            sink(&self.out);
        }
        Ok(())
    }

    fn layout(&self) -> StreamLayout {
        StreamLayout::OneStream
    }
}
