//! From names to files in memory: what is to be measured is read once, and what cannot be is told.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::room::{Full, Needs, Room};
use crate::io::input::{Change, Input, Source};
use crate::io::memory_file::MemoryFile;
use crate::io::transfer::{read_at_least, read_some, write_all};
use crate::outcome::{Label, Outcome, Reason};
use crate::report::Report;
use crate::select::plan::{Item, Plan, Planned, Target};
use crate::settings::Settings;

/// Bytes moved or compared at a time.
const PIECE: usize = 1 << 20;

/// A file that is measured.
#[derive(Debug)]
pub(super) struct File {
    pub(super) label: Label,
    /// What was read of it.
    pub(super) content: MemoryFile,
    pub(super) size: u64,
    /// What that was compressed to last.
    pub(super) packed: MemoryFile,
    /// What that was decompressed to.
    pub(super) plain: MemoryFile,
}

/// What the files need, as far as that can be told before they are read: a list is read only once.
pub(super) fn survey(settings: &Arc<Settings>) -> Needs {
    let mut needs = Needs::default();
    if settings.list.is_some() {
        return needs;
    }
    for planned in Plan::new(Arc::clone(settings)) {
        // What is not to be had will be told when it is to be read.
        if let Planned::Item(Item { source: Source::File { folder, name, .. }, target, .. }) = planned
            && !matches!(target, Target::Refused(_))
            && let Ok(Some(stat)) = folder.look_through(&name)
        {
            needs = needs.and(stat.st_size as u64);
        }
    }
    needs
}

/// Reads the files. What cannot be read is told, and the others are read all the same.
///
/// # Errors
/// There is no room for all of them.
pub(super) fn load(settings: &Arc<Settings>, room: &Room, report: &Report) -> Result<Vec<File>, Full> {
    let (mut files, mut needs) = (Vec::new(), Needs::default());
    let mut piece = vec![0; PIECE];
    for planned in Plan::new(Arc::clone(settings)) {
        let (label, outcome) = match planned {
            Planned::Settled(label, outcome) => (label, outcome),
            Planned::Item(item) => {
                let label = item.label.clone();
                let opened = open(item, settings);
                match opened
                    .map_err(Unread::Settled)
                    .and_then(|input| read(&input, &mut piece, |size| room.check(&needs.and(size))))
                {
                    Ok(file) => {
                        needs = needs.and(file.size);
                        files.push(file);
                        continue;
                    }
                    Err(Unread::Full(full)) => return Err(full),
                    Err(Unread::Settled(outcome)) => (label, outcome),
                }
            }
        };
        report.outcome(&label, outcome);
    }
    Ok(files)
}

/// Opens an input: whatever can be read, but for what is compressed already.
fn open(item: Item, settings: &Settings) -> Result<Input, Outcome> {
    let Item { label, source, target, .. } = item;
    let input = Input::open_any(label, source, None, settings)?;
    match target {
        Target::Refused(reason) => Err(Outcome::Skipped(reason)),
        _ => Ok(input),
    }
}

/// Why a file was not read.
enum Unread {
    /// There is no memory for it, and so none for the others.
    Full(Full),
    /// Its outcome.
    Settled(Outcome),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Settled(error.into())
    }
}

/// Reads an input to its end, as long as its size so far is allowed.
fn read(input: &Input, piece: &mut [u8], allowed: impl Fn(u64) -> Result<(), Full>) -> Result<File, Unread> {
    allowed(0).map_err(Unread::Full)?;
    let (content, mut size) = (MemoryFile::new()?, 0);
    loop {
        let got = read_some(input.fd()?, piece)?;
        if got == 0 {
            break;
        }
        size += got as u64;
        allowed(size).map_err(Unread::Full)?;
        write_all(content.as_fd(), &piece[..got])?;
    }
    if input.change()? != Change::None {
        return Err(Unread::Settled(Outcome::Skipped(Reason::Changed)));
    }
    Ok(File { label: input.label.clone(), content, size, packed: MemoryFile::new()?, plain: MemoryFile::new()? })
}

/// Whether two files hold the same.
pub(super) fn same(a: &MemoryFile, b: &MemoryFile) -> io::Result<bool> {
    let (mut ours, mut theirs) = (vec![0; PIECE], vec![0; PIECE]);
    let mut offset = 0;
    loop {
        let read = |fd: BorrowedFd<'_>, buffer: &mut [u8]| read_at_least(fd, buffer, PIECE, offset);
        let (got, theirs_got) = (read(a.as_fd(), &mut ours)?, read(b.as_fd(), &mut theirs)?);
        if ours[..got] != theirs[..theirs_got] {
            return Ok(false);
        }
        if got < PIECE {
            return Ok(true);
        }
        offset += got as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_the_same_to_the_last_byte_or_not_at_all() {
        let file = |bytes: &[u8]| {
            let file = MemoryFile::new().unwrap();
            write_all(file.as_fd(), bytes).unwrap();
            file
        };
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE] {
            let bytes = vec![7; size];
            assert!(same(&file(&bytes), &file(&bytes)).unwrap(), "{size}");
            let longer = file(&[&bytes[..], b"x"].concat());
            assert!(!same(&file(&bytes), &longer).unwrap() && !same(&longer, &file(&bytes)).unwrap(), "{size}");
            if let Some((last, all)) = bytes.split_last() {
                assert!(!same(&file(&bytes), &file(&[all, &[last + 1]].concat())).unwrap(), "{size}");
            }
        }
    }
}
