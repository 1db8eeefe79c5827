//! The buffer that content is inflated into.

/// Content that is being inflated, in a buffer of fixed capacity.
///
/// Decoders write into initialised memory. A buffer that is used again keeps its bytes, so only the first use clears memory,
/// and only as much as the content needs.
#[derive(Debug)]
pub(super) struct ContentBuffer {
    /// The content, and bytes that may be overwritten.
    bytes: Vec<u8>,
    /// Length of the content.
    len: usize,
}

/// Bytes that are cleared when the content needs more space. The buffer of a file that is a little longer than the one before grows
/// by this, not by its length: clearing took 1 % of the time of files of 300 KB.
const GROWTH: usize = 64 * 1024;

impl ContentBuffer {
    /// Content of at most the capacity of `buffer`, whose bytes are overwritten.
    pub(super) fn new(buffer: Vec<u8>) -> Self {
        Self { bytes: buffer, len: 0 }
    }

    /// Length of the content.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that can be added.
    pub(super) fn free(&self) -> usize {
        self.bytes.capacity() - self.len
    }

    /// The content.
    pub(super) fn content(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The content, followed by space for at least one more byte unless the buffer is full.
    pub(super) fn with_space(&mut self) -> &mut [u8] {
        if self.len == self.bytes.len() {
            let length = (self.len + GROWTH).min(self.bytes.capacity());
            self.bytes.resize(length, 0);
        }
        &mut self.bytes
    }

    /// Adds `count` bytes, which were written to the space after the content.
    pub(super) fn add(&mut self, count: usize) {
        self.len += count;
        debug_assert!(self.len <= self.bytes.len());
    }

    /// Adds these bytes, for which there must be space.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        debug_assert!(bytes.len() <= self.free());
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    /// The buffer, whose bytes are the content.
    pub(super) fn into_content(self) -> Vec<u8> {
        let Self { mut bytes, len } = self;
        bytes.truncate(len);
        bytes
    }

    /// The buffer, unchanged.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}
