//! Bounds for the sizes of made-up content at every level: relative to the best of zlib and libdeflate, and to the level below.
//!
//! `made_sizes.txt` has the sizes of zlib and libdeflate, so that the test needs neither. `made_exceptions.txt` has the contents and
//! levels that break a bound, in groups with a reason each, and the factor that they may have. The test also fails on an entry that
//! nothing needs any more, or that allows much more than is needed.

use std::collections::HashMap;
use std::ops::RangeInclusive;

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
/// An exception may allow this much more than its largest size needs.
const MAX_EXCESS: f64 = 0.01;
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

/// A line of `made_exceptions.txt`, and what the test measured for it.
struct Exception {
    /// The line.
    line: String,
    /// The name of a content, or with * at the end the beginning of several names.
    pattern: &'static str,
    levels: RangeInclusive<u8>,
    reference: &'static str,
    factor: f64,
    /// The largest factor so far.
    needed: f64,
    /// The number of sizes that the exception has been used for.
    used: usize,
}

impl Exception {
    fn parse(row: &[&'static str]) -> Self {
        let (first, last) = row[1].split_once('-').unwrap_or((row[1], row[1]));
        Self {
            line: row.join("\t"),
            pattern: row[0],
            levels: first.parse().unwrap()..=last.parse().unwrap(),
            reference: row[2],
            factor: row[3].parse().unwrap(),
            needed: 0.0,
            used: 0,
        }
    }

    /// Whether the exception is for this content.
    fn has_content(&self, name: &str) -> bool {
        self.pattern.strip_suffix('*').map_or(name == self.pattern, |beginning| name.starts_with(beginning))
    }

    /// Why the exception should be changed, if all its sizes were measured.
    fn fault(&self) -> Option<String> {
        let contents = made::all().filter(|made| self.has_content(&made.name)).count();
        let default = if self.reference == Reference::Best.name() { MAX_OF_BEST } else { MAX_OF_BELOW };
        let needed = self.needed;
        if contents == 0 {
            Some(format!("{}: there is no such content\n", self.line))
        } else if self.used < contents * self.levels.clone().count() {
            None
        } else if needed <= default {
            Some(format!("{}: not needed any more\n", self.line))
        } else if needed + MAX_EXCESS < self.factor {
            Some(format!("{}: {needed:.3} is enough\n", self.line))
        } else {
            None
        }
    }
}

fn exceptions() -> Vec<Exception> {
    rows(include_str!("made_exceptions.txt")).map(|row| Exception::parse(&row)).collect()
}

/// The best sizes of the other encoders, from [`FIRST_COMPARED`] on, by content.
fn best_sizes() -> HashMap<&'static str, Vec<usize>> {
    let fields = rows(include_str!("made_sizes.txt"));
    fields.map(|row| (row[0], row[1..].iter().map(|size| size.parse().unwrap()).collect())).collect()
}

/// The fields of each line of a table, separated by tabs; lines that begin with # are comments.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

fn compressed_size(content: &[u8], level: u8) -> usize {
    let mut compressor = deflate::new_compressor(Engine::Native, level);
    let (mut buffer, mut out) = (WindowBuffer::new(), Vec::new());
    compressor.compress_block(buffer.fill(content), 0..content.len(), true, &mut out);
    out.len()
}

/// The bounds, and the violations so far.
struct Judge {
    exceptions: Vec<Exception>,
    violations: String,
}

impl Judge {
    /// Compares the size of a content at a level with another size.
    fn compare(&mut self, (name, level): (&str, u8), size: usize, (reference, other): (Reference, usize)) {
        let needed = size.saturating_sub(SLACK) as f64 / other as f64;
        let mut exceptions = self.exceptions.iter_mut();
        let exception = exceptions.find(|exception| {
            exception.reference == reference.name() && exception.levels.contains(&level) && exception.has_content(name)
        });
        let factor = exception.map_or(reference.max_factor(), |exception| {
            exception.needed = exception.needed.max(needed);
            exception.used += 1;
            exception.factor
        });
        if size > SLACK + (other as f64 * factor) as usize {
            let needed = needed + 0.0005;
            self.violations += &format!("{name}\t{level}\t{}\t{needed:.3}\n", reference.name());
        }
    }
}

/// The default tier has every seventh content at levels 1 to 9, and every 35th at levels 10 to 12. There, an exception is checked for
/// being needed only if all its sizes are measured.
#[test]
fn made_up_content_has_no_level_that_collapses() {
    let best = best_sizes();
    let mut judge = Judge { exceptions: exceptions(), violations: String::new() };
    for (i, made) in sample(7, made::all().enumerate()) {
        let best = &best[made.name.as_str()];
        let (bytes, mut below) = (made.bytes(), None);
        for level in (1..=12).filter(|&level| level < FIRST_SLOW || full() || i % 35 == 0) {
            let size = compressed_size(&bytes, level);
            let best = level.checked_sub(FIRST_COMPARED).map(|i| best[usize::from(i)]);
            for (reference, other) in [(Reference::Best, best), (Reference::Below, below)] {
                if let Some(other) = other {
                    judge.compare((&made.name, level), size, (reference, other));
                }
            }
            below = Some(size);
        }
    }
    let violations = judge.violations;
    assert!(violations.is_empty(), "content, level, reference, factor:\n{violations}");
    let faults: String = judge.exceptions.iter().filter_map(Exception::fault).collect();
    assert!(faults.is_empty(), "exceptions:\n{faults}");
}
