//! The bytes that are being compressed, so that reading several at once needs no bounds check.
//!
//! The room is longer than any dictionary and block, by a power of two: a position is masked, which costs one
//! instruction, and behind the last position there is room for the longest read. What stands behind the content is left
//! over from an earlier block; it may be read, but must not decide anything.

use super::boxed::boxed;
use super::simd::same_bytes;
use super::symbols::MOST_LENGTH;
use crate::deflate::{BLOCK, WINDOW};

/// Positions of the room.
const POSITIONS: usize = 1 << 20;

/// Bytes behind the last position.
const BEHIND: usize = 64;

const _: () = assert!(WINDOW + BLOCK + MOST_LENGTH <= POSITIONS);

/// A dictionary and the block behind it.
pub(super) struct Room {
    bytes: Box<[u8; POSITIONS + BEHIND]>,
}

impl Room {
    pub(super) fn new() -> Self {
        // What is never filled is never touched.
        Self { bytes: boxed(0) }
    }

    /// Where a dictionary and its block are put.
    pub(super) fn all(&mut self) -> &mut [u8] {
        &mut self.bytes[..POSITIONS]
    }

    /// Those from `start` to `end`.
    pub(super) fn bytes(&self, start: usize, end: usize) -> &[u8] {
        &self.bytes[start..end]
    }

    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes[at % POSITIONS]
    }

    /// The four bytes at a position, the first lowest.
    #[inline(always)]
    pub(super) fn load32(&self, at: usize) -> u32 {
        let at = at % POSITIONS;
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("four"))
    }

    /// The eight bytes at a position, the first lowest.
    #[inline(always)]
    pub(super) fn load64(&self, at: usize) -> u64 {
        let at = at % POSITIONS;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight"))
    }

    /// The 32 bytes at a position.
    #[inline(always)]
    fn load256(&self, at: usize) -> [u64; 4] {
        let at = at % POSITIONS;
        let bytes: &[u8; 32] = self.bytes[at..at + 32].try_into().expect("thirty-two");
        std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("eight")))
    }

    /// How many bytes are the same from `a` and from `b` on: up to 32.
    #[inline(always)]
    pub(super) fn common32(&self, a: usize, b: usize) -> usize {
        (!u64::from(self.same32(a, b))).trailing_zeros() as usize
    }

    /// A bit for each of the 32 bytes from `a` and from `b` on, the lowest for the first: whether it is the same.
    #[inline(always)]
    fn same32(&self, a: usize, b: usize) -> u32 {
        let (a, b) = (self.load256(a), self.load256(b));
        same_bytes([a[0], a[1]], [b[0], b[1]]) | same_bytes([a[2], a[3]], [b[2], b[3]]) << 16
    }

    /// How many bytes are the same from `a` and from `b` on, at most `most`, of which `known` are known to be.
    #[inline(always)]
    pub(super) fn common(&self, a: usize, b: usize, known: usize, most: usize) -> usize {
        let mut length = known;
        while length < most {
            let differ = self.load64(a + length) ^ self.load64(b + length);
            if differ != 0 {
                return most.min(length + (differ.trailing_zeros() / 8) as usize);
            }
            length += 8;
        }
        most
    }

    /// The sixteen bytes at a position.
    #[inline(always)]
    pub(super) fn load128(&self, at: usize) -> [u64; 2] {
        let at = at % POSITIONS;
        let bytes: &[u8; 16] = self.bytes[at..at + 16].try_into().expect("sixteen");
        std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("eight")))
    }

    /// A bit for each of sixteen bytes at `at`, whether it differs from `bytes`; those above are set.
    #[inline(always)]
    pub(super) fn differ16(&self, at: usize, bytes: [u64; 2]) -> u32 {
        !same_bytes(self.load128(at), bytes)
    }

    /// How many bytes are the same from `a` and from `b` on, up to the longest match, by what [`Room::differ16`] told of them.
    #[inline(always)]
    pub(super) fn common_by(&self, differ: u32, a: usize, b: usize) -> usize {
        let length = differ.trailing_zeros() as usize;
        if length == 16 { self.common_beyond::<16>(a, b, MOST_LENGTH) } else { length }
    }

    /// How many bytes are the same from `a` and from `b` on, before `end`, up to the longest match.
    #[inline(always)]
    pub(super) fn common_to(&self, a: usize, b: usize, end: usize) -> usize {
        let same = self.same32(a, b);
        let length = if same == u32::MAX {
            self.common_beyond::<32>(a, b, MOST_LENGTH)
        } else {
            (!same).trailing_zeros() as usize
        };
        length.min(end - b)
    }

    /// [`Room::common`] from `KNOWN` bytes on, a function of its own: most matches are shorter.
    #[inline(never)]
    pub(super) fn common_beyond<const KNOWN: usize>(&self, a: usize, b: usize, most: usize) -> usize {
        let mut length = KNOWN;
        while length < most {
            let more = self.common32(a + length, b + length);
            length += more;
            if more < 32 {
                break;
            }
        }
        most.min(length)
    }
}
