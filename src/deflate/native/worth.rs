//! Whether a short match is worth its distance: whether it costs no more than the literals it stands for.
//!
//! A match of three bytes from far away costs about 20 bits, three literals of a log about 16: whoever takes every match
//! makes logs 4 % larger. (Judging by the average literal instead of these ones makes logs 1 % larger.)

use super::entropy::Prices;
use super::symbols::{DISTANCE_EXTRA, DISTANCES, LEAST_LENGTH, LENGTHS, distance_symbol};
use super::tokens::Histogram;

/// Matches of this length on are worth any distance.
const LONG: usize = 7;

/// The unit of prices: sixteenths of a bit are as fine as the estimates, and sums fit in 16 bits.
const BIT: f32 = 16.0;

/// Matches of three bytes are looked for inside of matches where more than one match in so many has three bytes; elsewhere
/// remembering them costs 10 to 20 % of the time and gains nothing.
const ONE_IN: u32 = 6;

/// What symbols cost, by what was written last.
pub(super) struct Worth {
    literals: [u16; 256],
    lengths: [u16; LONG],
    /// With their extra bits.
    distances: [u16; DISTANCES + 2],
    /// Whether matches of three bytes are frequent.
    pub(super) threes: bool,
}

impl Worth {
    /// Before anything is written: literals of 6 bits, lengths of 7, distances of 5 and their extra bits.
    pub(super) fn new() -> Self {
        let distances = std::array::from_fn(|symbol| match DISTANCE_EXTRA.get(symbol) {
            Some(&extra) => (5 + u16::from(extra)) * BIT as u16,
            None => u16::MAX / 2,
        });
        Self { literals: [6 * BIT as u16; 256], lengths: [7 * BIT as u16; LONG], distances, threes: true }
    }

    /// Looks at what has been written.
    #[inline(never)]
    pub(super) fn learn(&mut self, histogram: &Histogram) {
        let litlen = Prices::of(&histogram.litlen, 13.0);
        for (price, &frequency) in self.literals.iter_mut().zip(&histogram.litlen) {
            *price = (litlen.bits(frequency) * BIT) as u16;
        }
        for (length, price) in self.lengths.iter_mut().enumerate().skip(LEAST_LENGTH) {
            let symbol = LENGTHS[length - LEAST_LENGTH].0;
            *price = (litlen.bits(histogram.litlen[usize::from(symbol)]) * BIT) as u16;
        }
        let distances = Prices::of(&histogram.distances, 10.0);
        for (symbol, &extra) in DISTANCE_EXTRA.iter().enumerate() {
            self.distances[symbol] = ((distances.bits(histogram.distances[symbol]) + f32::from(extra)) * BIT) as u16;
        }
        let threes = histogram.litlen[usize::from(LENGTHS[0].0)];
        self.threes = threes * ONE_IN > histogram.distances.iter().sum();
    }

    /// Whether a match costs no more than the `bytes` that it stands for.
    #[inline(always)]
    pub(super) fn pays(&self, bytes: u64, length: usize, distance: usize) -> bool {
        if length >= LONG {
            return true;
        }
        let price = |i: usize| self.literals[(bytes >> (8 * i)) as usize & 0xff];
        // Without a branch on the length.
        let more = |i: usize| price(i) & u16::from(length > i).wrapping_neg();
        let literals = price(0) + price(1) + price(2) + more(3) + more(4) + more(5);
        self.lengths[length] + self.distances[distance_symbol(distance as u32).0 as usize % 32] <= literals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_more_than_its_literals_does_not_pay() {
        let mut histogram = Histogram::EMPTY;
        histogram.litlen[usize::from(b'a')] = 1000;
        histogram.litlen[usize::from(b'z')] = 1;
        histogram.litlen[257..265].fill(10);
        histogram.distances[..DISTANCES].fill(10);
        let mut worth = Worth::new();
        worth.learn(&histogram);
        let bytes = |text: &[u8; 8]| u64::from_le_bytes(*text);
        assert!(!worth.pays(bytes(b"aaaaaaaa"), 3, 30_000), "a is cheap");
        assert!(worth.pays(bytes(b"zzzzzzzz"), 3, 30_000), "z is not");
        assert!(worth.pays(bytes(b"aaaaaaaa"), LONG, 30_000), "a long match always pays");
        assert!(!worth.threes);
    }
}
