//! DEFLATE (RFC 1951), one block of input at a time: the boundary behind which engines live.
//!
//! A member's content is cut into blocks of [`BLOCK`] bytes. Each is compressed on its own, with
//! the [`WINDOW`] bytes before it as preset dictionary, into a piece that ends on a byte boundary,
//! so that pieces made by different workers in any order can simply be laid one after the other.
//! An engine's output is a function of (level, dictionary, input, last) and nothing else.

mod stored;
mod zlib;

/// Input bytes of a block; fixed, because where blocks are cut decides the bytes written.
///
/// Measured with the engine in memory on five files of the Silesia corpus, dictionary set:
///
/// | block | -1 MB/s @ ratio | -6 MB/s @ ratio | -9 MB/s @ ratio |
/// |---|---|---|---|
/// | 128 KiB | 297 @ .3819 | 90 @ .2699 | 37 @ .2600 |
/// | 256 KiB | 304 @ .3822 | 87 @ .2698 | 36 @ .2599 |
/// | 512 KiB | 314 @ .3823 | 89 @ .2698 | 38 @ .2599 |
/// | 1 MiB | 317 @ .3824 | 84 @ .2698 | 37 @ .2599 |
/// | 4 MiB | 316 @ .3825 | 89 @ .2698 | 40 @ .2598 |
///
/// Thanks to the dictionary the ratio does not care; the speed at level 1 stops rising at 512 KiB.
/// Smaller blocks let more workers share a file of a few megabytes and keep memory and lead small,
/// so the smallest size that costs no speed wins.
pub const BLOCK: usize = 512 * 1024;

/// Bytes before a block that it may refer to: the farthest distance DEFLATE knows (RFC 1951 section 2).
pub const WINDOW: usize = 32 * 1024;

/// Most bytes that [`compress_block`] appends for a block of up to [`BLOCK`] bytes, while an engine
/// works on it. zlib-rs -1 grows random data by 5.5 % before the stored form replaces it; a
/// quarter leaves no doubt. Spare capacity is always this much, whatever the block, because zlib-rs'
/// choices may depend on the room it sees.
pub const WORST_CASE: usize = BLOCK + BLOCK / 4;

/// Turns one block into DEFLATE data. One a worker: made once, used for block after block.
pub trait Engine: Send {
    /// Appends `input` (at most [`BLOCK`] bytes) to `out` as DEFLATE data that may refer to `dictionary`
    /// (at most [`WINDOW`] bytes, what stands right before `input`).
    ///
    /// The data ends on a byte boundary: with the final block if `last`, else with an empty stored block
    /// (a sync flush). `out` has [`WORST_CASE`] bytes to spare.
    fn block(&mut self, dictionary: &[u8], input: &[u8], last: bool, out: &mut Vec<u8>);
}

/// Makes the engine of a level.
pub fn engine(level: u8) -> Box<dyn Engine> {
    match level {
        0 => Box::new(stored::Stored),
        level => Box::new(zlib::Zlib::new(level)),
    }
}

/// [`Engine::block`] with two promises on top: the room it needs is there, and what does not shrink is
/// stored, so that no block grows by more than 5 bytes per 65,535 (and 5 for an empty one).
pub fn compress_block(engine: &mut dyn Engine, dictionary: &[u8], input: &[u8], last: bool, out: &mut Vec<u8>) {
    assert!(input.len() <= BLOCK && dictionary.len() <= WINDOW);
    out.reserve(WORST_CASE);
    let start = out.len();
    engine.block(dictionary, input, last, out);
    if out.len() - start > stored::size(input.len()) {
        out.truncate(start);
        stored::write(input, last, out);
    }
}

#[cfg(test)]
mod tests;
