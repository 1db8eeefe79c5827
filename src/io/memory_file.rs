//! A file that is nowhere but in memory: a regular file to whoever reads or writes it, and gone with its last descriptor.
//!
//! It takes its bytes in whole pages, and a descriptor as long as it lives.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SeekFrom, ftruncate, memfd_create, seek};
use rustix::io::Errno;

/// What the system lists it as.
const NAME: &str = "gzcc";

/// A file in memory; its copies are the same file.
#[derive(Clone, Debug)]
pub struct MemoryFile(Arc<OwnedFd>);

impl MemoryFile {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        // Linux 6.3 and newer may insist on hearing that nobody will execute it; those before know no such thing.
        let made = match memfd_create(NAME, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL) {
            Err(Errno::INVAL) => memfd_create(NAME, MemfdFlags::CLOEXEC),
            made => made,
        };
        Ok(Self(Arc::new(made?)))
    }

    /// A descriptor at its beginning. All descriptors share their place in it, so one at a time reads or writes in order.
    pub fn open(&self) -> io::Result<OwnedFd> {
        let fd = self.0.try_clone()?;
        seek(&fd, SeekFrom::Start(0))?;
        Ok(fd)
    }

    /// Takes everything out of it, and gives its memory back.
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
    fn it_is_read_from_its_beginning_however_often_and_can_be_emptied() {
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
