//! The filter of a run, applied to the names that arguments and walks give.
//!
//! Names are checked first, as that needs no system call. A file's metadata is read once, and only if size or time matter.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::io::directory::Directory;
use crate::io::file_status::{is_regular, modification_time};
use crate::settings::batch::globs::{Inherited, Subject};
use crate::settings::{Filter, Settings};

/// The filter, and the results for the directories from the root of a walk to its current position.
#[derive(Debug)]
pub(super) struct Matcher {
    settings: Arc<Settings>,
    /// The rules that directories pass on, by depth; the first is the argument's.
    inherited: Vec<Inherited>,
    /// A scratch buffer for the globs.
    matches: Vec<usize>,
}

/// A name that a walk found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    /// The path below the argument.
    pub(super) path: &'a Path,
    /// The last component.
    pub(super) name: &'a OsStr,
    /// The depth below the argument; 1 is directly in it.
    pub(super) depth: usize,
}

impl Matcher {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, inherited: vec![Inherited::default()], matches: Vec::new() }
    }

    /// Starts a walk at the argument with this last component; `false` if the filter rejects the argument. An argument without a last
    /// component, such as `..`, is always walked.
    pub(super) fn start_at(&mut self, name: Option<&OsStr>) -> bool {
        let (globs, above) = (&self.settings.filter.globs, Inherited::default());
        let settled = match name.map(Path::new) {
            Some(path) if !globs.is_empty() => {
                globs.enters(Subject { path, directory: true, argument: true }, above, &mut self.matches)
            }
            _ => Some(above),
        };
        self.inherited.clear();
        self.inherited.extend(settled);
        settled.is_some()
    }

    /// Enters a directory that a walk found; `false` if the walk must skip it. Called for each directory before the names in it.
    pub(super) fn enter(&mut self, directory: Found<'_>) -> bool {
        let Filter { globs, no_hidden, max_depth, .. } = &self.settings.filter;
        if *no_hidden && is_hidden(directory.name) || max_depth.is_some_and(|most| directory.depth >= most as usize) {
            return false;
        }
        if globs.is_empty() {
            return true;
        }
        let subject = Subject { path: directory.path, directory: true, argument: false };
        let settled = globs.enters(subject, self.above(directory), &mut self.matches);
        self.inherited.truncate(directory.depth);
        self.inherited.extend(settled);
        settled.is_some()
    }

    /// Whether the name of a file that a walk found is accepted.
    pub(super) fn accepts_found(&mut self, file: Found<'_>) -> bool {
        let Filter { globs, no_hidden, shard, .. } = &self.settings.filter;
        if *no_hidden && is_hidden(file.name) {
            return false;
        }
        if !globs.is_empty() {
            let subject = Subject { path: file.path, directory: false, argument: false };
            if !globs.includes(subject, self.above(file), &mut self.matches) {
                return false;
            }
        }
        shard.is_none_or(|shard| shard.contains(file.path.as_os_str().as_bytes()))
    }

    /// Whether an argument that is a file, or may be one, belongs to another shard.
    pub(super) fn is_of_other_shard(&self, argument: &OsStr) -> bool {
        self.settings.filter.shard.is_some_and(|shard| !shard.contains(argument.as_bytes()))
    }

    /// Whether the last component of an argument that is not a directory is accepted.
    pub(super) fn accepts_named(&mut self, name: &OsStr) -> bool {
        let globs = &self.settings.filter.globs;
        let subject = Subject { path: Path::new(name), directory: false, argument: true };
        globs.is_empty() || globs.includes(subject, Inherited::default(), &mut self.matches)
    }

    /// Whether size and time of the file `name` are accepted. Files that are not regular are accepted here: they are skipped when
    /// they are opened.
    pub(super) fn accepts_metadata(&self, directory: &Directory, name: &OsStr, walked: bool) -> io::Result<bool> {
        let Filter { older_than, newer_than, min_size, .. } = self.settings.filter;
        if older_than.is_none() && newer_than.is_none() && min_size == 0 {
            return Ok(true);
        }
        let no_follow = walked || self.settings.refuses(self.settings.symlinks);
        let standing = if no_follow { directory.lstat(name)? } else { directory.stat(name)? };
        let Some(stat) = standing.filter(is_regular) else {
            return Ok(true);
        };
        let modified = modification_time(&stat);
        Ok(older_than.is_none_or(|limit| modified < limit)
            && newer_than.is_none_or(|limit| modified > limit)
            && stat.st_size as u64 >= min_size)
    }

    /// The rule that the directory of this name passes on.
    fn above(&self, found: Found<'_>) -> Inherited {
        self.inherited.get(found.depth - 1).copied().unwrap_or_default()
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}
