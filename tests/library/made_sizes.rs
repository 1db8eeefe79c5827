//! Bounds for the sizes of made-up content at every level: relative to the best of zlib and libdeflate, and to the level below.
//!
//! `made_sizes.txt` has the sizes of zlib and libdeflate, so that the test needs neither. `made_exceptions.txt` has the contents and
//! levels that break a bound, each with the factor that it may have. An entry that is not needed any more should be removed; a new
//! one needs a reason.

use std::collections::HashMap;

use gzcc::deflate::{self, WindowBuffer};
use gzcc::settings::Engine;

use crate::made;
use crate::programs::{full, sample};

/// Levels from this one on are compared with the other encoders.
const FIRST_COMPARED: u8 = 4;
/// Levels from this one on are slow without optimization.
const FIRST_SLOW: u8 = 10;

/// A size may exceed the best of the others by this factor.
const MAX_OF_BEST: f64 = 1.02;
/// A level may be larger than the level below by this factor.
const MAX_OF_BELOW: f64 = 1.002;
/// Bytes that do not count: a block header more or less.
const SLACK: usize = 64;

/// What a size is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reference {
    /// The best of the other encoders at the same level.
    Best,
    /// The level below.
    Below,
}

impl Reference {
    const fn max_factor(self) -> f64 {
        match self {
            Self::Best => MAX_OF_BEST,
            Self::Below => MAX_OF_BELOW,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Below => "below",
        }
    }
}

/// The factors that the contents in `made_exceptions.txt` may have, by content, level and reference.
fn exceptions() -> HashMap<(&'static str, u8, &'static str), f64> {
    let fields = rows(include_str!("made_exceptions.txt"));
    fields.map(|row| ((row[0], row[1].parse().unwrap(), row[2]), row[3].parse().unwrap())).collect()
}

/// The best sizes of the other encoders, from [`FIRST_COMPARED`] on, by content.
fn best_sizes() -> HashMap<&'static str, Vec<usize>> {
    let fields = rows(include_str!("made_sizes.txt"));
    fields.map(|row| (row[0], row[1..].iter().map(|size| size.parse().unwrap()).collect())).collect()
}

/// The fields of each line of a table, separated by tabs; lines that begin with # are comments.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

fn compressed_size(content: &[u8], level: u8) -> usize {
    let mut compressor = deflate::new_compressor(Engine::Native, level);
    let (mut buffer, mut out) = (WindowBuffer::new(), Vec::new());
    compressor.compress_block(buffer.fill(content), 0..content.len(), true, &mut out);
    out.len()
}

/// The default tier has every seventh content at levels 1 to 9, and every 35th at levels 10 to 12.
#[test]
fn made_up_content_has_no_level_that_collapses() {
    let (best, exceptions) = (best_sizes(), exceptions());
    let mut violations = String::new();
    for (i, made) in sample(7, made::all().enumerate()) {
        let best = &best[made.name.as_str()];
        let (bytes, mut below) = (made.bytes(), None);
        for level in (1..=12).filter(|&level| level < FIRST_SLOW || full() || i % 35 == 0) {
            let size = compressed_size(&bytes, level);
            let best = level.checked_sub(FIRST_COMPARED).map(|i| best[usize::from(i)]);
            for (reference, other) in [(Reference::Best, best), (Reference::Below, below)] {
                let Some(other) = other else { continue };
                let exception = exceptions.get(&(made.name.as_str(), level, reference.name()));
                let factor = exception.copied().unwrap_or(reference.max_factor());
                if size > SLACK + (other as f64 * factor) as usize {
                    let needed = (size - SLACK) as f64 / other as f64 + 0.0005;
                    violations += &format!("{}\t{level}\t{}\t{needed:.3}\n", made.name, reference.name());
                }
            }
            below = Some(size);
        }
    }
    assert!(violations.is_empty(), "content, level, reference, factor:\n{violations}");
}
