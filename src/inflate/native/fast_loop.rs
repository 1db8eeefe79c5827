//! The decoder's inner loop, while input and output are not near their ends.
//!
//! # Two loops
//!
//! Whether an element is followed by a distance is hard to predict, and a wrong prediction costs more than a lookup. So the
//! usual loop has no such branch: an element without a length gets the distance [`Distance::NONE`] and the length 0, and the
//! copy writes symbols that are overwritten later. In blocks that consist of literals mostly, runs of literals are easy to
//! predict, and a loop with the branch is faster.
//!
//! # Bits
//!
//! A refill leaves at least 56 valid bits. It is between the lookup of a distance and its use: a distance takes at most 28 bits
//! (code 15, extra 13), so 28 are left. The next element takes at most 17 (table index 12, extra bits of a length 5), so 11 are
//! left to look the distance up, which takes 8. All other paths refill before the next element.

use std::convert::Infallible;
use std::hint::select_unpredictable;
use std::ops::ControlFlow;

use super::bit_reader::BitReader;
use super::distance_table::Distance;
use super::litlen_table::{Exception, LitLen};
use super::match_copy::{self, BackReference, COPY_MARGIN, UNCONDITIONAL};
use super::output_symbol::Symbol;
use super::{Output, Tables};

/// Free output symbols that an iteration needs: the literals of three elements, and a match.
const OUTPUT_MARGIN: usize = 3 * 2 + 258 + COPY_MARGIN;

/// Why the loop ended. It reports no errors but leaves invalid data to the careful loop, so the position of an error does not
/// depend on where input and output end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoopEnd {
    /// The end of the input or output is near, or no code matches.
    Margin,
    /// The block has ended.
    BlockEnd,
    /// The distance of a match of this length is invalid. It is not consumed.
    InvalidDistance(usize),
}

/// Decodes the data of a block until its end, or until the input or output is nearly used up.
pub(super) fn decode<S: Symbol>(tables: &Tables, reader: &mut BitReader<'_>, output: &mut Output<'_, S>) -> LoopEnd {
    if tables.litlen.has_literal_runs() {
        decode_elements::<S, true>(tables, reader, output)
    } else if output.at < UNCONDITIONAL {
        // There are no symbols at the distance of an element without length.
        LoopEnd::Margin
    } else {
        decode_elements::<S, false>(tables, reader, output)
    }
}

/// With `RUNS`, the loop for blocks with runs of literals.
#[inline(never)]
fn decode_elements<S: Symbol, const RUNS: bool>(
    tables: &Tables,
    reader: &mut BitReader<'_>,
    output: &mut Output<'_, S>,
) -> LoopEnd {
    // Local variables are in registers, fields behind a reference are not.
    let rest = &reader.input[reader.position..];
    let mut bits = Bits { rest, bits: reader.bits, count: reader.count };
    let mut at = output.at;
    let ControlFlow::Break(end) = run::<S, RUNS>(tables, &mut bits, output, &mut at);
    reader.position = reader.input.len() - bits.rest.len();
    (reader.bits, reader.count) = (bits.bits, bits.count & 63);
    output.at = at;
    end
}

/// An iteration continues with a value, or the loop ends.
type Flow<T> = ControlFlow<LoopEnd, T>;

#[inline(always)]
fn run<S: Symbol, const RUNS: bool>(
    tables: &Tables,
    bits: &mut Bits<'_>,
    output: &mut Output<'_, S>,
    at: &mut usize,
) -> Flow<Infallible> {
    let (Tables { litlen, distances }, symbols) = (tables, &mut *output.symbols);
    bits.refill()?;
    let mut element = litlen.lookup(bits.bits);
    loop {
        let Some(space) = symbols.get_mut(*at..).and_then(|space| space.first_chunk_mut::<OUTPUT_MARGIN>()) else {
            return ControlFlow::Break(LoopEnd::Margin);
        };
        let start = *at;
        let mut before = bits.consume(element);
        write_literals(space, start, at, element);
        if RUNS && element.is_literals() {
            element = litlen.lookup(bits.bits);
            bits.refill()?;
            before = bits.consume(element);
            write_literals(space, start, at, element);
            if element.is_literals() {
                element = litlen.lookup(bits.bits);
                before = bits.consume(element);
                write_literals(space, start, at, element);
                if element.is_literals() {
                    element = litlen.lookup(bits.bits);
                    bits.refill()?;
                    continue;
                }
            }
        }
        if element.is_exception() {
            element = bits.resolve(element, before, tables)?;
            continue;
        }
        let length = element.length(before);
        let mut distance = distances.lookup(bits.bits);
        if !RUNS {
            distance = select_unpredictable(element.has_length(), distance, Distance::NONE);
        }
        if bits.refill().is_break() {
            // Not enough input for the distance: the element is decoded again.
            *at -= element.literal_count();
            bits.undo(element, before);
            return ControlFlow::Break(LoopEnd::Margin);
        }
        if distance.is_exception() {
            let invalid = ControlFlow::Break(LoopEnd::InvalidDistance(length));
            distance = distances.resolve(distance, bits.bits).map_or(invalid, ControlFlow::Continue)?;
        }
        let before = bits.skip(distance.bits_and_more());
        element = litlen.lookup(bits.bits);
        let from = BackReference { distance: distance.distance(before), length };
        if !match_copy::copy_match(output.window, symbols, *at, from) {
            return bits.undo_distance(tables, before, length);
        }
        *at += length;
    }
}

/// Writes the literals of an element to `space`, which begins at `start`.
#[inline(always)]
fn write_literals<S: Symbol>(space: &mut [S; OUTPUT_MARGIN], start: usize, at: &mut usize, element: LitLen) {
    S::write_literals(&mut space[..], *at - start, element.literals());
    *at += element.literal_count();
}

/// The input.
struct Bits<'input> {
    /// What is not in `bits` yet.
    rest: &'input [u8],
    /// Bits to consume next, the first lowest.
    bits: u64,
    /// Number of valid bits in the lowest 6 bits; above is something else.
    count: u32,
}

impl Bits<'_> {
    /// Loads bits, so that at least 56 are valid.
    #[inline(always)]
    fn refill(&mut self) -> Flow<()> {
        let Some(bytes) = self.rest.first_chunk() else {
            return ControlFlow::Break(LoopEnd::Margin);
        };
        self.bits |= u64::from_le_bytes(*bytes) << (self.count & 63);
        self.rest = &self.rest[7 - (self.count >> 3 & 7) as usize..];
        self.count |= 56;
        ControlFlow::Continue(())
    }

    /// Consumes as many bits as the lowest 6 bits of `count` state; returns the bits before them.
    #[inline(always)]
    fn skip(&mut self, count: u32) -> u64 {
        let before = self.bits;
        self.bits >>= count & 63;
        self.count = self.count.wrapping_sub(count);
        before
    }

    /// Consumes an element; returns the bits before it.
    #[inline(always)]
    fn consume(&mut self, element: LitLen) -> u64 {
        self.skip(element.bits_and_more())
    }

    /// Undoes the consumption of an element.
    #[inline(always)]
    fn undo(&mut self, element: LitLen, before: u64) {
        self.bits = before;
        self.count = self.count.wrapping_add(element.bits_and_more());
    }

    /// Undoes the consumption of a distance. It is looked up again, so that the loop need not keep it.
    #[cold]
    fn undo_distance<T>(&mut self, tables: &Tables, before: u64, length: usize) -> Flow<T> {
        let distance = tables.distances.lookup(before);
        let distance =
            if distance.is_exception() { tables.distances.resolve(distance, before) } else { Some(distance) };
        self.bits = before;
        self.count = self.count.wrapping_add(distance.map_or(0, Distance::bits_and_more));
        ControlFlow::Break(LoopEnd::InvalidDistance(length))
    }

    /// The element in a sub-table, for a reference to it; ends the loop for other exceptions. `before` are the bits before the
    /// element.
    #[inline(always)]
    fn resolve(&mut self, element: LitLen, before: u64, tables: &Tables) -> Flow<LitLen> {
        match element.kind() {
            Exception::EndOfBlock => ControlFlow::Break(LoopEnd::BlockEnd),
            Exception::NoCode => {
                self.undo(element, before);
                ControlFlow::Break(LoopEnd::Margin)
            }
            Exception::SubTable => {
                let element = tables.litlen.lookup_long(element, self.bits);
                self.refill()?;
                ControlFlow::Continue(element)
            }
        }
    }
}
