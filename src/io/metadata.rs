//! What an output takes over from its original: owner, ACL, mode, times; and what it must not: readers.
//!
//! The output is never readable by more users than the original is, not for a moment. It is created with 0600 and
//! without a name. An ACL inherited from its directory is removed first; then owner, ACL, mode and times are set through
//! its descriptor, in this order, because a new owner must not meet the old one's mode. Where the group cannot be kept,
//! group and other get only what both had before.
//!
//! What cannot be kept is decided here, once:
//! - An owner that this user may not set (only root may give files away), and an owner or ACL that the file system does
//!   not know, is not reported; if the group or the ACL is lost, the mode is narrowed. Where the original is to be
//!   removed, an ACL that is lost is a warning, as nothing else holds it.
//! - An ACL that cannot be read is taken for one that grants group and other nothing, without a warning.
//! - An owner or ACL that could not be set for any other reason, a mode or times that could not, and an inherited ACL
//!   that could not be removed are a warning each. The output stays, as its content is whole; so does the original, even
//!   where it was to be removed. The rest is set all the same, but neither ACL nor mode where an inherited ACL remains.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{Gid, Mode, Stat, Timespec, Timestamps, Uid};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{About, Error};
use crate::io::acl::Acl;
use crate::io::directory::Directory;

/// Owner, access and times of a file or directory, as they were when it was opened.
#[derive(Clone, Debug)]
pub struct Metadata {
    owner: u32,
    group: u32,
    access: Access,
    times: Timestamps,
}

/// What users may do with a file or directory.
#[derive(Clone, Debug)]
enum Access {
    /// What its mode says.
    Mode(u32),
    /// What its ACL says.
    Acl(Acl),
}

/// What becomes of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Original {
    /// It stays, with everything that its output cannot have.
    Stays,
    /// It is to be removed.
    Goes,
}

impl Metadata {
    /// Of the opened file or directory `fd`, whose `stat` is known already.
    pub fn of(fd: BorrowedFd<'_>, stat: &Stat) -> Self {
        let mode = stat.st_mode & 0o777;
        Self {
            owner: stat.st_uid,
            group: stat.st_gid,
            access: match Acl::of(fd) {
                Ok(None) => Access::Mode(mode),
                Ok(Some(acl)) => Access::Acl(acl),
                // It may grant less than the mode says.
                Err(_) => Access::Mode(mode & 0o700),
            },
            times: Timestamps {
                last_access: Timespec { tv_sec: stat.st_atime as _, tv_nsec: stat.st_atime_nsec as _ },
                last_modification: Timespec { tv_sec: stat.st_mtime as _, tv_nsec: stat.st_mtime_nsec as _ },
            },
        }
    }

    /// Of the opened directory `fd`, for one that mirrors it: its maker can work in it, and nobody else gets to
    /// write, as the sticky bit that may have made that safe is not taken over.
    pub fn of_directory(fd: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let mut metadata = Self::of(fd, &retry_on_intr(|| rustix::fs::fstat(fd))?);
        metadata.access = match metadata.access {
            Access::Mode(mode) => Access::Mode(mode & 0o755 | 0o700),
            Access::Acl(acl) => Access::Acl(acl.for_own_directory()),
        };
        Ok(metadata)
    }

    /// Whether the mode lets the owner open the file for writing.
    pub fn is_writable(&self) -> bool {
        let mode = match &self.access {
            Access::Mode(mode) => *mode,
            Access::Acl(acl) => acl.mode(),
        };
        mode & 0o200 != 0
    }

    /// With another modification time, in seconds since 1970.
    pub fn modified_at(mut self, seconds: i64) -> Self {
        self.times.last_modification = Timespec { tv_sec: seconds as _, tv_nsec: 0 };
        self
    }

    /// Gives the new file `fd`, made in `directory`, owner, ACL, mode and times.
    pub fn apply(&self, fd: BorrowedFd<'_>, directory: &Directory, original: Original) -> Result<(), Error> {
        let access = self.apply_access(fd, directory, original);
        let times = retry_on_intr(|| rustix::fs::futimens(fd, &self.times)).map_err(io::Error::from);
        access.and(times.about("cannot set times"))
    }

    /// Owner, ACL and mode alone: for a directory, whose times change with every file made in it.
    pub fn apply_access(&self, fd: BorrowedFd<'_>, directory: &Directory, original: Original) -> Result<(), Error> {
        let inherited = if directory.inherits_acl { Acl::remove(fd) } else { Ok(()) };
        let (group_kept, owner) = self.apply_owner(fd, directory);
        // The mode stays 0600, which no entry of the inherited ACL gets past.
        inherited.about("cannot remove the inherited ACL")?;
        let (acl, mode) = match &self.access {
            Access::Mode(mode) => (Ok(()), Some(mode_for(*mode, group_kept))),
            Access::Acl(acl) => apply_acl(acl, fd, group_kept, original),
        };
        let set = mode.map_or(Ok(()), |mode| {
            retry_on_intr(|| rustix::fs::fchmod(fd, Mode::from_raw_mode(mode))).map_err(io::Error::from)
        });
        owner.and(acl).and(set.about("cannot set mode"))
    }

    /// Sets owner and group where allowed; tells whether the group is right, and what failed. A refusal is no error:
    /// nobody but root may give files away.
    fn apply_owner(&self, fd: BorrowedFd<'_>, directory: &Directory) -> (bool, Result<(), Error>) {
        let born = directory.owner_of_new(fd);
        if born == Some((self.owner, self.group)) {
            return (true, Ok(()));
        }
        let (owner, group) = (Uid::from_raw(self.owner), Gid::from_raw(self.group));
        let both = retry_on_intr(|| rustix::fs::fchown(fd, Some(owner), Some(group)));
        let group_kept = both.is_ok()
            || born.is_some_and(|(_, g)| g == self.group)
            || retry_on_intr(|| rustix::fs::fchown(fd, None, Some(group))).is_ok();
        let failed = both.err().filter(|&error| !is_refusal(error)).map(io::Error::from);
        (group_kept, failed.map_or(Ok(()), Err).about("cannot set owner"))
    }
}

/// Sets `acl`, which sets the mode as well. If that fails, what it failed with and the mode that is to be set instead.
fn apply_acl(acl: &Acl, fd: BorrowedFd<'_>, group_kept: bool, original: Original) -> (Result<(), Error>, Option<u32>) {
    let set = if group_kept { acl.set(fd) } else { acl.clone().without_group().set(fd) };
    let Err(error) = set else {
        return (Ok(()), None);
    };
    let reported = original == Original::Goes || !is_refusal(error);
    let result = if reported { Err(io::Error::from(error)).about("cannot set ACL") } else { Ok(()) };
    (result, Some(acl.mode_alone(group_kept)))
}

/// The mode of the output of an original without an ACL.
fn mode_for(mode: u32, group_kept: bool) -> u32 {
    if group_kept {
        return mode;
    }
    let common = (mode >> 3) & mode & 0o7;
    mode & 0o700 | common << 3 | common
}

/// Whether an owner or ACL is not for this user to set, or unknown to the user namespace or to the file system.
fn is_refusal(error: Errno) -> bool {
    matches!(error, Errno::PERM | Errno::ACCESS | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_stays_when_the_group_does() {
        for mode in [0o600, 0o640, 0o644, 0o604, 0o777] {
            assert_eq!(mode_for(mode, true), mode);
        }
    }

    #[test]
    fn a_lost_group_leaves_both_with_what_both_had() {
        for (mode, narrowed) in [(0o640, 0o600), (0o644, 0o644), (0o604, 0o600), (0o664, 0o644), (0o775, 0o755)] {
            assert_eq!(mode_for(mode, false), narrowed, "{mode:o}");
        }
    }
}
