//! Options of the report.

use clap::{Args, ValueEnum};

use super::definition::REPORTING;
use crate::presentation::ProgressPolicy;

#[derive(Args, Debug, Default)]
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
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
enum ProgressArg {
    #[default]
    Auto,
    Always,
    Never,
}

impl ReportArgs {
    /// Whether `--json` is given. Resets it, because a benchmark's JSON does not conflict with data on standard output.
    pub(super) fn take_json(&mut self) -> bool {
        std::mem::take(&mut self.json)
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
}
