//! Options for whoever reads what a run came to, and for what is not worth its output.

use clap::{Args, ValueEnum};

use super::typed::{OUTPUT, REPORTING};
use super::values::within;
use super::{Usage, refused};
use crate::presentation::{self, Presentation};
use gzcc::settings::{Destination, Mode, Settings};

/// Most percent that an output can be asked to be smaller: 100 would be no output at all.
const MOST_PERCENT: u8 = 99;

#[derive(Args, Debug)]
#[command(next_help_heading = REPORTING)]
pub(super) struct ReportingArgs {
    /// Print a JSON object for each file, and a summary
    ///
    /// On standard output, each as its file ends.
    #[arg(long)]
    json: bool,
    /// Show progress on standard error
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    progress: When,
    /// Discard outputs that save less than PCT percent [default: those that save nothing]
    #[arg(long, value_name = "PCT", num_args = 0..=1, require_equals = true, default_missing_value = "0",
          value_parser = |text: &str| within(text, 0, MOST_PERCENT), help_heading = OUTPUT)]
    only_smaller: Option<u8>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum When {
    Auto,
    Always,
    Never,
}

impl ReportingArgs {
    /// Whether JSON is asked for; after that it is not.
    pub(super) fn take_json(&mut self) -> bool {
        std::mem::take(&mut self.json)
    }

    /// Whether some outputs are not to be kept.
    pub(super) fn is_only_smaller(&self) -> bool {
        self.only_smaller.is_some()
    }

    /// Whether JSON is asked for.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// Whether progress is shown.
    pub(super) fn progress(&self) -> presentation::When {
        match self.progress {
            When::Auto => presentation::When::Auto,
            When::Always => presentation::When::Always,
            When::Never => presentation::When::Never,
        }
    }

    /// The percentage that an output has to save.
    pub(super) fn only_smaller(&self) -> Option<u8> {
        self.only_smaller
    }
}

/// Whether the other options leave room for what these ask for.
pub(super) fn check(settings: &Settings, presentation: &Presentation) -> Result<(), Usage> {
    if presentation.json && settings.stdout_has_data() {
        return Err(refused("--json needs standard output for itself"));
    }
    if settings.only_smaller.is_none() {
        return Ok(());
    }
    if settings.mode != Mode::Compress {
        return Err(refused("--only-smaller goes with compressing"));
    }
    let to_files = matches!(settings.destination, Destination::Beside | Destination::Directory(_));
    match to_files && !settings.reads_stdin() {
        true => Ok(()),
        false => Err(refused("--only-smaller needs an output for each file")),
    }
}
