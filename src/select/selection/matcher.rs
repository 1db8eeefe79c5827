//! Which files are taken: what a walk finds and an argument names is asked about here, name first, as that costs
//! nothing; and only where size or time matter is a file looked at, once.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FileType, Stat};

use crate::io::directory::Directory;
use crate::settings::globs::{Inherited, Subject};
use crate::settings::{FileTime, Filter, Settings};

/// What is asked, and what the folders on the way to where a walk is have settled.
#[derive(Debug)]
pub(super) struct Matcher {
    settings: Arc<Settings>,
    /// By depth; the first is the argument's.
    settled: Vec<Inherited>,
    /// A place for the globs to work in.
    matches: Vec<usize>,
}

/// A name that a walk found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    /// Its path below the argument.
    pub(super) path: &'a Path,
    /// Its last part.
    pub(super) name: &'a OsStr,
    /// How deep below the argument it is; 1 is directly in it.
    pub(super) depth: usize,
}

impl Matcher {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, settled: vec![Inherited::default()], matches: Vec::new() }
    }

    /// Whether a walk through the argument of this name is to be begun. One without a name, such as `..`, always is.
    pub(super) fn begins(&mut self, name: Option<&OsStr>) -> bool {
        let (globs, above) = (&self.settings.filter.globs, Inherited::default());
        let settled = match name.map(Path::new) {
            Some(path) if !globs.is_empty() => {
                globs.enters(Subject { path, directory: true, argument: true }, above, &mut self.matches)
            }
            _ => Some(above),
        };
        self.settled.clear();
        self.settled.extend(settled);
        settled.is_some()
    }

    /// Whether a walk goes into this folder. It asks in its own order: each folder before what is in it.
    pub(super) fn enters(&mut self, directory: Found<'_>) -> bool {
        let Filter { globs, no_hidden, max_depth, .. } = &self.settings.filter;
        if *no_hidden && is_hidden(directory.name) || max_depth.is_some_and(|most| directory.depth >= most as usize) {
            return false;
        }
        if globs.is_empty() {
            return true;
        }
        let subject = Subject { path: directory.path, directory: true, argument: false };
        let settled = globs.enters(subject, self.above(directory), &mut self.matches);
        self.settled.truncate(directory.depth);
        self.settled.extend(settled);
        settled.is_some()
    }

    /// Whether a file that a walk found is taken, for all that its name tells.
    pub(super) fn takes_found(&mut self, file: Found<'_>) -> bool {
        let Filter { globs, no_hidden, shard, .. } = &self.settings.filter;
        if *no_hidden && is_hidden(file.name) {
            return false;
        }
        if !globs.is_empty() {
            let subject = Subject { path: file.path, directory: false, argument: false };
            if !globs.takes(subject, self.above(file), &mut self.matches) {
                return false;
            }
        }
        shard.is_none_or(|shard| shard.contains(file.path.as_os_str().as_bytes()))
    }

    /// Whether an argument that is a file, or may be one, is another run's.
    pub(super) fn leaves_to_others(&self, argument: &OsStr) -> bool {
        self.settings.filter.shard.is_some_and(|shard| !shard.contains(argument.as_bytes()))
    }

    /// Whether an argument that is no folder is taken, for all that the last part of its name tells.
    pub(super) fn takes_named(&mut self, name: &OsStr) -> bool {
        let globs = &self.settings.filter.globs;
        let subject = Subject { path: Path::new(name), directory: false, argument: true };
        globs.is_empty() || globs.takes(subject, Inherited::default(), &mut self.matches)
    }

    /// Whether the file `name` has the size and time to be taken. What is no regular file is another matter, told when
    /// it is opened.
    pub(super) fn fits(&self, directory: &Directory, name: &OsStr, walked: bool) -> io::Result<bool> {
        let Filter { older_than, newer_than, min_size, .. } = self.settings.filter;
        if older_than.is_none() && newer_than.is_none() && min_size == 0 {
            return Ok(true);
        }
        let itself = walked || self.settings.refuses(self.settings.symlinks);
        let standing = if itself { directory.look(name)? } else { directory.look_through(name)? };
        let Some(stat) = standing.filter(is_regular) else {
            return Ok(true);
        };
        let modified = FileTime { seconds: stat.st_mtime as _, nanoseconds: stat.st_mtime_nsec as _ };
        Ok(older_than.is_none_or(|limit| modified < limit)
            && newer_than.is_none_or(|limit| modified > limit)
            && stat.st_size as u64 >= min_size)
    }

    /// What the folder settles that holds this one.
    fn above(&self, found: Found<'_>) -> Inherited {
        self.settled.get(found.depth - 1).copied().unwrap_or_default()
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}
