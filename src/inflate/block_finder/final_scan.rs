//! Searches for final blocks. Only salvage does: it knows that a start is missing, and what follows the last block of a member
//! confirms one. In other data, three more bits that fit would double the number of false starts.

use std::ops::Range;

use super::{BFINAL, DYNAMIC, header_check, load, peek, stored_scan};

/// Bits before HCLEN in a header: BFINAL, BTYPE, HLIT and HDIST.
const BEFORE_HCLEN: u64 = 13;

/// The smallest HCLEN of a block that is found, as in the search for other blocks.
const MIN_HCLEN: u64 = 6;

/// The first header in `range` of a final block that is stored or has dynamic codes.
pub(super) fn first(data: &[u8], range: Range<u64>) -> Option<u64> {
    let end = range.end.min(8 * data.len() as u64);
    let bytes = (range.start / 8) as usize..end.div_ceil(8) as usize;
    bytes.into_iter().find_map(|at| {
        let word = load(data, at);
        let mut starts = word & !(word >> 1) & word >> 2 & 0xff;
        let mut found = stored_scan::final_start(data, at);
        while starts != 0 {
            let bit = 8 * at as u64 + u64::from(starts.trailing_zeros());
            if range.contains(&bit) && is_dynamic(data, bit) {
                found = Some(found.map_or(bit, |other| other.min(bit)));
                break;
            }
            starts &= starts - 1;
        }
        found.filter(|bit| range.contains(bit))
    })
}

/// Whether the header of a final block with dynamic codes is at `bit`, whose first bits are known to be those of one.
fn is_dynamic(data: &[u8], bit: u64) -> bool {
    debug_assert_eq!(peek(data, bit) & 7, BFINAL | DYNAMIC << 1);
    peek(data, bit + BEFORE_HCLEN) & 15 >= MIN_HCLEN && header_check::is_valid(data, bit + 3)
}
