//! `--recompress`: the options that do not go with it.

use super::definition::Args;
use super::{UsageError, rejected};

impl Args {
    /// Rejects options that ask for another operation or another output.
    pub(super) fn check_recompress(&self) -> Result<(), UsageError> {
        if !self.recompress {
            return Ok(());
        }
        let options = [
            ("--decompress", self.decompress),
            ("--test", self.test),
            ("--list", self.list),
            ("--stdout", self.stdout),
            ("--output", self.output.is_some()),
            ("--output-dir", self.output_dir.is_some()),
            ("--rm", self.rm),
            ("--update", self.update),
            ("--index", self.access.index),
            ("--salvage", self.salvage),
            ("--name", self.name),
        ];
        if let Some((option, _)) = options.into_iter().find(|(_, is_set)| *is_set) {
            return Err(rejected(&format!("{option} does not go with --recompress, which replaces each FILE.gz")));
        }
        let is_stdin = self.files.iter().any(|file| file == "-") || self.files.is_empty() && !self.filter.has_list();
        match is_stdin {
            true => Err(rejected("--recompress needs files, not standard input")),
            false => Ok(()),
        }
    }
}
