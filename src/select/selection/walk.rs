//! A walk through a directory: its entries one after the other, and their directories, opened relative to the root's descriptor.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use walkdir::{DirEntry, WalkDir};

use crate::io::directory::{Directory, LastDirectory};
use crate::settings::Settings;

/// The largest number of directories that a walk keeps open. walkdir reads the remaining names of the directories above them into
/// memory. 10 is walkdir's default.
const MAX_OPEN: u64 = 10;

/// The number of descriptors that a run with one worker needs in addition to those of a walk: at most 17, and some that the process
/// was started with.
const RESERVED_DESCRIPTORS: u64 = 22;

/// A walk through a directory.
pub(super) struct Walk {
    root: Arc<Directory>,
    path: PathBuf,
    entries: walkdir::IntoIter,
    one_file_system: bool,
    /// The directory of the last file, by its path below the root.
    last: LastDirectory,
    position: LastEntry,
    /// The names that were returned; `None` if the run does not write to the directories that it walks.
    seen: Option<SeenNames>,
}

/// The last entry of a walk.
struct LastEntry {
    path: PathBuf,
    /// Its depth below the root.
    depth: usize,
}

/// The names in the directory of the last entry, and in those above it, that the walk has returned. Some file systems list a name
/// twice if the directory is written to during the walk. The second one is ignored.
///
/// A name is stored as a hash of 16 bytes until the walk leaves the directory. With fewer bytes two names could have the same hash,
/// and a file would be left out without a message.
#[derive(Default)]
struct SeenNames {
    hashers: [RandomState; 2],
    /// The names of each directory, by its depth below the root.
    directories: Vec<HashSet<[u64; 2]>>,
}

impl SeenNames {
    /// Adds the name of `entry`; `false` if its directory has listed it before.
    fn add(&mut self, entry: &DirEntry) -> bool {
        // Drops the directories that the walk has left.
        self.directories.resize_with(entry.depth(), HashSet::new);
        let hash = self.hashers.each_ref().map(|hasher| hasher.hash_one(entry.file_name()));
        self.directories.last_mut().is_none_or(|names| names.insert(hash))
    }
}

/// A directory that could not be read.
pub(super) struct UnreadableDirectory {
    pub(super) path: PathBuf,
    /// The depth below the root; `None` if the directory was opened, and reading it failed.
    pub(super) depth: Option<usize>,
    pub(super) error: io::Error,
}

impl Walk {
    /// A walk through `root`, the directory `path`. If all inputs have one output, each directory is sorted, so that the output does
    /// not depend on the file system.
    pub(super) fn new(root: Directory, path: PathBuf, settings: &Settings) -> Self {
        let mut entries = WalkDir::new(&path).min_depth(1).max_open(open_directories());
        let one_file_system = settings.filter.one_file_system;
        entries = entries.same_file_system(one_file_system);
        if settings.concatenates() {
            entries = entries.sort_by_file_name();
        }
        let root = Arc::new(root);
        let last = LastDirectory::new(PathBuf::new(), Arc::clone(&root));
        let position = LastEntry { path: path.clone(), depth: 0 };
        let seen = settings.destination.is_per_input().then(SeenNames::default);
        Self { root, path, entries: entries.into_iter(), one_file_system, last, position, seen }
    }

    /// Adds the path to an error. walkdir gives none if reading fails after a directory was opened: that is the directory of the last
    /// entry, or one above.
    fn unreadable(&self, error: walkdir::Error) -> UnreadableDirectory {
        let LastEntry { path, depth } = &self.position;
        let up = (depth + 1).saturating_sub(error.depth());
        let reading = || path.ancestors().nth(up).unwrap_or(&self.path).to_owned();
        let depth = error.path().map(|_| error.depth()).filter(|&depth| depth > 0);
        let path = error.path().map_or_else(reading, Path::to_owned);
        // An error without io::Error is a loop of followed links. Links are not followed.
        UnreadableDirectory { path, depth, error: error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into()) }
    }

    /// Skips the content of `directory`, which is the last entry.
    pub(super) fn skip_directory(&mut self, directory: &DirEntry) {
        // walkdir has not opened a directory on another file system if it stays on one. skip_current_dir would then skip the rest
        // of the parent.
        let is_on_other_device =
            || rustix::fs::lstat(directory.path()).is_ok_and(|stat| stat.st_dev != self.root.device());
        if !self.one_file_system || !is_on_other_device() {
            self.entries.skip_current_dir();
        }
    }

    /// The path below the root of the entry `path`.
    pub(super) fn below<'e>(&self, path: &'e Path) -> &'e Path {
        // Every path begins with the root's, byte for byte. Path::strip_prefix, which compares them, was the most expensive part of
        // the walk.
        let path = path.as_os_str().as_bytes();
        let below = path.get(self.path.as_os_str().len()..).unwrap_or(path);
        Path::new(OsStr::from_bytes(below.strip_prefix(b"/").unwrap_or(below)))
    }

    /// The path of the root.
    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }

    /// Opens the directory of the entry `path`.
    pub(super) fn directory_of(&mut self, path: &Path) -> io::Result<Arc<Directory>> {
        let below = self.below(path).parent().unwrap_or(Path::new(""));
        self.last.get(below, || self.root.beneath(below).map(Arc::new))
    }
}

impl Iterator for Walk {
    type Item = Result<DirEntry, UnreadableDirectory>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(self.unreadable(error))),
            };
            entry.path().clone_into(&mut self.position.path);
            self.position.depth = entry.depth();
            if self.seen.as_mut().is_none_or(|seen| seen.add(&entry)) {
                return Some(Ok(entry));
            }
            if entry.file_type().is_dir() {
                self.skip_directory(&entry);
            }
        }
    }
}

/// The number of directories that a walk may keep open with the present limit of descriptors.
fn open_directories() -> usize {
    let available =
        getrlimit(Resource::Nofile).current.map_or(MAX_OPEN, |limit| limit.saturating_sub(RESERVED_DESCRIPTORS));
    available.clamp(1, MAX_OPEN) as usize
}
