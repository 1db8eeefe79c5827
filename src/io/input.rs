//! An opened input: what it is, how it may be read, and whether it is still what it was.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{Error, ErrorKind};
use crate::format::gzip::{self, Damage, MemberStart, ReadError};
use crate::io::directory::Directory;
use crate::io::memory_file::MemoryFile;
use crate::io::metadata::Metadata;
use crate::io::same_file::Opened;
use crate::io::sequential_reader::SequentialReader;
use crate::io::transfer::read_at_least;
use crate::outcome::{Done, InputId, MemberStats, Outcome, Reason};
use crate::settings::Settings;

/// Bytes read at a time of a header that is looked at before the data is. Nearly all have fewer than 300.
const HEADER_PIECE: usize = 512;

/// Where an input is to be found.
#[derive(Clone, Debug)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// This name in this directory.
    File {
        /// The directory, opened.
        directory: Arc<Directory>,
        /// The name in it.
        name: OsString,
        /// A walk found it, so it is neither a link to be followed nor a pipe to be waited for.
        walked: bool,
    },
    /// A file in memory.
    Memory(MemoryFile),
    /// Blocks that the caller of the library hands over.
    Written,
}

/// Device and inode: what a file is, whatever its names.
pub type Identity = (u64, u64);

/// Of the file that has this `stat`.
pub fn identity_of(stat: &Stat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

/// An opened input.
#[derive(Debug)]
pub struct Input {
    /// Its name.
    pub id: InputId,
    source: Source,
    /// What was opened, and what it is; `None` where content is handed over and not read.
    file: Option<(OwnedFd, Stat)>,
    /// The name is a symbolic link that was followed although the original is to be removed, as gzip -f does.
    through_link: bool,
    /// Bytes that there are to read by position; `None` where they come in order or not at all.
    pub size: Option<u64>,
}

impl Input {
    /// Opens standard input.
    pub fn stdin(id: InputId, settings: &Settings) -> Result<Self, Outcome> {
        let fd = rustix::stdio::stdin().try_clone_to_owned()?;
        if settings.decompresses() && !settings.terminal_input && fd.is_terminal() {
            return Err(Outcome::Failed(Error::new(
                ErrorKind::TerminalInput,
                "compressed data not read from a terminal; use -f to force, --help for help",
            )));
        }
        let stat = stat_of(&fd)?;
        Ok(Self { id, source: Source::Stdin, file: Some((fd, stat)), through_link: false, size: None })
    }

    /// What the caller of the library writes.
    pub fn written(id: InputId) -> Self {
        Self { id, source: Source::Written, file: None, through_link: false, size: None }
    }

    /// Opens what no name in a directory leads to.
    fn unnamed(id: InputId, source: Source, settings: &Settings) -> Result<Self, Outcome> {
        let Source::Memory(file) = &source else {
            return Self::stdin(id, settings);
        };
        let fd = file.open()?;
        let stat = stat_of(&fd)?;
        let size = size_of(&stat);
        Ok(Self { id, source, file: Some((fd, stat)), through_link: false, size })
    }

    /// Opens an input that gets an output of its own, so that the original may have to go: a regular file.
    pub fn open_regular(id: InputId, source: Source, settings: &Settings) -> Result<Self, Outcome> {
        let Source::File { directory, name, walked } = &source else {
            return Self::unnamed(id, source, settings);
        };
        // Opening a FIFO must not wait for a writer, just to find out that it is one.
        let mut flags = OFlags::NONBLOCK;
        if *walked || settings.refuses(settings.symlinks) {
            flags |= OFlags::NOFOLLOW;
        }
        let fd = directory.open_file(name, flags).map_err(|error| match error {
            Errno::LOOP if flags.contains(OFlags::NOFOLLOW) && is_link(directory, name) => {
                Outcome::Skipped(Reason::SymbolicLink)
            }
            // A socket, or a device without a driver.
            Errno::NXIO => Outcome::Skipped(Reason::NotRegular),
            error => io::Error::from(error).into(),
        })?;
        let stat = stat_of(&fd)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(Outcome::Skipped(Reason::Directory)),
            _ => return Err(Outcome::Skipped(Reason::NotRegular)),
        }
        refuse_special(&stat, settings)?;
        let size = size_of(&stat);
        let through_link = settings.removes() && !flags.contains(OFlags::NOFOLLOW) && is_link(directory, name);
        Ok(Self { id, source, file: Some((fd, stat)), through_link, size })
    }

    /// Opens an input that becomes a member of a longer output: whatever can be read, waiting for it as a
    /// pipe should, but for the output itself.
    pub fn open_any(
        id: InputId,
        source: Source,
        output: Option<Identity>,
        settings: &Settings,
    ) -> Result<Self, Outcome> {
        let Source::File { directory, name, walked } = &source else {
            let input = Self::unnamed(id, source, settings)?;
            return input.unless_it_is(output);
        };
        let flags = if *walked { OFlags::NOFOLLOW | OFlags::NONBLOCK } else { OFlags::empty() };
        let fd = directory.open_file(name, flags).map_err(io::Error::from)?;
        let stat = stat_of(&fd)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => return Err(Outcome::Skipped(Reason::Directory)),
            FileType::RegularFile => {}
            _ if *walked => return Err(Outcome::Skipped(Reason::NotRegular)),
            _ => {}
        }
        let size = size_of(&stat);
        Self { id, source, file: Some((fd, stat)), through_link: false, size }.unless_it_is(output)
    }

    /// The input, unless it is the file that has this device and inode: the output.
    pub fn unless_it_is(self, output: Option<Identity>) -> Result<Self, Outcome> {
        if output.is_some() && output == self.identity() {
            return Err(match self.source {
                Source::File { walked: true, .. } => Outcome::Skipped(Reason::WalkedOutput),
                _ => Outcome::Failed(Error::other("is the output as well")),
            });
        }
        Ok(self)
    }

    /// Owner, mode and times that an output takes over; `None` if it is no file that has them to give.
    pub fn metadata(&self) -> Option<Metadata> {
        self.regular().map(|(fd, stat)| Metadata::of(fd.as_fd(), stat))
    }

    /// The name without its directories; `None` for standard input and what is in memory.
    pub fn name(&self) -> Option<&OsString> {
        match &self.source {
            Source::Stdin | Source::Memory(_) | Source::Written => None,
            Source::File { name, .. } => Some(name),
        }
    }

    /// The directory it is in; `None` for standard input and what is in memory.
    pub fn directory(&self) -> Option<&Arc<Directory>> {
        match &self.source {
            Source::Stdin | Source::Memory(_) | Source::Written => None,
            Source::File { directory, .. } => Some(directory),
        }
    }

    /// Modification time in seconds since 1970, of a regular file.
    pub fn mtime(&self) -> Option<i64> {
        self.regular().map(|(_, stat)| stat.st_mtime as _)
    }

    /// Modification time in seconds and nanoseconds since 1970, of a regular file.
    pub fn modified(&self) -> Option<(i64, u64)> {
        self.regular().map(|(_, stat)| (stat.st_mtime as _, stat.st_mtime_nsec as _))
    }

    /// Whether a walk found it.
    pub fn is_walked(&self) -> bool {
        matches!(self.source, Source::File { walked: true, .. })
    }

    /// Whether the file has more than one hard link.
    pub fn has_other_links(&self) -> bool {
        self.file.as_ref().is_some_and(|(_, stat)| stat.st_nlink > 1)
    }

    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        matches!(self.source, Source::Stdin)
    }

    /// Device and inode, of what was opened.
    pub fn identity(&self) -> Option<Identity> {
        self.file.as_ref().map(|(_, stat)| identity_of(stat))
    }

    /// What it begins with, read by position; `None` if it is no regular file.
    pub fn gzip_header(&self) -> Option<Result<MemberStart, ReadError>> {
        let (fd, _) = self.regular()?;
        let mut piece = [0; HEADER_PIECE];
        let (mut got, mut at, mut offset) = (0, 0, 0);
        let next = || {
            if at == got {
                got = read_at_least(fd.as_fd(), &mut piece, 1, offset)?;
                (at, offset) = (0, offset + got as u64);
            }
            at += 1;
            Ok(piece[..got].get(at - 1).copied())
        };
        Some(gzip::read_header(0, next))
    }

    /// What its header and its last trailer say, and nothing of what is between them: sizes and stats that hold for one
    /// member of less than 4 GiB.
    pub fn gzip_ends(&self) -> Result<Done, Outcome> {
        let size = self.size.ok_or_else(|| Error::other("has no end that could be read first"))?;
        let found = match self.gzip_header().transpose()? {
            Some(MemberStart::Member(found)) => found,
            Some(MemberStart::End) => return Err(Error::from(Damage::Truncated(0)).into()),
            Some(MemberStart::Foreign(_)) | None => return Err(Error::from(Damage::NotGzip).into()),
        };
        let mut trailer = [0; gzip::TRAILER];
        let at = size.checked_sub(found.size + gzip::TRAILER as u64).map(|data| found.size + data);
        let at = at.ok_or(Error::from(Damage::Truncated(size)))?;
        read_at_least(self.fd()?, &mut trailer, gzip::TRAILER, at)?;
        let (crc, length) = gzip::read_trailer(trailer);
        let mtime = Some(i64::from(found.mtime)).filter(|&mtime| mtime != 0).or(self.mtime());
        let stats = MemberStats { overhead: found.size + gzip::TRAILER as u64, crc: Some(crc), mtime };
        Ok(Done { bytes_in: size, bytes_out: length.into(), stats, ..Done::default() })
    }

    /// Whether it may have `bytes` bytes or more. A file of no size seldom has any.
    pub fn may_fill(&self, bytes: u64) -> bool {
        match (self.size, &self.source) {
            (Some(size), _) => size >= bytes,
            (None, Source::Stdin | Source::Written) => true,
            (None, Source::File { .. } | Source::Memory(_)) => self.regular().is_none(),
        }
    }

    /// Whether it takes room on a disk.
    pub fn is_stored(&self) -> bool {
        self.file.as_ref().is_some_and(|(_, stat)| stat.st_blocks > 0)
    }

    /// What has happened to it since it was opened. What is no regular file cannot tell, and standard input is taken as
    /// it comes.
    pub fn change(&self) -> io::Result<Change> {
        let Some((fd, then)) = self.regular().filter(|_| !self.is_stdin()) else {
            return Ok(Change::None);
        };
        let now = stat_of(fd)?;
        Ok(match same_content(then, &now) {
            true => Change::None,
            false if now.st_size > then.st_size => Change::Grown,
            false => Change::Other,
        })
    }

    /// Its content in order.
    ///
    /// # Errors
    /// If it is not read but handed over, so that to ask is a defect.
    pub fn sequential<'a>(&'a self, left: &'a mut Option<u64>) -> io::Result<SequentialReader<'a>> {
        Ok(SequentialReader::new(self, self.fd()?, left))
    }

    /// Removes the original if its name still belongs to the file that was read; tells whether it did. Of a link
    /// that was followed, the link goes.
    pub fn remove_original(&self) -> io::Result<bool> {
        let Source::File { directory, name, .. } = &self.source else {
            return Ok(false);
        };
        let (Some((fd, then)), Some(now)) = (&self.file, self.look(directory, name)?) else {
            return Ok(false);
        };
        let flags = if self.through_link { OFlags::NONBLOCK } else { OFlags::NONBLOCK | OFlags::NOFOLLOW };
        let open = || Ok(directory.open_file(name, flags)?);
        let unmodified = Opened { fd: fd.as_fd(), then }.still_has_name(&now, open)?;
        if unmodified {
            directory.remove(name)?;
        }
        Ok(unmodified)
    }

    /// What stands under its name.
    fn look(&self, directory: &Directory, name: &OsStr) -> io::Result<Option<Stat>> {
        if self.through_link { directory.look_through(name) } else { directory.look(name) }
    }

    /// The descriptor that it is read through.
    ///
    /// # Errors
    /// If it is not read but handed over, so that to ask is a defect.
    pub fn fd(&self) -> io::Result<BorrowedFd<'_>> {
        self.file.as_ref().map(|(fd, _)| fd.as_fd()).ok_or_else(|| io::Error::other("it has no descriptor"))
    }

    /// The file, if it is a regular one.
    fn regular(&self) -> Option<&(OwnedFd, Stat)> {
        self.file.as_ref().filter(|(_, stat)| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
    }
}

/// What has happened to an input since it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that the file system reports.
    None,
    /// It is longer. Whether its earlier part was overwritten as well is unknown.
    Grown,
    /// It is not longer, and has another size or modification time.
    Other,
}

/// What the opened file is.
pub fn stat_of(fd: &impl AsFd) -> io::Result<Stat> {
    Ok(retry_on_intr(|| rustix::fs::fstat(fd))?)
}

/// A regular file with a size is read by position. One without may be empty, or like those of /proc hold bytes
/// all the same; reading it in order finds out.
fn size_of(stat: &Stat) -> Option<u64> {
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    (regular && stat.st_size > 0).then_some(stat.st_size as u64)
}

/// Whether a file has, for all that its `stat` tells, the content it had.
pub fn same_content(a: &Stat, b: &Stat) -> bool {
    (a.st_size, a.st_mtime, a.st_mtime_nsec) == (b.st_size, b.st_mtime, b.st_mtime_nsec)
}

/// Skips a file whose mode bits or hard links the settings refuse.
fn refuse_special(stat: &Stat, settings: &Settings) -> Result<(), Outcome> {
    let refused = [(settings.setid, 0o6000), (settings.sticky, 0o1000)];
    let bits = refused.into_iter().filter(|(policy, _)| settings.refuses(*policy)).fold(0, |all, (_, bits)| all | bits);
    if stat.st_mode & bits != 0 {
        return Err(Outcome::Skipped(Reason::SpecialMode(stat.st_mode & bits)));
    }
    if settings.refuses(settings.hard_links) && stat.st_nlink > 1 {
        return Err(Outcome::Skipped(Reason::HardLinks(stat.st_nlink as _)));
    }
    Ok(())
}

fn is_link(directory: &Directory, name: &OsString) -> bool {
    let standing = directory.look(name).ok().flatten();
    standing.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// The name under which standard input is reported.
pub const STDIN_NAME: &str = "standard input";
