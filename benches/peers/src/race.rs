//! The race: everybody once to be checked, then everybody in turn, round after round, against the clock.
//!
//! A machine's speed drifts, so two entries are compared within a round, and the median of those ratios counts.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flate2::{Decompress, FlushDecompress, Status};

use crate::arguments::Arguments;
use crate::contenders::{self, Contender, Entry, Pieces};
use crate::groups::Group;

/// Least time that is worth a measurement: a small group runs until it is over.
const TIMED: Duration = Duration::from_millis(50);

/// What a race showed, in the order of the field.
pub struct Race {
    results: Vec<Lane>,
}

/// What it showed of one entry.
pub struct Lane {
    pub entry: Entry,
    /// Compressed bytes of the whole group.
    pub size: u64,
    /// Bytes a second in each round.
    speeds: Vec<f64>,
}

impl Lane {
    fn speed(&self) -> f64 {
        median(self.speeds.clone())
    }

    /// How many times as fast this is as another, in the same round.
    pub fn speed_over(&self, other: &Lane) -> f64 {
        median(self.speeds.iter().zip(&other.speeds).map(|(ours, theirs)| ours / theirs).collect())
    }

    /// How many times as large this is as another.
    pub fn size_over(&self, other: &Lane) -> f64 {
        self.size as f64 / other.size as f64
    }
}

impl Race {
    pub fn lane(&self, entry: Entry) -> Option<&Lane> {
        self.results.iter().find(|lane| lane.entry == entry)
    }

    pub fn lanes(&self) -> &[Lane] {
        &self.results
    }

    /// The table of everybody.
    pub fn rows(&self, group: &Group) -> Vec<Vec<String>> {
        let row = |lane: &Lane| {
            vec![
                lane.entry.to_string(),
                format!("{:.1}", lane.speed() / 1e6),
                format!("{:.4}", lane.size as f64 / group.bytes as f64),
                lane.size.to_string(),
            ]
        };
        self.results.iter().map(row).collect()
    }
}

/// Runs everybody of the field on a group.
pub fn run(field: &[Entry], group: &Group, arguments: &Arguments) -> Result<Race> {
    let mut runners = Vec::new();
    let mut results = Vec::new();
    for &entry in field {
        let checked = contenders::make(entry, arguments.block).and_then(|mut contender| {
            let size = check(&mut *contender, group)?;
            Ok((contender, size))
        });
        let (contender, size) = checked.with_context(|| entry.to_string())?;
        runners.push(contender);
        results.push(Lane { entry, size, speeds: Vec::new() });
    }
    for round in 0..arguments.rounds.get() {
        // Back and forth, so that a drift does not favour who comes first.
        let mut order: Vec<usize> = (0..field.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for i in order {
            let lane = &mut results[i];
            let speed = timed(&mut *runners[i], group, lane.size).with_context(|| lane.entry.to_string())?;
            lane.speeds.push(speed);
        }
    }
    Ok(Race { results })
}

/// Compresses the whole group until [`TIMED`] is over, and returns bytes a second.
fn timed(contender: &mut dyn Contender, group: &Group, expected: u64) -> Result<f64> {
    let start = Instant::now();
    let mut bytes = 0;
    loop {
        let mut size = 0;
        for file in &group.files {
            contender.compress(file, &mut |piece| size += piece.len() as u64)?;
        }
        let elapsed = start.elapsed();
        ensure!(size == expected, "wrote {size} bytes where it wrote {expected} before");
        bytes += group.bytes;
        if elapsed >= TIMED {
            return Ok(bytes as f64 / elapsed.as_secs_f64());
        }
    }
}

/// Compresses every file of a group, compares what it decompresses to, and returns the size of it all.
fn check(contender: &mut dyn Contender, group: &Group) -> Result<u64> {
    let mut size = 0;
    for file in &group.files {
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        contender.compress(file, &mut |piece| pieces.push(piece.to_vec()))?;
        size += pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        match contender.pieces() {
            Pieces::Joined => compare(&pieces.concat(), file)?,
            Pieces::Alone(block) => {
                ensure!(pieces.len() == file.chunks(block).len(), "not a piece for every block");
                for (piece, input) in pieces.iter().zip(file.chunks(block)) {
                    compare(piece, input)?;
                }
            }
        }
    }
    Ok(size)
}

/// Fails unless a DEFLATE stream, and nothing behind it, decompresses to `expected`.
fn compare(stream: &[u8], expected: &[u8]) -> Result<()> {
    // A byte more than it should need, to see one byte too many.
    let mut content = Vec::with_capacity(expected.len() + 1);
    let mut state = Decompress::new(false);
    let status =
        state.decompress_vec(stream, &mut content, FlushDecompress::Finish).context("what it wrote is no DEFLATE")?;
    if status != Status::StreamEnd || state.total_in() != stream.len() as u64 {
        bail!("what it wrote does not end where it should");
    }
    ensure!(content == expected, "what it wrote decompresses to something else");
    Ok(())
}

/// The median of what is there, which is at least one value.
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
    fn only_the_whole_stream_and_nothing_else_passes() {
        // Stored, last, 3 bytes.
        let stream = b"\x01\x03\x00\xfc\xffabc";
        assert!(compare(stream, b"abc").is_ok());
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(compare(stream, other).is_err(), "{other:?}");
        }
        assert!(compare(&stream[..stream.len() - 1], b"abc").is_err(), "cut short");
        assert!(compare(&[&stream[..], b"x"].concat(), b"abc").is_err(), "a byte behind it");
        assert!(compare(b"\x00\x03\x00\xfc\xffabc", b"abc").is_err(), "no last block");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
