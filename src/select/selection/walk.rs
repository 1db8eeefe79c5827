//! A walk through a folder: its entries one after the other, and their folders, opened from the root's descriptor.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use walkdir::{DirEntry, WalkDir};

use crate::io::directory::Directory;
use crate::settings::{Destination, Settings};

/// Folders that a walk holds open, one in the other, where there are descriptors enough. From those above it takes all
/// names at once, and keeps them. That is walkdir's own matcher; no measurement asked for another.
const MOST_OPEN: u64 = 10;

/// Descriptors that a run with one worker needs besides those of a walk: at most 17, and a few for what it was
/// started with.
const OTHERS: u64 = 22;

/// A walk under way.
pub(super) struct Walk {
    root: Arc<Directory>,
    path: PathBuf,
    entries: walkdir::IntoIter,
    one_file_system: bool,
    /// The folder of the last entry, and its path below the root.
    last: (PathBuf, Arc<Directory>),
    /// Path of the last entry, and how deep below the root it is.
    reached: (PathBuf, usize),
    /// The names that were met, where the run writes into the folders that it reads.
    met: Option<MetNames>,
}

/// The names that a walk has met in the folder of its last entry and in those above it. Some file systems list a name
/// again when the folder is written to meanwhile; the second time is ignored.
///
/// A name costs a hash of 16 bytes until the walk leaves the folder: wide enough that no two names of a folder share
/// one, as that would leave out a file without a message.
#[derive(Default)]
struct MetNames {
    hashers: [RandomState; 2],
    /// By depth below the root.
    directories: Vec<HashSet<[u64; 2]>>,
}

impl MetNames {
    /// Adds the name of `entry`; `false` if the folder has listed it before.
    fn add(&mut self, entry: &DirEntry) -> bool {
        // The folders that were left end before this entry.
        self.directories.resize_with(entry.depth(), HashSet::new);
        let hash = self.hashers.each_ref().map(|hasher| hasher.hash_one(entry.file_name()));
        self.directories.last_mut().is_none_or(|names| names.insert(hash))
    }
}

/// A folder that could not be read.
pub(super) struct Broken {
    pub(super) path: PathBuf,
    /// How deep below the root it is, where it could not even be opened.
    pub(super) depth: Option<usize>,
    pub(super) reason: io::Error,
}

impl Walk {
    /// Through `root`, which is named `path`. Into one output, it goes in an order that does not depend on the file
    /// system, for which each folder's names are kept.
    pub(super) fn new(root: Directory, path: PathBuf, settings: &Settings) -> Self {
        let mut entries = WalkDir::new(&path).min_depth(1).max_open(open_directories());
        let one_file_system = settings.filter.one_file_system;
        entries = entries.same_file_system(one_file_system);
        if settings.concatenates() {
            entries = entries.sort_by_file_name();
        }
        let root = Arc::new(root);
        let last = (PathBuf::new(), Arc::clone(&root));
        let reached = (path.clone(), 0);
        let writes = matches!(settings.destination, Destination::Beside | Destination::Directory(_));
        let met = writes.then(MetNames::default);
        Self { root, path, entries: entries.into_iter(), one_file_system, last, reached, met }
    }

    /// The error with the name that it is about. walkdir gives none where reading on in a folder fails; that is the
    /// one that holds the last entry, or some folder above.
    fn named(&self, error: walkdir::Error) -> Broken {
        let (path, depth) = &self.reached;
        let up = (depth + 1).saturating_sub(error.depth());
        let read = || path.ancestors().nth(up).unwrap_or(&self.path).to_owned();
        let depth = error.path().map(|_| error.depth()).filter(|&depth| depth > 0);
        let path = error.path().map_or_else(read, Path::to_owned);
        // Only followed links make loops, and none are followed.
        Broken { path, depth, reason: error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into()) }
    }

    /// Goes on behind the folder that was the last entry, and not into it.
    pub(super) fn pass_by_directory(&mut self, directory: &DirEntry) {
        // walkdir has opened it, unless it is on a file system that is not walked. Then it would be the folder that
        // holds this one from which nothing more would come.
        let elsewhere = || rustix::fs::lstat(directory.path()).is_ok_and(|stat| stat.st_dev != self.root.device());
        if !self.one_file_system || !elsewhere() {
            self.entries.skip_current_dir();
        }
    }

    /// The path below the root of the entry `path`.
    pub(super) fn below<'e>(&self, path: &'e Path) -> &'e Path {
        // Every one begins as the root does, to the byte; comparing them again would cost more than all else.
        let path = path.as_os_str().as_bytes();
        let below = path.get(self.path.as_os_str().len()..).unwrap_or(path);
        Path::new(OsStr::from_bytes(below.strip_prefix(b"/").unwrap_or(below)))
    }

    /// The path it began with.
    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }

    /// The opened folder of the entry `path`.
    pub(super) fn directory_of(&mut self, path: &Path) -> io::Result<Arc<Directory>> {
        let below = self.below(path).parent().unwrap_or(Path::new(""));
        if self.last.0.as_os_str() != below.as_os_str() {
            self.last = (below.to_owned(), Arc::new(self.root.beneath(below)?));
        }
        Ok(Arc::clone(&self.last.1))
    }
}

impl Iterator for Walk {
    type Item = Result<DirEntry, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(self.named(error))),
            };
            entry.path().clone_into(&mut self.reached.0);
            self.reached.1 = entry.depth();
            if self.met.as_mut().is_none_or(|met| met.add(&entry)) {
                return Some(Ok(entry));
            }
            if entry.file_type().is_dir() {
                self.pass_by_directory(&entry);
            }
        }
    }
}

/// How many folders a walk may hold open where descriptors are few.
fn open_directories() -> usize {
    let room = getrlimit(Resource::Nofile).current.map_or(MOST_OPEN, |limit| limit.saturating_sub(OTHERS));
    room.clamp(1, MOST_OPEN) as usize
}
