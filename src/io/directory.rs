//! An opened directory, relative to which everything in it is opened, looked at, linked and removed.
//!
//! A name is resolved once, here; after that a directory that is moved, replaced or swapped for a
//! symbolic link redirects nothing. No function follows a link in the last part of a name unless
//! it says so. A call that a signal interrupts is made again, here and in all the rooms above.

use std::ffi::{OsStr, OsString};
use std::hash::Hash;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::OutputName;
use crate::io::input::{Identity, identity_of};
use crate::io::naming_method::KnownMethod;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

/// Extended attribute that holds the ACL which files made in a directory inherit (acl(5)).
const DEFAULT_ACL: &str = "system.posix_acl_default";

/// An opened directory and what was learnt about it on the way.
#[derive(Debug)]
pub struct Directory {
    fd: OwnedFd,
    /// As the user wrote it, for messages and output names.
    shown: PathBuf,
    device: u64,
    inode: u64,
    /// Whether files made here may inherit an ACL. Asked once, unless somebody else could change it any time.
    pub inherits_acl: bool,
    /// How files get their names here. Shared by the directories of one walk that are on one file system.
    pub naming: Arc<KnownMethod>,
    /// Owner and group that files made here get; the first one made tells. Not for a directory of somebody
    /// else's, who could change its group and ACL between two files.
    owner_of_new: OnceLock<(u32, u32)>,
    /// Belongs to root or to whom this runs as.
    trusted: bool,
}

impl Directory {
    /// Opens the directory `path`, following symbolic links; an empty path is the working directory.
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let open = |access| rustix::fs::openat(CWD, name, access | DIRECTORY, Mode::empty());
        Self::adopt(open_readable_or_not(open)?, path.to_owned())
    }

    /// Opens the directory `relative` below this one, without following a symbolic link anywhere on the way.
    pub fn beneath(&self, relative: &Path) -> io::Result<Self> {
        let shown = self.shown.join(relative);
        let name = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let open = |access| rustix::fs::openat2(&self.fd, name, access | DIRECTORY, Mode::empty(), beneath);
        match open_readable_or_not(open) {
            // Before Linux 5.6, or under a filter that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => self.step_by_step(relative, &shown),
            opened => Ok(self.related(Self::adopt(opened?, shown)?)),
        }
    }

    /// The directory `below` with what is known of this one's file system, if it is on that.
    fn related(&self, mut below: Self) -> Self {
        if below.device == self.device {
            below.naming = Arc::clone(&self.naming);
        }
        below
    }

    /// [`Directory::beneath`], a component at a time.
    fn step_by_step(&self, relative: &Path, shown: &Path) -> io::Result<Self> {
        let mut fd = self.fd.try_clone()?;
        for part in relative.components() {
            let Component::Normal(name) = part else {
                return Err(Errno::XDEV.into());
            };
            let open = |access| rustix::fs::openat(&fd, name, access | DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
            fd = open_readable_or_not(open)?;
        }
        Ok(self.related(Self::adopt(fd, shown.to_owned())?))
    }

    fn adopt(fd: OwnedFd, shown: PathBuf) -> io::Result<Self> {
        let stat = retry_on_intr(|| rustix::fs::fstat(&fd))?;
        let trusted = stat.st_uid == 0 || stat.st_uid == rustix::process::geteuid().as_raw();
        // A directory that may be entered but not read does not tell its ACL: assume that there is one.
        let default_acl = || retry_on_intr(|| rustix::fs::fgetxattr(&fd, DEFAULT_ACL, &mut [0u8; 0]));
        let inherits_acl = !trusted || !matches!(default_acl(), Err(Errno::NODATA | Errno::NOTSUP));
        Ok(Self {
            fd,
            shown,
            device: stat.st_dev,
            inode: stat.st_ino,
            inherits_acl,
            naming: Arc::default(),
            owner_of_new: OnceLock::new(),
            trusted,
        })
    }

    /// A name in this directory as messages show it.
    pub fn shown(&self, name: &OsStr) -> PathBuf {
        self.shown.join(name)
    }

    /// A name in this directory as that of an output, for errors.
    pub fn output_name(&self, name: &OsStr) -> OutputName {
        OutputName { shown: self.shown(name), device: self.device }
    }

    /// The device it is on.
    pub fn device(&self) -> u64 {
        self.device
    }

    /// Whether it is one of `roots` or lies below one.
    pub fn is_within(&self, roots: &[Identity]) -> io::Result<bool> {
        let open = |fd: BorrowedFd<'_>, name| {
            retry_on_intr(|| rustix::fs::openat(fd, name, OFlags::PATH | DIRECTORY, Mode::empty()))
        };
        let (mut fd, mut here) = (open(self.fd.as_fd(), ".")?, (self.device, self.inode));
        loop {
            if roots.contains(&here) {
                return Ok(true);
            }
            fd = open(fd.as_fd(), "..")?;
            let stat = retry_on_intr(|| rustix::fs::fstat(&fd))?;
            // The root is its own parent.
            if here == identity_of(&stat) {
                return Ok(false);
            }
            here = identity_of(&stat);
        }
    }

    /// Which place in the file system `name` in this directory is, whatever path leads there.
    pub fn place<'n>(&self, name: &'n OsStr) -> impl Hash + Eq + std::fmt::Debug + use<'n> {
        (self.device, self.inode, name)
    }

    /// What stands under `name`, a symbolic link itself and not what it points to; `None` if nothing.
    pub fn look(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        self.stat(name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// What stands under `name`, or is pointed to by the symbolic link that does; `None` if nothing.
    pub fn look_through(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        self.stat(name, AtFlags::empty())
    }

    fn stat(&self, name: &OsStr, flags: AtFlags) -> io::Result<Option<Stat>> {
        match retry_on_intr(|| rustix::fs::statat(&self.fd, name, flags)) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens `name` for reading.
    pub fn open_file(&self, name: &OsStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
        retry_on_intr(|| rustix::fs::openat(&self.fd, name, flags, Mode::empty()))
    }

    /// Makes the directory `name`, private to its maker; `false` if there is one already.
    pub fn make(&self, name: &OsStr) -> io::Result<bool> {
        match retry_on_intr(|| rustix::fs::mkdirat(&self.fd, name, Mode::RWXU)) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the directory `name`, which was made here for nothing and is still empty.
    pub fn unmake(&self, name: &OsStr) {
        // What failed before is what will be told.
        let _ = retry_on_intr(|| rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR));
    }

    /// Removes the file `name`.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(retry_on_intr(|| rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()))?)
    }

    /// Puts the directory's names on the disk. `within` is an opened file of the same file system.
    pub fn sync(&self, within: BorrowedFd<'_>) -> io::Result<()> {
        match retry_on_intr(|| rustix::fs::fsync(&self.fd)) {
            // Opened without the right to read it, which syncing takes, or on a file system that syncs no
            // directories: then the whole file system.
            Err(Errno::BADF | Errno::INVAL) => Ok(retry_on_intr(|| rustix::fs::syncfs(within))?),
            synced => Ok(synced?),
        }
    }

    /// Owner and group of `fd`, a file that has just been made here.
    pub fn owner_of_new(&self, fd: BorrowedFd<'_>) -> Option<(u32, u32)> {
        if let Some(known) = self.owner_of_new.get() {
            return Some(*known);
        }
        let stat = retry_on_intr(|| rustix::fs::fstat(fd)).ok()?;
        let owner = (stat.st_uid, stat.st_gid);
        if self.trusted {
            // Another worker may have been first, with the same.
            let _ = self.owner_of_new.set(owner);
        }
        Some(owner)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

/// Opens a directory to read, as that can be synced and asked for its ACL; one that may only be entered, to enter.
fn open_readable_or_not(open: impl Fn(OFlags) -> rustix::io::Result<OwnedFd>) -> rustix::io::Result<OwnedFd> {
    match retry_on_intr(|| open(OFlags::RDONLY)) {
        Err(Errno::ACCESS) => retry_on_intr(|| open(OFlags::PATH)),
        opened => opened,
    }
}

/// Directory and name of a path that names a file; `None` where it can only name a directory (`a/`, `..`, `/`).
pub fn split(path: &OsStr) -> Option<(PathBuf, OsString)> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = path.as_bytes();
    let cut = bytes.iter().rposition(|&b| b == b'/').map_or(0, |i| i + 1);
    let (directory, name) = bytes.split_at(cut);
    match name {
        b"" | b"." | b".." => None,
        _ => Some((OsStr::from_bytes(directory).into(), OsStr::from_bytes(name).into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_is_split_at_its_last_slash() {
        let parts = |p: &str| split(OsStr::new(p)).map(|(f, n)| (f.to_str().unwrap().to_owned(), n));
        assert_eq!(parts("a"), Some((String::new(), "a".into())));
        assert_eq!(parts("x/y/a"), Some(("x/y/".into(), "a".into())));
        assert_eq!(parts("/a"), Some(("/".into(), "a".into())));
        for directory in ["", "a/", "/", ".", "..", "a/.", "a/.."] {
            assert_eq!(parts(directory), None, "{directory:?}");
        }
    }

    #[test]
    fn a_place_is_the_same_whatever_path_leads_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("real")).unwrap();
        symlink("real", dir.path().join("link")).unwrap();
        let real = Directory::open(&dir.path().join("real")).unwrap();
        let link = Directory::open(&dir.path().join("link")).unwrap();
        assert_eq!(real.place(OsStr::new("a")), link.place(OsStr::new("a")));
        assert_ne!(real.place(OsStr::new("a")), real.place(OsStr::new("b")));
    }

    #[test]
    fn nothing_beneath_a_directory_is_reached_through_a_link_or_above_it() {
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
