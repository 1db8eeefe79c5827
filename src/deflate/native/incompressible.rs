//! What does not compress: noticed early, so that it goes through at the speed of memory. Levels 1 to 6.
//!
//! Where nothing has matched for a while and the bytes that follow are spread as evenly as those of encrypted or
//! compressed data, they are stored without a look for matches; now and then a little is parsed, to see whether that still
//! holds. (Copies of such data may be missed; levels from 7 on look for them.) At level 6 noise goes through eight times
//! as fast.

use crate::deflate::Window;

/// Bytes without a match after which it is looked ahead.
pub(super) const MIN_UNMATCHED: usize = 12 * 1024;

/// Bytes that are judged together.
const PIECE: usize = 13_107;

/// Pieces that are stored before something is parsed again: as many as one stored block holds.
const MAX_PIECES: usize = 5;

/// Bytes of a piece that are looked at: of 256 values each then comes three times on average.
const SAMPLE_BYTES: usize = 768;

/// Most that the sum of squared counts may be. Of evenly spread bytes it is 3,069 on average, and its deviation 68: one
/// piece in a thousand is more than three deviations off, and is parsed. Text has ten times that.
const MAX_SUM_OF_SQUARES: u32 = 3069 + 3 * 68;

/// How many bytes from `start` on are noise.
pub(super) fn incompressible_prefix(window: Window<'_>, start: usize, end: usize) -> usize {
    let pieces = (end - start) / PIECE;
    let noise = (0..pieces.min(MAX_PIECES)).take_while(|piece| is_incompressible(window, start + piece * PIECE));
    noise.count() * PIECE
}

fn is_incompressible(window: Window<'_>, start: usize) -> bool {
    let mut counts = [0u32; 256];
    for sample in 0..SAMPLE_BYTES {
        // Not at equal distances, as fields of records are.
        let at = sample * 17 + sample * 7 % 16;
        counts[usize::from(window.byte(start + at))] += 1;
    }
    counts.iter().map(|count| count * count).sum::<u32>() <= MAX_SUM_OF_SQUARES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    fn incompressible_prefix(bytes: impl Iterator<Item = u8>, start: usize, end: usize) -> usize {
        let bytes: Vec<u8> = bytes.take(end).collect();
        super::incompressible_prefix(WindowBuffer::new().fill(&bytes), start, end)
    }

    #[test]
    fn noise_is_told_from_what_has_a_pattern() {
        let mut x = 1u64;
        let noise = std::iter::repeat_with(move || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 56) as u8
        });
        let end = PIECE * MAX_PIECES;
        assert_eq!(incompressible_prefix(noise, 0, end + 1000), end);
        assert_eq!(incompressible_prefix(noise.map(|byte| byte & 0x7f), 0, end), 0, "seven bits of eight");
        assert_eq!(incompressible_prefix(noise.map(|byte| byte % 240), 0, end), 0, "most of the values");
        assert_eq!(
            incompressible_prefix(noise.enumerate().map(|(i, byte)| if i % 16 < 8 { byte } else { 0 }), 0, end),
            0
        );
        assert_eq!(incompressible_prefix(b"a line of text\n".iter().copied().cycle(), 0, end), 0);
    }
}
