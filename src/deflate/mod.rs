//! DEFLATE (RFC 1951), one block of input at a time: the boundary behind which engines live.
//!
//! A member's content is cut into blocks of [`BLOCK`] bytes. Each is compressed on its own, with
//! the [`WINDOW`] bytes before it as preset dictionary, into a piece that ends on a byte boundary,
//! so that pieces made by different workers in any order can simply be laid one after the other.
//! An engine's output is a function of (level, dictionary, block, last) and nothing else.

mod native;
mod stored;
mod zlib;

use crate::settings;

/// Input bytes of a block; fixed, because where blocks are cut decides the bytes written.
///
/// Measured with the native engine in memory on five files of the Silesia corpus, dictionary set, speed as a factor to
/// libdeflate -6 in the same run:
///
/// | block | -1 | -6 | -9 |
/// |---|---|---|---|
/// | 128 KiB | 4.1 @ .3020 | 0.80 @ .2633 | 0.55 @ .2589 |
/// | 256 KiB | 3.9 @ .3011 | 0.88 @ .2628 | 0.55 @ .2585 |
/// | 512 KiB | 4.0 @ .3006 | 0.93 @ .2625 | 0.56 @ .2583 |
/// | 1 MiB | 3.7 @ .3003 | 0.83 @ .2623 | 0.55 @ .2582 |
/// | 4 MiB | 3.7 @ .3001 | 0.89 @ .2622 | 0.57 @ .2581 |
///
/// Thanks to the dictionary the ratio hardly cares: from 512 KiB on it falls by 0.1 % a step, and the speed stops rising.
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

/// Bytes of an engine's [`room`](Engine::room) at the least: a dictionary, a block, and a byte more, which shows
/// whoever reads into it whether there is more.
pub const ROOM: usize = WINDOW + BLOCK + 1;

/// Turns one block into DEFLATE data. One a worker: made once, used for block after block.
pub trait Engine: Send {
    /// Where the dictionary and, right behind it, the block are put: [`ROOM`] bytes or more. It is the engine's own, so
    /// that what is read from a file is read to where it is compressed.
    fn room(&mut self) -> &mut [u8];

    /// Appends `room[start..end]` (at most [`BLOCK`] bytes) to `out` as DEFLATE data that may refer to the dictionary
    /// `room[..start]` (at most [`WINDOW`] bytes). What stands behind decides nothing.
    ///
    /// What is appended ends on a byte boundary: with the final block if `last`, else with an empty stored block
    /// (a sync flush). `out` has [`WORST_CASE`] bytes to spare.
    fn block(&mut self, start: usize, end: usize, last: bool, out: &mut Vec<u8>);
}

/// How a worker comes by its engine: [`engine()`], or in tests something around it.
pub type Make = fn(settings::Engine, u8) -> Box<dyn Engine>;

/// Makes an engine of this kind, for a level that it has. Level 0 is the same for all.
pub fn engine(kind: settings::Engine, level: u8) -> Box<dyn Engine> {
    assert!(level <= kind.max_level(), "{} has no level {level}", kind.name());
    match (kind, level) {
        (_, 0) => Box::new(stored::Stored::new()),
        (settings::Engine::Native, level) => Box::new(native::Native::new(level)),
        (settings::Engine::Flate2, level) => Box::new(zlib::Zlib::new(level)),
    }
}

/// [`Engine::block`] with two promises on top: the space it needs is there, and what does not shrink is
/// stored, so that no block grows by more than 5 bytes per 65,535 (and 5 for an empty one).
pub fn compress_room(engine: &mut dyn Engine, start: usize, end: usize, last: bool, out: &mut Vec<u8>) {
    let size = end - start;
    assert!(size <= BLOCK && start <= WINDOW);
    out.reserve(WORST_CASE);
    let before = out.len();
    engine.block(start, end, last, out);
    if out.len() - before > stored::size(size) {
        out.truncate(before);
        stored::write(&engine.room()[start..end], last, out);
    }
}

/// [`compress_room`] of what is somewhere else: `data[..start]` is the dictionary, and the block behind it goes to the
/// end of `data`.
pub fn compress_block(engine: &mut dyn Engine, data: &[u8], start: usize, last: bool, out: &mut Vec<u8>) {
    engine.room()[..data.len()].copy_from_slice(data);
    compress_room(engine, start, data.len(), last, out);
}

#[cfg(test)]
mod tests;
