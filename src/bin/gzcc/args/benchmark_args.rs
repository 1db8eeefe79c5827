//! `--benchmark`: the levels to measure, and the options that conflict with it.

use super::definition::{Args, OPERATION};
use super::environment::EnvDefaults;
use super::values::level;
use super::{RunRequest, UsageError, rejected};
use crate::benchmark::Benchmark;
use crate::presentation::Presentation;

/// The value of `--benchmark` without levels.
const AS_GIVEN: &str = "as given";

#[derive(clap::Args, Debug, Default)]
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

/// Levels in the given order. `None`: the one level that other options select.
type Levels = Option<Vec<u8>>;

/// Parses a comma-separated list of levels and ranges.
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
        // Each level once: a repeated level would only take more time, and the length of a list is not limited.
        levels.extend((first..=last).filter(|level| !levels.contains(level)).collect::<Vec<_>>());
    }
    Ok(Some(levels))
}

/// Adds to the reason that several levels are possible.
fn in_a_list(reason: String) -> String {
    reason + ", or several levels (1-9, 1,6)"
}

impl Args {
    /// Whether `--benchmark` is given.
    pub(super) fn is_benchmark(&self) -> bool {
        self.benchmark.benchmark.is_some()
    }

    /// The benchmark that all options together request.
    pub(super) fn into_benchmark(mut self, defaults: &EnvDefaults) -> Result<Benchmark, UsageError> {
        if let Some(option) = self.conflicting_option() {
            return Err(rejected(&format!("{option} does not go with --benchmark")));
        }
        let levels = self.benchmark.benchmark.take().flatten();
        if levels.is_none() {
            self.reject_levels_as_file()?;
        }
        if let Some(highest) = levels.iter().flatten().max() {
            // The listed levels override all other options for the level. The highest one decides about engine and memory.
            (self.level, self.fast, self.best) = (Some(*highest), false, false);
        }
        let memory = self.memory.or(defaults.memory);
        // A benchmark writes no data to standard output, so --json is allowed even if the input is standard input.
        let json = self.report.take_json();
        let RunRequest { mut settings, workers, presentation } = self.into_run(defaults)?;
        settings.jobs = workers.number(settings.level);
        let presentation = Presentation { json, ..presentation };
        let levels = levels.unwrap_or_else(|| vec![settings.level]);
        Ok(Benchmark { settings, presentation, levels, memory })
    }

    /// Rejects a first file that looks like levels, because the `=` is easily forgotten.
    fn reject_levels_as_file(&self) -> Result<(), UsageError> {
        let Some(first) = self.files.first().and_then(|file| file.to_str()) else { return Ok(()) };
        match levels(first) {
            Ok(Some(_)) => {
                Err(rejected(&format!("{first} would be a file: levels are --benchmark={first}, the file ./{first}")))
            }
            _ => Ok(()),
        }
    }

    /// The first given option that concerns outputs, which a benchmark does not write, or that selects another operation.
    fn conflicting_option(&self) -> Option<&'static str> {
        let options = [
            ("--decompress", self.decompress),
            ("--recompress", self.recompress),
            ("--salvage", self.salvage),
            ("--test", self.test),
            ("--list", self.list),
            ("--stdout", self.stdout),
            ("--output", self.output.is_some()),
            ("--output-dir", self.output_dir.is_some()),
            ("--rm", self.rm),
            ("--force", self.force),
            ("--update", self.update),
            ("--only-smaller", self.only_smaller.is_some()),
            ("--name", self.name),
            ("--index", self.access.index),
            ("--sync", self.sync),
        ];
        options.into_iter().find(|(_, is_set)| *is_set).map(|(option, _)| option)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_keep_their_order_and_repeated_ones_are_dropped() {
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
