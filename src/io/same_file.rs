//! Checks whether a name still refers to the unmodified file that was opened under it.
//!
//! On most file systems, inode number and ctime answer that. Some network and FUSE file systems invent inode numbers or
//! ctimes at each stat(2). To detect this, the descriptor is queried twice: a field that differs between the two
//! results is ignored. If the remaining fields do not identify the file, its content is compared.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::Stat;

use crate::io::file_status::{Identity, Owner, change_time, is_regular, same_content, stat_of};
use crate::io::transfer::read_at_least;

/// Bytes compared at a time.
const COMPARED: usize = 128 * 1024;

/// An opened file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenedFile<'a> {
    pub fd: BorrowedFd<'a>,
    /// The status when it was opened.
    pub then: &'a Stat,
}

impl OpenedFile<'_> {
    /// Whether `now`, the status of the file that has the name, is the status of the opened file, which was not changed
    /// since. This detects changes that keep size and modification time, such as a new mode, or content written with
    /// the time reset. Removing another name of the file changes the ctime as well, so for a file with several names
    /// only owner and mode are compared instead of the ctime. `open` opens the name for reading.
    pub(crate) fn still_has_name(self, now: &Stat, open: impl FnOnce() -> io::Result<OwnedFd>) -> io::Result<bool> {
        let Self { fd, then } = self;
        let same_identity = Identity::of(then) == Identity::of(now);
        let same_change = change_time(then) == change_time(now) || then.st_nlink > 1 && same_rights(then, now);
        if !same_content(then, now) {
            return Ok(false);
        }
        if same_identity && same_change {
            return Ok(true);
        }
        let (first, second) = (stat_of(&fd)?, stat_of(&fd)?);
        let reliable_identity = Identity::of(&first) == Identity::of(&second);
        let reliable_change = change_time(&first) == change_time(&second);
        if reliable_identity && !same_identity || reliable_change && !same_change {
            return Ok(false);
        }
        if !(same_status(then, now) && same_status(&second, now)) {
            return Ok(false);
        }
        // Two files almost never have the same ctime in nanoseconds.
        let identified = reliable_identity
            || reliable_change && change_time(then).nanoseconds != 0 && change_time(then) == change_time(now);
        Ok(identified || self.has_content_of(&open()?)?)
    }

    /// Whether `other`, opened later, has the same content.
    fn has_content_of(self, other: &OwnedFd) -> io::Result<bool> {
        if !same_status(self.then, &stat_of(other)?) {
            return Ok(false);
        }
        let (mut ours, mut theirs, mut offset) = (vec![0; COMPARED], vec![0; COMPARED], 0);
        loop {
            let size = read_at_least(self.fd, &mut ours, COMPARED, offset)?;
            if read_at_least(other.as_fd(), &mut theirs, COMPARED, offset)? != size || ours[..size] != theirs[..size] {
                return Ok(false);
            }
            if size == 0 {
                return Ok(true);
            }
            offset += size as u64;
        }
    }
}

/// Whether owner, group and mode are equal.
fn same_rights(a: &Stat, b: &Stat) -> bool {
    Owner::of(a) == Owner::of(b) && a.st_mode == b.st_mode
}

/// Whether both are regular files on one device that differ at most in inode number and ctime.
fn same_status(a: &Stat, b: &Stat) -> bool {
    let fields = |stat: &Stat| (stat.st_dev, stat.st_mode, stat.st_uid, stat.st_gid, stat.st_nlink);
    is_regular(a) && fields(a) == fields(b) && same_content(a, b)
}
