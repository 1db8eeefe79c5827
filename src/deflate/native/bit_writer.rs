//! Packs bits into bytes, starting with the lowest bit of each byte (RFC 1951 section 3.1.1).

/// Appends bits to a byte buffer.
pub(super) struct BitWriter<'out> {
    out: &'out mut Vec<u8>,
    /// Bits that are not yet in `out`, the oldest lowest.
    pending: u64,
    /// Number of pending bits; less than 8 between calls.
    count: u32,
}

/// Bytes that [`BitSpan::put`] stores at a time.
const STORE: usize = size_of::<u64>();

/// Most bits that [`BitSpan::put`] appends at a time: with up to seven pending bits they fit in a word.
pub(super) const MAX_PUT: u32 = u64::BITS - 8;

impl<'out> BitWriter<'out> {
    /// Starts on a byte boundary, at the end of `out`.
    pub(super) fn new(out: &'out mut Vec<u8>) -> Self {
        Self { out, pending: 0, count: 0 }
    }

    /// Bits up to the next byte boundary: 0 to 7.
    pub(super) fn bits_to_boundary(&self) -> u32 {
        self.count.wrapping_neg() & 7
    }

    /// Reserves space for `bits` bits and passes it to `write`, which must write exactly that many. So the inner loops do not
    /// check the capacity for each symbol.
    pub(super) fn span(&mut self, bits: u64, write: impl FnOnce(&mut BitSpan<'_>)) {
        let start = self.out.len();
        let whole = (u64::from(self.count) + bits) as usize / 8;
        self.out.resize(start + whole + STORE, 0);
        let mut span = BitSpan { bytes: &mut self.out[start..], at: 0, pending: self.pending, count: self.count };
        write(&mut span);
        debug_assert_eq!(
            (span.at, span.count),
            (whole, (self.count + (bits % 8) as u32) % 8),
            "as many bits as reserved"
        );
        (self.pending, self.count) = (span.pending, span.count);
        self.out.truncate(start + whole);
    }

    /// Appends the lowest `count` bits of `bits`, at most 32.
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.span(count.into(), |span| span.put(bits.into(), count));
    }

    /// Appends zero bits up to the next byte boundary.
    pub(super) fn align(&mut self) {
        let missing = self.bits_to_boundary();
        self.put(0, missing);
    }

    /// Appends whole bytes. The writer must be on a byte boundary.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.count, 0, "whole bytes start on a byte boundary");
        self.out.extend_from_slice(bytes);
    }
}

/// Reserved space for a known number of bits.
pub(super) struct BitSpan<'space> {
    bytes: &'space mut [u8],
    at: usize,
    pending: u64,
    count: u32,
}

impl BitSpan<'_> {
    /// Appends the lowest `count` bits of `bits`, at most [`MAX_PUT`]. The bits above must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        self.bytes[self.at..self.at + STORE].copy_from_slice(&self.pending.to_le_bytes());
        self.at += (self.count / 8) as usize;
        self.pending >>= self.count & !7;
        self.count &= 7;
    }
}
