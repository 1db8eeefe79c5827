//! Closes descriptors that were written to, and reports the errors of the close.
//!
//! NFS, CIFS and FUSE file systems may report a full quota or a lost connection only when a descriptor is closed, and
//! dropping an `OwnedFd` discards that error. Linux asks the file system for such errors at each close(2) of any
//! descriptor of an open file, not only at the last one: closing a duplicate reports them while the file can still be
//! discarded.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno as CloseErrno;
use rustix::io::{Errno, fcntl_dupfd_cloexec, retry_on_intr};

/// Reports every write error that the file system would report when `fd` is closed. `fd` stays open.
pub fn flush(fd: impl AsFd) -> io::Result<()> {
    loop {
        let duplicate = match fcntl_dupfd_cloexec(&fd, 0) {
            // The process is out of descriptors. A sync takes longer and reports the same errors.
            Err(Errno::MFILE) => return sync(fd.as_fd()),
            duplicate => duplicate?,
        };
        match nix::unistd::close(duplicate) {
            // The duplicate is closed, but its error may be lost: try again.
            Err(CloseErrno::EINTR) => {}
            closed => return Ok(closed?),
        }
    }
}

/// Closes `fd`, which has been [flushed](flush) since the last write.
pub fn close(fd: OwnedFd) -> io::Result<()> {
    match nix::unistd::close(fd) {
        // Linux closes the descriptor even then, and the flush has reported the errors.
        Err(CloseErrno::EINTR) => Ok(()),
        closed => Ok(closed?),
    }
}

/// Syncs `fd` as far as its file system can, which also reports write errors.
pub(super) fn sync(fd: BorrowedFd<'_>) -> io::Result<()> {
    match retry_on_intr(|| rustix::fs::fsync(fd)) {
        // A pipe, a terminal, or a file system without fsync.
        Err(Errno::INVAL | Errno::ROFS | Errno::NOTSUP) => Ok(()),
        synced => Ok(synced?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pipe::pipe;

    #[test]
    fn flush_keeps_a_descriptor_open_and_close_closes_it() {
        let (reader, writer) = pipe().unwrap();
        flush(&writer).unwrap();
        sync(writer.as_fd()).unwrap();
        rustix::io::write(&writer, b"x").unwrap();
        close(writer).unwrap();
        let mut got = [0; 2];
        assert_eq!(rustix::io::read(&reader, &mut got).unwrap(), 1);
        assert_eq!(rustix::io::read(&reader, &mut got).unwrap(), 0, "no writer is left");
    }
}
