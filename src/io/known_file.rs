//! Recognises a file under another name.
//!
//! On most file systems, device and inode number identify a file. FUSE and some other file systems may invent another inode
//! number at each stat(2), or for each link of a file. There, the resolved path counts as well. Links of one file have
//! different paths, so size and time, which all links share, count for a file with several links.
//!
//! Nothing here decides what happens to a file that is recognised.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{FsWord, Stat, StatFs};
use rustix::io::retry_on_intr;

use crate::io::directory::Directory;
use crate::io::file_status::{Identity, modification_time};
use crate::settings::file_time::FileTime;
use crate::sync::lock;

/// Types of file systems whose inode numbers identify files (statfs(2)): ext2 to ext4, XFS, Btrfs, tmpfs, ramfs, F2FS,
/// overlayfs, ZFS, bcachefs, NFS, Ceph, JFS, NILFS2, ReiserFS. For a type that is missing here, the path of each file
/// that an output replaces is looked up.
const WITH_INODES: [FsWord; 14] = [
    0xef53,
    0x5846_5342,
    0x9123_683e,
    0x0102_1994,
    0x8584_58f6,
    0xf2f5_2010,
    0x794c_7630,
    0x2fc1_2fc1,
    0xca45_1a4e,
    0x6969,
    0x00c3_6400,
    0x3153_464a,
    0x3434,
    0x5265_4973,
];

/// Suffix that the kernel appends to the path of a removed file. On some FUSE file systems it does so for existing files, too.
const REMOVED: &[u8] = b" (deleted)";

/// One way to recognise a file. Two names that share a key mean the same file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileKey {
    /// Device and inode number.
    Inode(Identity),
    /// The path without links.
    Path(PathBuf),
    /// Device, number of links, size and modification time of a file with several links.
    Links { device: u64, links: u64, size: u64, modified: FileTime },
}

impl FileKey {
    /// The key of the links of a file; `None` if it has only one.
    pub(crate) fn of_links(stat: &Stat) -> Option<Self> {
        (stat.st_nlink > 1).then(|| Self::Links {
            device: stat.st_dev,
            links: stat.st_nlink as _,
            size: stat.st_size as _,
            modified: modification_time(stat),
        })
    }
}

/// Whether the inode numbers of the file systems that were seen identify files. Asks each file system once.
#[derive(Debug, Default)]
pub(crate) struct InodeTrust(Mutex<HashMap<u64, bool>>);

impl InodeTrust {
    /// Whether inode numbers on `device` identify files. `statfs` asks the file system.
    pub(crate) fn of(&self, device: u64, statfs: impl FnOnce() -> rustix::io::Result<StatFs>) -> bool {
        *lock(&self.0).entry(device).or_insert_with(|| identifies_by_inode(statfs))
    }

    /// Whether inode numbers in `directory` identify files.
    pub(crate) fn of_directory(&self, directory: &Directory) -> bool {
        self.of(directory.device(), || rustix::fs::fstatfs(directory))
    }
}

fn identifies_by_inode(statfs: impl FnOnce() -> rustix::io::Result<StatFs>) -> bool {
    statfs().is_ok_and(|status| WITH_INODES.contains(&status.f_type))
}

/// A file that is recognised under every name, as far as its file system allows.
#[derive(Clone, Debug)]
pub(crate) struct KnownFile {
    identity: Identity,
    /// The other keys; empty if the inode number identifies the file.
    others: Vec<FileKey>,
    /// It had no content.
    is_empty: bool,
}

impl KnownFile {
    /// The file that is opened as `fd`.
    pub(crate) fn opened(fd: BorrowedFd<'_>, stat: &Stat) -> Self {
        let trusted = identifies_by_inode(|| rustix::fs::fstatfs(fd));
        let others = if trusted { Vec::new() } else { other_keys(stat, path_of_opened(fd)) };
        Self { identity: Identity::of(stat), others, is_empty: stat.st_size == 0 }
    }

    /// The file that `path` leads to.
    pub(crate) fn named(path: &Path, stat: &Stat) -> Self {
        let trusted = identifies_by_inode(|| rustix::fs::statfs(path));
        let others = if trusted { Vec::new() } else { other_keys(stat, path.canonicalize().ok()) };
        Self { identity: Identity::of(stat), others, is_empty: stat.st_size == 0 }
    }

    /// Whether `fd` is the same file.
    pub(crate) fn is(&self, fd: BorrowedFd<'_>, stat: &Stat) -> bool {
        let same_device = self.identity.device() == stat.st_dev;
        let others = || other_keys(stat, path_of_opened(fd)).iter().any(|key| self.others.contains(key));
        self.identity == Identity::of(stat) || same_device && !self.others.is_empty() && others()
    }

    /// Whether both are the same file.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.identity == other.identity || self.others.iter().any(|key| other.others.contains(key))
    }

    /// Whether it had no content.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// All keys.
    pub(crate) fn into_keys(self) -> impl Iterator<Item = FileKey> {
        std::iter::once(FileKey::Inode(self.identity)).chain(self.others)
    }
}

/// The keys of a file besides its inode number. `path` is its resolved path.
pub(crate) fn other_keys(stat: &Stat, path: Option<PathBuf>) -> Vec<FileKey> {
    path.map(FileKey::Path).into_iter().chain(FileKey::of_links(stat)).collect()
}

/// The resolved path of an opened file or directory.
pub(crate) fn path_of_opened(fd: BorrowedFd<'_>) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let mut path = retry_on_intr(|| rustix::fs::readlink(&link, Vec::new())).ok()?.into_bytes();
    if path.ends_with(REMOVED) {
        path.truncate(path.len() - REMOVED.len());
    }
    Some(OsString::from_vec(path).into())
}

/// The resolved path of a directory. An empty path means the working directory.
pub(crate) fn path_of_directory(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }.canonicalize()
}
