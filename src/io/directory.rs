//! Opened directories. Every open, stat, link, rename and unlink is relative to one.
//!
//! A directory's path is resolved once, here. If the directory is moved, replaced or swapped for a symbolic link after
//! that, nothing is redirected. No function follows a link in the last part of a name unless its description says so.
//! A system call that a signal interrupts is repeated.

use std::ffi::{OsStr, OsString};
use std::hash::Hash;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, OutputName};
use crate::io::file_status::{Identity, Owner, file_type};
use crate::io::naming_method::KnownMethod;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

/// Extended attribute that holds the ACL that new files in a directory inherit (acl(5)).
const DEFAULT_ACL: &str = "system.posix_acl_default";

/// An opened directory and its known properties.
#[derive(Debug)]
pub(crate) struct Directory {
    fd: OwnedFd,
    /// The path as the user wrote it, for messages and output names.
    path: PathBuf,
    identity: Identity,
    /// Whether new files here may inherit an ACL. Always true for a directory that another user owns and may change.
    pub inherits_acl: bool,
    /// The method that names files here. Shared by the directories of one walk that are on one file system.
    pub naming: Arc<KnownMethod>,
    /// Owner and group of new files here, as found for the first one. Not kept for a directory of another user, who
    /// could change its group between two files.
    new_file_owner: OnceLock<Owner>,
    /// Root or the effective user owns the directory.
    trusted: bool,
}

impl Directory {
    /// Opens the directory `path`, following symbolic links. An empty path means the working directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let name = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let open = |access| rustix::fs::openat(CWD, name, access | DIRECTORY, Mode::empty());
        Self::from_fd(open_readable_or_not(open)?, path.to_owned())
    }

    /// Opens the directory `relative` below this one. Fails if any part of the path is a symbolic link.
    pub(crate) fn beneath(&self, relative: &Path) -> io::Result<Self> {
        let path = self.path.join(relative);
        let name = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let open = |access| rustix::fs::openat2(&self.fd, name, access | DIRECTORY, Mode::empty(), beneath);
        match open_readable_or_not(open) {
            // Before Linux 5.6, or under a seccomp filter that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => self.step_by_step(relative, &path),
            opened => Ok(self.share_method(Self::from_fd(opened?, path)?)),
        }
    }

    /// Makes `below` share this directory's naming method if both are on one file system.
    fn share_method(&self, mut below: Self) -> Self {
        if below.device() == self.device() {
            below.naming = Arc::clone(&self.naming);
        }
        below
    }

    /// [`Directory::beneath`] without openat2(2): opens one component at a time.
    fn step_by_step(&self, relative: &Path, path: &Path) -> io::Result<Self> {
        let mut fd = self.fd.try_clone()?;
        for part in relative.components() {
            let Component::Normal(name) = part else {
                return Err(Errno::XDEV.into());
            };
            let open = |access| rustix::fs::openat(&fd, name, access | DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
            fd = open_readable_or_not(open)?;
        }
        Ok(self.share_method(Self::from_fd(fd, path.to_owned())?))
    }

    fn from_fd(fd: OwnedFd, path: PathBuf) -> io::Result<Self> {
        let stat = retry_on_intr(|| rustix::fs::fstat(&fd))?;
        let trusted = stat.st_uid == 0 || stat.st_uid == rustix::process::geteuid().as_raw();
        // The ACL of a directory that cannot be read is unknown: assume that there is one.
        let default_acl = || retry_on_intr(|| rustix::fs::fgetxattr(&fd, DEFAULT_ACL, &mut [0u8; 0]));
        let inherits_acl = !trusted || !matches!(default_acl(), Err(Errno::NODATA | Errno::NOTSUP));
        Ok(Self {
            fd,
            path,
            identity: Identity::of(&stat),
            inherits_acl,
            naming: Arc::default(),
            new_file_owner: OnceLock::new(),
            trusted,
        })
    }

    /// The path of `name` in this directory, for messages.
    pub(crate) fn display_path(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// `name` in this directory as the name of an output, for errors.
    pub(crate) fn output_name(&self, name: &OsStr) -> OutputName {
        OutputName { path: self.display_path(name), device: self.device() }
    }

    /// The device of the directory.
    pub(crate) fn device(&self) -> u64 {
        self.identity.device()
    }

    /// Whether its file system reports free blocks and free inodes. A quota is not among what it reports.
    pub(crate) fn has_space(&self) -> bool {
        let Ok(stat) = retry_on_intr(|| rustix::fs::fstatvfs(&self.fd)) else { return true };
        // Some blocks may be reserved for root.
        let blocks = if rustix::process::geteuid().is_root() { stat.f_bfree } else { stat.f_bavail };
        // Some file systems have no fixed number of inodes, and report none.
        blocks > 0 && (stat.f_files == 0 || stat.f_favail > 0)
    }

    /// Whether this directory is one of `roots` or below one.
    pub(crate) fn is_within(&self, roots: &[Identity]) -> io::Result<bool> {
        let open = |fd: BorrowedFd<'_>, name| {
            retry_on_intr(|| rustix::fs::openat(fd, name, OFlags::PATH | DIRECTORY, Mode::empty()))
        };
        let (mut fd, mut here) = (open(self.fd.as_fd(), ".")?, self.identity);
        loop {
            if roots.contains(&here) {
                return Ok(true);
            }
            fd = open(fd.as_fd(), "..")?;
            let stat = retry_on_intr(|| rustix::fs::fstat(&fd))?;
            // The root is its own parent.
            if here == Identity::of(&stat) {
                return Ok(false);
            }
            here = Identity::of(&stat);
        }
    }

    /// Identifies `name` in this directory, independent of the path that leads to the directory.
    pub(crate) fn location<'n>(&self, name: &'n OsStr) -> impl Hash + Eq + std::fmt::Debug + use<'n> {
        (self.identity, name)
    }

    /// The status of the file `name`, without following a symbolic link. `None` if there is no such file.
    pub(crate) fn lstat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        self.stat_at(name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// The status of the file `name`, following symbolic links. `None` if there is no such file.
    pub(crate) fn stat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        self.stat_at(name, AtFlags::empty())
    }

    fn stat_at(&self, name: &OsStr, flags: AtFlags) -> io::Result<Option<Stat>> {
        match retry_on_intr(|| rustix::fs::statat(&self.fd, name, flags)) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens `name` for reading.
    pub(crate) fn open_file(&self, name: &OsStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
        retry_on_intr(|| rustix::fs::openat(&self.fd, name, flags, Mode::empty()))
    }

    /// Opens the directory `name` in this one. For a symbolic link, the system's reason (too many levels of links) would be
    /// misleading, so the error says that it is a link.
    pub(crate) fn child(&self, name: &OsStr) -> Result<Self, Error> {
        self.beneath(Path::new(name)).map_err(|error| {
            let existing = self.lstat(name).ok().flatten();
            match existing.as_ref().map(file_type) {
                Some(FileType::Symlink) => Error::other("is a symbolic link; outputs are not written through it"),
                _ => error.into(),
            }
        })
    }

    /// Creates the directory `name` with the mode `mode & !umask`. Returns false if the name exists.
    pub(crate) fn create_directory(&self, name: &OsStr, mode: Mode) -> io::Result<bool> {
        match retry_on_intr(|| rustix::fs::mkdirat(&self.fd, name, mode)) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the directory `name`, which was created here and is empty, after a failure.
    pub(crate) fn remove_directory(&self, name: &OsStr) {
        // The earlier failure is reported, not this one.
        let _ = retry_on_intr(|| rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR));
    }

    /// Removes the file `name`.
    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(retry_on_intr(|| rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()))?)
    }

    /// Syncs the directory, so that its names survive a power failure. `within` is an open file of the same file
    /// system.
    pub(crate) fn sync(&self, within: BorrowedFd<'_>) -> io::Result<()> {
        match retry_on_intr(|| rustix::fs::fsync(&self.fd)) {
            // The directory was opened without the permission to read it, which fsync(2) needs, or its file system does
            // not sync directories: sync the whole file system.
            Err(Errno::BADF | Errno::INVAL) => Ok(retry_on_intr(|| rustix::fs::syncfs(within))?),
            synced => Ok(synced?),
        }
    }

    /// Owner and group of `fd`, a file that was just created here.
    pub(crate) fn new_file_owner(&self, fd: BorrowedFd<'_>) -> Option<Owner> {
        if let Some(known) = self.new_file_owner.get() {
            return Some(*known);
        }
        let stat = retry_on_intr(|| rustix::fs::fstat(fd)).ok()?;
        let owner = Owner::of(&stat);
        if self.trusted {
            // Another worker may have set the same value first.
            let _ = self.new_file_owner.set(owner);
        }
        Some(owner)
    }
}

/// The directory that was opened last, because the next file is usually in the same one.
#[derive(Debug, Default)]
pub(crate) struct LastDirectory {
    path: PathBuf,
    directory: Option<Arc<Directory>>,
}

impl LastDirectory {
    /// Begins with the directory `path`.
    pub(crate) fn new(path: PathBuf, directory: Arc<Directory>) -> Self {
        Self { path, directory: Some(directory) }
    }

    /// The directory `path`: the last one, or the one that `open` returns.
    pub(crate) fn get<E>(
        &mut self,
        path: &Path,
        open: impl FnOnce() -> Result<Arc<Directory>, E>,
    ) -> Result<Arc<Directory>, E> {
        match &self.directory {
            // Compared as bytes, because comparing the components of every path would slow down a walk.
            Some(last) if self.path.as_os_str() == path.as_os_str() => Ok(Arc::clone(last)),
            _ => {
                let opened = open()?;
                *self = Self::new(path.to_owned(), Arc::clone(&opened));
                Ok(opened)
            }
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

/// Opens a directory for reading, which fsync(2) and reading the ACL need. Without the permission to read it, opens it
/// as a base for relative paths only.
fn open_readable_or_not(open: impl Fn(OFlags) -> rustix::io::Result<OwnedFd>) -> rustix::io::Result<OwnedFd> {
    match retry_on_intr(|| open(OFlags::RDONLY)) {
        Err(Errno::ACCESS) => retry_on_intr(|| open(OFlags::PATH)),
        opened => opened,
    }
}

/// The parts of a path to a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SplitPath {
    /// The directory; empty for the working directory.
    pub(crate) parent: PathBuf,
    pub(crate) name: OsString,
}

/// Splits a path at its last slash. `None` if the path can only name a directory (`a/`, `..`, `/`).
pub(crate) fn split(path: &OsStr) -> Option<SplitPath> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = path.as_bytes();
    let cut = bytes.iter().rposition(|&b| b == b'/').map_or(0, |i| i + 1);
    let (parent, name) = bytes.split_at(cut);
    match name {
        b"" | b"." | b".." => None,
        _ => Some(SplitPath { parent: OsStr::from_bytes(parent).into(), name: OsStr::from_bytes(name).into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_is_split_at_its_last_slash() {
        let parts = |p: &str| split(OsStr::new(p)).map(|split| (split.parent.to_str().unwrap().to_owned(), split.name));
        assert_eq!(parts("a"), Some((String::new(), "a".into())));
        assert_eq!(parts("x/y/a"), Some(("x/y/".into(), "a".into())));
        assert_eq!(parts("/a"), Some(("/".into(), "a".into())));
        for directory in ["", "a/", "/", ".", "..", "a/.", "a/.."] {
            assert_eq!(parts(directory), None, "{directory:?}");
        }
    }

    #[test]
    fn a_location_is_independent_of_the_path_to_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("real")).unwrap();
        symlink("real", dir.path().join("link")).unwrap();
        let real = Directory::open(&dir.path().join("real")).unwrap();
        let link = Directory::open(&dir.path().join("link")).unwrap();
        assert_eq!(real.location(OsStr::new("a")), link.location(OsStr::new("a")));
        assert_ne!(real.location(OsStr::new("a")), real.location(OsStr::new("b")));
    }

    #[test]
    fn beneath_opens_no_link_and_nothing_outside_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        symlink("b", dir.path().join("a/link")).unwrap();
        let root = Directory::open(dir.path()).unwrap();
        for open in [Directory::beneath, |f: &Directory, p: &Path| f.step_by_step(p, p)] {
            assert!(open(&root, Path::new("a/b")).is_ok());
            assert!(open(&root, Path::new("a/link")).is_err());
            assert!(open(&root, Path::new("..")).is_err());
            assert!(open(&root, Path::new("/tmp")).is_err());
        }
    }
}
