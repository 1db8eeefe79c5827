//! Offsets of a salvager in bits of the file and in bytes of the output. As types of their own they cannot be confused with each
//! other, or with offsets in bytes of the file, which are plain numbers.

/// An offset in the file, in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileBit(pub(super) u64);

impl FileBit {
    /// The first bit of the byte at `offset`.
    pub(super) fn of_byte(offset: u64) -> Self {
        Self(8 * offset)
    }

    /// Offset of the byte that contains the bit.
    pub(super) fn byte(self) -> u64 {
        self.0 / 8
    }

    /// Number of bits before it in its byte: 0 to 7.
    pub(super) fn in_byte(self) -> u32 {
        (self.0 % 8) as u32
    }

    /// The bit that is this many bits later.
    pub(super) fn plus(self, bits: u64) -> Self {
        Self(self.0 + bits)
    }
}

/// An offset in the output, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OutputOffset(pub(super) u64);

impl OutputOffset {
    /// Bytes of the output from `start` to here; 0 if that is behind it.
    pub(super) fn since(self, start: Self) -> u64 {
        self.0.saturating_sub(start.0)
    }
}
