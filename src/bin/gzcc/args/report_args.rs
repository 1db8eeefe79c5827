//! Options of the report, and `--only-smaller`.

use clap::{Args, ValueEnum};

use super::definition::{OUTPUT, REPORTING};
use super::values::within;
use super::{UsageError, rejected};
use crate::presentation::{Presentation, ProgressPolicy};
use gzcc::settings::{Destination, Mode, Settings};

/// The maximum of `--only-smaller`: no output saves 100 percent.
const MAX_PERCENT: u8 = 99;

#[derive(Args, Debug)]
#[command(next_help_heading = REPORTING)]
pub(super) struct ReportArgs {
    /// Print a JSON object for each file, and a summary
    ///
    /// On standard output, each as its file ends.
    #[arg(long)]
    json: bool,
    /// Show progress on standard error
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ProgressArg::Auto)]
    progress: ProgressArg,
    /// Discard outputs that save less than PCT percent [default: those that save nothing]
    #[arg(long, value_name = "PCT", num_args = 0..=1, require_equals = true, default_missing_value = "0",
          value_parser = |text: &str| within(text, 0, MAX_PERCENT), help_heading = OUTPUT)]
    only_smaller: Option<u8>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum ProgressArg {
    Auto,
    Always,
    Never,
}

impl ReportArgs {
    /// Whether `--json` is given. Resets it, because a benchmark's JSON does not conflict with data on standard output.
    pub(super) fn take_json(&mut self) -> bool {
        std::mem::take(&mut self.json)
    }

    /// Whether `--only-smaller` is given.
    pub(super) fn is_only_smaller(&self) -> bool {
        self.only_smaller.is_some()
    }

    /// Whether `--json` is given.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// When progress is shown.
    pub(super) fn progress(&self) -> ProgressPolicy {
        match self.progress {
            ProgressArg::Auto => ProgressPolicy::Auto,
            ProgressArg::Always => ProgressPolicy::Always,
            ProgressArg::Never => ProgressPolicy::Never,
        }
    }

    /// The percentage that an output must save to be kept.
    pub(super) fn only_smaller(&self) -> Option<u8> {
        self.only_smaller
    }
}

/// Rejects `--json` and `--only-smaller` if they conflict with other options.
pub(super) fn check(settings: &Settings, presentation: &Presentation) -> Result<(), UsageError> {
    if presentation.json && settings.stdout_has_data() {
        return Err(rejected("--json needs standard output for itself"));
    }
    if settings.only_smaller.is_none() {
        return Ok(());
    }
    if settings.mode != Mode::Compress {
        return Err(rejected("--only-smaller goes with compressing"));
    }
    let to_files = matches!(settings.destination, Destination::Beside | Destination::Directory(_));
    match to_files && !settings.reads_stdin() {
        true => Ok(()),
        false => Err(rejected("--only-smaller needs an output for each file")),
    }
}
