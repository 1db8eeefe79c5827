//! How many bytes two positions of the window have in common.
//!
//! Most matches are shorter than 32 bytes. So the first 16 or 32 bytes are compared at once, without a branch on the
//! length; the rest, 64 bytes at a time, is a function of its own.

use super::simd::same_bytes;
use super::symbols::MAX_MATCH;
use crate::deflate::window::{CheckedWindow, POSITIONS};
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
        same32(self.load256(a), self.load256(b))
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
        common_behind(KNOWN, most, |at| same32(self.load256(a + at), self.load256(b + at)))
    }
}

impl CheckedWindow<'_> {
    /// The length of the common prefix of `a` and `b` before `end`, up to the longest match.
    #[inline(always)]
    pub(super) fn common_to(self, a: usize, b: usize, end: usize) -> usize {
        let same = same32(self.load256(a), self.load256(b));
        let length = if same == u32::MAX { self.common_beyond32(a, b) } else { (!same).trailing_zeros() as usize };
        // A branch, because the next position would have to wait for a minimum.
        if length > end - b { bytes_to(end, b) } else { length }
    }

    /// The length of the common prefix of `a` and `b`, whose first 32 bytes are equal, up to the longest match. Not inlined,
    /// because most matches are shorter.
    #[inline(never)]
    fn common_beyond32(self, a: usize, b: usize) -> usize {
        common_behind(32, MAX_MATCH, |at| same32(self.load256(a + at), self.load256(b + at)))
    }
}

/// A bit for each of 32 bytes, the lowest for the first: set where `a` and `b` are equal.
#[inline(always)]
fn same32(a: [u64; 4], b: [u64; 4]) -> u32 {
    same_bytes([a[0], a[1]], [b[0], b[1]]) | same_bytes([a[2], a[3]], [b[2], b[3]]) << 16
}

/// The length of a common prefix whose first `known` bytes are known to be equal, at most `most`. `same32` returns a bit for each
/// of 32 bytes at an offset.
///
/// Compares 64 bytes at a time, because the number of steps is hard to predict. With 32, logs take 5 % longer at level 1 and 4 %
/// longer at level 6.
#[inline(always)]
fn common_behind(known: usize, most: usize, same32: impl Fn(usize) -> u32) -> usize {
    let mut length = known;
    while length < most {
        let same = u64::from(same32(length)) | u64::from(same32(length + 32)) << 32;
        if same != u64::MAX {
            length += (!same).trailing_zeros() as usize;
            break;
        }
        length += 64;
    }
    length.min(most)
}

/// The bytes from `pos` to `end`. A function of its own, so that the compiler keeps the branch that leads to it.
#[cold]
#[inline(never)]
fn bytes_to(end: usize, pos: usize) -> usize {
    end - pos
}
