//! Detects incompressible data, which is stored without a search for matches: levels 1 to 6.
//!
//! After [`MIN_UNMATCHED`] bytes without a match, samples of the next bytes are counted. If they are distributed as evenly as
//! encrypted or compressed data, the bytes are stored, up to a repetition that `anchors` finds. Stored bytes are inserted into the
//! match finder when parsing continues. Repetitions of less than a few hundred bytes may be missed; levels from 7 on search for
//! them.

use crate::deflate::Window;
use crate::deflate::stored::MAX_STORED;

/// Bytes without a match before samples are taken.
pub(super) const MIN_UNMATCHED: usize = 12 * 1024;

/// Spans that are stored at once.
const MAX_SPANS: usize = 5;

/// Bytes that are judged together: [`MAX_SPANS`] of them fill one stored block.
const SPAN: usize = MAX_STORED / MAX_SPANS;

/// Bytes of a span that are counted. Each of 256 values then occurs three times on average.
const SAMPLE_BYTES: usize = 768;

/// Upper bound for the sum of squared counts of incompressible data. For uniformly distributed bytes the mean is 3,069 and the
/// standard deviation 68: one span in a thousand is more than three deviations off, and is parsed. Text has ten times that.
const MAX_SUM_OF_SQUARES: u32 = 3069 + 3 * 68;

/// Bytes behind the last span of a block that are not judged. Without them, each block would have a few bytes to parse.
const MAX_REST: usize = 64;

/// Spans before a block by which its dictionary is judged.
const DICTIONARY_SPANS: usize = 2;

/// The length of the incompressible prefix of the bytes from `start` to `end`: a multiple of [`SPAN`], or up to the end.
pub(super) fn incompressible_prefix(window: Window<'_>, start: usize, end: usize) -> usize {
    let spans = (end - start) / SPAN;
    let incompressible = (0..spans.min(MAX_SPANS)).take_while(|span| is_incompressible(window, start + span * SPAN));
    let length = incompressible.count() * SPAN;
    if length > 0 && end - start - length <= MAX_REST { end - start } else { length }
}

/// Whether a dictionary of `size` bytes ends with incompressible data.
pub(super) fn is_incompressible_dictionary(window: Window<'_>, size: usize) -> bool {
    const BYTES: usize = DICTIONARY_SPANS * SPAN;
    size >= BYTES && incompressible_prefix(window, size - BYTES, size) == BYTES
}

fn is_incompressible(window: Window<'_>, start: usize) -> bool {
    let mut counts = [0u32; 256];
    for sample in 0..SAMPLE_BYTES {
        // Irregular steps, because records have fields at equal distances. Even and odd positions are sampled.
        let at = sample * 17 + sample * 7 % 13;
        counts[usize::from(window.byte(start + at))] += 1;
    }
    counts.iter().map(|count| count * count).sum::<u32>() <= MAX_SUM_OF_SQUARES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    fn prefix(bytes: impl Iterator<Item = u8>, end: usize) -> usize {
        let bytes: Vec<u8> = bytes.take(end).collect();
        incompressible_prefix(WindowBuffer::new().fill(&bytes), 0, end)
    }

    #[test]
    fn random_bytes_are_incompressible_and_patterns_are_not() {
        let mut x = 1u64;
        let random = std::iter::repeat_with(move || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 56) as u8
        });
        let end = SPAN * MAX_SPANS;
        assert_eq!(prefix(random, end + 1000), end);
        assert_eq!(prefix(random.map(|byte| byte & 0x7f), end), 0, "seven of eight bits");
        assert_eq!(prefix(random.map(|byte| byte % 240), end), 0, "most of the values");
        assert_eq!(prefix(random.enumerate().map(|(i, byte)| if i % 16 < 8 { byte } else { 0 }), end), 0);
        assert_eq!(
            prefix(random.enumerate().map(|(i, byte)| if i % 2 == 0 { byte } else { byte & 15 }), end),
            0,
            "16 bits"
        );
        assert_eq!(prefix(b"a line of text\n".iter().copied().cycle(), end), 0);
    }
}
