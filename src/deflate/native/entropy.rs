//! What symbols cost before there is a code for them: the logarithms of their frequencies (Shannon, 1948).

use super::sequences::Histogram;

/// Logarithm to the base 2 by a parabola between the powers of two, at most 0.01 off; of 0 something finite.
///
/// Plain arithmetic on `f32`, in a fixed order: the same on every machine.
#[inline(always)]
pub(super) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let mantissa = f32::from_bits(bits & 0x7f_ffff | 0x3f80_0000);
    exponent as f32 - 1.674_874 + mantissa * (2.024_683 - 0.344_845 * mantissa)
}

/// Bits that the best codes could do with; extra bits are left out.
pub(super) fn bits(histogram: &Histogram) -> f32 {
    of_alphabet(&histogram.litlen) + of_alphabet(&histogram.distances)
}

/// The same of one alphabet.
pub(super) fn of_alphabet(frequencies: &[u32]) -> f32 {
    let total: u32 = frequencies.iter().sum();
    // Eight sums, so that eight can be added at once.
    let mut sums = [0f32; 8];
    for eight in frequencies.chunks_exact(8) {
        for (sum, &frequency) in sums.iter_mut().zip(eight) {
            *sum += frequency as f32 * log2(frequency as f32);
        }
    }
    total as f32 * log2(total as f32) - sums.iter().sum::<f32>()
}

/// What each of some symbols costs.
pub(super) struct Prices {
    /// Logarithm of all symbols' number.
    total: f32,
    /// Price of what costs most, in bits.
    most: f32,
}

impl Prices {
    /// Of symbols with these frequencies. None costs more than `most` bits.
    pub(super) fn of(frequencies: &[u32], most: f32) -> Self {
        Self { total: log2(frequencies.iter().sum::<u32>().max(1) as f32), most }
    }

    /// Bits of a symbol with this frequency; of one that has not been seen, a little more than of one seen once.
    pub(super) fn bits(&self, frequency: u32) -> f32 {
        let seen = if frequency == 0 { 0.5 } else { frequency as f32 };
        (self.total - log2(seen)).clamp(1.0, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_a_hundredth() {
        for x in 1..100_000 {
            assert!((log2(x as f32) - (x as f32).log2()).abs() < 0.01, "{x}");
        }
        assert!(log2(0.0).is_finite());
    }

    #[test]
    fn equal_frequencies_cost_the_logarithm_of_their_number() {
        let mut histogram = Histogram::EMPTY;
        histogram.litlen[..256].fill(10);
        assert!((bits(&histogram) - 8.0 * 2560.0).abs() < 60.0, "{}", bits(&histogram));
        assert!((Prices::of(&histogram.litlen, 15.0).bits(10) - 8.0).abs() < 0.03);
    }
}
