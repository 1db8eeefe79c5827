//! The outputs of a run: the names that they will have, and the files that were created for them.
//!
//! The registry prevents that two inputs write the same output, and that a walk processes an output of its own run.
//!
//! It remembers two hashes of 8 bytes for each output. With a million outputs, the chance that an output is refused because two
//! hashes collide is 1 in 37 million. Each run has another seed, so the next run succeeds. A file of another process can get the
//! inode number of an output that failed; it is then ignored as well.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use crate::io::directory::Directory;
use crate::io::file_status::Identity;
use crate::sync::lock;

/// The outputs of a run. Shared between the selection, which may wait for a list, and the workers, which must not wait for it.
#[derive(Debug, Default)]
pub(crate) struct OutputRegistry {
    hasher: RandomState,
    /// Hashes of names.
    names: Mutex<HashSet<u64>>,
    /// Hashes of device and inode numbers.
    files: Mutex<HashSet<u64>>,
}

impl OutputRegistry {
    /// Claims standard output; `false` if it is claimed already.
    pub(crate) fn claim_stdout(&self) -> bool {
        lock(&self.names).insert(self.hasher.hash_one("-"))
    }

    /// Claims `name` in `directory`; `false` if it is claimed already.
    pub(crate) fn claim_name(&self, directory: &Directory, name: &OsStr) -> bool {
        lock(&self.names).insert(self.hasher.hash_one(directory.location(name)))
    }

    /// Claims `path` below the output directory; `false` if it is claimed already.
    pub(crate) fn claim_path(&self, path: &Path) -> bool {
        lock(&self.names).insert(self.hasher.hash_one(path))
    }

    /// Whether `name` in `directory` is claimed.
    pub(crate) fn is_claimed(&self, directory: &Directory, name: &OsStr) -> bool {
        lock(&self.names).contains(&self.hasher.hash_one(directory.location(name)))
    }

    /// Records an output file that is about to get its name.
    pub(crate) fn record(&self, file: Identity) {
        lock(&self.files).insert(self.hasher.hash_one(file));
    }

    /// Whether the file is an output of this run.
    pub(crate) fn is_output(&self, file: Identity) -> bool {
        lock(&self.files).contains(&self.hasher.hash_one(file))
    }

    /// Looks up whether `name` in `directory` exists, and whether it is an output of this run.
    pub(crate) fn existing(&self, directory: &Directory, name: &OsStr) -> io::Result<ExistingOutput> {
        Ok(match directory.lstat(name)? {
            None => ExistingOutput::Missing,
            Some(stat) if self.is_output(Identity::of(&stat)) => ExistingOutput::OfThisRun,
            Some(_) => ExistingOutput::Older,
        })
    }
}

/// What exists under the name of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExistingOutput {
    /// Nothing.
    Missing,
    /// An output of this run.
    OfThisRun,
    /// A file that is not an output of this run.
    Older,
}
