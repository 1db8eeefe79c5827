//! Gives an output its final name, by the first [`NamingMethod`] that the file system supports.
//!
//! Every method but the last is one system call that either takes a free name or fails with EEXIST. After any other
//! error, the next method is tried.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::{InitialMode, OutputFile, OverwriteCheck, Refusal, create_temporary};
use crate::error::Error;
use crate::io::directory::Directory;
use crate::io::file_status::is_regular;
use crate::io::metadata::{Metadata, Original};
use crate::io::naming_method::{NamingMethod, is_shortage};
use crate::io::sparse::SparseWriter;
use crate::io::temporary::{self, Temporary};
use crate::io::transfer::read_at_least;

/// Bytes copied at a time from a file that cannot be linked: large enough that system calls cost little.
const COPIED: usize = 128 * 1024;

/// The result of an attempt to take a free name.
enum Attempt {
    Named,
    /// A file has the name.
    Exists,
    /// The file system supports only a placeholder. With `force`, a plain rename does the same in one step.
    NeedsReplace,
}

impl OutputFile {
    /// Takes the final name. Replaces a file that has it if `overwrite` allows that.
    pub(super) fn take_name(&mut self, overwrite: &OverwriteCheck) -> Result<(), Refusal> {
        loop {
            let attempt = self.take_free_name(overwrite.force)?;
            if matches!(attempt, Attempt::Named) {
                return Ok(());
            }
            let existing = self.directory.lstat(&self.name)?;
            if let Some(existing) = &existing {
                overwrite.allows(existing, &self.directory, &self.name)?;
            }
            // If the file that had the name was removed meanwhile, the name is free: try again.
            if existing.is_some() || matches!(attempt, Attempt::NeedsReplace) {
                self.replace()?;
                if matches!(attempt, Attempt::NeedsReplace) {
                    self.directory.naming.worked(NamingMethod::Placeholder);
                }
                return Ok(());
            }
        }
    }

    /// Replaces the input, which has the final name, if `is_unchanged` confirms that.
    pub(super) fn replace_input(&mut self, is_unchanged: impl FnOnce() -> io::Result<bool>) -> Result<(), Refusal> {
        // The copy of a file that cannot be linked takes long as well.
        let applied = self.ensure_temporary(Original::Removed)?;
        applied.map_err(Refusal::LosesMetadata)?;
        match is_unchanged()? {
            true => Ok(self.rename(RenameFlags::empty())?),
            false => Err(Refusal::NotTheInput),
        }
    }

    /// Takes the final name if no file has it.
    fn take_free_name(&mut self, force: bool) -> io::Result<Attempt> {
        if self.temporary.is_none() {
            match self.link_unnamed() {
                Ok(()) if self.temporary.is_none() => return Ok(Attempt::Named),
                // The file has a temporary name now.
                Ok(()) => {}
                Err(Errno::EXIST) => return Ok(Attempt::Exists),
                Err(error) if is_shortage(error) => return Err(error.into()),
                // This file system refused the same metadata for the unnamed file, which was reported.
                Err(_) => drop(self.copy_to_temporary(Original::Kept)?),
            }
        }
        let first = self.directory.naming.get().max(NamingMethod::RenameNoReplace);
        let mut method = first;
        loop {
            let tried = match method {
                NamingMethod::Placeholder if force => return Ok(Attempt::NeedsReplace),
                NamingMethod::Placeholder => self.rename_over_placeholder(),
                NamingMethod::LinkTemporary => self.link_temporary(),
                NamingMethod::LinkUnnamed | NamingMethod::RenameNoReplace => self.rename(RenameFlags::NOREPLACE),
            };
            let error = match tried {
                Ok(()) if method == first => return Ok(Attempt::Named),
                Ok(()) => {
                    self.directory.naming.worked(method);
                    return Ok(Attempt::Named);
                }
                Err(Errno::EXIST) => return Ok(Attempt::Exists),
                Err(error) => error,
            };
            method = method.next().filter(|_| !is_shortage(error)).ok_or(error)?;
        }
    }

    /// Replaces the file that has the final name.
    fn replace(&mut self) -> io::Result<()> {
        // As in `take_free_name`, the loss was reported.
        drop(self.ensure_temporary(Original::Kept)?);
        Ok(self.rename(RenameFlags::empty())?)
    }

    /// Gives an unnamed file a temporary name, because a rename needs a source name. Returns whether the file has the metadata
    /// that was applied to it.
    fn ensure_temporary(&mut self, original: Original) -> io::Result<Result<(), Error>> {
        if self.temporary.is_none() {
            match self.link_under_temporary() {
                Err(error) if !is_shortage(error) => return self.copy_to_temporary(original),
                linked => linked?,
            }
        }
        Ok(Ok(()))
    }

    /// Links the unnamed file: under the final name, or under a temporary one if a rename has to follow. A read-only
    /// file is renamed, because [`notify_watchers`] could not open it.
    fn link_unnamed(&mut self) -> rustix::io::Result<()> {
        if self.is_read_only {
            return self.link_under_temporary();
        }
        self.link(&self.name)?;
        self.is_linked = true;
        Ok(())
    }

    fn link_under_temporary(&mut self) -> rustix::io::Result<()> {
        let (temporary, ()) = Temporary::create(&self.directory, |name| self.link(name))?;
        self.temporary = Some(temporary);
        Ok(())
    }

    /// Links the unnamed file as `name`, if that is free. Linking the descriptor itself is faster (the path through
    /// /proc took 3.7 % of a run over small files), but needs a capability before Linux 6.10; the path through /proc
    /// needs none (open(2)).
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
            // Not every kernel and file system supports renameat2.
            true => retry_on_intr(|| rustix::fs::renameat(directory, from, directory, &self.name))?,
            false => retry_on_intr(|| rustix::fs::renameat_with(directory, from, directory, &self.name, flags))?,
        }
        self.temporary.take().into_iter().for_each(Temporary::release);
        Ok(())
    }

    /// Links the temporary under the final name and removes the temporary name.
    fn link_temporary(&mut self) -> rustix::io::Result<()> {
        let Some(temporary) = &self.temporary else { return Err(Errno::NOENT) };
        let (directory, from) = (&self.directory, temporary.name());
        retry_on_intr(|| rustix::fs::linkat(directory, from, directory, &self.name, AtFlags::empty()))?;
        self.is_linked = true;
        drop(self.temporary.take());
        Ok(())
    }

    /// Reserves the final name with an empty file and renames the temporary over it. A signal does not end the process
    /// between the two calls.
    fn rename_over_placeholder(&mut self) -> rustix::io::Result<()> {
        let _placeholder = temporary::begin_placeholder();
        let directory = Arc::clone(&self.directory);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let create = || rustix::fs::openat(&directory, &self.name, flags, Mode::RUSR | Mode::WUSR);
        // Nothing is written to the placeholder, so the result of its close does not matter.
        drop(retry_on_intr(create)?);
        let existing = retry_on_intr(|| rustix::fs::statat(&directory, &self.name, AtFlags::SYMLINK_NOFOLLOW));
        match existing {
            Ok(stat) if is_empty_file(&stat) => {}
            // Another process replaced or removed the placeholder: the caller examines the name again.
            Ok(_) | Err(Errno::NOENT) => return Err(Errno::EXIST),
            Err(error) => return Err(error),
        }
        self.rename(RenameFlags::empty()).inspect_err(|_| {
            // The rename's error is reported, not this one.
            let _ = directory.remove_file(&self.name);
        })
    }

    /// Copies an unnamed file that cannot be linked to a file with a temporary name. Returns whether the copy has its metadata.
    fn copy_to_temporary(&mut self, original: Original) -> io::Result<Result<(), Error>> {
        let stat = retry_on_intr(|| rustix::fs::fstat(&self.fd))?;
        let metadata = Metadata::of(self.fd.as_fd(), &stat);
        let (temporary, fd) = create_temporary(&self.directory, InitialMode::Private)?;
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
        // The copy is created with 0600, so a failure grants nothing.
        let applied = metadata.apply(self.fd.as_fd(), &self.directory, original);
        self.directory.naming.worked(NamingMethod::RenameNoReplace);
        self.settle(true)?;
        Ok(applied)
    }
}

/// Triggers the event that watchers of a directory wait for (IN_CLOSE_WRITE, inotify(7)) under the final name of an
/// output. A rename triggers IN_MOVED_TO, but a link triggers only IN_CREATE, which does not mean that a file is
/// complete. Nothing is written, so another file that got the name meanwhile is not changed.
pub(super) fn notify_watchers(directory: &Directory, name: &OsStr) {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    // The output is complete with or without the event.
    let _ = rustix::fs::openat(directory, name, flags, Mode::empty());
}

fn is_empty_file(stat: &Stat) -> bool {
    is_regular(stat) && stat.st_size == 0
}
