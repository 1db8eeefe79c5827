//! An opened input: what kind of file it is, how it is read, and whether it changed since it was opened.
//!
//! Reads inputs through one descriptor each. It changes nothing but the name of an original that is to be removed.

#[cfg(feature = "batch")]
pub(crate) mod opening;

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{OFlags, SeekFrom, Stat};

use crate::error::Error;
use crate::format::bgzf;
use crate::format::gzip::{self, Damage, MemberStart, ReadError, StoredChecksum};
use crate::io::directory::Directory;
use crate::io::file_status::{Identity, is_regular, modification_time, same_content, stat_of};
use crate::io::memory_file::MemoryFile;
use crate::io::metadata::Metadata;
use crate::io::same_file::OpenedFile;
use crate::io::sequential_reader::SequentialReader;
use crate::io::stated_length::StatedLength;
use crate::io::transfer::read_at_least;
use crate::outcome::{Done, InputId, MemberStats, Outcome};
use crate::settings::file_time::FileTime;

/// Bytes read at a time to parse a header before the data is read. Nearly all headers have fewer than 300 bytes.
const HEADER_READ: usize = 512;

/// Where an input comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Standard input.
    Stdin,
    /// A name in a directory.
    File {
        /// The directory, opened.
        directory: Arc<Directory>,
        /// The name in it.
        name: OsString,
        /// A walk found the name, so links are not followed and pipes are not read.
        walked: bool,
    },
    /// A file in memory.
    Memory(MemoryFile),
    /// Content that the caller of the library writes.
    Written,
}

/// The file that an input is read from.
#[derive(Debug)]
struct InputFile {
    fd: OwnedFd,
    /// Its status when it was opened.
    stat: Stat,
}

/// A name in a directory.
#[derive(Debug)]
pub(crate) struct Location<'a> {
    pub directory: &'a Arc<Directory>,
    pub name: &'a OsStr,
}

/// An opened input.
#[derive(Debug)]
pub(crate) struct Input {
    /// Identifies the input in reports.
    pub id: InputId,
    source: Source,
    /// `None` if the caller writes the content.
    file: Option<InputFile>,
    /// The name is a symbolic link that was followed although the original is to be removed, as gzip -f does.
    through_link: bool,
    /// Length in bytes of a file that can be read by position. `None` if it can only be read in order, or not at all.
    pub size: Option<u64>,
}

impl Input {
    /// An input whose content the caller of the library writes.
    pub(crate) fn written(id: InputId) -> Self {
        Self { id, source: Source::Written, file: None, through_link: false, size: None }
    }

    /// The metadata that the output gets. `None` unless the input is a regular file.
    pub(crate) fn metadata(&self) -> Option<Metadata> {
        self.regular().map(|file| Metadata::of(file.fd.as_fd(), &file.stat))
    }

    /// The opened file. `None` if the caller writes the content.
    pub(crate) fn opened(&self) -> Option<OpenedFile<'_>> {
        self.file.as_ref().map(|file| OpenedFile { fd: file.fd.as_fd(), then: &file.stat })
    }

    /// The location of the input. `None` if it is not a name in a directory.
    pub(crate) fn location(&self) -> Option<Location<'_>> {
        match &self.source {
            Source::Stdin | Source::Memory(_) | Source::Written => None,
            Source::File { directory, name, .. } => Some(Location { directory, name }),
        }
    }

    /// The last part of the name. `None` if the input is not a name in a directory.
    pub(crate) fn name(&self) -> Option<&OsString> {
        match &self.source {
            Source::Stdin | Source::Memory(_) | Source::Written => None,
            Source::File { name, .. } => Some(name),
        }
    }

    /// Modification time in seconds since 1970. `None` unless the input is a regular file.
    pub(crate) fn mtime(&self) -> Option<i64> {
        self.modified().map(|time| time.seconds)
    }

    /// Modification time. `None` unless the input is a regular file.
    pub(crate) fn modified(&self) -> Option<FileTime> {
        self.regular().map(|file| modification_time(&file.stat))
    }

    /// Whether a walk found the input.
    pub(crate) fn is_walked(&self) -> bool {
        matches!(self.source, Source::File { walked: true, .. })
    }

    /// Whether the file has more than one hard link.
    pub(crate) fn has_other_links(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.stat.st_nlink > 1)
    }

    /// Whether the input is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        matches!(self.source, Source::Stdin)
    }

    /// Device and inode of the opened file.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.file.as_ref().map(|file| Identity::of(&file.stat))
    }

    /// Parses the header of the first member, reading by position. `None` unless the input is a regular file.
    pub(crate) fn gzip_header(&self) -> Option<Result<MemberStart, ReadError>> {
        let InputFile { fd, .. } = self.regular()?;
        let mut buffer = [0; HEADER_READ];
        let (mut got, mut at, mut offset) = (0, 0, 0);
        let next = || {
            if at == got {
                got = read_at_least(fd.as_fd(), &mut buffer, 1, offset)?;
                (at, offset) = (0, offset + got as u64);
            }
            at += 1;
            Ok(buffer[..got].get(at - 1).copied())
        };
        Some(gzip::read_header(0, next))
    }

    /// Whether a regular file begins with a BGZF block.
    pub(crate) fn is_bgzf(&self) -> io::Result<bool> {
        let mut buffer = [0; HEADER_READ];
        let Some(InputFile { fd, .. }) = self.regular() else { return Ok(false) };
        let got = read_at_least(fd.as_fd(), &mut buffer, HEADER_READ, 0)?;
        Ok(bgzf::parse_header(&buffer[..got]).is_some())
    }

    /// Reads the first header and the last trailer, and nothing between them; in BGZF all headers and trailers. The length is correct
    /// for BGZF, and for one member with less than 4 GiB of content.
    pub(crate) fn gzip_ends(&self) -> Result<Done, Outcome> {
        let size = self.size.ok_or_else(|| Error::other("has no end that could be read first"))?;
        let header = match self.gzip_header().transpose()? {
            Some(MemberStart::Member(header)) => header,
            Some(MemberStart::End) => return Err(Error::from(Damage::Truncated(0)).into()),
            Some(MemberStart::Foreign(_)) | None => return Err(Error::from(Damage::NotGzip).into()),
        };
        let mut trailer = [0; gzip::TRAILER];
        let at = size.checked_sub(header.size + gzip::TRAILER as u64).map(|data| header.size + data);
        let at = at.ok_or(Error::from(Damage::Truncated(size)))?;
        read_at_least(self.fd()?, &mut trailer, gzip::TRAILER, at)?;
        let crc = gzip::read_trailer(trailer).crc;
        let length = StatedLength::read(self.fd()?, size)?.map_or(0, StatedLength::bytes);
        let mtime = Some(i64::from(header.mtime)).filter(|&mtime| mtime != 0).or(self.mtime());
        let stats = MemberStats {
            overhead: header.size + gzip::TRAILER as u64,
            checksum: StoredChecksum::Crc(crc),
            mtime,
            ..MemberStats::default()
        };
        Ok(Done { bytes_in: size, bytes_out: length, stats, ..Done::default() })
    }

    /// Whether the input may have `bytes` bytes or more. A regular file of length 0 is assumed to be empty.
    pub(crate) fn may_fill(&self, bytes: u64) -> bool {
        match (self.size, &self.source) {
            (Some(size), _) => size >= bytes,
            (None, Source::Stdin | Source::Written) => true,
            (None, Source::File { .. } | Source::Memory(_)) => self.regular().is_none(),
        }
    }

    /// Whether the file occupies blocks of a disk.
    pub(crate) fn occupies_disk(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.stat.st_blocks > 0)
    }

    /// How the file changed since it was opened. Only named regular files are checked.
    pub(crate) fn change(&self) -> io::Result<Change> {
        let Some(InputFile { fd, stat: then }) = self.regular().filter(|_| !self.is_stdin()) else {
            return Ok(Change::None);
        };
        let now = stat_of(fd)?;
        Ok(match same_content(then, &now) {
            true => Change::None,
            false if now.st_size > then.st_size => Change::Grown,
            false => Change::Other,
        })
    }

    /// Reads the content in order. `left` counts down the bytes up to the length at opening.
    ///
    /// # Errors
    /// If the caller writes the content: a defect.
    pub(crate) fn sequential<'a>(&'a self, left: &'a mut Option<u64>) -> io::Result<SequentialReader<'a>> {
        Ok(SequentialReader::new(self, self.fd()?, left))
    }

    /// Removes the original if its name still refers to the unchanged file that was read; returns whether it did (P3).
    /// If a symbolic link was followed, the link is removed.
    pub(crate) fn remove_original(&self) -> io::Result<bool> {
        let unmodified = self.still_has_name()?;
        if let (true, Source::File { directory, name, .. }) = (unmodified, &self.source) {
            directory.remove_file(name)?;
        }
        Ok(unmodified)
    }

    /// Whether the name still refers to the file that was read, and that file is unmodified.
    pub(crate) fn still_has_name(&self) -> io::Result<bool> {
        let Source::File { directory, name, .. } = &self.source else {
            return Ok(false);
        };
        let (Some(InputFile { fd, stat: then }), Some(now)) = (&self.file, self.stat_name(directory, name)?) else {
            return Ok(false);
        };
        let flags = if self.through_link { OFlags::NONBLOCK } else { OFlags::NONBLOCK | OFlags::NOFOLLOW };
        let open = || Ok(directory.open_file(name, flags)?);
        OpenedFile { fd: fd.as_fd(), then }.still_has_name(&now, open)
    }

    /// The status of the file that has the input's name now.
    fn stat_name(&self, directory: &Directory, name: &OsStr) -> io::Result<Option<Stat>> {
        if self.through_link { directory.stat(name) } else { directory.lstat(name) }
    }

    /// The rest of standard input, if that is a regular file: it may have been read in part.
    pub(crate) fn rest_of_stdin(&self) -> Option<Range<u64>> {
        let InputFile { fd, stat } = self.regular().filter(|_| self.is_stdin())?;
        let start = rustix::fs::tell(fd).ok()?;
        Some(start..size_of(stat)?).filter(|rest| !rest.is_empty())
    }

    /// Moves the position of the descriptor, which other processes may share. The content is read by then, so an error is ignored.
    pub(crate) fn set_position(&self, offset: u64) {
        let _ = self.fd().map(|fd| rustix::fs::seek(fd, SeekFrom::Start(offset)));
    }

    /// The descriptor that the input is read through.
    ///
    /// # Errors
    /// If the caller writes the content: a defect.
    pub(crate) fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        self.file.as_ref().map(|file| file.fd.as_fd()).ok_or_else(|| io::Error::other("it has no descriptor"))
    }

    /// The opened file, if it is a regular one.
    fn regular(&self) -> Option<&InputFile> {
        self.file.as_ref().filter(|file| is_regular(&file.stat))
    }
}

/// How an input changed since it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The file system reports no change.
    None,
    /// The file is longer. Its earlier part may have changed as well.
    Grown,
    /// The file is not longer, but has another size or modification time.
    Other,
}

/// The length of a regular file, which is read by position. A file of length 0 gives `None`: it may be empty, or have
/// content nevertheless as files in /proc do, so it is read in order.
fn size_of(stat: &Stat) -> Option<u64> {
    (is_regular(stat) && stat.st_size > 0).then_some(stat.st_size as u64)
}

/// The name under which standard input is reported.
pub(crate) const STDIN_NAME: &str = "standard input";
