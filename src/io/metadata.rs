//! Copies owner, ACL, mode and times of an original to its output, without giving any user new access (P4).
//!
//! The output is never readable by more users than the original, not even briefly. It is created with the mode 0600 and
//! without a name. An inherited ACL is removed first; then owner, ACL, mode and times are set through the descriptor,
//! in this order: a mode that was set before the owner would apply to the wrong owner. If the group cannot be kept,
//! group and other get only the permissions that both had.
//!
//! Rules for metadata that cannot be kept:
//! - An owner that the user may not set (only root may change owners), and an owner or ACL that the file system does
//!   not support, is not reported. If the group or the ACL is lost, the mode is narrowed. A lost ACL is a warning if
//!   the original is to be removed, because no other copy exists.
//! - An ACL that cannot be read counts as one that grants group and other nothing, without a warning.
//! - Any other failure to set owner, ACL, mode or times, or to remove an inherited ACL, is a warning. The output stays,
//!   because its content is complete, and so does the original. The remaining metadata is set; if an inherited ACL
//!   remains, ACL and mode are not.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{Gid, Mode, Stat, Timespec, Timestamps, Uid};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{About, Error};
use crate::io::acl::Acl;
use crate::io::directory::Directory;
use crate::io::file_status::Owner;

/// Owner, permissions and times of a file or directory at the time it was opened.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    owner: Owner,
    access: Access,
    times: Timestamps,
}

/// The permissions of a file or directory.
#[derive(Clone, Debug)]
enum Access {
    /// It has a mode only.
    Mode(u32),
    /// It has an ACL.
    Acl(Acl),
}

/// Result of setting an owner.
struct AppliedOwner {
    /// The group is the original's.
    group_kept: bool,
    result: Result<(), Error>,
}

/// What happens to the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Original {
    /// It is kept, with all of its metadata.
    Kept,
    /// It is removed, so metadata that the output does not get is lost.
    Removed,
}

impl Metadata {
    /// Reads the metadata of the opened file or directory `fd`, whose status is `stat`.
    pub(crate) fn of(fd: BorrowedFd<'_>, stat: &Stat) -> Self {
        let mode = stat.st_mode & 0o777;
        Self {
            owner: Owner::of(stat),
            access: match Acl::of(fd) {
                Ok(None) => Access::Mode(mode),
                Ok(Some(acl)) => Access::Acl(acl),
                // The ACL may grant less than the mode.
                Err(_) => Access::Mode(mode & 0o700),
            },
            times: Timestamps {
                last_access: Timespec { tv_sec: stat.st_atime as _, tv_nsec: stat.st_atime_nsec as _ },
                last_modification: Timespec { tv_sec: stat.st_mtime as _, tv_nsec: stat.st_mtime_nsec as _ },
            },
        }
    }

    /// Reads the metadata of the opened directory `fd`, for a copy of it in the output directory. The copy's owner has
    /// all permissions. No other user may write, because the copy does not get the sticky bit that may have made that
    /// safe.
    pub(crate) fn of_directory(fd: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let mut metadata = Self::of(fd, &retry_on_intr(|| rustix::fs::fstat(fd))?);
        metadata.access = match metadata.access {
            Access::Mode(mode) => Access::Mode(mode & 0o755 | 0o700),
            Access::Acl(acl) => Access::Acl(acl.for_own_directory()),
        };
        Ok(metadata)
    }

    /// Whether the mode lets the owner open the file for writing.
    pub(crate) fn is_writable(&self) -> bool {
        let mode = match &self.access {
            Access::Mode(mode) => *mode,
            Access::Acl(acl) => acl.mode(),
        };
        mode & 0o200 != 0
    }

    /// Replaces the modification time, in seconds since 1970.
    pub(crate) fn modified_at(mut self, seconds: i64) -> Self {
        self.times.last_modification = Timespec { tv_sec: seconds as _, tv_nsec: 0 };
        self
    }

    /// Sets owner, ACL, mode and times of the new file `fd`, which was created in `directory`.
    pub(crate) fn apply(&self, fd: BorrowedFd<'_>, directory: &Directory, original: Original) -> Result<(), Error> {
        let access = self.apply_access(fd, directory, original);
        let times = retry_on_intr(|| rustix::fs::futimens(fd, &self.times)).map_err(io::Error::from);
        access.and(times.about("cannot set times"))
    }

    /// Sets owner, ACL and mode only: for a directory, whose times change with every file that is created in it.
    pub(crate) fn apply_access(
        &self,
        fd: BorrowedFd<'_>,
        directory: &Directory,
        original: Original,
    ) -> Result<(), Error> {
        let inherited = if directory.inherits_acl { Acl::remove(fd) } else { Ok(()) };
        let AppliedOwner { group_kept, result: owner } = self.apply_owner(fd, directory);
        // On failure the mode stays 0600, which limits every entry of the inherited ACL.
        inherited.about("cannot remove the inherited ACL")?;
        owner.and(match &self.access {
            Access::Mode(mode) => apply_mode(mode_for(*mode, group_kept), fd),
            Access::Acl(acl) => apply_acl(acl, fd, group_kept, original),
        })
    }

    /// Sets owner and group where permitted. A refusal is not an error: only root may change owners.
    fn apply_owner(&self, fd: BorrowedFd<'_>, directory: &Directory) -> AppliedOwner {
        let current = directory.new_file_owner(fd);
        if current == Some(self.owner) {
            return AppliedOwner { group_kept: true, result: Ok(()) };
        }
        let (user, group) = (Uid::from_raw(self.owner.user), Gid::from_raw(self.owner.group));
        let both = retry_on_intr(|| rustix::fs::fchown(fd, Some(user), Some(group)));
        let group_kept = both.is_ok()
            || current.is_some_and(|current| current.group == self.owner.group)
            || retry_on_intr(|| rustix::fs::fchown(fd, None, Some(group))).is_ok();
        let failed = both.err().filter(|&error| !is_refusal(error)).map(io::Error::from);
        AppliedOwner { group_kept, result: failed.map_or(Ok(()), Err).about("cannot set owner") }
    }
}

/// Sets the mode.
fn apply_mode(mode: u32, fd: BorrowedFd<'_>) -> Result<(), Error> {
    retry_on_intr(|| rustix::fs::fchmod(fd, Mode::from_raw_mode(mode)))
        .map_err(io::Error::from)
        .about("cannot set mode")
}

/// Sets `acl`, which includes the mode. If that fails, sets a mode alone that grants nothing new.
fn apply_acl(acl: &Acl, fd: BorrowedFd<'_>, group_kept: bool, original: Original) -> Result<(), Error> {
    let set = if group_kept { acl.set(fd) } else { acl.clone().without_group().set(fd) };
    let Err(error) = set else {
        return Ok(());
    };
    let reported = original == Original::Removed || !is_refusal(error);
    let result = if reported { Err(io::Error::from(error)).about("cannot set ACL") } else { Ok(()) };
    let mode = apply_mode(acl.mode_alone(group_kept), fd);
    result.and(mode)
}

/// The mode of an output whose original has no ACL.
fn mode_for(mode: u32, group_kept: bool) -> u32 {
    if group_kept {
        return mode;
    }
    let common = (mode >> 3) & mode & 0o7;
    mode & 0o700 | common << 3 | common
}

/// Whether the error says that the user may not set the owner or ACL, or that the user namespace or the file system
/// does not support it.
fn is_refusal(error: Errno) -> bool {
    matches!(error, Errno::PERM | Errno::ACCESS | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_kept_if_the_group_is() {
        for mode in [0o600, 0o640, 0o644, 0o604, 0o777] {
            assert_eq!(mode_for(mode, true), mode);
        }
    }

    #[test]
    fn if_the_group_is_lost_group_and_other_get_their_common_permissions() {
        for (mode, narrowed) in [(0o640, 0o600), (0o644, 0o644), (0o604, 0o600), (0o664, 0o644), (0o775, 0o755)] {
            assert_eq!(mode_for(mode, false), narrowed, "{mode:o}");
        }
    }
}
