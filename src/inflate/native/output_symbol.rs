//! The two kinds of output: bytes, and 16-bit symbols that are bytes or positions in an unknown window.

use super::match_copy;

/// What the decoder writes.
pub trait Symbol: Copy + Default + Send + Sync + std::fmt::Debug + 'static {
    /// The symbol of a literal.
    fn from_byte(byte: u8) -> Self;

    /// Writes up to four literals, lowest byte first, to `output[at..at + 4]`. Those that are not used are overwritten later.
    fn write_literals(output: &mut [Self], at: usize, literals: u32);

    /// Copies a match inside of `output`, with `distance <= at`. It may write up to
    /// [`COPY_MARGIN`](match_copy::COPY_MARGIN) symbols behind the match, which must be in `output`.
    fn copy_match(output: &mut [Self], at: usize, distance: usize, length: usize);
}

impl Symbol for u8 {
    #[inline(always)]
    fn from_byte(byte: u8) -> Self {
        byte
    }

    #[inline(always)]
    fn write_literals(output: &mut [Self], at: usize, literals: u32) {
        output[at..at + 4].copy_from_slice(&literals.to_le_bytes());
    }

    #[inline(always)]
    fn copy_match(output: &mut [Self], at: usize, distance: usize, length: usize) {
        match_copy::copy_match::<Self, 16>(output, at, distance, length);
    }
}

impl Symbol for u16 {
    #[inline(always)]
    fn from_byte(byte: u8) -> Self {
        byte.into()
    }

    #[inline(always)]
    fn write_literals(output: &mut [Self], at: usize, literals: u32) {
        output[at..at + 4].copy_from_slice(&literals.to_le_bytes().map(u16::from));
    }

    #[inline(always)]
    fn copy_match(output: &mut [Self], at: usize, distance: usize, length: usize) {
        match_copy::copy_match::<Self, 8>(output, at, distance, length);
    }
}
