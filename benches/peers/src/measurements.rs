//! Measures all cases on a group: one checked pass, then rounds in which all cases take turns.
//!
//! The speed of a machine drifts. So two cases are compared within a round, and the median of those ratios counts.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flate2::{Decompress, FlushDecompress, Status};

use crate::args::Args;
use crate::engines::{self, Case, Compressor, StreamLayout};
use crate::groups::Group;

/// The shortest time of a sample. A small group is compressed repeatedly until it has passed, so that the clock's resolution
/// and single interrupts matter little.
const MIN_SAMPLE_TIME: Duration = Duration::from_millis(50);

/// The measurements of all cases, in the order of the cases.
pub struct Measurements {
    cases: Vec<Measurement>,
}

/// The measurements of one case.
pub struct Measurement {
    pub case: Case,
    /// Compressed bytes of the whole group.
    pub size: u64,
    /// Bytes per second in each round.
    speeds: Vec<f64>,
}

impl Measurement {
    /// Bytes per second: the median of the rounds.
    pub fn speed(&self) -> f64 {
        median(self.speeds.clone())
    }

    /// The speed as a multiple of another case's: the median of the ratios within each round.
    pub fn speed_over(&self, other: &Measurement) -> f64 {
        median(self.speeds.iter().zip(&other.speeds).map(|(ours, theirs)| ours / theirs).collect())
    }

    /// The size as a multiple of another case's.
    pub fn size_over(&self, other: &Measurement) -> f64 {
        self.size as f64 / other.size as f64
    }
}

impl Measurements {
    /// Measures `cases` on a group. The first pass decompresses and compares all outputs, and is not timed.
    pub fn take(cases: &[Case], group: &Group, args: &Args) -> Result<Self> {
        let mut compressors = Vec::new();
        let mut measurements = Vec::new();
        for &case in cases {
            let checked = engines::compressor(case, args.block).and_then(|mut compressor| {
                let size = check(&mut *compressor, group)?;
                Ok((compressor, size))
            });
            let (compressor, size) = checked.with_context(|| case.to_string())?;
            compressors.push(compressor);
            measurements.push(Measurement { case, size, speeds: Vec::new() });
        }
        for round in 0..args.rounds.get() {
            // Every other round runs backwards, so that a drift does not favour the first cases.
            let mut order: Vec<usize> = (0..cases.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for i in order {
                let measurement = &mut measurements[i];
                let speed = sample(&mut *compressors[i], group, measurement.size);
                measurement.speeds.push(speed.with_context(|| measurement.case.to_string())?);
            }
        }
        Ok(Self { cases: measurements })
    }

    pub fn of(&self, case: Case) -> Option<&Measurement> {
        self.cases.iter().find(|measurement| measurement.case == case)
    }

    pub fn all(&self) -> &[Measurement] {
        &self.cases
    }

    /// The rows of the table of all cases.
    pub fn rows(&self, group: &Group) -> Vec<Vec<String>> {
        let row = |measurement: &Measurement| {
            vec![
                measurement.case.to_string(),
                format!("{:.1}", measurement.speed() / 1e6),
                format!("{:.4}", measurement.size as f64 / group.bytes as f64),
                measurement.size.to_string(),
            ]
        };
        self.cases.iter().map(row).collect()
    }
}

/// Compresses the whole group until [`MIN_SAMPLE_TIME`] has passed; returns bytes per second.
fn sample(compressor: &mut dyn Compressor, group: &Group, expected: u64) -> Result<f64> {
    let start = Instant::now();
    let mut bytes = 0;
    loop {
        let mut size = 0;
        for file in &group.files {
            compressor.compress(file, &mut |output| size += output.len() as u64)?;
        }
        let elapsed = start.elapsed();
        ensure!(size == expected, "wrote {size} bytes, but {expected} in the first pass");
        bytes += group.bytes;
        if elapsed >= MIN_SAMPLE_TIME {
            return Ok(bytes as f64 / elapsed.as_secs_f64());
        }
    }
}

/// Compresses every file of a group and compares the decompressed output; returns the compressed size of the group.
fn check(compressor: &mut dyn Compressor, group: &Group) -> Result<u64> {
    let mut size = 0;
    for file in &group.files {
        let mut outputs: Vec<Vec<u8>> = Vec::new();
        compressor.compress(file, &mut |output| outputs.push(output.to_vec()))?;
        size += outputs.iter().map(|output| output.len() as u64).sum::<u64>();
        match compressor.layout() {
            StreamLayout::OneStream => compare(&outputs.concat(), file)?,
            StreamLayout::StreamPerBlock(block) => {
                ensure!(outputs.len() == file.chunks(block).len(), "the number of streams is not the number of blocks");
                for (output, input) in outputs.iter().zip(file.chunks(block)) {
                    compare(output, input)?;
                }
            }
        }
    }
    Ok(size)
}

/// Fails unless `stream` is exactly one DEFLATE stream that decompresses to `expected`.
fn compare(stream: &[u8], expected: &[u8]) -> Result<()> {
    // One byte more than expected, to detect output that is too long.
    let mut content = Vec::with_capacity(expected.len() + 1);
    let mut state = Decompress::new(false);
    let status =
        state.decompress_vec(stream, &mut content, FlushDecompress::Finish).context("the output is not DEFLATE")?;
    if status != Status::StreamEnd || state.total_in() != stream.len() as u64 {
        bail!("the output is truncated or has trailing bytes");
    }
    ensure!(content == expected, "the output decompresses to other data");
    Ok(())
}

/// The median of at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_complete_stream_is_accepted() {
        // A stored block of 3 bytes, with the final bit.
        let stream = b"\x01\x03\x00\xfc\xffabc";
        assert!(compare(stream, b"abc").is_ok());
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(compare(stream, other).is_err(), "{other:?}");
        }
        assert!(compare(&stream[..stream.len() - 1], b"abc").is_err(), "truncated");
        assert!(compare(&[&stream[..], b"x"].concat(), b"abc").is_err(), "a trailing byte");
        assert!(compare(b"\x00\x03\x00\xfc\xffabc", b"abc").is_err(), "no final block");
    }

    #[test]
    fn the_median_of_an_even_number_of_values_is_the_mean_of_the_middle_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
