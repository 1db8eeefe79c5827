//! The index of a BGZF output, which is a second output of its input.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;

use super::Jobs;
use super::output_path::OutputPath;
use crate::error::Error;
use crate::io::input::Input;
use crate::io::output::{InitialMode, OverwriteCheck};
use crate::outcome::Outcome;
use crate::pipeline::sink::member_index::MemberIndex;

/// What the name of an index adds to the name of the file, as in bgzip.
const SUFFIX: &str = ".gzi";

impl Jobs {
    /// Creates the index of the output of `input` at `path`, if the settings ask for one and no existing file prevents it. `force`
    /// means that existing files may be replaced.
    pub(super) fn create_index(
        &self,
        input: &Input,
        path: &OutputPath,
        force: bool,
        initial_mode: InitialMode,
    ) -> Result<Option<Box<MemberIndex>>, Outcome> {
        if !self.settings.index || self.settings.decompresses() {
            return Ok(None);
        }
        let index = OutputPath::new(Arc::clone(&path.directory), index_name(&path.name));
        if !self.outputs.claim_name(&index.directory, &index.name) {
            let shown = index.shown();
            return Err(Outcome::Failed(Error::other(format_args!("{shown} is the output of another input already"))));
        }
        // Whether the walk processes a file of the output's name says nothing about the name of the index.
        let overwrite = OverwriteCheck { force, ..self.overwrite_check(input, None) };
        index.check(&overwrite)?;
        let output = index.create(initial_mode, &self.settings)?;
        self.record(&output)?;
        Ok(Some(Box::new(MemberIndex::new(output, overwrite))))
    }
}

impl OutputPath {
    /// Whether the file has an index.
    pub(super) fn has_index(&self) -> io::Result<bool> {
        Ok(self.directory.lstat(&index_name(&self.name))?.is_some())
    }
}

/// The name of the index of the file `name`.
fn index_name(name: &OsStr) -> OsString {
    let mut index = name.to_owned();
    index.push(SUFFIX);
    index
}
