//! `--salvage`: the options that do not go with it.

use super::definition::Args;
use super::{UsageError, rejected};

impl Args {
    /// Rejects options that do not go with `--salvage`.
    pub(super) fn check_salvage(&self) -> Result<(), UsageError> {
        if !self.salvage {
            return match self.fill {
                Some(_) => Err(rejected("--fill goes with --salvage")),
                None => Ok(()),
            };
        }
        let others = [
            ("--test", self.test),
            ("--list", self.list),
            ("--name", self.name),
            ("--index", self.access.index),
            ("--recompress", self.recompress),
            ("--format", self.format.is_some()),
        ];
        if let Some((option, _)) = others.into_iter().find(|(_, is_given)| *is_given) {
            return Err(rejected(&format!("--salvage does not go with {option}")));
        }
        match self.rm {
            true => Err(rejected("--salvage does not go with --rm: a damaged original is kept")),
            false => Ok(()),
        }
    }
}
