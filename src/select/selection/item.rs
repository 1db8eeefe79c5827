//! Items: inputs to be opened, each with its target.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rustix::io::Errno;
use walkdir::DirEntry;

use super::matcher::Found;
use super::target::{DerivedOutput, FileTarget, Target, claim, could_be_input, mirrored_directory, output_name};
use super::{Selection, suffix};
use crate::error::Error;
use crate::io::directory::Directory;
use crate::io::input::Source;
use crate::outcome::{InputId, Outcome, Reason};
use crate::select::output_registry::ExistingOutput;
use crate::settings::Destination;

/// An input of a run.
#[derive(Debug)]
pub(crate) enum Selected {
    /// The input has to be opened.
    Item(Item),
    /// The outcome is known without opening the input.
    Settled(InputId, Outcome),
}

/// An input to be opened.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The name and position of the input.
    pub(crate) id: InputId,
    /// Where the input is found.
    pub(crate) source: Source,
    /// Where its output is written.
    pub(crate) target: Target,
    /// Whether the walk that found the input also processes a file of its output's name; `None` if no walk found it, or if
    /// nothing depends on it.
    pub(crate) output_is_walked: Option<bool>,
}

/// A file that an argument names or a walk finds.
pub(super) struct NamedFile {
    /// The path, for messages.
    pub(super) shown: PathBuf,
    pub(super) directory: Arc<Directory>,
    pub(super) name: OsString,
    /// A walk found it.
    pub(super) walked: bool,
}

impl Selection {
    /// The item of a file, with its output claimed; `None` if a walk found an output of this run.
    ///
    /// # Errors
    /// The outcome, if the file is skipped for its name, or if its output is that of another input.
    pub(super) fn item(&mut self, file: NamedFile) -> Result<Option<Item>, Outcome> {
        let existing = if self.counting { None } else { self.existing_output(&file)? };
        match existing {
            Some(ExistingOutput::OfThisRun) if file.walked => return Ok(None),
            Some(ExistingOutput::OfThisRun) => {
                return Err(Outcome::Failed(Error::other("is the output of another input")));
            }
            // If the name is given to a file later, that is an output of this run.
            Some(ExistingOutput::Missing) => return Err(io::Error::from(Errno::NOENT).into()),
            // An older file under the name of an output is an input like any other, and is not replaced.
            Some(ExistingOutput::Older) | None => {}
        }
        let target = self.target(&file)?;
        // With -N, the header decides about the name, and the output is claimed when the input is open.
        let is_named_by_header = self.settings.reads_gzip() && self.settings.keep_name;
        if let Target::File(FileTarget::Derived(output)) = &target
            && !(self.counting || is_named_by_header)
        {
            claim(&self.outputs, output, &self.settings)?;
        }
        let NamedFile { shown, directory, name, walked } = file;
        Ok(Some(self.new_item(shown, Source::File { directory, name, walked }, target)))
    }

    /// The target of a file, as its name decides.
    fn target(&self, file: &NamedFile) -> Result<Target, Outcome> {
        let (settings, name, walked) = (&self.settings, &file.name, file.walked);
        Ok(match &settings.destination {
            // A file that is named is tested whatever its name. A walk tests files with a suffix of gzip only.
            Destination::Discard if walked && suffix::split_suffix(name, &settings.suffix).is_none() => {
                return Err(Outcome::Skipped(Reason::UnknownSuffix { recursive: true }));
            }
            Destination::Discard => Target::Discard,
            Destination::File(path) if !settings.concatenates() => Target::File(FileTarget::Named(path.clone())),
            Destination::Stdout | Destination::File(_) => Target::Concatenated,
            Destination::Beside | Destination::Directory(_) => match output_name(name, settings) {
                Err(reason) if walked => return Err(Outcome::Skipped(reason)),
                Err(reason) => Target::Refused(reason),
                Ok(name) => {
                    let path_in_tree = match settings.destination {
                        Destination::Directory(_) => mirrored_directory(&file.shown)?,
                        _ => PathBuf::new(),
                    };
                    let directory = Arc::clone(&file.directory);
                    Target::File(FileTarget::Derived(DerivedOutput { directory, path_in_tree, name }))
                }
            },
        })
    }

    /// Whether the walk that found `entry` in `directory` also processes a file of its output's name; `None` if nothing depends
    /// on it.
    pub(super) fn walks_output(&mut self, entry: &DirEntry, directory: &Directory) -> io::Result<Option<bool>> {
        let settings = &self.settings;
        let (Some(walk), true, Destination::Beside) = (&self.walk, settings.may_replace(), &settings.destination)
        else {
            return Ok(None);
        };
        let Ok(output) = output_name(entry.file_name(), settings) else {
            return Ok(None);
        };
        if output_name(&output, settings).is_err() {
            return Ok(Some(false));
        }
        let path = entry.path().with_file_name(&output);
        let found = Found { path: walk.below(&path), name: &output, depth: entry.depth() };
        Ok(Some(self.matcher.accepts_found(found) && self.matcher.accepts_metadata(directory, &output, true)?))
    }

    /// The file under the input's name, if it may be an output of this run and that matters; otherwise `None`.
    fn existing_output(&self, file: &NamedFile) -> io::Result<Option<ExistingOutput>> {
        let name: &OsStr = &file.name;
        let may_be_output = match self.settings.destination {
            Destination::Beside => self.outputs.is_claimed(&file.directory, name),
            // The output directory may be inside of the directory that is walked.
            Destination::Directory(_) => file.walked,
            Destination::Stdout | Destination::File(_) | Destination::Discard => false,
        };
        if !may_be_output || !could_be_input(name, &self.settings) {
            return Ok(None);
        }
        self.outputs.existing(&file.directory, name).map(Some)
    }

    pub(super) fn new_item(&mut self, shown: PathBuf, source: Source, target: Target) -> Item {
        let is_stdin = matches!(source, Source::Stdin);
        Item { id: InputId { is_stdin, ..self.new_id(shown) }, source, target, output_is_walked: None }
    }

    pub(super) fn new_id(&mut self, shown: PathBuf) -> InputId {
        self.count += 1;
        InputId { shown, position: Some(self.count - 1), is_stdin: false, started: Some(Instant::now()) }
    }
}
