//! The bytes that a block is compressed from: its dictionary and, directly behind it, the block.
//!
//! A worker owns one [`WindowBuffer`] and reads its input into it. Compressors receive a [`Window`], a view that begins
//! with the dictionary. Bytes behind the block are left over from earlier blocks, or belong to blocks that follow: a
//! compressor may load them, but its output must not depend on them.

use std::ops::Range;

use super::boxed_array::boxed_array;
use super::{BLOCK, WINDOW};

/// Positions that a view can address: a power of two, so that a mask of one instruction replaces a bounds check.
pub(super) const POSITIONS: usize = 1 << 20;

/// Readable bytes behind the last position: no load or comparison reads more at once.
const PADDING: usize = 64;

/// Bytes of a view.
const VIEW: usize = POSITIONS + PADDING;

/// Bytes of input that a buffer holds: a dictionary, a block, and one byte more, which shows a reader whether more input
/// follows.
const CAPACITY: usize = WINDOW + BLOCK + 1;

/// A worker's input buffer. Allocated once and reused for every block.
pub struct WindowBuffer {
    /// [`CAPACITY`] bytes of input, and a view's length behind them, so that a view can begin at any of them.
    bytes: Box<[u8; CAPACITY + VIEW]>,
}

impl Default for WindowBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl WindowBuffer {
    /// An empty buffer. The memory comes zeroed from the system; pages that are never read into are never touched.
    pub fn new() -> Self {
        Self { bytes: boxed_array(0) }
    }

    /// The memory that input is read into: space for a dictionary of [`WINDOW`] bytes, a block of [`BLOCK`] bytes, and one
    /// byte more.
    pub fn input(&mut self) -> &mut [u8] {
        &mut self.bytes[..CAPACITY]
    }

    /// The view whose dictionary begins at `start`.
    ///
    /// # Panics
    ///
    /// If `start` is behind the input.
    pub fn window(&self, start: usize) -> Window<'_> {
        assert!(start < CAPACITY);
        Window { bytes: self.bytes[start..].first_chunk().expect("a view fits behind every byte of input") }
    }

    /// Copies `input`, a dictionary and a block, into the buffer and returns the view that begins with it.
    ///
    /// # Panics
    ///
    /// If `input` is longer than a dictionary, a block and one byte.
    pub fn fill(&mut self, input: &[u8]) -> Window<'_> {
        self.input()[..input.len()].copy_from_slice(input);
        self.window(0)
    }
}

/// A dictionary at position 0 and the block behind it.
///
/// Positions are masked instead of checked, so the loads below never panic; a position past the end reads other bytes.
#[derive(Clone, Copy)]
pub struct Window<'buffer> {
    bytes: &'buffer [u8; VIEW],
}

impl<'buffer> Window<'buffer> {
    /// The same bytes, for positions that are in the view.
    #[inline(always)]
    pub(super) fn checked(self) -> CheckedWindow<'buffer> {
        CheckedWindow { bytes: self.bytes }
    }

    /// The bytes at the positions `range`.
    pub fn bytes(self, range: Range<usize>) -> &'buffer [u8] {
        &self.bytes[range]
    }

    /// The byte at a position.
    #[inline(always)]
    pub(super) fn byte(self, at: usize) -> u8 {
        self.bytes[at % POSITIONS]
    }

    /// The four bytes at a position, little-endian.
    #[inline(always)]
    pub(super) fn load32(self, at: usize) -> u32 {
        let at = at % POSITIONS;
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("4 bytes"))
    }

    /// The eight bytes at a position, little-endian.
    #[inline(always)]
    pub(super) fn load64(self, at: usize) -> u64 {
        let at = at % POSITIONS;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("8 bytes"))
    }

    /// The 16 bytes at a position, as two little-endian words.
    #[inline(always)]
    pub(super) fn load128(self, at: usize) -> [u64; 2] {
        let at = at % POSITIONS;
        let bytes: &[u8; 16] = self.bytes[at..at + 16].try_into().expect("16 bytes");
        std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("8 bytes")))
    }

    /// The 32 bytes at a position, as four little-endian words.
    #[inline(always)]
    pub(super) fn load256(self, at: usize) -> [u64; 4] {
        let at = at % POSITIONS;
        let bytes: &[u8; 32] = self.bytes[at..at + 32].try_into().expect("32 bytes");
        std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("8 bytes")))
    }
}

/// A [`Window`] whose loads compare the position with the end of the view instead of masking it. A load has to wait for a mask,
/// but not for a comparison that the processor predicts: level 1 is 3 to 4 % faster. Loads panic for a position outside.
#[derive(Clone, Copy)]
pub(super) struct CheckedWindow<'buffer> {
    bytes: &'buffer [u8; VIEW],
}

impl CheckedWindow<'_> {
    /// The eight bytes at a position, little-endian.
    #[inline(always)]
    pub(super) fn load64(self, at: usize) -> u64 {
        u64::from_le_bytes(self.load(at))
    }

    /// The 32 bytes at a position, as four little-endian words.
    #[inline(always)]
    pub(super) fn load256(self, at: usize) -> [u64; 4] {
        let bytes: [u8; 32] = self.load(at);
        std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("8 bytes")))
    }

    #[inline(always)]
    fn load<const BYTES: usize>(self, at: usize) -> [u8; BYTES] {
        if at >= POSITIONS {
            outside();
        }
        self.bytes[at..at + BYTES].try_into().expect("a load is not longer than the padding")
    }
}

#[cold]
#[inline(never)]
fn outside() -> ! {
    panic!("position outside of the view")
}
