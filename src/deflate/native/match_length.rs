//! How many bytes two positions of the window have in common.
//!
//! Most matches are shorter than 32 bytes. So the first 16 or 32 bytes are compared at once, without a branch on the
//! length; the rest is a function of its own.

use super::simd::same_bytes;
use super::symbols::MAX_MATCH;
use crate::deflate::window::POSITIONS;
use crate::deflate::{BLOCK, WINDOW, Window};

// A comparison runs over the end of a block by less than the longest match.
const _: () = assert!(WINDOW + BLOCK + MAX_MATCH <= POSITIONS);

impl Window<'_> {
    /// The length of the common prefix of `a` and `b`, up to 32.
    #[inline(always)]
    pub(super) fn common32(self, a: usize, b: usize) -> usize {
        (!u64::from(self.same32(a, b))).trailing_zeros() as usize
    }

    /// A bit for each of the 32 bytes at `a` and `b`, the lowest for the first: set where they are equal.
    #[inline(always)]
    fn same32(self, a: usize, b: usize) -> u32 {
        let (a, b) = (self.load256(a), self.load256(b));
        same_bytes([a[0], a[1]], [b[0], b[1]]) | same_bytes([a[2], a[3]], [b[2], b[3]]) << 16
    }

    /// The length of the common suffix of the bytes before `a` and before `b`, at most `most`.
    #[inline(always)]
    pub(super) fn common_suffix(self, a: usize, b: usize, most: usize) -> usize {
        let mut length = 0;
        while length < most && self.byte(a - length - 1) == self.byte(b - length - 1) {
            length += 1;
        }
        length
    }

    /// The length of the common prefix of `a` and `b`, at most `most`. The first `known` bytes are known to be equal.
    #[inline(always)]
    pub(super) fn common(self, a: usize, b: usize, known: usize, most: usize) -> usize {
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

    /// A bit for each of the 16 bytes at `at`: set where it differs from `bytes`. The bits above are set.
    #[inline(always)]
    pub(super) fn differ16(self, at: usize, bytes: [u64; 2]) -> u32 {
        !same_bytes(self.load128(at), bytes)
    }

    /// The length of the common prefix of `a` and `b`, up to the longest match; `differ` is what
    /// [`differ16`](Self::differ16) returned for them.
    #[inline(always)]
    pub(super) fn common_by(self, differ: u32, a: usize, b: usize) -> usize {
        let length = differ.trailing_zeros() as usize;
        if length == 16 { self.common_beyond::<16>(a, b, MAX_MATCH) } else { length }
    }

    /// The length of the common prefix of `a` and `b` before `end`, up to the longest match.
    #[inline(always)]
    pub(super) fn common_to(self, a: usize, b: usize, end: usize) -> usize {
        let same = self.same32(a, b);
        let length = if same == u32::MAX {
            self.common_beyond::<32>(a, b, MAX_MATCH)
        } else {
            (!same).trailing_zeros() as usize
        };
        length.min(end - b)
    }

    /// The length of the common prefix of `a` and `b`, at most `most`. The first `KNOWN` bytes are known to be equal. Not
    /// inlined, because most matches are shorter.
    #[inline(never)]
    pub(super) fn common_beyond<const KNOWN: usize>(self, a: usize, b: usize, most: usize) -> usize {
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
