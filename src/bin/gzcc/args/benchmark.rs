//! `--benchmark`: which levels it asks for, and what does not go with it.

use clap::Args;

use super::environment::Wishes;
use super::typed::{OPERATION, Typed};
use super::values::level;
use super::{Run, Usage, refused};
use crate::benchmark::Benchmark;
use crate::presentation::Presentation;

/// What stands for the levels where none are typed.
const AS_GIVEN: &str = "as given";

#[derive(Args, Debug)]
#[command(next_help_heading = OPERATION)]
pub(super) struct BenchmarkArgs {
    /// Measure LEVELS (1-9, 1,6) on the FILEs, in memory [default: the level given]
    ///
    /// The files are read once, then compressed and decompressed in turn, and the results are compared. The only output
    /// is a table on standard output, or with --json one object for each level and a summary.
    #[arg(long, value_name = "LEVELS", num_args = 0..=1, require_equals = true, default_missing_value = AS_GIVEN,
          value_parser = levels)]
    benchmark: Option<Levels>,
}

/// Levels, in the order in which they were typed; `None` are those that are given otherwise.
type Levels = Option<Vec<u8>>;

/// Levels with commas between them, or from one to another.
fn levels(text: &str) -> Result<Levels, String> {
    if text == AS_GIVEN {
        return Ok(None);
    }
    let mut levels = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (level(first).map_err(in_a_list)?, level(last).map_err(in_a_list)?);
        if first > last {
            return Err(format!("{first} is above {last}"));
        }
        // Each once: to be measured twice would make it no better known, and a list could be without end.
        levels.extend((first..=last).filter(|level| !levels.contains(level)).collect::<Vec<_>>());
    }
    Ok(Some(levels))
}

/// What is wrong with a level, to those who may not know that there can be several.
fn in_a_list(wrong: String) -> String {
    wrong + ", or several levels (1-9, 1,6)"
}

impl Typed {
    /// Whether something is to be measured.
    pub(super) fn is_benchmark(&self) -> bool {
        self.benchmark.benchmark.is_some()
    }

    /// What is to be measured.
    pub(super) fn decide_benchmark(mut self, wishes: &Wishes) -> Result<Benchmark, Usage> {
        if let Some(option) = self.given_with_output() {
            return Err(refused(&format!("{option} does not go with --benchmark")));
        }
        let levels = self.benchmark.benchmark.take().flatten();
        if levels.is_none() {
            self.refuse_levels_for_files()?;
        }
        if let Some(highest) = levels.iter().flatten().max() {
            // Whatever else was said of levels.
            (self.level, self.fast, self.best) = (Some(*highest), false, false);
        }
        let memory = self.memory.or(wishes.memory);
        // Standard output is free for it, also where standard input is read.
        let json = self.reporting.take_json();
        let Run { settings, presentation } = self.decide(wishes)?;
        let presentation = Presentation { json, ..presentation };
        let levels = levels.unwrap_or_else(|| vec![settings.level]);
        Ok(Benchmark { settings, presentation, levels, memory })
    }

    /// Refuses a first file that looks like levels: everybody forgets the = once.
    fn refuse_levels_for_files(&self) -> Result<(), Usage> {
        let Some(first) = self.files.first().and_then(|file| file.to_str()) else { return Ok(()) };
        match levels(first) {
            Ok(Some(_)) => {
                Err(refused(&format!("{first} would be a file: levels are --benchmark={first}, the file ./{first}")))
            }
            _ => Ok(()),
        }
    }

    /// An option that was given and says what becomes of outputs, of which there are none, or asks for something else.
    fn given_with_output(&self) -> Option<&'static str> {
        let given = [
            ("--decompress", self.decompress),
            ("--test", self.test),
            ("--list", self.list),
            ("--stdout", self.stdout),
            ("--output", self.output.is_some()),
            ("--output-dir", self.output_dir.is_some()),
            ("--rm", self.rm),
            ("--force", self.force),
            ("--update", self.update),
            ("--only-smaller", self.reporting.is_only_smaller()),
            ("--name", self.name),
            ("--sync", self.sync),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_that_were_typed_in_their_order_each_once() {
        for (text, expected) in [
            ("6", &[6][..]),
            ("1-3", &[1, 2, 3]),
            ("9,1", &[9, 1]),
            ("0-12", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
            ("5,4-6,5", &[5, 4, 6]),
            ("3-3", &[3]),
        ] {
            assert_eq!(levels(text), Ok(Some(expected.to_vec())), "{text}");
        }
        assert_eq!(levels(AS_GIVEN), Ok(None));
        for text in ["", "x", "13", "0-20", "9-1", "-1", "1-", "-", "1,", ",1", "1-2-3", "1 2", "1--2"] {
            assert!(levels(text).is_err(), "{text}");
        }
    }
}
