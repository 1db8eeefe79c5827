//! CRC-32 of content (RFC 1952 section 8).
//!
//! crc32fast folds 256 bytes at a time where the processor has VPCLMULQDQ, and 64 otherwise. zlib-rs, through flate2, always folds
//! 64: a gigabyte takes 59 ms instead of 15 (Zen 5), and level 1 4 % longer on logs.

use crc32fast::Hasher;

/// The CRC-32 of the bytes so far.
#[derive(Clone, Debug, Default)]
pub struct Crc32(Hasher);

impl Crc32 {
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Appends the bytes of another CRC.
    pub fn combine(&mut self, behind: &Self) {
        self.0.combine(&behind.0);
    }

    /// The value.
    pub fn sum(&self) -> u32 {
        self.0.clone().finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value as flate2 computes it.
    fn expected(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[test]
    fn values_equal_those_of_flate2_in_one_part_and_in_two() {
        let size = if cfg!(miri) { 600 } else { 5000 };
        let bytes: Vec<u8> = (0..size).map(|i: u32| (i.wrapping_mul(i) >> 5) as u8).collect();
        for end in (0..bytes.len()).step_by(61) {
            let (bytes, middle) = (&bytes[..end], end / 3);
            let of = |bytes: &[u8]| {
                let mut crc = Crc32::new();
                crc.update(bytes);
                crc
            };
            let mut joined = of(&bytes[..middle]);
            let mut continued = joined.clone();
            joined.combine(&of(&bytes[middle..]));
            continued.update(&bytes[middle..]);
            assert_eq!([of(bytes).sum(), joined.sum(), continued.sum()], [expected(bytes); 3], "{end} bytes");
        }
    }
}
