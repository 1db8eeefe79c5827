//! Copies matches. The source of a match may overlap its destination; then the match repeats the symbols between them.

use super::Symbol;

/// Symbols that are copied before the length is looked at. Most matches are not longer.
const UNCONDITIONAL: usize = 32;

/// Symbols behind a match that [`copy_match`] may overwrite.
pub(super) const COPY_MARGIN: usize = UNCONDITIONAL;

/// Copies a match in chunks of `N` symbols, which are 16 bytes, so that each copy is one load and one store.
#[inline(always)]
pub(super) fn copy_match<S: Symbol, const N: usize>(output: &mut [S], at: usize, distance: usize, length: usize) {
    if distance >= N {
        let from = at - distance;
        let mut done = 0;
        while done < UNCONDITIONAL {
            copy_chunk::<S, N>(output, from + done, at + done);
            done += N;
        }
        while done < length {
            copy_chunk::<S, N>(output, from + done, at + done);
            done += N;
        }
    } else {
        repeat::<S, N>(output, at, distance, length);
    }
}

/// Copies `N` symbols, all of which are read before the first is written.
#[inline(always)]
fn copy_chunk<S: Symbol, const N: usize>(output: &mut [S], from: usize, to: usize) {
    output.copy_within(from..from + N, to);
}

/// Copies a match whose distance is less than `N`: writes a chunk of repetitions again and again.
#[inline(always)]
fn repeat<S: Symbol, const N: usize>(output: &mut [S], at: usize, distance: usize, length: usize) {
    let last = &output[at - distance..at];
    let mut chunk = [S::default(); N];
    if distance == 1 {
        chunk = [last[0]; N];
    } else {
        for (i, symbol) in chunk.iter_mut().enumerate() {
            *symbol = last[i % distance];
        }
    }
    // The largest multiple of the distance that a chunk holds.
    let step = N - N % distance;
    let mut done = 0;
    while done < length {
        output[at + done..at + done + N].copy_from_slice(&chunk);
        done += step;
    }
}

/// Copies exactly `length` symbols of a match. Symbols before `output[0]` are at the end of `window`.
///
/// The distance must not reach back farther than the window.
pub(super) fn copy_exactly<S: Symbol>(
    window: &[S],
    output: &mut [S],
    mut at: usize,
    distance: usize,
    mut length: usize,
) {
    if let Some(back) = distance.checked_sub(at).filter(|&back| back > 0) {
        let count = back.min(length);
        let start = window.len() - back;
        output[at..at + count].copy_from_slice(&window[start..start + count]);
        at += count;
        length -= count;
    }
    if distance >= length {
        output.copy_within(at.saturating_sub(distance)..at.saturating_sub(distance) + length, at);
    } else {
        for i in at..at + length {
            output[i] = output[i - distance];
        }
    }
}
