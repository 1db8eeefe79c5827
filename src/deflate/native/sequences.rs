//! The result of parsing: sequences, each of one or two literals or of one match.
//!
//! A sequence is packed into 32 bits so that it can be written without a branch: two fields that index a table of codes
//! each, and plain bits behind them.
//!
//! | bits | field | match | literals |
//! |---|---|---|---|
//! | 0..10 | first | 254 + length | first literal |
//! | 10..19 | second | distance symbol | 32 + second literal, or 31 for none |
//! | 19..32 | extra | extra bits of the distance | 0 |

use std::ops::Range;

use super::symbols::{DistanceCode, FIRST_LENGTH_SYMBOL, MIN_MATCH};
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::{BLOCK, Window};
use crate::format::alphabets::DISTANCES;

/// A match: bytes that occur again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    /// Length in bytes.
    pub(super) length: usize,
    /// Distance back in bytes; 0 if there is no match.
    pub(super) distance: usize,
}

/// Bits of the first field.
pub(super) const FIRST_BITS: u32 = 10;
/// Bits of the second field.
pub(super) const SECOND_BITS: u32 = 9;
/// Values of the first field.
pub(super) const FIRST_VALUES: usize = 1 << FIRST_BITS;
/// Values of the second field.
pub(super) const SECOND_VALUES: usize = 1 << SECOND_BITS;
/// Added to a match length in the first field, so that the shortest match has the value of the first length symbol.
pub(super) const FIRST_LENGTH: u32 = (FIRST_LENGTH_SYMBOL - MIN_MATCH) as u32;
/// The second field of a single literal.
pub(super) const NO_SECOND: u32 = 31;
/// Added to a second literal in the second field.
pub(super) const SECOND_LITERAL: u32 = 32;

/// The sequence of a match.
#[inline(always)]
pub(super) fn of_match(found: Match) -> u32 {
    let DistanceCode { symbol, extra } = DistanceCode::of(found.distance);
    (FIRST_LENGTH + found.length as u32) | symbol << FIRST_BITS | extra << (FIRST_BITS + SECOND_BITS)
}

/// The sequence of two literals.
#[inline(always)]
fn of_pair(first: u32, second: u32) -> u32 {
    first + ((second + SECOND_LITERAL) << FIRST_BITS)
}

/// The sequence of one literal.
#[inline(always)]
fn of_literal(literal: u32) -> u32 {
    literal + (NO_SECOND << FIRST_BITS)
}

/// Sequences after which a DEFLATE block ends in any case: bounds the memory of a pending block.
pub(super) const MAX_PENDING: usize = 1 << 16;

/// Capacity for all sequences of a block. Each encodes two bytes or more, except single literals before a match or at the
/// end of a run. A power of two, so that a mask replaces a bounds check.
const CAPACITY: usize = 1 << 18;

const _: () = assert!(BLOCK.div_ceil(2) <= CAPACITY && MAX_PENDING < CAPACITY);

/// Sequences that are stored at once. The next ones overwrite those that are not needed.
const STORED_AT_ONCE: usize = 8;

/// Sequences in input order.
pub(super) struct Sequences {
    buffer: Box<[u32; CAPACITY + STORED_AT_ONCE]>,
    length: usize,
    /// A parser returns when there are this many.
    limit: usize,
}

impl Sequences {
    pub(super) fn new() -> Self {
        Self { buffer: boxed_array(0), length: 0, limit: 0 }
    }

    /// Sets the number of sequences at which a parser returns.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Whether the limit is reached.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.length >= self.limit
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        &self.buffer[..self.length]
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Removes all sequences.
    pub(super) fn clear(&mut self) {
        self.length = 0;
    }

    /// The matches among the sequences from `first` on.
    pub(super) fn matches(&self, first: usize) -> impl Iterator<Item = Match> + Clone {
        self.as_slice()[first..].iter().filter_map(|&sequence| {
            let symbol = (sequence >> FIRST_BITS) as usize % SECOND_VALUES;
            let distance = usize::from(DISTANCES.get(symbol)?.base) + (sequence >> (FIRST_BITS + SECOND_BITS)) as usize;
            Some(Match { length: sequence as usize % FIRST_VALUES - FIRST_LENGTH as usize, distance })
        })
    }

    /// Removes the first `count` sequences.
    pub(super) fn remove_first(&mut self, count: usize) {
        self.buffer.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Appends the literals at the positions `literals`, and then the match whose sequence is `matched`.
    #[inline(always)]
    pub(super) fn push_run(&mut self, window: Window<'_>, literals: Range<usize>, matched: u32) {
        let Range { start: mut at, end } = literals;
        if end - at > STORED_AT_ONCE {
            at = self.push_eights(window, at..end);
        }
        // No branch on the number of literals: the next sequences overwrite those that are not needed.
        let (half, odd) = ((end - at) / 2, (end - at) % 2);
        let next = self.next();
        store_pairs(next, window.checked().load64(at));
        next[half % STORED_AT_ONCE] = of_literal(next[half % STORED_AT_ONCE] & 0xff);
        next[(half + odd) % STORED_AT_ONCE] = matched;
        self.length += half + odd + 1;
    }

    /// Appends the literals at the positions `literals`.
    #[inline(never)]
    pub(super) fn push_literals(&mut self, window: Window<'_>, literals: Range<usize>) {
        let end = literals.end;
        let at = self.push_eights(window, literals);
        let (half, odd) = ((end - at) / 2, (end - at) % 2);
        let next = self.next();
        store_pairs(next, window.checked().load64(at));
        next[half % STORED_AT_ONCE] = if odd == 1 { of_literal(next[half % STORED_AT_ONCE] & 0xff) } else { 0 };
        self.length += half + odd;
    }

    /// Appends literals, eight at a time, until at most eight are left. Returns the position of the first of these.
    #[inline(never)]
    fn push_eights(&mut self, window: Window<'_>, literals: Range<usize>) -> usize {
        let mut at = literals.start;
        while literals.end - at > STORED_AT_ONCE {
            store_pairs(self.next(), window.checked().load64(at));
            self.length += STORED_AT_ONCE / 2;
            at += STORED_AT_ONCE;
        }
        at
    }

    /// The elements behind the last sequence.
    #[inline(always)]
    fn next(&mut self) -> &mut [u32; STORED_AT_ONCE] {
        let start = self.length % CAPACITY;
        (&mut self.buffer[start..start + STORED_AT_ONCE]).try_into().expect("STORED_AT_ONCE elements")
    }

    /// Replaces all sequences by these literals and matches.
    pub(super) fn replace(&mut self, items: impl Iterator<Item = LiteralOrMatch>) {
        self.length = 0;
        self.append(items);
    }

    /// Appends these literals and matches. Consecutive literals are paired.
    pub(super) fn append(&mut self, items: impl Iterator<Item = LiteralOrMatch>) {
        let mut unpaired = None;
        for item in items {
            match (item, unpaired.take()) {
                (LiteralOrMatch::Literal(second), Some(first)) => self.push(of_pair(first, second.into())),
                (LiteralOrMatch::Literal(first), None) => unpaired = Some(first.into()),
                (LiteralOrMatch::Match(found), first) => {
                    first.into_iter().for_each(|first| self.push(of_literal(first)));
                    self.push(of_match(found));
                }
            }
        }
        unpaired.into_iter().for_each(|first| self.push(of_literal(first)));
    }

    fn push(&mut self, sequence: u32) {
        self.next()[0] = sequence;
        self.length += 1;
    }
}

/// One step of a parse.
pub(super) enum LiteralOrMatch {
    Literal(u8),
    Match(Match),
}

/// Stores eight literals as the first four sequences.
#[inline(always)]
fn store_pairs(next: &mut [u32; STORED_AT_ONCE], word: u64) {
    for (i, sequence) in next[..STORED_AT_ONCE / 2].iter_mut().enumerate() {
        let pair = (word >> (16 * i)) as u32;
        *sequence = of_pair(pair & 0xff, pair >> 8 & 0xff);
    }
}
