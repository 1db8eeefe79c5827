//! Continues a match of the longest length without a search: levels 1 to 4.
//!
//! A search finds no position inside of the match, unless they are all inserted. So in a run it would find a multiple of the period,
//! and in longer periods nothing.

use std::ops::Range;

use crate::deflate::Window;
use crate::deflate::native::sequences::{Match, Sequences, of_match};

/// Longest period of a run that is recognized behind the match.
const MAX_PERIOD: usize = 16;

/// Shortest match that continues another one, except up to the end of the block. With 16, runs are 1 to 1.6 % larger, because of one
/// more symbol, and sparse files 2 % smaller.
const MIN_CONTINUED: usize = 32;

/// Shortest match that continues another one up to the end of the block.
const MIN_AT_END: usize = 4;

/// Appends the matches that continue one of the longest length, which ends at `range.start`: in a run at its period, otherwise at
/// the same distance. Returns the position behind the last one.
///
/// Ignores that `out` is full. Otherwise the repetition would have to be found again, perhaps one period later.
#[cold]
#[inline(never)]
pub(super) fn continue_match(window: Window<'_>, range: Range<usize>, distance: usize, out: &mut Sequences) -> usize {
    let (Range { start: mut next, end }, checked) = (range, window.checked());
    let is_period = |&period: &usize| checked.load64(next - period) == checked.load64(next);
    // Bytes behind the end must not decide.
    let period = if next + 8 > end { None } else { (1..=MAX_PERIOD).find(is_period) };
    let distance = period.map_or(distance, |period| period.min(distance));
    while next < end {
        let length = checked.common_to(next - distance, next, end);
        if length < (end - next).clamp(MIN_AT_END, MIN_CONTINUED) {
            break;
        }
        out.push_run(window, next..next, of_match(Match { length, distance }));
        next += length;
    }
    next
}
