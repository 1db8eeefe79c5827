//! A walk through a folder: its entries one after the other, and their folders, opened from the root's descriptor.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use crate::folder::Folder;

/// A walk under way.
pub(super) struct Walk {
    root: Arc<Folder>,
    path: PathBuf,
    entries: walkdir::IntoIter,
    /// The folder of the last entry, and its path below the root.
    last: (PathBuf, Arc<Folder>),
}

impl Walk {
    /// Through `root`, which is named `path`; in an order that does not depend on the file system if `sorted`, for
    /// which each folder's names are kept.
    pub(super) fn new(root: Folder, path: PathBuf, sorted: bool) -> Self {
        let mut entries = WalkDir::new(&path).min_depth(1);
        if sorted {
            entries = entries.sort_by_file_name();
        }
        let root = Arc::new(root);
        let last = (PathBuf::new(), Arc::clone(&root));
        Self { root, path, entries: entries.into_iter(), last }
    }

    /// The path it began with.
    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }

    /// The opened folder of the entry `path`.
    pub(super) fn folder_of(&mut self, path: &Path) -> io::Result<Arc<Folder>> {
        let parent = path.parent().unwrap_or(path);
        let below = parent.strip_prefix(&self.path).map_err(io::Error::other)?;
        if self.last.0 != below {
            self.last = (below.to_owned(), Arc::new(self.root.beneath(below)?));
        }
        Ok(Arc::clone(&self.last.1))
    }
}

impl Iterator for Walk {
    type Item = walkdir::Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next()
    }
}
