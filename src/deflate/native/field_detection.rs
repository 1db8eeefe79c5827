//! Whether the input is fields at equal distances: growing numbers, or records of one size.
//!
//! Nearly all matches of such input lead to the same field of an earlier record, so their distances are multiples of a record's size.
//! In other input, distances have hardly any common divisor.

use std::ops::Range;

use super::sequences::Match;
use crate::deflate::Window;

/// Sequences at the end of a chunk whose matches are judged, and sequences after which the first chunk is judged.
pub(super) const SAMPLE: usize = 256;

/// The fewest matches by which fields are recognized.
pub(super) const MIN_MATCHES: usize = 32;

/// The most frequent distance of fields has at least one match in this many. Only saves time.
const MAX_DISTANCES: usize = 16;

/// The most records that the matches of fields cover on average. In images, many matches at one distance are much longer.
const MAX_RECORDS: usize = 2;

/// The longest distance that counts as a record's size or a small multiple of it.
const MAX_COUNTED: usize = 512;

/// The smallest record. Smaller ones are runs, or two-byte text and sound.
const MIN_RECORD: usize = 3;

/// The most frequent two distances have more than this share of the matches in growing numbers, or multiples of the record's size have
/// (in percent). In numbers written in digits, where hardly anything else is recognized by mistake.
const SHARES_IN_DIGITS: Shares = Shares { two: 66, multiples: 85 };

/// The same for other content. With the shares of digits, binaries and images are 0.3 to 0.5 % smaller, and take twice the time.
const SHARES_ELSEWHERE: Shares = Shares { two: 90, multiples: 95 };

struct Shares {
    two: usize,
    multiples: usize,
}

/// The most frequent distance of the last matches of a chunk if most of them lead to the same field of another record, else `None`.
/// `is_digits`: whether the content is numbers written in digits.
pub(super) fn record_distance(last: impl Iterator<Item = Match> + Clone, is_digits: bool) -> Option<usize> {
    let mut counts = [0u16; MAX_COUNTED + 1];
    let (mut matches, mut bytes, mut first) = (0, 0, 0);
    for Match { length, distance } in last.clone() {
        matches += 1;
        bytes += length;
        if distance <= MAX_COUNTED {
            counts[distance] += 1;
            if counts[distance] > counts[first] {
                first = distance;
            }
        }
    }
    let distances = last.map(|found| found.distance);
    if first < MIN_RECORD || bytes > MAX_RECORDS * first * matches {
        return None;
    }
    if usize::from(counts[first]) * MAX_DISTANCES < matches {
        return None;
    }
    let other = |&distance: &usize| distance <= MAX_COUNTED && distance != first;
    let second = distances.clone().filter(other).max_by_key(|&distance| counts[distance]).unwrap_or(0);
    let size = if counts[second] >= counts[first] / 8 { greatest_common_divisor(first, second) } else { first };
    let shares = if is_digits { SHARES_IN_DIGITS } else { SHARES_ELSEWHERE };
    let of_two = usize::from(counts[first]) + usize::from(counts[second]);
    let exceeds = |count: usize, percent: usize| count * 100 > matches * percent;
    let is_number = (is_digits || first <= MAX_BINARY_NUMBER) && exceeds(of_two, shares.two);
    let may_be_record = if is_digits { size >= MIN_RECORD } else { is_unusual_record(size) };
    let is_record =
        may_be_record && exceeds(distances.filter(|distance| distance.is_multiple_of(size)).count(), shares.multiples);
    (is_number || is_record).then_some(first)
}

/// The longest binary number.
const MAX_BINARY_NUMBER: usize = 8;

/// Whether binary records of this size are rare in programs, whose tables have records of 8, 16 or 24 bytes, and in images.
fn is_unusual_record(size: usize) -> bool {
    size > MAX_BINARY_NUMBER && !size.is_multiple_of(8)
}

/// The size of the binary numbers at the positions `input` if these grow, else `None`: for numbers that were parsed as literals. Judged
/// by the bytes at the end.
pub(super) fn literal_number_size(window: Window<'_>, input: Range<usize>) -> Option<usize> {
    let positions = input.start.max(input.end.saturating_sub(SAMPLE))..input.end;
    let equal = |distance: usize| {
        let repeats = |&at: &usize| at >= distance && window.byte(at) == window.byte(at - distance);
        positions.clone().filter(repeats).count() * 100
    };
    let most = positions.len() * MIN_EQUAL;
    [4, MAX_BINARY_NUMBER].into_iter().find(|&size| equal(size) > most && equal(1) < most / 2)
}

/// The percentage of bytes that are equal in one number and the next. In random numbers and sound it is less than half of that.
const MIN_EQUAL: usize = 65;

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    /// The record distance of matches of one length at these distances in turn.
    fn of(length: usize, distances: &[usize], is_digits: bool) -> Option<usize> {
        record_distance(distances.iter().cycle().take(120).map(|&distance| Match { length, distance }), is_digits)
    }

    #[test]
    fn growing_numbers_have_one_or_two_distances() {
        assert_eq!(of(7, &[8], false), Some(8));
        assert_eq!(of(10, &[11, 11, 110], true), Some(11));
        assert_eq!(of(9, &[7, 7, 7, 5, 4000], true), Some(7), "numbers of two lengths");
        assert_eq!(of(7, &[8, 8, 9, 13, 300], false), None);
    }

    #[test]
    fn distances_in_records_are_multiples_of_their_size() {
        let cells = [14, 280, 42, 2800, 14, 28];
        assert_eq!(of(6, &cells, false), Some(14));
        assert_eq!(of(6, &cells.map(|distance| distance / 14 * 24), false), None, "tables of programs");
        assert_eq!(of(6, &cells.map(|distance| distance / 14 * 24), true), Some(24));
        assert_eq!(of(6, &cells.map(|distance| distance + 1), true), None, "text");
        assert_eq!(of(200, &[14], false), None, "an image");
    }

    #[test]
    fn growing_numbers_without_matches_are_recognized_by_their_bytes() {
        let size = |content: Vec<u8>| {
            let length = content.len();
            literal_number_size(WindowBuffer::new().fill(&content), 0..length)
        };
        assert_eq!(size((1000..2000u32).flat_map(u32::to_be_bytes).collect()), Some(4));
        assert_eq!(size((0..1000u64).flat_map(|i| (0x0123_4567_89ab_0000 + i * 257).to_le_bytes()).collect()), Some(8));
        assert_eq!(size((0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()), None);
        assert_eq!(size(vec![0; 1000]), None, "a run");
        assert_eq!(size(vec![1, 2, 3]), None);
    }
}
