//! The decoder's inner loop, while input and output are not near their ends.
//!
//! # Bits
//!
//! A refill leaves at least 56 valid bits. On the usual path, a match is followed directly by its successor with one refill,
//! between the lookup of a distance and its use: a distance takes at most 28 bits (code 15, extra 13), and 28 are left. The
//! next element takes at most 16 (table index 11, extra bits of a length 5), and at least 12 are left to look the distance up,
//! which takes [`DISTANCE_BITS`](super::distance_table::DISTANCE_BITS). All other paths refill before the next element.

use super::bit_reader::BitReader;
use super::distance_table::DistanceTable;
use super::litlen_table::{Exception, LitLenTable};
use super::match_copy::{self, COPY_MARGIN};
use super::output_symbol::Symbol;
use super::{Malformed, Output};

/// Input bytes that must follow for another iteration: two refills, of which each loads 8 bytes and moves on by up to 7.
const INPUT_MARGIN: usize = 16;

/// Free output symbols that an iteration needs: the literals of an element, of which four are written, and a match.
const OUTPUT_MARGIN: usize = 4 + 258 + COPY_MARGIN;

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoopEnd {
    /// The end of the input or output is near.
    Margin,
    /// The block has ended.
    BlockEnd,
}

/// Decodes the data of a block until its end, or until the input or output is nearly used up.
pub(super) fn decode<S: Symbol>(
    litlen: &LitLenTable,
    distances: &DistanceTable,
    reader: &mut BitReader<'_>,
    output: &mut Output<'_, S>,
) -> Result<LoopEnd, Malformed> {
    let (Some(input_limit), Some(output_limit)) =
        (reader.input.len().checked_sub(INPUT_MARGIN), output.symbols.len().checked_sub(OUTPUT_MARGIN))
    else {
        return Ok(LoopEnd::Margin);
    };
    if reader.position > input_limit || output.at > output_limit {
        return Ok(LoopEnd::Margin);
    }
    let input = reader.input;
    let symbols = &mut *output.symbols;
    let (mut position, mut bits, mut count) = (reader.position, reader.bits, reader.count);
    let mut at = output.at;

    macro_rules! refill {
        () => {
            let Some(bytes) = input.get(position..).and_then(|rest| rest.first_chunk()) else { unreachable!() };
            bits |= u64::from_le_bytes(*bytes) << (count & 63);
            position += 7 - (count >> 3 & 7) as usize;
            count |= 56;
        };
    }

    refill!();
    let mut element = litlen.lookup(bits);
    let end = loop {
        let before = bits;
        bits >>= element.bits_and_more() & 63;
        count = count.wrapping_sub(element.bits_and_more());
        S::write_literals(symbols, at, element.literals());
        at += element.literal_count();
        if element.is_literals() {
            element = litlen.lookup(bits);
            refill!();
            if position > input_limit || at > output_limit {
                break Ok(LoopEnd::Margin);
            }
            continue;
        }
        if element.is_exception() {
            match element.kind() {
                Exception::EndOfBlock => break Ok(LoopEnd::BlockEnd),
                Exception::NoCode => break Err(Malformed),
                Exception::SubTable => {}
            }
            element = litlen.lookup_long(element, bits);
            refill!();
            if position > input_limit || at > output_limit {
                break Ok(LoopEnd::Margin);
            }
            continue;
        }
        let length = element.length(before);
        let mut distance = distances.lookup(bits);
        refill!();
        if distance.is_exception() {
            if distance.is_reference() {
                distance = distances.lookup_long(distance, bits);
            }
            if distance.is_exception() {
                break Err(Malformed);
            }
        }
        let before = bits;
        bits >>= distance.bits_and_more() & 63;
        count = count.wrapping_sub(distance.bits_and_more());
        let distance = distance.distance(before);
        element = litlen.lookup(bits);
        if distance > at {
            if distance > at + output.window.len() {
                break Err(Malformed);
            }
            match_copy::copy_exactly(output.window, symbols, at, distance, length);
        } else {
            S::copy_match(symbols, at, distance, length);
        }
        at += length;
        if position > input_limit || at > output_limit {
            break Ok(LoopEnd::Margin);
        }
    };
    (reader.position, reader.bits, reader.count) = (position, bits, count & 63);
    output.at = at;
    end
}
