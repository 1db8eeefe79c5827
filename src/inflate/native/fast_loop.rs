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

use std::hint::select_unpredictable;

use super::bit_reader::BitReader;
use super::distance_table::Distance;
use super::litlen_table::Exception;
use super::match_copy::{self, COPY_MARGIN, UNCONDITIONAL};
use super::output_symbol::Symbol;
use super::{Malformed, Output, Tables};

/// Free output symbols that an iteration needs: the literals of three elements, and a match.
const OUTPUT_MARGIN: usize = 3 * 2 + 258 + COPY_MARGIN;

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
    tables: &Tables,
    reader: &mut BitReader<'_>,
    output: &mut Output<'_, S>,
) -> Result<LoopEnd, Malformed> {
    if tables.litlen.has_literal_runs() {
        decode_elements::<S, true>(tables, reader, output)
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
) -> Result<LoopEnd, Malformed> {
    let Tables { litlen, distances } = tables;
    let mut rest = &reader.input[reader.position..];
    let symbols = &mut *output.symbols;
    let (mut bits, mut count) = (reader.bits, reader.count);
    let mut at = output.at;

    // Loads bits, or evaluates `$at_end` near the end of the input.
    macro_rules! refill {
        ($at_end:expr) => {
            let Some(bytes) = rest.first_chunk() else { $at_end };
            bits |= u64::from_le_bytes(*bytes) << (count & 63);
            rest = &rest[7 - (count >> 3 & 7) as usize..];
            count |= 56;
        };
    }

    let end = 'decode: {
        if !RUNS && at < UNCONDITIONAL {
            break 'decode Ok(LoopEnd::Margin);
        }
        refill!(break 'decode Ok(LoopEnd::Margin));
        let mut element = litlen.lookup(bits);
        'elements: loop {
            let Some(space) = symbols.get_mut(at..).and_then(|space| space.first_chunk_mut::<OUTPUT_MARGIN>()) else {
                break Ok(LoopEnd::Margin);
            };
            let mut before;
            let mut literals = 0;
            // Consumes the element, and writes its literals.
            macro_rules! consume {
                () => {
                    before = bits;
                    bits >>= element.bits_and_more() & 63;
                    count = count.wrapping_sub(element.bits_and_more());
                    S::write_literals(&mut space[..], literals, element.literals());
                    literals += element.literal_count();
                };
            }
            'literals: {
                consume!();
                if !RUNS || !element.is_literals() {
                    break 'literals;
                }
                element = litlen.lookup(bits);
                refill!({
                    at += literals;
                    break 'decode Ok(LoopEnd::Margin);
                });
                consume!();
                if !element.is_literals() {
                    break 'literals;
                }
                element = litlen.lookup(bits);
                consume!();
                if !element.is_literals() {
                    break 'literals;
                }
                at += literals;
                element = litlen.lookup(bits);
                refill!(break 'decode Ok(LoopEnd::Margin));
                continue 'elements;
            }
            at += literals;
            if element.is_exception() {
                match element.kind() {
                    Exception::EndOfBlock => break Ok(LoopEnd::BlockEnd),
                    Exception::NoCode => break Err(Malformed),
                    Exception::SubTable => {}
                }
                element = litlen.lookup_long(element, bits);
                refill!(break Ok(LoopEnd::Margin));
                continue;
            }
            let length = element.length(before);
            let mut distance = distances.lookup(bits);
            if !RUNS {
                distance = select_unpredictable(element.has_length(), distance, Distance::NONE);
            }
            refill!({
                // Not enough input for the distance: the element is decoded again.
                at -= element.literal_count();
                (bits, count) = (before, count.wrapping_add(element.bits_and_more()));
                break Ok(LoopEnd::Margin);
            });
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
            if !match_copy::copy_match(output.window, symbols, at, distance, length) {
                break Err(Malformed);
            }
            at += length;
        }
    };
    (reader.position, reader.bits, reader.count) = (reader.input.len() - rest.len(), bits, count & 63);
    output.at = at;
    end
}
