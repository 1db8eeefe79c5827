//! Sparse writing: long runs of zero bytes in a new regular file become holes, which occupy no disk blocks.
//!
//! Reading the file back gives the same bytes. Only a file that starts empty and has no other writer may be written
//! this way: in any other file a skipped byte keeps its old value, and a pipe or a device has no holes.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::SeekFrom;
use rustix::io::retry_on_intr;

use crate::io::transfer::write_all;

/// Bytes that are tested for zero at a time, aligned in the file: a hole consists of whole blocks of the file system,
/// and nearly all file systems have blocks of this size.
const BLOCK: usize = 4096;

/// Shortest run of zero bytes that becomes a hole: a run of 64 KiB contains at least 15 whole blocks, wherever it
/// starts. Shorter holes save little and split the file into more extents.
const SHORTEST_HOLE: u64 = 15 * BLOCK as u64;

/// Compared with the content, and written when a run is too short for a hole.
static ZEROS: [u8; 16 * BLOCK] = [0; 16 * BLOCK];

/// The state of a file that is written sparsely.
#[derive(Debug, Default)]
pub(crate) struct SparseWriter {
    /// Bytes appended.
    length: u64,
    /// The descriptor's position: bytes before it are written or are holes. From there to `length` all bytes are zero
    /// and pending.
    written: u64,
    /// The file system refuses to write past the end of a file, as some object stores do. Then zeros are written.
    refuses_holes: bool,
}

impl SparseWriter {
    /// Appends `bytes` to the file `fd`.
    pub(crate) fn append(&mut self, fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let zeros = zero_prefix(rest, self.length);
            self.length += zeros as u64;
            rest = &rest[zeros..];
            let (data, after) = rest.split_at(data_prefix(rest, self.length));
            if !data.is_empty() {
                self.write(fd, data)?;
            }
            rest = after;
        }
        Ok(())
    }

    /// Extends the file to its length if it ends with pending zeros.
    pub(crate) fn end(&mut self, fd: BorrowedFd<'_>) -> io::Result<()> {
        if self.written < self.length {
            let extended = retry_on_intr(|| rustix::fs::ftruncate(fd, self.length)).map_err(io::Error::from);
            match extended {
                Err(error) if may_refuse_holes(&error) => self.fill(fd)?,
                extended => extended?,
            }
            self.written = self.length;
        }
        Ok(())
    }

    /// Writes `data`, which does not begin with a block of zeros, after the pending zeros.
    fn write(&mut self, fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<()> {
        if self.refuses_holes || self.length - self.written < SHORTEST_HOLE {
            self.fill(fd)?;
        }
        if self.written < self.length {
            match seek(fd, self.length).and_then(|()| write_all(fd, data)) {
                Err(error) if may_refuse_holes(&error) => {
                    self.refuses_holes = true;
                    seek(fd, self.written)?;
                    self.fill(fd)?;
                    write_all(fd, data)?;
                }
                written => written?,
            }
        } else {
            write_all(fd, data)?;
        }
        self.length += data.len() as u64;
        self.written = self.length;
        Ok(())
    }

    /// Writes the pending zeros.
    fn fill(&mut self, fd: BorrowedFd<'_>) -> io::Result<()> {
        while self.written < self.length {
            let count = (self.length - self.written).min(ZEROS.len() as u64);
            write_all(fd, &ZEROS[..count as usize])?;
            self.written += count;
        }
        Ok(())
    }
}

fn seek(fd: BorrowedFd<'_>, offset: u64) -> io::Result<()> {
    rustix::fs::seek(fd, SeekFrom::Start(offset))?;
    Ok(())
}

/// Whether the file system may have refused the hole, so that the zeros are written instead. On a full disk that would
/// fail as well.
fn may_refuse_holes(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    !matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Number of bytes up to the end of the block, for `bytes` at `offset` in the file.
fn block_rest(bytes: &[u8], offset: u64) -> usize {
    bytes.len().min(BLOCK - (offset % BLOCK as u64) as usize)
}

/// Length of the prefix of `bytes` that consists of zero blocks.
fn zero_prefix(bytes: &[u8], offset: u64) -> usize {
    let mut zeros = 0;
    while zeros < bytes.len() {
        let rest = &bytes[zeros..];
        let block = block_rest(rest, offset + zeros as u64);
        if rest[..block] != ZEROS[..block] {
            break;
        }
        zeros += block;
    }
    zeros
}

/// Length of the prefix of `bytes` before the next run of zeros that is long enough for a hole or reaches the end.
fn data_prefix(bytes: &[u8], offset: u64) -> usize {
    let (mut end, mut run) = (0, 0);
    while end < bytes.len() && run < SHORTEST_HOLE as usize {
        let rest = &bytes[end..];
        let block = block_rest(rest, offset + end as u64);
        run = if rest[..block] == ZEROS[..block] { run + block } else { 0 };
        end += block;
    }
    end - run
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    /// Writes `content` in writes of these sizes, repeated; returns the bytes that the file occupies.
    fn written(content: &[u8], sizes: &[usize]) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let (file, mut writer, mut rest) = (File::create(&path).unwrap(), SparseWriter::default(), content);
        for size in sizes.iter().cycle() {
            let (now, later) = rest.split_at(rest.len().min(*size));
            writer.append(file.as_fd(), now).unwrap();
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        writer.end(file.as_fd()).unwrap();
        assert!(fs::read(&path).unwrap() == content, "{sizes:?}");
        file.sync_all().unwrap();
        file.metadata().unwrap().blocks() * 512
    }

    const SIZES: [&[usize]; 5] = [&[1 << 20], &[4096], &[100_000, 1], &[65_535, 65_537], &[7, 12_289, 300_000]];

    #[test]
    fn runs_of_64_kib_of_zeros_become_holes_at_any_offset() {
        for start in [0, 1, 4095, 4096, 65_536, 70_001] {
            for behind in [0, 1, 4096, 100_000] {
                let mut content = vec![b'x'; start];
                content.extend(vec![0; 65_536]);
                content.extend(vec![b'y'; behind]);
                for sizes in SIZES {
                    // At most the two blocks at the ends of the run are written.
                    let most = (start + behind + 3 * BLOCK) as u64;
                    let taken = written(&content, sizes);
                    assert!(taken <= most, "{taken} of {most}: {start} {behind} {sizes:?}");
                }
            }
        }
    }

    #[test]
    fn shorter_runs_are_written() {
        let mut content = Vec::new();
        for length in [1, 100, 4096, 8192, 57_344] {
            content.extend(vec![b'x'; 4096]);
            content.extend(vec![0; length]);
        }
        content.push(b'x');
        for sizes in SIZES {
            assert!(written(&content, sizes) >= content.len() as u64, "{sizes:?}");
        }
    }

    #[test]
    fn a_file_of_zeros_occupies_no_blocks() {
        for length in [0, 1, 65_535, 65_536, 10_000_001] {
            for sizes in SIZES {
                assert_eq!(written(&vec![0; length], sizes), 0, "{length} {sizes:?}");
            }
        }
    }
}
