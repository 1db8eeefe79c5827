//! Estimated cost of symbols before their codes exist: the logarithm of the frequency (Shannon, 1948).

use super::histogram::Histogram;

/// Base-2 logarithm, approximated by a parabola between powers of two; the error is below 0.01. Finite for 0.
///
/// Plain `f32` arithmetic in a fixed order, so that the result is the same on every machine. The output depends on it.
#[inline(always)]
pub(super) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let mantissa = f32::from_bits(bits & 0x7f_ffff | 0x3f80_0000);
    exponent as f32 - 1.674_874 + mantissa * (2.024_683 - 0.344_845 * mantissa)
}

/// Entropy in bits of everything that the histogram counts, without extra bits.
pub(super) fn bits(histogram: &Histogram) -> f32 {
    alphabet_bits(&histogram.litlen) + alphabet_bits(&histogram.distances)
}

/// Entropy in bits of one alphabet, whose size is a multiple of 8.
pub(super) fn alphabet_bits(frequencies: &[u32]) -> f32 {
    let total: u32 = frequencies.iter().sum();
    // Eight independent sums, so that the compiler can vectorize the loop.
    let mut sums = [0f32; 8];
    for eight in frequencies.chunks_exact(8) {
        for (sum, &frequency) in sums.iter_mut().zip(eight) {
            *sum += frequency as f32 * log2(frequency as f32);
        }
    }
    total as f32 * log2(total as f32) - sums.iter().sum::<f32>()
}

/// Estimated cost of the symbols of an alphabet.
pub(super) struct SymbolPrices {
    /// Logarithm of the sum of all frequencies.
    log_total: f32,
    /// Upper bound of a price, in bits.
    max_bits: f32,
}

impl SymbolPrices {
    /// Prices for these frequencies, none above `max_bits` bits.
    pub(super) fn new(frequencies: &[u32], max_bits: f32) -> Self {
        Self { log_total: log2(frequencies.iter().sum::<u32>().max(1) as f32), max_bits }
    }

    /// Bits of a symbol with this frequency. A symbol that does not occur costs one bit more than one that occurs once.
    pub(super) fn bits(&self, frequency: u32) -> f32 {
        let frequency = if frequency == 0 { 0.5 } else { frequency as f32 };
        (self.log_total - log2(frequency)).clamp(1.0, self.max_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_accurate_to_a_hundredth() {
        for x in 1..100_000 {
            assert!((log2(x as f32) - (x as f32).log2()).abs() < 0.01, "{x}");
        }
        assert!(log2(0.0).is_finite());
    }

    #[test]
    fn equal_frequencies_cost_the_logarithm_of_the_symbol_count() {
        let mut histogram = Histogram::EMPTY;
        histogram.litlen[..256].fill(10);
        assert!((bits(&histogram) - 8.0 * 2560.0).abs() < 60.0, "{}", bits(&histogram));
        assert!((SymbolPrices::new(&histogram.litlen, 15.0).bits(10) - 8.0).abs() < 0.03);
    }
}
