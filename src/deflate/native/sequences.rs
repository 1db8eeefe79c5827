//! What a parser makes of the input: literals, two to a token, and matches.
//!
//! A token is made so that writing it needs no branch. It has two fields that are looked up in a table of bits each, and
//! a number of plain bits behind those:
//!
//! | bits | field | of a match | of literals |
//! |---|---|---|---|
//! | 0..10 | first | 254 + length | the first literal |
//! | 10..19 | second | the distance's symbol | 32 + the second literal, or 31 for none |
//! | 19..32 | extra | the distance's extra bits | 0 |

use super::symbols::{DISTANCES, LEAST_LENGTH, LENGTHS, LITLEN, distance_symbol};
use crate::deflate::BLOCK;
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;

/// The same bytes again: how many, and how far back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub(super) length: usize,
    /// 0 where there is none.
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
/// What a length adds to in the first field: the lowest is that of the symbol which follows the end of block.
pub(super) const FIRST_LENGTH: u32 = 257 - LEAST_LENGTH as u32;
/// No second field.
pub(super) const NO_SECOND: u32 = 31;
/// What the second literal adds to.
pub(super) const SECOND_LITERAL: u32 = 32;

/// The token of a match.
#[inline(always)]
pub(super) fn of_match(found: Match) -> u32 {
    let (symbol, extra) = distance_symbol(found.distance as u32);
    (FIRST_LENGTH + found.length as u32) | symbol << FIRST_BITS | extra << (FIRST_BITS + SECOND_BITS)
}

/// Two literals.
#[inline(always)]
fn of_pair(first: u32, second: u32) -> u32 {
    first + ((second + SECOND_LITERAL) << FIRST_BITS)
}

/// One literal.
#[inline(always)]
fn of_literal(literal: u32) -> u32 {
    literal + (NO_SECOND << FIRST_BITS)
}

/// Tokens after which a DEFLATE block ends whatever follows: it bounds how long a block's tokens wait to be written.
pub(super) const MAX_PENDING: usize = 1 << 16;

/// Room for all the tokens of a block: each stands for two bytes or more, but single literals, which stand before a match
/// or at the end. A power of two, so that a place in it is masked and needs no check.
const CAPACITY: usize = 1 << 18;

const _: () = assert!(BLOCK.div_ceil(2) <= CAPACITY && MAX_PENDING < CAPACITY);

/// Tokens that are written at once, whether they are all wanted or not.
const STORED_AT_ONCE: usize = 8;

/// Tokens in their order.
pub(super) struct Sequences {
    buffer: Box<[u32; CAPACITY + STORED_AT_ONCE]>,
    length: usize,
}

impl Sequences {
    pub(super) fn new() -> Self {
        Self { buffer: boxed_array(0), length: 0 }
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        &self.buffer[..self.length]
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Forgets the first `count` tokens.
    pub(super) fn forget(&mut self, count: usize) {
        self.buffer.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Appends literals and a match behind them.
    #[inline(always)]
    pub(super) fn push_run(&mut self, window: Window<'_>, (start, end): (usize, usize), sequence: u32) {
        let mut at = start;
        if end - at > STORED_AT_ONCE {
            at = self.push_eights(window, at, end);
        }
        // Without a branch on how many they are: what is too much is written over by what comes next.
        let (half, odd) = ((end - at) / 2, (end - at) % 2);
        let place = self.next();
        store_pairs(place, window.load64(at));
        place[half % STORED_AT_ONCE] = of_literal(place[half % STORED_AT_ONCE] & 0xff);
        place[(half + odd) % STORED_AT_ONCE] = sequence;
        self.length += half + odd + 1;
    }

    /// Appends literals.
    #[inline(never)]
    pub(super) fn push_literals(&mut self, window: Window<'_>, start: usize, end: usize) {
        let at = self.push_eights(window, start, end);
        let (half, odd) = ((end - at) / 2, (end - at) % 2);
        let place = self.next();
        store_pairs(place, window.load64(at));
        place[half % STORED_AT_ONCE] = if odd == 1 { of_literal(place[half % STORED_AT_ONCE] & 0xff) } else { 0 };
        self.length += half + odd;
    }

    /// Appends literals in eights, until no more than eight are left; returns where those begin.
    #[inline(never)]
    fn push_eights(&mut self, window: Window<'_>, start: usize, end: usize) -> usize {
        let mut at = start;
        while end - at > STORED_AT_ONCE {
            store_pairs(self.next(), window.load64(at));
            self.length += STORED_AT_ONCE / 2;
            at += STORED_AT_ONCE;
        }
        at
    }

    /// The places of the next tokens.
    #[inline(always)]
    fn next(&mut self) -> &mut [u32; STORED_AT_ONCE] {
        let start = self.length % CAPACITY;
        (&mut self.buffer[start..start + STORED_AT_ONCE]).try_into().expect("as many")
    }

    /// Takes in tokens one by one: literals are paired on the way.
    pub(super) fn replace(&mut self, steps: impl Iterator<Item = LiteralOrMatch>) {
        self.length = 0;
        let mut waiting = None;
        for step in steps {
            match (step, waiting.take()) {
                (LiteralOrMatch::Literal(second), Some(first)) => self.push(of_pair(first, second.into())),
                (LiteralOrMatch::Literal(first), None) => waiting = Some(first.into()),
                (LiteralOrMatch::Match(found), first) => {
                    first.into_iter().for_each(|first| self.push(of_literal(first)));
                    self.push(of_match(found));
                }
            }
        }
        waiting.into_iter().for_each(|first| self.push(of_literal(first)));
    }

    fn push(&mut self, sequence: u32) {
        self.next()[0] = sequence;
        self.length += 1;
    }
}

/// What is done with the next byte, or bytes.
pub(super) enum LiteralOrMatch {
    /// A literal.
    Literal(u8),
    /// A match.
    Match(Match),
}

/// Puts eight literals into the first four places.
#[inline(always)]
fn store_pairs(place: &mut [u32; STORED_AT_ONCE], word: u64) {
    for (i, sequence) in place[..STORED_AT_ONCE / 2].iter_mut().enumerate() {
        let pair = (word >> (16 * i)) as u32;
        *sequence = of_pair(pair & 0xff, pair >> 8 & 0xff);
    }
}

/// How often each symbol occurs.
#[derive(Clone)]
pub(super) struct Histogram {
    pub(super) litlen: [u32; LITLEN],
    pub(super) distances: [u32; DISTANCES + 2],
}

impl Histogram {
    /// Nothing yet.
    pub(super) const EMPTY: Self = Self { litlen: [0; LITLEN], distances: [0; DISTANCES + 2] };

    /// Adds what another one counts.
    pub(super) fn add(&mut self, other: &Self) {
        self.litlen.iter_mut().zip(&other.litlen).for_each(|(sum, more)| *sum += more);
        self.distances.iter_mut().zip(&other.distances).for_each(|(sum, more)| *sum += more);
    }

    /// Counts the symbols of tokens.
    #[inline(never)]
    pub(super) fn of(sequences: &[u32]) -> Self {
        // Two of each, taken in turn: a symbol that follows itself would wait for its own count.
        let mut firsts = [[0u32; FIRST_VALUES]; 2];
        let mut seconds = [[0u32; SECOND_VALUES]; 2];
        let mut count = |sequence: u32, turn: usize| {
            firsts[turn][(sequence as usize) % FIRST_VALUES] += 1;
            seconds[turn][(sequence >> FIRST_BITS) as usize % SECOND_VALUES] += 1;
        };
        let mut pairs = sequences.chunks_exact(2);
        for pair in &mut pairs {
            count(pair[0], 0);
            count(pair[1], 1);
        }
        pairs.remainder().iter().for_each(|&sequence| count(sequence, 0));
        let mut histogram = Self::EMPTY;
        for turn in 0..2 {
            for literal in 0..256 {
                histogram.litlen[literal] += firsts[turn][literal] + seconds[turn][SECOND_LITERAL as usize + literal];
            }
            for (length, &(symbol, ..)) in LENGTHS.iter().enumerate() {
                histogram.litlen[usize::from(symbol)] += firsts[turn][FIRST_LENGTH as usize + LEAST_LENGTH + length];
            }
            histogram.distances.iter_mut().zip(&seconds[turn][..DISTANCES]).for_each(|(sum, count)| *sum += count);
        }
        histogram
    }
}
