//! The two kinds of output: bytes, and 16-bit symbols that are bytes or positions in an unknown window.

use super::match_copy;

/// What the decoder writes.
pub trait Symbol: Copy + Default + Send + Sync + std::fmt::Debug + 'static {
    /// The symbol of a literal.
    fn from_byte(byte: u8) -> Self;

    /// Writes two literals, lowest byte first, to `output[at..at + 2]`. Those that are not used are overwritten later.
    fn write_literals(output: &mut [Self], at: usize, literals: u16);

    /// Loads 16 bytes of symbols from `output[at..]`, the first lowest.
    fn load(output: &[Self], at: usize) -> u128;

    /// Stores 16 bytes of symbols to `output[at..]`.
    fn store(output: &mut [Self], at: usize, chunk: u128);

    /// Copies a match inside of `output`, with `distance <= at` and less than 32. It may write up to 16 symbols behind the
    /// match, which must be in `output`.
    fn copy_near(output: &mut [Self], at: usize, distance: usize, length: usize);
}

impl Symbol for u8 {
    #[inline(always)]
    fn from_byte(byte: u8) -> Self {
        byte
    }

    #[inline(always)]
    fn write_literals(output: &mut [Self], at: usize, literals: u16) {
        output[at..at + 2].copy_from_slice(&literals.to_le_bytes());
    }

    #[inline(always)]
    fn load(output: &[Self], at: usize) -> u128 {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&output[at..at + 16]);
        u128::from_le_bytes(bytes)
    }

    #[inline(always)]
    fn store(output: &mut [Self], at: usize, chunk: u128) {
        output[at..at + 16].copy_from_slice(&chunk.to_le_bytes());
    }

    #[inline(always)]
    fn copy_near(output: &mut [Self], at: usize, distance: usize, length: usize) {
        match_copy::copy_near::<Self, 16>(output, at, distance, length);
    }
}

impl Symbol for u16 {
    #[inline(always)]
    fn from_byte(byte: u8) -> Self {
        byte.into()
    }

    #[inline(always)]
    fn write_literals(output: &mut [Self], at: usize, literals: u16) {
        output[at..at + 2].copy_from_slice(&literals.to_le_bytes().map(u16::from));
    }

    #[inline(always)]
    fn load(output: &[Self], at: usize) -> u128 {
        (0..8).fold(0, |chunk, i| chunk | u128::from(output[at..at + 8][i]) << (16 * i))
    }

    #[inline(always)]
    fn store(output: &mut [Self], at: usize, chunk: u128) {
        for (i, symbol) in output[at..at + 8].iter_mut().enumerate() {
            *symbol = (chunk >> (16 * i)) as u16;
        }
    }

    #[inline(always)]
    fn copy_near(output: &mut [Self], at: usize, distance: usize, length: usize) {
        match_copy::copy_near::<Self, 8>(output, at, distance, length);
    }
}
