//! Options of indexes.

use std::num::NonZeroU64;

use clap::Args;
use gzcc::settings::{Destination, Mode, Settings};

use super::definition::{FormatArg, OPERATION};
use super::values::size;
use super::{UsageError, rejected};

#[derive(Args, Debug, Default)]
#[command(next_help_heading = OPERATION)]
pub(super) struct AccessArgs {
    /// Test each FILE.gz and write its index, FILE.gz.gzidx
    ///
    /// With -d, decompress it. rapidgzip and indexed_gzip read the index as well. With --format bgzf, compress each FILE and write the index
    /// of FILE.gz that bgzip and samtools read, FILE.gz.gzi. An index is replaced only where the output may replace a file.
    #[arg(long)]
    pub(super) index: bool,
    /// Content between two points of an index. For tests.
    #[arg(long, value_name = "SIZE", value_parser = size, hide = true)]
    index_spacing: Option<u64>,
}

impl AccessArgs {
    /// The settings with what these options say.
    pub(super) fn add_to(self, settings: Settings) -> Settings {
        let index_spacing = self.index_spacing.and_then(NonZeroU64::new).unwrap_or(settings.index_spacing);
        Settings { index: self.index, index_spacing, ..settings }
    }
}

impl super::Args {
    /// Whether the files are read only for their indexes.
    pub(super) fn only_indexes(&self) -> bool {
        self.access.index && !self.decompress && self.format != Some(FormatArg::Bgzf)
    }

    /// Rejects options that conflict with the index of a compressed file.
    pub(super) fn check_access(&self, destination: &Destination) -> Result<(), UsageError> {
        if !self.access.index || self.mode() == Mode::Compress {
            return Ok(());
        }
        if self.list || matches!(destination, Destination::Stdout | Destination::File(_)) {
            return Err(rejected("--index goes with files that are tested, or decompressed each to its own output"));
        }
        match self.rm || self.verify || self.update {
            true => Err(rejected("--index does not go with --rm, --verify and --update")),
            false => Ok(()),
        }
    }
}

/// Rejects `--index` where no BGZF file of one input is written.
pub(super) fn check_bgzf_index(settings: &Settings) -> Result<(), UsageError> {
    if !settings.index || settings.mode != Mode::Compress {
        return Ok(());
    }
    let is_one_file = settings.inputs.len() == 1 && settings.list.is_none() && !settings.recursive;
    let has_own_output = match settings.destination {
        Destination::File(_) => is_one_file,
        Destination::Stdout | Destination::Discard => false,
        Destination::Beside | Destination::Directory(_) => true,
    };
    match has_own_output && !settings.reads_stdin() {
        true => Ok(()),
        false => Err(rejected("--index needs an output for each file")),
    }
}
