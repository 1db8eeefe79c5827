//! The directory and name of an output file, and what it may replace there.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::Jobs;
use crate::error::{About, Error, OutputName};
use crate::io::directory::{self, Directory, SplitPath};
use crate::io::file_status::is_symlink;
use crate::io::input::Input;
use crate::io::known_file::KnownFile;
use crate::io::output::{InitialMode, OutputFile, OverwriteCheck, Protection, Refusal};
use crate::outcome::Outcome;
use crate::pipeline::sink::per_input::refused;
use crate::select::selection::InputProtection;
use crate::settings::{OverwritePolicy, Settings};

/// Where an output file will be.
pub(super) struct OutputPath {
    pub(super) directory: Arc<Directory>,
    pub(super) name: OsString,
    /// A warning about the directory.
    pub(super) warning: Option<Error>,
}

impl OutputPath {
    pub(super) fn new(directory: Arc<Directory>, name: OsString) -> Self {
        Self { directory, name, warning: None }
    }

    /// Opens the directory of `-o`'s file.
    pub(super) fn open(path: &Path) -> Result<Self, Outcome> {
        let split = directory::split(path.as_os_str()).ok_or(Errno::ISDIR).map_err(io::Error::from);
        let SplitPath { parent, name } = split.about(path)?;
        Ok(Self::new(Arc::new(Directory::open(&parent).about(path)?), name))
    }

    /// The name in messages.
    pub(super) fn shown(&self) -> OutputName {
        self.directory.output_name(&self.name)
    }

    /// Checks early whether the file can be created, which saves work if it cannot. Returns the file that it would replace. The
    /// link of the finished file decides.
    pub(super) fn check(&self, overwrite: &OverwriteCheck) -> Result<Option<Stat>, Outcome> {
        let existing = self.directory.lstat(&self.name).map_err(Refusal::from);
        let allowed = existing.and_then(|existing| {
            if let Some(stat) = &existing {
                overwrite.allows(stat, &self.directory, &self.name)?;
            }
            Ok(existing)
        });
        allowed.map_err(|refusal| refused(refusal, self.shown()))
    }

    /// Creates the file, without its final name.
    pub(super) fn create(self, initial_mode: InitialMode, settings: &Settings) -> Result<OutputFile, Outcome> {
        let shown = self.shown();
        let created = OutputFile::create(self.directory, self.name, initial_mode, settings.unnamed_temporaries);
        Ok(created.about(shown)?.sparse(settings.sparse && settings.reads_gzip()))
    }

    /// Whether the name is a symbolic link to `input`.
    pub(super) fn is_link_to(&self, input: &Input) -> bool {
        let target = || self.directory.stat(&self.name).ok().flatten();
        self.directory.lstat(&self.name).ok().flatten().as_ref().is_some_and(is_symlink)
            && target().is_some_and(|stat| input.is(&KnownFile::named(&self.shown().path, &stat)))
    }
}

impl Jobs {
    /// Which files an output of `input` may replace. `output_is_walked` says whether the walk that found the input also processes a
    /// file of the output's name.
    pub(super) fn overwrite_check(&self, input: &Input, output_is_walked: Option<bool>) -> OverwriteCheck {
        let inputs = self.inputs.clone().filter(|_| self.settings.may_replace());
        let protection =
            inputs.map(|inputs| Arc::new(InputProtection { inputs, output_is_walked }) as Arc<dyn Protection>);
        let in_place = self.settings.recompresses();
        let force = self.settings.overwrite == OverwritePolicy::Replace;
        OverwriteCheck { force, input: input.identity(), in_place, protection }
    }
}

/// The name of the index of the file `name`, in the format that `suffix` belongs to.
pub(super) fn index_name(name: &OsStr, suffix: &str) -> OsString {
    let mut index = name.to_owned();
    index.push(suffix);
    index
}
