//! Reads bits from bytes, starting with the lowest bit of each byte (RFC 1951 section 3.1.1).

/// Bits of a slice of input, and bits that were left over from earlier input.
#[derive(Debug)]
pub(super) struct BitReader<'input> {
    pub(super) input: &'input [u8],
    /// Bytes of the input that are in `bits` or were consumed.
    pub(super) position: usize,
    /// Bits to consume next, the first lowest. Bits above `count` are zero or what the input has there.
    pub(super) bits: u64,
    /// Number of valid bits; at most 63.
    pub(super) count: u32,
}

impl<'input> BitReader<'input> {
    /// Reads `input` after `count` bits that are left over from earlier input.
    pub(super) fn new(input: &'input [u8], bits: u64, count: u32) -> Self {
        Self { input, position: 0, bits, count }
    }

    /// Loads bits until there are at least 56 or the input ends.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some(bytes) = self.input.get(self.position..).and_then(|rest| rest.first_chunk()) {
            self.bits |= u64::from_le_bytes(*bytes) << self.count;
            self.position += (63 - self.count as usize) / 8;
            self.count |= 56;
        } else {
            self.refill_bytewise();
        }
    }

    #[cold]
    fn refill_bytewise(&mut self) {
        while self.count < 56
            && let Some(&byte) = self.input.get(self.position)
        {
            self.bits |= u64::from(byte) << self.count;
            self.position += 1;
            self.count += 8;
        }
    }

    /// Consumes `count` bits, which must be valid.
    #[inline(always)]
    pub(super) fn consume(&mut self, count: u32) {
        debug_assert!(count <= self.count);
        self.bits >>= count;
        self.count -= count;
    }

    /// The next bits; the lowest `count` of them are returned, without being consumed.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> u32 {
        (self.bits & ((1 << count) - 1)) as u32
    }

    /// Consumes and returns up to 32 bits. `None` if the input ends before.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.refill();
        }
        (self.count >= count).then(|| {
            let bits = self.peek(count);
            self.consume(count);
            bits
        })
    }

    /// Skips the rest of the current byte.
    pub(super) fn align(&mut self) {
        self.consume(self.count % 8);
    }

    /// Returns whole bytes that were loaded and not consumed to the input.
    pub(super) fn give_back(&mut self) {
        let bytes = (self.count as usize / 8).min(self.position);
        self.position -= bytes;
        self.count -= 8 * bytes as u32;
        self.clear_above();
    }

    /// Clears the bits above the valid ones, so that other input can follow.
    pub(super) fn clear_above(&mut self) {
        self.bits &= (1 << self.count) - 1;
    }
}
