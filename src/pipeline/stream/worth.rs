//! `--only-smaller`: whether an output pays, and when that is known.
//!
//! Decides by content alone: by the blocks in their order, however many workers made them.

use crate::deflate::BLOCK;

/// Bytes at the beginning that are taken for a sample of the whole: what does not shrink there is given up. Encrypted and
/// compressed files look alike from the first block on; a header of another kind is mostly smaller than this.
const SAMPLE: u64 = 4 * BLOCK as u64;

/// Bytes out of a thousand that the sample has to shrink by at the least. Headers between compressed parts shrink by a
/// few; what pays shrinks by more.
const LEAST: u64 = 10;

/// Whether `bytes_out` are `percent` percent less than `bytes_in`, and less at all.
pub(super) fn pays(percent: u8, bytes_in: u64, bytes_out: u64) -> bool {
    let most = u128::from(bytes_in) * u128::from(100 - percent);
    bytes_out < bytes_in && u128::from(bytes_out) * 100 <= most
}

/// Whether it is no use to go on: after the first `bytes_in` bytes of a file of `size` became `bytes_out`.
pub(super) fn is_hopeless(percent: u8, size: Option<u64>, bytes_in: u64, bytes_out: u64) -> bool {
    // What is written does not get less.
    let too_much = size.is_some_and(|size| !pays(percent, size, bytes_out));
    let sampled = (SAMPLE..SAMPLE + BLOCK as u64).contains(&bytes_in);
    too_much || sampled && bytes_out * 1000 > bytes_in * (1000 - LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_percent_are_exactly_so_many() {
        assert!(pays(0, 100, 99) && !pays(0, 100, 100) && !pays(0, 0, 20) && !pays(0, 0, 0));
        assert!(pays(25, 100, 75) && !pays(25, 100, 76));
        assert!(pays(99, 100, 1) && !pays(99, 99, 1));
        assert!(pays(50, u64::MAX, u64::MAX / 2));
    }

    #[test]
    fn what_does_not_shrink_in_the_sample_or_cannot_any_more_is_hopeless() {
        assert!(is_hopeless(0, Some(1 << 30), SAMPLE, SAMPLE));
        assert!(!is_hopeless(0, Some(1 << 30), SAMPLE, SAMPLE / 100 * 98));
        assert!(!is_hopeless(0, Some(1 << 30), SAMPLE - 1, SAMPLE), "not yet known");
        assert!(is_hopeless(50, Some(1000), 500, 501) && !is_hopeless(50, Some(1000), 500, 500));
        assert!(!is_hopeless(50, None, 500, 501));
    }
}
