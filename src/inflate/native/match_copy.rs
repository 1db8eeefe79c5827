//! Copies matches. The source of a match may overlap its destination; then the match repeats the symbols between them.

use super::Symbol;

/// Symbols that are copied at once, whatever the length. Most matches are not longer.
pub(super) const UNCONDITIONAL: usize = 32;

/// Symbols behind a match that [`copy_match`] may overwrite.
pub(super) const COPY_MARGIN: usize = UNCONDITIONAL;

/// Bytes of a chunk, which is one load and one store.
pub(super) const CHUNK_BYTES: usize = 16;

/// A match. With a third field it would be passed in memory: 2 % more instructions of the decoder.
#[derive(Clone, Copy)]
pub(super) struct BackReference {
    pub(super) distance: usize,
    pub(super) length: usize,
}

/// Copies a match to `output[at..]`; returns whether there are symbols at the distance. `output` must have space for the match and
/// [`COPY_MARGIN`] symbols. Symbols before `output[0]` are at the end of `window`.
#[inline(always)]
pub(super) fn copy_match<S: Symbol>(window: &[S], output: &mut [S], at: usize, reference: BackReference) -> bool {
    let BackReference { distance, length } = reference;
    let (history, space) = output.split_at_mut(at);
    let Some(from) = at.checked_sub(distance) else {
        let Some(start) = (window.len() + at).checked_sub(distance) else {
            return false;
        };
        match window[start..].first_chunk::<UNCONDITIONAL>() {
            Some(source) if length <= UNCONDITIONAL => space[..UNCONDITIONAL].copy_from_slice(source),
            _ => copy_exactly(window, output, at, BackReference { distance, length }),
        }
        return true;
    };
    let Some(source) = history[from..].first_chunk::<UNCONDITIONAL>() else {
        S::copy_near(output, at, distance, length);
        return true;
    };
    space[..UNCONDITIONAL].copy_from_slice(source);
    let mut done = UNCONDITIONAL;
    while done < length {
        output.copy_within(from + done..from + done + UNCONDITIONAL, at + done);
        done += UNCONDITIONAL;
    }
    true
}

/// Copies a match whose distance is less than [`UNCONDITIONAL`], in chunks of `N` symbols.
#[inline(never)]
pub(super) fn copy_near<S: Symbol, const N: usize>(output: &mut [S], at: usize, distance: usize, length: usize) {
    let from = at - distance;
    let mut done = 0;
    if distance >= N {
        while done < length {
            output.copy_within(from + done..from + done + N, at + done);
            done += N;
        }
    } else {
        let chunk = repeat(S::load(output, from), distance * size_of::<S>());
        let step = const { steps::<N>() }[distance % N];
        while done < length {
            S::store(output, at + done, chunk);
            done += step;
        }
    }
}

/// For each distance less than `N`, its largest multiple that a chunk of `N` symbols holds.
const fn steps<const N: usize>() -> [usize; N] {
    let mut steps = [N; N];
    let mut distance = 1;
    while distance < N {
        steps[distance] = N - N % distance;
        distance += 1;
    }
    steps
}

/// For each number of bytes, what a chunk is multiplied by so that these bytes are repeated in all of it.
const REPETITIONS: [u128; CHUNK_BYTES] = {
    let mut factors = [0; CHUNK_BYTES];
    let mut period = 1;
    while period < CHUNK_BYTES {
        let mut at = 0;
        while at < CHUNK_BYTES {
            factors[period] |= 1 << (8 * at);
            at += period;
        }
        period += 1;
    }
    factors
};

/// A chunk that repeats the first `period` bytes of `chunk`, less than [`CHUNK_BYTES`].
#[inline(always)]
fn repeat(chunk: u128, period: usize) -> u128 {
    (chunk & !(!0 << (8 * period))).wrapping_mul(REPETITIONS[period % CHUNK_BYTES])
}

/// Copies a match to `output[at..]`, and writes nothing behind it. Symbols before `output[0]` are at the end of `window`.
///
/// The distance must not reach back farther than the window.
#[cold]
#[inline(never)]
pub(super) fn copy_exactly<S: Symbol>(window: &[S], output: &mut [S], mut at: usize, reference: BackReference) {
    let BackReference { distance, mut length } = reference;
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
