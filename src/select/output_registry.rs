//! Which places the outputs of a run take, and which files it has made: no two inputs write one output, and a walk
//! takes nothing that the run itself writes.
//!
//! All that is remembered of an output are two hashes of 8 bytes. With a million outputs, the chance that one
//! is refused for another's hash is 1 in 37 million; the hashes are seeded anew for each run, so another try does it.
//! A file that somebody makes meanwhile may get the inode of an output that failed, and is then passed by as well.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use crate::io::directory::Directory;
use crate::io::input::{Identity, identity_of};
use crate::sync::lock;

/// What outputs have been planned and made. Asked by who plans and by who opens, and those must not wait for each other:
/// the next name may be long in coming.
#[derive(Debug, Default)]
pub struct OutputRegistry {
    hasher: RandomState,
    places: Mutex<HashSet<u64>>,
    files: Mutex<HashSet<u64>>,
}

impl OutputRegistry {
    /// OutputRegistry standard output; `false` if that has been done.
    pub fn standard_output(&self) -> bool {
        lock(&self.places).insert(self.hasher.hash_one("-"))
    }

    /// OutputRegistry `name` in `directory`; `false` if that has been done.
    pub fn place(&self, directory: &Directory, name: &OsStr) -> bool {
        lock(&self.places).insert(self.hasher.hash_one(directory.place(name)))
    }

    /// OutputRegistry `path` below the output folder; `false` if that has been done.
    pub fn mirrored(&self, path: &Path) -> bool {
        lock(&self.places).insert(self.hasher.hash_one(path))
    }

    /// Whether `name` in `directory` has been claimed.
    pub fn holds(&self, directory: &Directory, name: &OsStr) -> bool {
        lock(&self.places).contains(&self.hasher.hash_one(directory.place(name)))
    }

    /// Takes down a file that is about to get its name.
    pub fn record(&self, file: Identity) {
        lock(&self.files).insert(self.hasher.hash_one(file));
    }

    /// Whether this run made the file.
    pub fn is_output(&self, file: Identity) -> bool {
        lock(&self.files).contains(&self.hasher.hash_one(file))
    }

    /// Whether this run made what stands under `name` in `directory`; that nothing does is an answer as well.
    pub fn look(&self, directory: &Directory, name: &OsStr) -> io::Result<ExistingOutput> {
        Ok(match directory.look(name)? {
            None => ExistingOutput::Missing,
            Some(stat) if self.is_output(identity_of(&stat)) => ExistingOutput::OfThisRun,
            Some(_) => ExistingOutput::Older,
        })
    }
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingOutput {
    /// Nothing at all.
    Missing,
    /// An output of this run.
    OfThisRun,
    /// What this run has not made.
    Older,
}
