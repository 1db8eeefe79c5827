//! Complete transfers: reads until the buffer is full or the input ends, and writes all bytes.
//!
//! A system call may transfer less than requested, be interrupted, or fail with EAGAIN on a descriptor that another
//! process made non-blocking. These functions handle all three.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Reads from the descriptor's position until `buffer` is full or the input ends; returns the number of bytes.
pub(crate) fn read_full(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let wanted = buffer.len();
    fill(fd, buffer, wanted, |rest, _| rustix::io::read(fd, rest))
}

/// Reads the bytes that are available, at least one, from the descriptor's position. Returns 0 at the end of the input.
pub(crate) fn read_some(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    fill(fd, buffer, 1, |rest, _| rustix::io::read(fd, rest))
}

/// Reads from `offset` until `buffer` holds at least `wanted` bytes or the file ends; returns the number of bytes.
pub(crate) fn read_at_least(fd: BorrowedFd<'_>, buffer: &mut [u8], wanted: usize, offset: u64) -> io::Result<usize> {
    fill(fd, buffer, wanted, |rest, got| rustix::io::pread(fd, rest, offset + got as u64))
}

/// Reads the bytes that are available, at least one, from `offset`, none from `end` on. Returns 0 there and at the end of the file.
pub(crate) fn read_some_before(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64, end: u64) -> io::Result<usize> {
    let most = end.saturating_sub(offset).min(buffer.len() as u64) as usize;
    read_at_least(fd, &mut buffer[..most], most.min(1), offset)
}

/// Calls `read` with the unfilled rest and the number of bytes so far, until there are `wanted` bytes or the input
/// ends.
fn fill(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    wanted: usize,
    mut read: impl FnMut(&mut [u8], usize) -> rustix::io::Result<usize>,
) -> io::Result<usize> {
    let mut got = 0;
    while got < wanted {
        match read(&mut buffer[got..], got) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(fd, PollFlags::IN)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(got)
}

/// Writes all of `bytes` at the descriptor's position.
pub fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(fd, PollFlags::OUT)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whether a read returns at once or within `timeout`, which is less than a second: data is available, or the input has ended.
/// Also true if `poll` fails, unless a signal interrupts it.
pub(crate) fn is_readable(fd: BorrowedFd<'_>, timeout: Duration) -> bool {
    let timeout = Timespec { tv_sec: 0, tv_nsec: timeout.subsec_nanos().into() };
    !matches!(poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&timeout)), Ok(0) | Err(Errno::INTR))
}

/// Waits until a non-blocking descriptor is ready.
fn wait(fd: BorrowedFd<'_>, ready: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::from_borrowed_fd(fd, ready)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pipe::{PipeFlags, pipe_with};
    use std::os::fd::AsFd;

    #[test]
    fn a_non_blocking_pipe_is_written_and_read_completely() {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        // More than the capacity of a pipe, so that both sides meet EAGAIN.
        let sent: Vec<u8> = (0..1_000_000u32).map(|i| i as u8).collect();
        let mut got = vec![0; sent.len() + 1];
        let size = std::thread::scope(|s| {
            let sent = &sent;
            s.spawn(move || {
                // The reader starts first and finds an empty pipe.
                std::thread::sleep(Duration::from_millis(20));
                write_all(writer.as_fd(), sent).unwrap();
            });
            read_full(reader.as_fd(), &mut got).unwrap()
        });
        assert_eq!(size, sent.len());
        assert!(got[..size] == sent);
    }
}
