//! An anonymous file in memory (memfd_create(2)): it behaves as a regular file and is freed with its last descriptor.
//!
//! It takes memory in whole pages and holds one descriptor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SeekFrom, ftruncate, memfd_create, seek};
use rustix::io::Errno;

/// The name that the system shows in /proc.
const NAME: &str = "gzcc";

/// A file in memory. Clones refer to the same file.
#[derive(Clone, Debug)]
pub struct MemoryFile(Arc<OwnedFd>);

impl MemoryFile {
    /// Creates an empty file.
    pub fn new() -> io::Result<Self> {
        // Linux 6.3 and newer may require the flag that forbids execution; older kernels do not know it.
        let created = match memfd_create(NAME, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL) {
            Err(Errno::INVAL) => memfd_create(NAME, MemfdFlags::CLOEXEC),
            created => created,
        };
        Ok(Self(Arc::new(created?)))
    }

    /// Returns a descriptor positioned at the start. All descriptors share one file offset, so only one at a time may
    /// read or write sequentially.
    pub fn open(&self) -> io::Result<OwnedFd> {
        let fd = self.0.try_clone()?;
        seek(&fd, SeekFrom::Start(0))?;
        Ok(fd)
    }

    /// Truncates the file to length 0, which frees its memory.
    pub fn empty(&self) -> io::Result<()> {
        Ok(ftruncate(&self.0, 0)?)
    }
}

impl AsFd for MemoryFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::transfer::{read_full, write_all};

    #[test]
    fn each_open_reads_from_the_start_and_empty_truncates() {
        let file = MemoryFile::new().unwrap();
        write_all(file.open().unwrap().as_fd(), b"content").unwrap();
        let read = || {
            let mut buffer = [0; 10];
            let got = read_full(file.open().unwrap().as_fd(), &mut buffer).unwrap();
            buffer[..got].to_vec()
        };
        assert_eq!([read(), read()], [b"content", b"content"]);
        file.empty().unwrap();
        assert_eq!(read(), b"");
    }
}
