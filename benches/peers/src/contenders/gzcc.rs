//! gzcc's engines, through its library, on its blocks: each with the window before it, as the program does it.
//!
//! Everything that knows the library's interface is in [`missing`], [`engine`] and [`compress_block`].

use anyhow::{Result, bail};
use gzcc::deflate::{self, BLOCK, Engine, WINDOW};

use super::{Contender, Entry, Peer, Pieces};

/// One of gzcc's engines at a level.
pub(super) struct Gzcc {
    engine: Box<dyn Engine>,
    out: Vec<u8>,
}

impl Gzcc {
    pub(super) fn new(entry: Entry) -> Result<Self> {
        Ok(Self { engine: engine(entry)?, out: Vec::new() })
    }
}

impl Contender for Gzcc {
    fn compress(&mut self, file: &[u8], piece: &mut dyn FnMut(&[u8])) -> Result<()> {
        // The last block is the one that is shorter than a block, if by all of it.
        for start in (0..=file.len()).step_by(BLOCK) {
            let (window, end) = (start.saturating_sub(WINDOW), file.len().min(start + BLOCK));
            self.out.clear();
            compress_block(&mut *self.engine, &file[window..end], start - window, end - start < BLOCK, &mut self.out);
            piece(&self.out);
        }
        Ok(())
    }

    fn pieces(&self) -> Pieces {
        Pieces::Joined
    }
}

/// Why gzcc does not have an engine.
pub(super) fn missing(peer: Peer) -> Option<&'static str> {
    (peer != Peer::Flate2).then_some("gzcc does not have it yet")
}

fn engine(entry: Entry) -> Result<Box<dyn Engine>> {
    match entry.peer {
        Peer::Flate2 => Ok(deflate::engine(entry.level)),
        peer => bail!("{peer} is none of gzcc's engines"),
    }
}

/// Compresses `data[start..]`; what stands before it is the dictionary.
fn compress_block(engine: &mut dyn Engine, data: &[u8], start: usize, last: bool, out: &mut Vec<u8>) {
    let (dictionary, input) = data.split_at(start);
    deflate::compress_block(engine, dictionary, input, last, out);
}
