//! How long the chunks of a compressed input are.
//!
//! A worker decodes a limited amount of content before the start of its chunk is known. It decodes the rest of the chunk when it is
//! its turn, while the other workers wait. So the chunks of data that compresses well are shorter: their content fits in what a
//! worker decodes in advance. How well data compresses is known from the chunks before.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::settings::StreamSettings;

/// Most bytes of a chunk. Two workers take the same time with 512 KiB to 2 MiB, and 6 % more with 3 MiB: measured on 320 MB of
/// logs, text and binaries that gzip -6 compressed to 88 MB.
pub(crate) const MAX_CHUNK: u64 = 1 << 20;

/// Least bytes of the first chunks, and of a file that is divided. In smaller chunks the search for the first block, and the symbols
/// before the content becomes known, cost more than a second worker gains. The reader inflates smaller files while another
/// worker checks and writes.
const MIN_CHUNK: u64 = 512 << 10;

/// Chunks for each worker, in a file that is not long enough for more. The last chunks are not finished at the same time.
const CHUNKS_PER_WORKER: u64 = 2;

/// Content of a chunk of data that compresses well: three quarters of what a worker decodes in advance
/// ([`GuessDecoder`](crate::inflate::GuessDecoder)), because a chunk ends at a block boundary after its end, and because some
/// chunks have more content than the chunks before.
const MAX_CONTENT: u64 = 3 << 20;

/// Bytes of the chunks that are taken before it is known how well the data compresses: so many that data that compresses to an eighth
/// can be decoded in advance.
const FIRST_CHUNK: u64 = MAX_CONTENT / 8;

/// Least bytes of a chunk of data that compresses well. A decoder does not decode more than 32 times as much content in advance.
const MIN_DENSE_CHUNK: u64 = 128 << 10;

/// Least content that shows how well data compresses.
const MIN_SAMPLE: u64 = 256 << 10;

/// Largest length that the settings can ask for. Offsets in bits, and behind a chunk, must not overflow.
const MAX_GIVEN_CHUNK: u64 = 1 << 40;

/// The lengths of the chunks of one input.
#[derive(Debug)]
pub(super) struct ChunkLengths {
    /// Length of a chunk in bytes, unless the data compresses well.
    longest: u64,
    /// All chunks have this length, because the settings ask for it.
    is_given: bool,
    /// Length of the next chunk.
    next: AtomicU64,
}

impl ChunkLengths {
    /// For a file of `length` bytes. `None` if it is not divided.
    pub(super) fn of_file(length: u64, settings: &StreamSettings) -> Option<Self> {
        if let Some(given) = given_chunk_length(settings) {
            return (length >= given).then(|| Self::new(given, true));
        }
        let even = length / (settings.jobs.get() as u64 * CHUNKS_PER_WORKER);
        (length >= MIN_CHUNK).then(|| Self::new(even.clamp(MIN_CHUNK, MAX_CHUNK), false))
    }

    /// For a pipe.
    pub(super) fn of_pipe(settings: &StreamSettings) -> Self {
        given_chunk_length(settings).map_or_else(|| Self::new(MAX_CHUNK, false), |given| Self::new(given, true))
    }

    fn new(longest: u64, is_given: bool) -> Self {
        let first = if is_given { longest } else { longest.min(FIRST_CHUNK) };
        Self { longest, is_given, next: AtomicU64::new(first) }
    }

    /// Length of the next chunk in bytes.
    pub(super) fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Takes into account that `compressed` bytes have this much content.
    pub(super) fn record(&self, compressed: u64, content: u64) {
        if self.is_given || content < MIN_SAMPLE {
            return;
        }
        let length = (compressed * MAX_CONTENT / content).clamp(MIN_DENSE_CHUNK.min(self.longest), self.longest);
        // Half of the difference, because data differs from chunk to chunk.
        self.next.store((self.next() + length).div_ceil(2), Ordering::Relaxed);
    }
}

/// The length that the settings ask for.
pub(super) fn given_chunk_length(settings: &StreamSettings) -> Option<u64> {
    settings.chunk_length.map(|length| length.get().min(MAX_GIVEN_CHUNK))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::deflate::Engine;

    const MIB: u64 = 1 << 20;

    fn settings(chunk_length: Option<u64>) -> StreamSettings {
        let chunk_length = chunk_length.and_then(NonZeroU64::new);
        StreamSettings { chunk_length, ..StreamSettings::compressing(Engine::Native, 6, 4.try_into().unwrap()) }
    }

    /// The length after some chunks that expand by this factor.
    fn length_at(lengths: &ChunkLengths, expansion: u64) -> u64 {
        (0..20).for_each(|_| lengths.record(MIB / 4, MIB / 4 * expansion));
        lengths.next()
    }

    #[test]
    fn the_content_of_a_chunk_fits_in_what_is_decoded_in_advance() {
        let lengths = ChunkLengths::of_file(100 * MIB, &settings(None)).unwrap();
        assert!(lengths.next() <= MAX_CONTENT / 8, "the first chunks");
        for expansion in [1, 2, 3, 4, 8, 16, 24, 11, 3] {
            let length = length_at(&lengths, expansion);
            assert!(length * expansion <= MAX_CONTENT + expansion, "{expansion}: {length}");
            assert!(length == MAX_CHUNK || length * (expansion + 1) > MAX_CONTENT, "{expansion}: {length} is short");
        }
        assert!(length_at(&lengths, 1000) <= MIN_DENSE_CHUNK + 1);
        assert_eq!(length_at(&lengths, 1), MAX_CHUNK);
        lengths.record(10, 10_000);
        assert_eq!(lengths.next(), MAX_CHUNK, "too little content shows nothing");
    }

    #[test]
    fn a_given_length_stays() {
        for lengths in
            [ChunkLengths::of_file(MIB, &settings(Some(5000))).unwrap(), ChunkLengths::of_pipe(&settings(Some(5000)))]
        {
            assert_eq!((lengths.next(), length_at(&lengths, 16)), (5000, 5000));
        }
        assert!(ChunkLengths::of_file(4999, &settings(Some(5000))).is_none());
    }

    #[test]
    fn a_small_file_is_not_divided() {
        assert!(ChunkLengths::of_file(MIN_CHUNK - 1, &settings(None)).is_none());
        assert!(ChunkLengths::of_file(MIN_CHUNK, &settings(None)).is_some());
    }
}
