//! Options for whoever reads what a run came to, and for what is not worth its output.

use clap::{Args, ValueEnum};

use super::typed::{OUTPUT, REPORTING};
use super::values::within;
use super::{Usage, refused};
use gzcc::settings::{self, Destination, Mode, Reporting};

/// Most percent that an output can be asked to be smaller: 100 would be no output at all.
const MOST_PERCENT: u8 = 99;

#[derive(Args, Debug)]
#[command(next_help_heading = REPORTING)]
pub(super) struct ReportingArgs {
    /// A JSON object for each file as it ends, and one for all, on standard output
    #[arg(long)]
    json: bool,
    /// Show how far it is, on standard error
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    progress: When,
    /// Keep no output that is not PCT percent smaller than its original [default: smaller at all]
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

/// What the other options have come to.
pub(super) struct Given<'a> {
    pub(super) mode: Mode,
    pub(super) destination: &'a Destination,
    /// Standard input is among the inputs, or there are no others.
    pub(super) reads_stdin: bool,
}

impl ReportingArgs {
    /// Settles what the options mean together with the others: how it is reported, and the percentage.
    pub(super) fn decide(&self, given: &Given<'_>) -> Result<(Reporting, Option<u8>), Usage> {
        let makes_files = matches!(given.destination, Destination::Beside | Destination::Folder(_));
        // Standard input goes to standard output, whatever becomes of the others.
        let carries_data = *given.destination == Destination::Stdout || makes_files && given.reads_stdin;
        if self.json && carries_data {
            return Err(refused("--json needs standard output for itself"));
        }
        if self.only_smaller.is_some() && given.mode != Mode::Compress {
            return Err(refused("--only-smaller goes with compressing"));
        }
        if self.only_smaller.is_some() && (!makes_files || given.reads_stdin) {
            return Err(refused("--only-smaller needs an output for each file"));
        }
        let progress = match self.progress {
            When::Auto => settings::When::Auto,
            When::Always => settings::When::Always,
            When::Never => settings::When::Never,
        };
        Ok((Reporting { json: self.json, progress }, self.only_smaller))
    }
}
