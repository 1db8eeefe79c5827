//! The status of a file (stat(2)): what identifies it, what kind of file it is, and what shows that it changed.
//!
//! Reads the fields of a status, and queries descriptors. Names are queried by `directory`.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{FileType, Stat};
use rustix::io::retry_on_intr;

use crate::settings::file_time::FileTime;

/// Device and inode: identifies a file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The identity of the file with this status.
    pub(crate) fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }

    /// The device that the file is on.
    pub(crate) fn device(self) -> u64 {
        self.device
    }
}

/// The user and the group that own a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Owner {
    /// The owner of the file with this status.
    pub(crate) fn of(stat: &Stat) -> Self {
        Self { user: stat.st_uid, group: stat.st_gid }
    }
}

/// The status of an opened file.
pub(crate) fn stat_of(fd: &impl AsFd) -> io::Result<Stat> {
    Ok(retry_on_intr(|| rustix::fs::fstat(fd))?)
}

/// The kind of the file.
pub(crate) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Whether it is a regular file.
pub(crate) fn is_regular(stat: &Stat) -> bool {
    file_type(stat) == FileType::RegularFile
}

/// Whether it is a symbolic link.
pub(crate) fn is_symlink(stat: &Stat) -> bool {
    file_type(stat) == FileType::Symlink
}

/// When the content was modified last.
pub(crate) fn modification_time(stat: &Stat) -> FileTime {
    FileTime { seconds: stat.st_mtime as _, nanoseconds: stat.st_mtime_nsec as _ }
}

/// When content or status were changed last. Users cannot set this time.
pub(crate) fn change_time(stat: &Stat) -> FileTime {
    FileTime { seconds: stat.st_ctime as _, nanoseconds: stat.st_ctime_nsec as _ }
}

/// Whether size and modification time are equal, so that the content is assumed to be the same.
pub(crate) fn same_content(a: &Stat, b: &Stat) -> bool {
    a.st_size == b.st_size && modification_time(a) == modification_time(b)
}
