//! gzcc's engines, through its library, on its blocks: each with the window before it, as the program does it.

use anyhow::Result;
use gzcc::deflate::{self, BLOCK, BlockCompressor, WINDOW, WindowBuffer};
pub(super) use gzcc::settings::Engine as Kind;

use super::{Contender, Pieces};

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

impl Contender for Gzcc {
    fn compress(&mut self, file: &[u8], piece: &mut dyn FnMut(&[u8])) -> Result<()> {
        // The last block is the one that is shorter than a block, if by all of it.
        for start in (0..=file.len()).step_by(BLOCK) {
            let (window, end) = (start.saturating_sub(WINDOW), file.len().min(start + BLOCK));
            self.out.clear();
            deflate::compress_block(
                &mut *self.compressor,
                self.buffer.fill(&file[window..end]),
                start - window..end - window,
                end - start < BLOCK,
                &mut self.out,
            );
            piece(&self.out);
        }
        Ok(())
    }

    fn pieces(&self) -> Pieces {
        Pieces::Joined
    }
}
