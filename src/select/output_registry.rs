//! The outputs of a run: the names that they will have, and the files that were created for them.
//!
//! The registry prevents two inputs from writing the same output, and a walk from processing an output of its own run.
//!
//! It remembers two hashes of 8 bytes for each output. With a million outputs, the chance that an output is refused because two
//! hashes collide is 1 in 37 million. Each run has another seed, so the next run succeeds. A file of another process can get the
//! inode number of an output that failed; it then counts as that output. Where inode numbers do not identify files,
//! resolved paths are hashed instead.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Mutex;

use rustix::fs::Stat;

use crate::io::directory::{self, Directory, SplitPath};
use crate::io::file_status::{Identity, change_time, modification_time, stat_of};
use crate::io::input::{Input, Location};
use crate::io::known_file::{FileKey, InodeTrust, path_of_opened};
use crate::io::output::OutputFile;
use crate::io::same_file::OpenedFile;
use crate::settings::FileTime;
use crate::sync::lock;

/// The outputs of a run. Shared between the selection, which may wait for a list, and the workers, which must not wait for it.
#[derive(Debug)]
pub(crate) struct OutputRegistry {
    hasher: RandomState,
    /// Hashes of names.
    names: Mutex<HashSet<u64>>,
    /// Hashes of the names for which a file was created. A name can be claimed by an input that has no output, because a file has
    /// the name already.
    created: Mutex<HashSet<u64>>,
    /// Hashes of keys of files.
    files: Mutex<HashSet<u64>>,
    trust: InodeTrust,
    first_changes: Mutex<FirstChanges>,
}

/// A lower bound of the change times of outputs, by the clocks of their file systems. A server's clock may be behind the system's.
#[derive(Debug, Default)]
struct FirstChanges {
    /// Devices of directories with outputs.
    devices: HashSet<u64>,
    /// The earliest change time of the first output on each. `None` without outputs.
    earliest: Option<FileTime>,
}

impl OutputRegistry {
    /// The registry of a run without outputs.
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            names: Mutex::default(),
            created: Mutex::default(),
            files: Mutex::default(),
            trust: InodeTrust::default(),
            first_changes: Mutex::default(),
        }
    }

    /// Claims standard output; `false` if it is claimed already.
    pub(crate) fn claim_stdout(&self) -> bool {
        lock(&self.names).insert(self.hasher.hash_one("-"))
    }

    /// Claims `name` in `directory`; `false` if it is claimed already.
    pub(crate) fn claim_name(&self, directory: &Directory, name: &OsStr) -> bool {
        lock(&self.names).insert(self.hash_of_location(directory, name))
    }

    /// Claims `path` below the output directory; `false` if it is claimed already.
    pub(crate) fn claim_path(&self, path: &Path) -> bool {
        lock(&self.names).insert(self.hasher.hash_one(path))
    }

    /// Whether `name` in `directory` is claimed.
    pub(crate) fn is_claimed(&self, directory: &Directory, name: &OsStr) -> bool {
        lock(&self.names).contains(&self.hash_of_location(directory, name))
    }

    /// Identifies `name` in `directory`.
    fn hash_of_location(&self, directory: &Directory, name: &OsStr) -> u64 {
        match (!self.trust.of_directory(directory)).then(|| path_of_opened(directory.as_fd())).flatten() {
            Some(path) => self.hasher.hash_one(path.join(name)),
            None => self.hasher.hash_one(directory.location(name)),
        }
    }

    /// Records the name of an output file that was created. Enough if no walk and no list can come across the file.
    pub(crate) fn record_name(&self, output: &OutputFile) -> io::Result<()> {
        let mut first = lock(&self.first_changes);
        // Naming an output sets its change time, and outputs are recorded before they are named. So the present change time of the
        // first one on a device is a lower bound for all outputs there.
        if first.devices.insert(output.directory().device()) {
            let changed = change_time(&stat_of(output)?);
            first.earliest = Some(first.earliest.map_or(changed, |earliest| earliest.min(changed)));
        }
        drop(first);
        lock(&self.created).insert(self.hash_of_location(output.directory(), output.name()));
        Ok(())
    }

    /// Records an output file that is about to get its name.
    pub(crate) fn record(&self, output: &OutputFile) -> io::Result<()> {
        let (directory, name) = (output.directory(), output.name());
        self.add(FileKey::Inode(Identity::of(&stat_of(output)?)));
        // A file that has the name already is not the output.
        if !self.trust.of_directory(directory) && directory.lstat(name)?.is_none() {
            path_of_opened(directory.as_fd()).into_iter().for_each(|path| self.add(FileKey::Path(path.join(name))));
        }
        Ok(())
    }

    fn add(&self, key: FileKey) {
        lock(&self.files).insert(self.hasher.hash_one(key));
    }

    fn contains(&self, key: &FileKey) -> bool {
        lock(&self.files).contains(&self.hasher.hash_one(key))
    }

    /// Whether an opened input is an output of this run.
    pub(crate) fn is_output(&self, input: &Input) -> bool {
        let Some(OpenedFile { fd, then }) = input.opened() else { return false };
        self.contains(&FileKey::Inode(Identity::of(then)))
            || self.may_be_output(fd, then) && self.leads_to_output(input).unwrap_or(false)
    }

    /// Whether an opened file may be an output of this run, so that its path is looked up. An output was changed after the first
    /// one was created, and has the modification time of its original.
    fn may_be_output(&self, fd: BorrowedFd<'_>, stat: &Stat) -> bool {
        let changed = change_time(stat);
        let is_later = lock(&self.first_changes).earliest.is_some_and(|earliest| changed >= earliest);
        is_later && changed != modification_time(stat) || !self.trust.of(stat.st_dev, || rustix::fs::fstatfs(fd))
    }

    /// Whether the name of an opened input is a link to an output of this run.
    fn leads_to_output(&self, input: &Input) -> Option<bool> {
        let Location { directory, name } = input.location()?;
        let path = path_of_opened(input.opened()?.fd)?;
        if self.contains(&FileKey::Path(path.clone())) {
            return Some(true);
        }
        // The selection decides about a file under the name of an output.
        if input.is_walked() || self.is_claimed(directory, name) {
            return Some(false);
        }
        let SplitPath { parent, name } = directory::split(path.as_os_str())?;
        let parent = Directory::open(&parent).ok()?;
        Some(lock(&self.created).contains(&self.hash_of_location(&parent, &name)))
    }

    /// Looks up whether `name` in `directory` exists, and whether it is an output of this run.
    pub(crate) fn existing(&self, directory: &Directory, name: &OsStr) -> io::Result<ExistingOutput> {
        Ok(match directory.lstat(name)? {
            None => ExistingOutput::Missing,
            Some(stat) if self.contains(&FileKey::Inode(Identity::of(&stat))) => ExistingOutput::OfThisRun,
            Some(_) if !self.trust.of_directory(directory) && self.has_path_of_output(directory, name) => {
                ExistingOutput::OfThisRun
            }
            Some(_) => ExistingOutput::Older,
        })
    }

    fn has_path_of_output(&self, directory: &Directory, name: &OsStr) -> bool {
        let path = path_of_opened(directory.as_fd()).map(|path| FileKey::Path(path.join(name)));
        path.is_some_and(|path| self.contains(&path))
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
