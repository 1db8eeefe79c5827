//! `--only-smaller`: whether an output saves enough, and when that is known.
//!
//! The decision depends on content alone: on the blocks in their order, not on the number of workers.

use crate::deflate::BLOCK;

/// Length of the sample at the beginning of an input. An input whose sample does not shrink is skipped: encrypted and compressed
/// files have the same statistics throughout, and a header that compresses well is usually shorter than the sample.
const SAMPLE: u64 = 4 * BLOCK as u64;

/// Minimum saving in the sample, in thousandths. Headers between compressed parts save a few thousandths; files that are
/// worth compressing save more.
const MIN_SAVING: u64 = 10;

/// Whether `bytes_out` is smaller than `bytes_in`, and by `percent` percent or more.
pub(super) fn saves_enough(percent: u8, bytes_in: u64, bytes_out: u64) -> bool {
    let limit = u128::from(bytes_in) * u128::from(100 - percent);
    bytes_out < bytes_in && u128::from(bytes_out) * 100 <= limit
}

/// Whether the output can no longer save enough, when the first `bytes_in` bytes of a file of `size` bytes have become
/// `bytes_out`.
pub(super) fn is_hopeless(percent: u8, size: Option<u64>, bytes_in: u64, bytes_out: u64) -> bool {
    // The output only grows.
    let too_large = size.is_some_and(|size| !saves_enough(percent, size, bytes_out));
    let sample_is_complete = (SAMPLE..SAMPLE + BLOCK as u64).contains(&bytes_in);
    too_large || sample_is_complete && bytes_out * 1000 > bytes_in * (1000 - MIN_SAVING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_is_exact() {
        assert!(saves_enough(0, 100, 99) && !saves_enough(0, 100, 100));
        assert!(!saves_enough(0, 0, 20) && !saves_enough(0, 0, 0));
        assert!(saves_enough(25, 100, 75) && !saves_enough(25, 100, 76));
        assert!(saves_enough(99, 100, 1) && !saves_enough(99, 99, 1));
        assert!(saves_enough(50, u64::MAX, u64::MAX / 2));
    }

    #[test]
    fn an_input_is_hopeless_if_the_sample_does_not_shrink_or_the_output_is_too_large_already() {
        assert!(is_hopeless(0, Some(1 << 30), SAMPLE, SAMPLE));
        assert!(!is_hopeless(0, Some(1 << 30), SAMPLE, SAMPLE / 100 * 98));
        assert!(!is_hopeless(0, Some(1 << 30), SAMPLE - 1, SAMPLE), "the sample is not complete");
        assert!(is_hopeless(50, Some(1000), 500, 501) && !is_hopeless(50, Some(1000), 500, 500));
        assert!(!is_hopeless(50, None, 500, 501));
    }
}
