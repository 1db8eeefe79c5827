//! Bits on their way into bytes: the first bit written is the lowest of its byte (RFC 1951 section 3.1.1).

/// Appends bits to a buffer of bytes.
pub(super) struct BitWriter<'out> {
    out: &'out mut Vec<u8>,
    /// Bits not yet in `out`, the oldest lowest.
    pending: u64,
    /// How many those are; fewer than 8 between calls.
    count: u32,
}

/// Bytes that [`Span::put`] stores at a time.
const STORE: usize = size_of::<u64>();

impl<'out> BitWriter<'out> {
    /// Begins on a byte boundary, at the end of `out`.
    pub(super) fn new(out: &'out mut Vec<u8>) -> Self {
        Self { out, pending: 0, count: 0 }
    }

    /// Bits that are missing to the next byte boundary.
    pub(super) fn bits_to_boundary(&self) -> u32 {
        self.count.wrapping_neg() & 7
    }

    /// Gives `write` a place for exactly `bits` bits, which is how many it has to put there.
    pub(super) fn span(&mut self, bits: u64, write: impl FnOnce(&mut Span<'_>)) {
        let start = self.out.len();
        let whole = (u64::from(self.count) + bits) as usize / 8;
        self.out.resize(start + whole + STORE, 0);
        let mut span = Span { place: &mut self.out[start..], at: 0, pending: self.pending, count: self.count };
        write(&mut span);
        debug_assert_eq!((span.at, span.count), (whole, (self.count + (bits % 8) as u32) % 8), "bits as announced");
        (self.pending, self.count) = (span.pending, span.count);
        self.out.truncate(start + whole);
    }

    /// Appends the lowest `count` bits of `bits`, at most 32.
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.span(count.into(), |span| span.put(bits.into(), count));
    }

    /// Appends zeros up to the next byte boundary.
    pub(super) fn align(&mut self) {
        let missing = self.bits_to_boundary();
        self.put(0, missing);
    }

    /// Appends bytes; only on a byte boundary.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.count, 0, "bytes stand on byte boundaries");
        self.out.extend_from_slice(bytes);
    }
}

/// A place for a number of bits that is known.
pub(super) struct Span<'place> {
    place: &'place mut [u8],
    at: usize,
    pending: u64,
    count: u32,
}

impl Span<'_> {
    /// Appends the lowest `count` bits of `bits`, at most 56; those above are zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        self.place[self.at..self.at + STORE].copy_from_slice(&self.pending.to_le_bytes());
        self.at += (self.count / 8) as usize;
        self.pending >>= self.count & !7;
        self.count &= 7;
    }
}
