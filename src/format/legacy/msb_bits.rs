//! Reads bits whose first one is the highest of a byte, as pack and LZH store them.

use super::{LegacyError, NextByte};

/// Most bits of a call.
const MAX_BITS: u32 = 32;

/// Bits that were read from the input and not consumed.
#[derive(Debug, Default)]
pub(super) struct MsbBits {
    /// The bits, the next one highest among the lowest `count`.
    bits: u64,
    count: u32,
    /// The input has ended.
    at_end: bool,
}

impl MsbBits {
    /// Looks at the next `width` bits, at most 32. Zeros stand for bits behind the end of the file.
    pub(super) fn peek(&mut self, width: u32, next: NextByte<'_>) -> Result<u32, LegacyError> {
        debug_assert!(width <= MAX_BITS);
        while self.count < width && !self.at_end {
            match next()? {
                Some(byte) => {
                    self.bits = self.bits << 8 | u64::from(byte);
                    self.count += 8;
                }
                None => self.at_end = true,
            }
        }
        let bits = match self.count.checked_sub(width) {
            Some(unused) => self.bits >> unused,
            None => self.bits << (width - self.count),
        };
        Ok((bits & ((1 << width) - 1)) as u32)
    }

    /// Consumes `width` of the bits that were looked at.
    ///
    /// # Errors
    /// [`LegacyError::Truncated`] if the file ended before them.
    pub(super) fn consume(&mut self, width: u32) -> Result<(), LegacyError> {
        self.count = self.count.checked_sub(width).ok_or(LegacyError::Truncated)?;
        Ok(())
    }

    /// Reads a number of `width` bits, at most 32.
    pub(super) fn read(&mut self, width: u32, next: NextByte<'_>) -> Result<u32, LegacyError> {
        let value = self.peek(width, next)?;
        self.consume(width)?;
        Ok(value)
    }
}
