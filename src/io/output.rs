//! An output file, from its creation to its final name. The name never refers to an incomplete file (P2).
//!
//! The file is created without a name (O_TMPFILE) and linked when it is complete, so a process that is killed leaves no
//! file. If the file system does not support that, the file has a [`Temporary`] name until it is renamed; dropping the
//! temporary removes the file, and walks ignore such names. `naming` handles everything else that a file system may
//! refuse.
//!
//! The link itself decides whether the name is free. Only [`OverwriteCheck::force`] allows replacing a file, with an
//! atomic rename: at every instant the name refers to the old file or to the complete new one.

mod naming;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{Error, OutputName};
use crate::io::closing;
use crate::io::commit_gate;
use crate::io::directory::Directory;
use crate::io::file_status::{Identity, file_type};
use crate::io::metadata::{Metadata, Original};
use crate::io::naming_method::{NamingMethod, is_shortage};
use crate::io::sparse::SparseWriter;
use crate::io::temporary::Temporary;
use crate::io::transfer::write_all;

/// An output without its final name.
#[derive(Debug)]
pub(crate) struct OutputFile {
    directory: Arc<Directory>,
    name: OsString,
    fd: OwnedFd,
    /// The name until then, if the file has one. `None` after the file got its final name.
    temporary: Option<Temporary>,
    /// Set if long runs of zeros become holes.
    sparse: Option<SparseWriter>,
    /// The mode does not let the user open the file for writing.
    is_read_only: bool,
    /// The final name is a link. Programs that watch the directory do not see a link as a complete file.
    is_linked: bool,
}

/// Why an output did not get its name.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The name exists and may not be replaced.
    Exists,
    /// The name belongs to a directory.
    Directory,
    /// The name belongs to a device, FIFO or socket.
    NotReplaceable,
    /// The name belongs to the input itself.
    IsTheInput,
    /// The output replaces its input, and the name does not belong to it any more, or the input has changed.
    NotTheInput,
    /// The output would lose metadata of the input that it replaces.
    LosesMetadata(Error),
    /// The name belongs to another input of the run.
    IsAnInput,
    /// The unread rest of a list may contain the name.
    MayBeAnInput,
    /// The system refused.
    System(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

/// Decides whether an output may replace an existing file.
#[derive(Clone, Debug)]
pub(crate) struct OverwriteCheck {
    /// Existing files may be replaced.
    pub force: bool,
    /// Identity of the input, which is never replaced, or alone is.
    pub input: Option<Identity>,
    /// The output replaces its input, and no other file.
    pub in_place: bool,
    /// Protects the other inputs of the run.
    pub protection: Option<Arc<dyn Protection>>,
}

/// Protects files that must not be replaced.
pub(crate) trait Protection: std::fmt::Debug + Send + Sync {
    /// Refuses to replace the file `name` in `directory`, whose status is `existing`, if it is protected.
    fn allows(&self, existing: &Stat, directory: &Directory, name: &OsStr) -> Result<(), Refusal>;
}

impl OverwriteCheck {
    /// Refuses to replace the file `name` in `directory`, whose status is `existing`, unless that is allowed.
    pub(crate) fn allows(&self, existing: &Stat, directory: &Directory, name: &OsStr) -> Result<(), Refusal> {
        let file_type = file_type(existing);
        if file_type == FileType::Directory {
            Err(Refusal::Directory)
        } else if !matches!(file_type, FileType::RegularFile | FileType::Symlink) {
            Err(Refusal::NotReplaceable)
        } else if self.in_place {
            if self.input == Some(Identity::of(existing)) { Ok(()) } else { Err(Refusal::NotTheInput) }
        } else if !self.force {
            Err(Refusal::Exists)
        } else if self.input == Some(Identity::of(existing)) {
            Err(Refusal::IsTheInput)
        } else {
            self.protection.as_ref().map_or(Ok(()), |protection| protection.allows(existing, directory, name))
        }
    }
}

/// The mode that an output is created with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum InitialMode {
    /// Only the user may read it (0600). It gets the mode of its original later.
    Private,
    /// The umask decides (0666 & !umask). The output has no single original.
    Umask,
}

impl InitialMode {
    fn mode(self) -> Mode {
        match self {
            Self::Private => Mode::RUSR | Mode::WUSR,
            Self::Umask => Mode::from_raw_mode(0o666),
        }
    }
}

impl OutputFile {
    /// Creates a file that will be `name` in `directory`. If `unnamed`, it has no name until then, where the system
    /// supports that.
    pub(crate) fn create(
        directory: Arc<Directory>,
        name: OsString,
        initial_mode: InitialMode,
        unnamed: bool,
    ) -> io::Result<Self> {
        let mut refused = false;
        if unnamed && directory.naming.get() == NamingMethod::LinkUnnamed && can_link_unnamed() {
            // Opened for reading too, in case the file has to be copied.
            let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
            match retry_on_intr(|| rustix::fs::openat(&directory, ".", flags, initial_mode.mode())) {
                Ok(fd) => return Ok(Self::new(directory, name, fd, None)),
                Err(error) if is_shortage(error) => return Err(error.into()),
                Err(_) => refused = true,
            }
        }
        let _pass = commit_gate::enter();
        let (temporary, fd) = create_temporary(&directory, initial_mode)?;
        if refused {
            directory.naming.worked(NamingMethod::RenameNoReplace);
        }
        Ok(Self::new(directory, name, fd, Some(temporary)))
    }

    fn new(directory: Arc<Directory>, name: OsString, fd: OwnedFd, temporary: Option<Temporary>) -> Self {
        Self { directory, name, fd, temporary, sparse: None, is_read_only: false, is_linked: false }
    }

    /// Turns long runs of zeros into holes if `sparse`.
    pub(crate) fn sparse(self, sparse: bool) -> Self {
        Self { sparse: sparse.then(SparseWriter::default), ..self }
    }

    /// The directory of the final name.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The final name.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// The final name, for errors.
    pub(crate) fn output_name(&self) -> OutputName {
        self.directory.output_name(&self.name)
    }

    /// Appends `bytes`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sparse {
            Some(sparse) => sparse.append(self.fd.as_fd(), bytes),
            None => write_all(self.fd.as_fd(), bytes),
        }
    }

    /// Sets owner, ACL, mode and times.
    pub(crate) fn apply(&mut self, metadata: &Metadata, original: Original) -> Result<(), Error> {
        // Root may open any file for writing.
        self.is_read_only = !metadata.is_writable() && !rustix::process::geteuid().is_root();
        metadata.apply(self.fd.as_fd(), &self.directory, original)
    }

    /// Extends the file to its length. Called after the last write and before the times are set, which this would
    /// change.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.sparse.as_mut().map_or(Ok(()), |sparse| sparse.end(self.fd.as_fd()))
    }

    /// Gives the file its name and closes it. Errors that the file system reports at close are detected before the file
    /// is named, so a file with such an error gets no name. With `sync`, the content is synced before the file is
    /// named, and the directory after. If only the last steps fail, the file is complete and keeps its name, but may
    /// not survive a power failure: the caller reports an error and keeps the original.
    pub(crate) fn commit(mut self, overwrite: &OverwriteCheck, sync: bool) -> Result<(), Refusal> {
        self.end()?;
        self.settle(sync)?;
        self.take_name(overwrite)?;
        self.close(sync)
    }

    /// The same for an output that replaces its input. `is_input_unchanged` is called immediately before the rename, because the
    /// sync takes long, and other processes may change the input meanwhile. A name that is free by then stays free.
    pub(crate) fn commit_over_input(
        mut self,
        is_input_unchanged: impl FnOnce() -> io::Result<bool>,
        sync: bool,
    ) -> Result<(), Refusal> {
        self.end()?;
        self.settle(sync)?;
        self.replace_input(is_input_unchanged)?;
        self.close(sync)
    }

    /// Closes the named file.
    fn close(self, sync: bool) -> Result<(), Refusal> {
        if sync {
            self.directory.sync(self.fd.as_fd())?;
        }
        closing::close(self.fd)?;
        if self.is_linked {
            naming::notify_watchers(&self.directory, &self.name);
        }
        Ok(())
    }

    /// Detects errors that the file system reports late. Called between the last write and the naming.
    fn settle(&self, sync: bool) -> io::Result<()> {
        if sync {
            retry_on_intr(|| rustix::fs::fsync(&self.fd))?;
        } else if self.temporary.is_some() {
            // File systems without unnamed files are mostly remote ones, whose server may lose data that is not synced.
            closing::sync(self.fd.as_fd())?;
        }
        closing::flush(&self.fd)
    }
}

impl AsFd for OutputFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Creates a file with a temporary name.
fn create_temporary(directory: &Arc<Directory>, initial_mode: InitialMode) -> rustix::io::Result<(Temporary, OwnedFd)> {
    // For reading too: the writer of an index reads its windows again.
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    Temporary::create(directory, |name| rustix::fs::openat(directory, name, flags, initial_mode.mode()))
}

/// Whether files without a name can be linked. This needs /proc, which may not be mounted.
fn can_link_unnamed() -> bool {
    static PROC: LazyLock<bool> = LazyLock::new(|| Path::new("/proc/self/fd").exists());
    *PROC
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    const FREE: &OverwriteCheck = &OverwriteCheck { force: false, input: None, in_place: false, protection: None };
    const FORCE: &OverwriteCheck = &OverwriteCheck { force: true, input: None, in_place: false, protection: None };

    fn output(dir: &Path, unnamed: bool) -> OutputFile {
        let directory = Arc::new(Directory::open(dir).unwrap());
        let mut output = OutputFile::create(directory, "out".into(), InitialMode::Private, unnamed).unwrap();
        output.write(b"new").unwrap();
        output
    }

    fn names(dir: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_name_exists_after_the_commit_and_not_before() {
        for unnamed in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let output = output(dir.path(), unnamed);
            assert!(!dir.path().join("out").exists());
            assert_eq!(names(dir.path()).len(), usize::from(!unnamed), "only a named temporary is visible");
            output.commit(FREE, true).unwrap();
            assert_eq!(names(dir.path()), ["out"]);
            assert_eq!(fs::read(dir.path().join("out")).unwrap(), b"new");
        }
    }

    #[test]
    fn an_output_that_is_not_committed_leaves_no_file() {
        for unnamed in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            drop(output(dir.path(), unnamed));
            assert!(names(dir.path()).is_empty());
        }
    }

    #[test]
    fn a_file_that_appeared_meanwhile_is_kept_or_replaced_atomically() {
        for unnamed in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let late = dir.path().join("out");
            let refused = output(dir.path(), unnamed);
            fs::write(&late, "old").unwrap();
            assert!(matches!(refused.commit(FREE, false), Err(Refusal::Exists)));
            assert_eq!((fs::read(&late).unwrap(), names(dir.path()).len()), (b"old".to_vec(), 1));
            output(dir.path(), unnamed).commit(FORCE, false).unwrap();
            assert_eq!((fs::read(&late).unwrap(), names(dir.path()).len()), (b"new".to_vec(), 1));
        }
    }

    #[test]
    fn a_symbolic_link_is_replaced_and_never_written_through() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("target"), "precious").unwrap();
        symlink("target", dir.path().join("out")).unwrap();
        assert!(matches!(output(dir.path(), true).commit(FREE, false), Err(Refusal::Exists)));
        output(dir.path(), true).commit(FORCE, false).unwrap();
        assert_eq!(fs::read(dir.path().join("target")).unwrap(), b"precious");
        assert!(dir.path().join("out").symlink_metadata().unwrap().is_file());
    }

    #[test]
    fn a_directory_or_fifo_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("out"), Mode::RWXU).unwrap();
        assert!(matches!(output(dir.path(), true).commit(FORCE, false), Err(Refusal::NotReplaceable)));
        fs::remove_file(dir.path().join("out")).unwrap();
        fs::create_dir(dir.path().join("out")).unwrap();
        assert!(matches!(output(dir.path(), true).commit(FORCE, false), Err(Refusal::Directory)));
    }

    #[test]
    fn the_input_itself_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("out"), "input").unwrap();
        let directory = Directory::open(dir.path()).unwrap();
        let stat = directory.lstat(OsStr::new("out")).unwrap().unwrap();
        let overwrite =
            &OverwriteCheck { force: true, input: Some(Identity::of(&stat)), in_place: false, protection: None };
        assert!(matches!(output(dir.path(), true).commit(overwrite, false), Err(Refusal::IsTheInput)));
        assert_eq!(fs::read(dir.path().join("out")).unwrap(), b"input");
    }
}
