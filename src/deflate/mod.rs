//! DEFLATE (RFC 1951), one block of input at a time: the interface of the engines.
//!
//! The content of a gzip member is divided into blocks of [`BLOCK`] bytes. Each block is compressed independently, with the
//! [`WINDOW`] bytes before it as preset dictionary, into output that ends on a byte boundary. So workers can compress blocks
//! in any order, and the concatenation of their outputs is one DEFLATE stream. The output of a [`BlockCompressor`] is a
//! function of (level, dictionary, block, last) alone.

pub(crate) mod boxed_array;
mod native;
mod stored;
mod window;
mod zlib;

use std::ops::Range;

pub use self::window::{Window, WindowBuffer};

/// Input bytes of a block. Fixed, because the output depends on where blocks end.
///
/// Measured with the native engine in memory on five files of the Silesia corpus, with dictionary. Each cell has the speed, as a
/// multiple of libdeflate -6 in the same run, and the compressed size, as a fraction of the original.
///
/// | block | -1 | -6 | -9 |
/// |---|---|---|---|
/// | 128 KiB | 4.1 @ .3020 | 0.80 @ .2633 | 0.55 @ .2589 |
/// | 256 KiB | 3.9 @ .3011 | 0.88 @ .2628 | 0.55 @ .2585 |
/// | 512 KiB | 4.0 @ .3006 | 0.93 @ .2625 | 0.56 @ .2583 |
/// | 1 MiB | 3.7 @ .3003 | 0.83 @ .2623 | 0.55 @ .2582 |
/// | 4 MiB | 3.7 @ .3001 | 0.89 @ .2622 | 0.57 @ .2581 |
///
/// From 512 KiB on, each doubling saves at most 0.1 % and does not raise the speed. Smaller blocks let more workers share a
/// file of a few megabytes and bound memory, so this is the smallest size that costs no speed.
pub const BLOCK: usize = 512 * 1024;

/// Dictionary bytes before a block: the longest distance of DEFLATE (RFC 1951 section 2).
pub const WINDOW: usize = 32 * 1024;

/// Spare capacity of the output while a block is compressed, for blocks of any size. zlib-rs -1 grows random data by 5.5 %
/// before the stored form replaces it; a quarter leaves a wide margin. It does not depend on the block, because the output
/// of zlib-rs may depend on it.
pub const WORST_CASE: usize = BLOCK + BLOCK / 4;

/// Compresses blocks. A worker creates one and uses it for every block.
pub trait BlockCompressor: Send {
    /// Appends the bytes `block` of the window (at most [`BLOCK`]) to `out` as DEFLATE data that may refer to the dictionary,
    /// the bytes before `block` (at most [`WINDOW`]). Bytes behind `block` must not change the output.
    ///
    /// The appended data ends on a byte boundary: with the final block if `last`, otherwise with an empty stored block
    /// (a sync flush). The spare capacity of `out` is at least [`WORST_CASE`] bytes.
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>);

    /// Calls [`compress`](Self::compress) with the capacity it needs, and replaces output that is larger than stored blocks by
    /// stored blocks. So a block grows by at most 5 bytes per 65,535, and an empty one by 5.
    fn compress_block(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        assert!(block.len() <= BLOCK && block.start <= WINDOW);
        out.reserve(WORST_CASE);
        let before = out.len();
        self.compress(window, block.clone(), last, out);
        if out.len() - before > stored::size(block.len()) {
            out.truncate(before);
            stored::write(window.bytes(block), last, out);
        }
    }
}

/// Creates a worker's compressor: [`new_compressor()`], or in tests a wrapper around its result.
pub type NewCompressor = fn(Engine, u8) -> Box<dyn BlockCompressor>;

/// Creates a compressor of an engine for one of its levels. Level 0 is the same for all engines.
///
/// # Panics
///
/// If the engine does not have the level.
pub fn new_compressor(engine: Engine, level: u8) -> Box<dyn BlockCompressor> {
    assert!(level <= engine.max_level(), "{} has no level {level}", engine.name());
    match (engine, level) {
        (_, 0) => Box::new(stored::StoredCompressor),
        (Engine::Native, level) => Box::new(native::NativeCompressor::new(level)),
        (Engine::Flate2, level) => Box::new(zlib::ZlibCompressor::new(level)),
    }
}

/// A DEFLATE encoder and decoder. The encoders write different bytes for the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// gzcc's own encoder, levels 0 to 12.
    Native,
    /// flate2 with zlib-rs, a port of zlib; levels 0 to 9.
    Flate2,
}

impl Engine {
    /// All engines.
    pub const ALL: [Self; 2] = [Self::Native, Self::Flate2];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Flate2 => "flate2",
        }
    }

    /// Its highest level.
    pub const fn max_level(self) -> u8 {
        match self {
            Self::Native => 12,
            // The highest level of zlib.
            Self::Flate2 => 9,
        }
    }
}

#[cfg(test)]
pub(crate) mod roundtrip;
