//! How an output takes its final name: by the first [`NamingMethod`] that the file system supports.
//!
//! Every method but the last is one system call that either takes a free name or fails with EEXIST. An error of any other
//! kind leads to the next method.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::{InitialMode, Output, OverwriteCheck, Refusal, make_temporary};
use crate::io::directory::Directory;
use crate::io::metadata::{Metadata, Original};
use crate::io::naming_method::{NamingMethod, is_shortage};
use crate::io::sparse::SparseWriter;
use crate::io::temporary::{self, Temporary};
use crate::io::transfer::read_at_least;

/// Bytes that are copied at a time from a file that cannot be linked.
const COPIED: usize = 128 * 1024;

/// What came of taking a name if nothing has it.
enum Taken {
    Yes,
    /// Something has it.
    Exists,
    /// The file system offers no way to do that except a placeholder, which `-f` does not need.
    OnlyByReplacing,
}

impl Output {
    /// Takes the final name; from a file that has it only if `overwrite` allows that.
    pub(super) fn take_name(&mut self, overwrite: &OverwriteCheck) -> Result<(), Refusal> {
        loop {
            let taken = self.take_free_name(overwrite.force)?;
            if matches!(taken, Taken::Yes) {
                return Ok(());
            }
            let standing = self.directory.look(&self.name)?;
            if let Some(standing) = &standing {
                overwrite.allows(standing, &self.directory, &self.name)?;
            }
            // The file that had the name may be gone by now: then the name is free after all.
            if standing.is_some() || matches!(taken, Taken::OnlyByReplacing) {
                self.replace()?;
                if matches!(taken, Taken::OnlyByReplacing) {
                    self.directory.naming.worked(NamingMethod::Placeholder);
                }
                return Ok(());
            }
        }
    }

    /// Takes the final name if nothing has it.
    fn take_free_name(&mut self, force: bool) -> io::Result<Taken> {
        if self.temporary.is_none() {
            match self.link_unnamed() {
                Ok(()) if self.temporary.is_none() => return Ok(Taken::Yes),
                // It has a temporary name now.
                Ok(()) => {}
                Err(Errno::EXIST) => return Ok(Taken::Exists),
                Err(error) if is_shortage(error) => return Err(error.into()),
                Err(_) => self.copy_to_temporary()?,
            }
        }
        let first = self.directory.naming.get().max(NamingMethod::RenameNoReplace);
        let mut method = first;
        loop {
            let tried = match method {
                NamingMethod::Placeholder if force => return Ok(Taken::OnlyByReplacing),
                NamingMethod::Placeholder => self.rename_over_placeholder(),
                NamingMethod::LinkTemporary => self.link_temporary(),
                NamingMethod::LinkUnnamed | NamingMethod::RenameNoReplace => self.rename(RenameFlags::NOREPLACE),
            };
            let error = match tried {
                Ok(()) if method == first => return Ok(Taken::Yes),
                Ok(()) => {
                    self.directory.naming.worked(method);
                    return Ok(Taken::Yes);
                }
                Err(Errno::EXIST) => return Ok(Taken::Exists),
                Err(error) => error,
            };
            method = method.next().filter(|_| !is_shortage(error)).ok_or(error)?;
        }
    }

    /// Takes the final name from a file that has it. A rename needs a name to start from, so a file without one
    /// gets a temporary one first, for the time between two system calls.
    fn replace(&mut self) -> io::Result<()> {
        if self.temporary.is_none() {
            match self.link_under_temporary() {
                Err(error) if !is_shortage(error) => self.copy_to_temporary()?,
                linked => linked?,
            }
        }
        Ok(self.rename(RenameFlags::empty())?)
    }

    /// Links the unnamed file; under a temporary name if it has to be renamed.
    fn link_unnamed(&mut self) -> rustix::io::Result<()> {
        if self.is_read_only {
            return self.link_under_temporary();
        }
        self.link(&self.name)?;
        self.is_linked = true;
        Ok(())
    }

    fn link_under_temporary(&mut self) -> rustix::io::Result<()> {
        let (temporary, ()) = Temporary::make(&self.directory, |name| self.link(name))?;
        self.temporary = Some(temporary);
        Ok(())
    }

    /// Links the unnamed file, if nothing has that name. Linking a bare descriptor is the short way (finding it
    /// through /proc was 3.7 % of a run over small files), but takes a capability before Linux 6.10; through /proc
    /// it takes none (open(2)).
    fn link(&self, name: &OsStr) -> rustix::io::Result<()> {
        static BARE_DESCRIPTOR: AtomicBool = AtomicBool::new(true);
        if BARE_DESCRIPTOR.load(Ordering::Relaxed) {
            match retry_on_intr(|| rustix::fs::linkat(&self.fd, "", &self.directory, name, AtFlags::EMPTY_PATH)) {
                Err(Errno::NOENT) => BARE_DESCRIPTOR.store(false, Ordering::Relaxed),
                linked => return linked,
            }
        }
        let unnamed = format!("/proc/self/fd/{}", self.fd.as_raw_fd());
        retry_on_intr(|| rustix::fs::linkat(CWD, &unnamed, &self.directory, name, AtFlags::SYMLINK_FOLLOW))
    }

    /// Renames the temporary to the final name.
    fn rename(&mut self, flags: RenameFlags) -> rustix::io::Result<()> {
        let Some(temporary) = &self.temporary else { return Err(Errno::NOENT) };
        let (directory, from) = (&self.directory, temporary.name());
        match flags.is_empty() {
            // Not every kernel and file system knows renameat2.
            true => retry_on_intr(|| rustix::fs::renameat(directory, from, directory, &self.name))?,
            false => retry_on_intr(|| rustix::fs::renameat_with(directory, from, directory, &self.name, flags))?,
        }
        self.temporary.take().into_iter().for_each(Temporary::forget);
        Ok(())
    }

    /// Gives the file the final name besides its temporary one, and removes that.
    fn link_temporary(&mut self) -> rustix::io::Result<()> {
        let Some(temporary) = &self.temporary else { return Err(Errno::NOENT) };
        let (directory, from) = (&self.directory, temporary.name());
        retry_on_intr(|| rustix::fs::linkat(directory, from, directory, &self.name, AtFlags::empty()))?;
        self.is_linked = true;
        drop(self.temporary.take());
        Ok(())
    }

    /// Reserves the final name with an empty file and renames the temporary over it. A signal does not end the process
    /// in between.
    fn rename_over_placeholder(&mut self) -> rustix::io::Result<()> {
        let _placing = temporary::placing();
        let directory = Arc::clone(&self.directory);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let create = || rustix::fs::openat(&directory, &self.name, flags, Mode::RUSR | Mode::WUSR);
        // Nothing is written to it, so its close has no result that matters.
        drop(retry_on_intr(create)?);
        let standing = retry_on_intr(|| rustix::fs::statat(&directory, &self.name, AtFlags::SYMLINK_NOFOLLOW));
        match standing {
            Ok(stat) if is_empty_file(&stat) => {}
            // Another process has put its own file there, or removed ours: the name is looked at again.
            Ok(_) | Err(Errno::NOENT) => return Err(Errno::EXIST),
            Err(error) => return Err(error),
        }
        self.rename(RenameFlags::empty()).inspect_err(|_| {
            // The error of the rename is reported.
            let _ = directory.remove(&self.name);
        })
    }

    /// Copies an unnamed file that the file system does not link to a file with a temporary name.
    fn copy_to_temporary(&mut self) -> io::Result<()> {
        let stat = retry_on_intr(|| rustix::fs::fstat(&self.fd))?;
        let metadata = Metadata::of(self.fd.as_fd(), &stat);
        let (temporary, fd) = make_temporary(&self.directory, InitialMode::Private)?;
        let unnamed = std::mem::replace(&mut self.fd, fd);
        self.temporary = Some(temporary);
        self.sparse = self.sparse.as_ref().map(|_| SparseWriter::default());
        let (mut buffer, mut offset) = (vec![0; COPIED], 0);
        loop {
            let size = read_at_least(unnamed.as_fd(), &mut buffer, COPIED, offset)?;
            if size == 0 {
                break;
            }
            self.write(&buffer[..size])?;
            offset += size as u64;
        }
        self.end()?;
        // The file starts private, so a failure grants nothing. What this file system refuses it refused for the unnamed
        // file as well, and that has been reported.
        let _ = metadata.apply(self.fd.as_fd(), &self.directory, Original::Stays);
        self.directory.naming.worked(NamingMethod::RenameNoReplace);
        self.settle(true)
    }
}

/// Produces the event that watchers of the directory wait for (IN_CLOSE_WRITE, inotify(7)) under the final name of an
/// output. A rename has its own (IN_MOVED_TO), but a link only says that a name was created, which is no sign of a
/// complete file elsewhere. Nothing is written, so a file that has taken the name meanwhile is not changed.
pub(super) fn notify_watchers(directory: &Directory, name: &OsStr) {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    // The output is complete with or without the event.
    let _ = rustix::fs::openat(directory, name, flags, Mode::empty());
}

fn is_empty_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_size == 0
}
