//! What an output takes over from its original: owner, mode, times; and what it must not: readers.
//!
//! The output is never readable by more people than the original was, not for a moment. It is born
//! with 0600 and no name; then owner, mode and times are set through its descriptor, in this order,
//! because a new owner must not meet the old one's mode. Where the group cannot be kept, or an ACL said
//! more than the mode does, group and other get only what everybody concerned had before.
//!
//! What cannot be kept is decided here, once:
//! - Whoever may not give files away (nobody but root may), or is on a file system that knows no owners, hears nothing of
//!   it; if the group is lost, the mode is narrowed.
//! - An ACL that cannot be read is taken for one that grants nobody anything, without a word.
//! - An owner that could not be set for any other reason, a mode or times that could not, and an inherited ACL that could
//!   not be removed are a warning each. The output stays, as what it holds is whole; so does the original, even where
//!   it was to go. The rest is set all the same, but never the mode where an inherited ACL would add to it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use anyhow::Context;
use rustix::fs::{Gid, Mode, Stat, Timespec, Timestamps, Uid};
use rustix::io::{Errno, retry_on_intr};

use crate::io::directory::Folder;

/// Extended attribute that holds a file's ACL (acl(5)).
const ACCESS_ACL: &str = "system.posix_acl_access";

/// Room for an ACL: 4 bytes and 8 an entry. One that does not fit (over 500 entries) leaves group and
/// other with nothing.
const MOST_ACL: usize = 4096;

/// Owner, mode and times of a file or folder, as they were when it was opened.
#[derive(Clone, Debug)]
pub struct Metadata {
    owner: u32,
    group: u32,
    mode: u32,
    times: Timestamps,
    /// What each of group and other may have if the mode's own bits do not tell the whole truth.
    acl_grants: Option<u32>,
}

impl Metadata {
    /// Of the opened file or folder `fd`, whose `stat` is known already.
    pub fn of(fd: BorrowedFd<'_>, stat: &Stat) -> Self {
        let mode = stat.st_mode & 0o777;
        Self {
            owner: stat.st_uid,
            group: stat.st_gid,
            mode,
            times: Timestamps {
                last_access: Timespec { tv_sec: stat.st_atime as _, tv_nsec: stat.st_atime_nsec as _ },
                last_modification: Timespec { tv_sec: stat.st_mtime as _, tv_nsec: stat.st_mtime_nsec as _ },
            },
            // Where group and other have nothing, an ACL grants nothing that the mode would pass on.
            acl_grants: if mode & 0o077 == 0 { None } else { acl_grants(fd, mode) },
        }
    }

    /// Of the opened folder `fd`, for one that mirrors it: its maker can work in it, and nobody else gets to
    /// write, as the sticky bit that may have made that safe is not taken over.
    pub fn of_folder(fd: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let mut metadata = Self::of(fd, &retry_on_intr(|| rustix::fs::fstat(fd))?);
        metadata.mode = metadata.mode & 0o755 | 0o700;
        metadata.acl_grants = metadata.acl_grants.map(|grants| grants & 0o5);
        Ok(metadata)
    }

    /// Whether the mode lets the owner open the file for writing.
    pub fn is_writable(&self) -> bool {
        self.mode & 0o200 != 0
    }

    /// With another modification time, in seconds since 1970.
    pub fn modified_at(mut self, seconds: i64) -> Self {
        self.times.last_modification = Timespec { tv_sec: seconds as _, tv_nsec: 0 };
        self
    }

    /// Gives the new file `fd`, made in `folder`, owner, mode and times.
    pub fn apply(&self, fd: BorrowedFd<'_>, folder: &Folder) -> anyhow::Result<()> {
        let access = self.apply_access(fd, folder);
        let times = retry_on_intr(|| rustix::fs::futimens(fd, &self.times)).map_err(io::Error::from);
        access.and(times.context("cannot set times"))
    }

    /// Owner and mode alone: for a folder, whose times change with every file made in it.
    pub fn apply_access(&self, fd: BorrowedFd<'_>, folder: &Folder) -> anyhow::Result<()> {
        let (group_kept, owner) = self.apply_owner(fd, folder);
        if folder.inherits_acl {
            match retry_on_intr(|| rustix::fs::fremovexattr(fd, ACCESS_ACL)) {
                Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
                // The mode stays 0600, which no ACL entry gets past.
                Err(error) => return Err(io::Error::from(error)).context("cannot remove the inherited ACL"),
            }
        }
        let mode = Mode::from_raw_mode(self.mode_for(group_kept));
        let set = retry_on_intr(|| rustix::fs::fchmod(fd, mode)).map_err(io::Error::from);
        owner.and(set.context("cannot set mode"))
    }

    /// Sets owner and group where allowed; tells whether the group is right, and what failed. A refusal is no error:
    /// nobody but root may give files away.
    fn apply_owner(&self, fd: BorrowedFd<'_>, folder: &Folder) -> (bool, anyhow::Result<()>) {
        let born = folder.owner_of_new(fd);
        if born == Some((self.owner, self.group)) {
            return (true, Ok(()));
        }
        let (owner, group) = (Uid::from_raw(self.owner), Gid::from_raw(self.group));
        let both = retry_on_intr(|| rustix::fs::fchown(fd, Some(owner), Some(group)));
        let group_kept = both.is_ok()
            || born.is_some_and(|(_, g)| g == self.group)
            || retry_on_intr(|| rustix::fs::fchown(fd, None, Some(group))).is_ok();
        let failed = both.err().filter(|&error| !refuses_owners(error)).map(io::Error::from);
        (group_kept, failed.map_or(Ok(()), Err).context("cannot set owner"))
    }

    /// The mode that the output gets.
    fn mode_for(&self, group_kept: bool) -> u32 {
        let common = match self.acl_grants {
            Some(grants) => grants,
            None if group_kept => return self.mode,
            None => (self.mode >> 3) & self.mode & 0o7,
        };
        self.mode & 0o700 | common << 3 | common
    }
}

/// Whether a file's owner is not for this user to set, unknown to his namespace, or to the file system.
fn refuses_owners(error: Errno) -> bool {
    matches!(error, Errno::PERM | Errno::ACCESS | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

/// If the file has an access ACL: the permissions that the owning group, other and everybody named in
/// it have in common, as any of them may be "group" or "other" to the output.
fn acl_grants(fd: BorrowedFd<'_>, mode: u32) -> Option<u32> {
    let mut buffer = [0u8; MOST_ACL];
    match retry_on_intr(|| rustix::fs::fgetxattr(fd.as_fd(), ACCESS_ACL, &mut buffer)) {
        Ok(size) => Some(common_grants(&buffer[..size], mode)),
        Err(Errno::NODATA | Errno::NOTSUP) => None,
        Err(_) => Some(0),
    }
}

/// [`acl_grants`] from the attribute's value: a 32-bit version, then a 16-bit tag, 16 bits of
/// permissions and a 32-bit id an entry, little-endian (Linux: posix_acl_xattr.h).
fn common_grants(acl: &[u8], mode: u32) -> u32 {
    const USER: u16 = 0x02;
    const OWNING_GROUP: u16 = 0x04;
    const GROUP: u16 = 0x08;
    // With an ACL, the mode's group bits are its mask.
    let mask = mode >> 3;
    let entries = acl.get(4..).unwrap_or_default().chunks_exact(8);
    entries
        .map(|e| (u16::from_le_bytes([e[0], e[1]]), u32::from(u16::from_le_bytes([e[2], e[3]]))))
        .filter(|(tag, _)| matches!(*tag, USER | OWNING_GROUP | GROUP))
        .fold(mask & mode & 0o7, |common, (_, permissions)| common & permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(mode: u32, acl_grants: Option<u32>) -> Metadata {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let times = Timestamps { last_access: zero, last_modification: zero };
        Metadata { owner: 0, group: 0, mode, times, acl_grants }
    }

    #[test]
    fn the_mode_stays_when_the_group_does() {
        for mode in [0o600, 0o640, 0o644, 0o604, 0o777] {
            assert_eq!(metadata(mode, None).mode_for(true), mode);
        }
    }

    #[test]
    fn a_lost_group_leaves_both_with_what_both_had() {
        for (mode, narrowed) in [(0o640, 0o600), (0o644, 0o644), (0o604, 0o600), (0o664, 0o644), (0o775, 0o755)] {
            assert_eq!(metadata(mode, None).mode_for(false), narrowed, "{mode:o}");
        }
    }

    #[test]
    fn whom_an_acl_shuts_out_stays_out() {
        let entry = |tag: u16, permissions: u16| {
            let mut bytes = Vec::from(tag.to_le_bytes());
            bytes.extend(permissions.to_le_bytes());
            bytes.extend([0; 4]);
            bytes
        };
        let acl = |entries: &[(u16, u16)]| -> Vec<u8> {
            let entries = entries.iter().flat_map(|&(tag, permissions)| entry(tag, permissions));
            [2, 0, 0, 0].into_iter().chain(entries).collect()
        };
        // owner rw, a named user nothing, group r, mask r, other r: the named user would be "other".
        assert_eq!(common_grants(&acl(&[(1, 6), (2, 0), (4, 4), (16, 4), (32, 4)]), 0o644), 0);
        // A named user has more than the rest: nobody gets that.
        assert_eq!(common_grants(&acl(&[(1, 6), (2, 6), (4, 4), (16, 6), (32, 4)]), 0o664), 4);
        assert_eq!(metadata(0o664, Some(4)).mode_for(true), 0o644);
    }
}
