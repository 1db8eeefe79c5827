//! The output of a salvager: symbols that are held back until they are certain, and those before them, which matches refer to.

use std::ops::Range;

use crate::format::crc32::Crc32;

use super::offsets::OutputOffset;
use crate::deflate::WINDOW;
use crate::inflate::content_buffer::ContentBuffer;
use crate::inflate::markers::{MARKER, last_marker, narrow_with_fill};
use crate::inflate::native::DeflateDecoder;

/// Most symbols that are held back, which take 4 MiB. A block has at most 1 MiB of content, with rare exceptions.
const MAX_HELD: usize = 2 << 20;

/// Symbols that are decoded at a time.
const STEP: usize = 64 * 1024;

/// Number of released symbols at which the symbols are moved to the start of the buffer, so that the decoder stays in the cache.
const MOVED: usize = 256 * 1024;

const CAPACITY: usize = WINDOW + MAX_HELD + STEP;

/// Bytes that are converted for a CRC at a time.
const PIECE: usize = 4096;

/// The symbols around the end of the output. An unknown byte is a marker; which one does not matter.
pub(super) struct HeldSymbols {
    symbols: Vec<u16>,
    /// Offset in the output of `symbols[0]`. It is negative, modulo 2^64, where an unknown window precedes the output.
    base: u64,
    /// The first symbol that matches may refer to.
    first: usize,
    /// End of the symbols that are part of the output.
    written: usize,
    /// End of the symbols that may become part of it now.
    released: usize,
    /// End of all symbols.
    filled: usize,
    /// There may be unknown bytes in the window.
    has_unknown: bool,
}

impl HeldSymbols {
    pub(super) fn new() -> Self {
        Self { symbols: Vec::new(), base: 0, first: 0, written: 0, released: 0, filled: 0, has_unknown: false }
    }

    /// Continues with content that has no window. All symbols must be written.
    pub(super) fn restart(&mut self) {
        self.base = self.end().0;
        (self.first, self.written, self.released, self.filled) = (0, 0, 0, 0);
        self.has_unknown = false;
    }

    /// Continues with content whose window is unknown. All symbols must be written.
    pub(super) fn restart_unknown(&mut self) {
        self.restart();
        self.allocate();
        let length = self.symbols.len().max(WINDOW);
        self.symbols.resize(length, 0);
        self.symbols[..WINDOW].fill(MARKER);
        self.base = self.base.wrapping_sub(WINDOW as u64);
        (self.written, self.released, self.filled) = (WINDOW, WINDOW, WINDOW);
        self.has_unknown = true;
    }

    /// Reserves memory for all symbols, before any is added: a buffer that grows takes up to twice as much.
    fn allocate(&mut self) {
        if self.symbols.capacity() == 0 {
            self.symbols.reserve_exact(CAPACITY);
        }
    }

    /// Symbols for which there is memory.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.symbols.capacity()
    }

    /// The end of all symbols in the output.
    pub(super) fn end(&self) -> OutputOffset {
        OutputOffset(self.base.wrapping_add(self.filled as u64))
    }

    /// Whether all symbols that may be written are.
    pub(super) fn is_drained(&self) -> bool {
        self.written == self.released
    }

    /// Lets all symbols be written.
    pub(super) fn release(&mut self) {
        self.released = self.filled;
    }

    /// Whether [`space`](Self::space) can provide space. If not, the oldest symbols are released, and there is space once they
    /// are written.
    pub(super) fn has_space(&mut self) -> bool {
        let has_space = self.filled - self.kept().start + STEP <= CAPACITY;
        if !has_space {
            self.released = self.filled - WINDOW;
        }
        has_space
    }

    /// The symbols that are still needed: those to be written, with the window before them.
    fn kept(&self) -> Range<usize> {
        self.first.max(self.written.saturating_sub(WINDOW))..self.filled
    }

    /// The symbols that matches may refer to, followed by space for more, and the index of the first free symbol.
    pub(super) fn space(&mut self) -> (&mut [u16], usize) {
        let kept = self.kept();
        if kept.start >= MOVED || self.filled + STEP > CAPACITY {
            self.symbols.copy_within(kept.clone(), 0);
            self.base = self.base.wrapping_add(kept.start as u64);
            for index in [&mut self.written, &mut self.released, &mut self.filled] {
                *index -= kept.start;
            }
            self.first = 0;
        }
        self.allocate();
        if self.symbols.len() < self.filled + STEP {
            self.symbols.resize(self.filled + STEP, 0);
        }
        (&mut self.symbols[self.first..self.filled + STEP], self.filled - self.first)
    }

    /// Adds symbols that were written to the space.
    pub(super) fn add(&mut self, count: usize) {
        self.filled += count;
    }

    /// Removes the symbols that depend on `input` ending later than it does: decodes it again from the symbol at offset `output`
    /// on. Symbols that are written stay.
    pub(super) fn cut(&mut self, output: OutputOffset, decoder: &mut DeflateDecoder<u16>, mut input: &[u8]) {
        let Ok(start) = usize::try_from(output.0.wrapping_sub(self.base)) else { return };
        // The window before a symbol that is written may be incomplete.
        if start < self.written || start > self.filled {
            return;
        }
        let mut at = start - self.first;
        let known = &mut self.symbols[self.first..self.filled];
        while !input.is_empty() && at < known.len() {
            let Ok(decoded) = decoder.decode(input, known, at) else { break };
            if decoded.consumed == 0 && decoded.produced == 0 {
                break;
            }
            input = &input[decoded.consumed..];
            at += decoded.produced;
        }
        self.filled = self.written.max(self.first + at);
        self.released = self.released.min(self.filled);
    }

    /// Whether all bytes of the window are known for the first time.
    pub(super) fn becomes_known(&mut self) -> bool {
        let window = &self.symbols[self.filled.saturating_sub(WINDOW)..self.filled];
        let becomes_known = self.has_unknown && last_marker(window).is_none();
        self.has_unknown &= !becomes_known;
        becomes_known
    }

    /// Writes released symbols to `part` as far as it has space. Unknown bytes become `fill`; returns their number.
    pub(super) fn write(&mut self, part: &mut ContentBuffer, fill: u8, mut checksum: Option<&mut Crc32>) -> u64 {
        let mut unknown = 0;
        while self.written < self.released && part.free() > 0 {
            let length = part.len();
            let space = &mut part.with_space()[length..];
            let count = space.len().min(self.released - self.written);
            let (symbols, out) = (&self.symbols[self.written..self.written + count], &mut space[..count]);
            unknown += narrow_with_fill(symbols, fill, out) as u64;
            checksum.iter_mut().for_each(|checksum| checksum.update(out));
            part.add(count);
            self.written += count;
        }
        unknown
    }

    /// Adds the symbols that are not written to a CRC. They must be bytes.
    pub(super) fn add_held_to(&self, checksum: &mut Crc32) {
        let mut bytes = [0; PIECE];
        for piece in self.symbols[self.written..self.filled].chunks(PIECE) {
            let bytes = &mut bytes[..piece.len()];
            narrow_with_fill(piece, 0, bytes);
            checksum.update(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_is_allocated_once_also_if_the_content_begins_with_an_unknown_window() {
        let mut held = HeldSymbols::new();
        held.restart_unknown();
        assert_eq!(held.capacity(), CAPACITY);
        held.space();
        assert_eq!(held.capacity(), CAPACITY);
    }
}
