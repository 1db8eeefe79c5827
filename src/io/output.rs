//! An output file from initial_mode to name: nobody sees it until it is whole.
//!
//! It is made without a name (O_TMPFILE) and linked when it is done, so that a process killed in between
//! leaves nothing at all. Where the file system cannot do that, it gets a [`Temporary`] name until it is renamed, which
//! removes what was not committed, and which no walk takes. See `naming` for what else a file system may refuse.
//!
//! The link itself decides whether the name was free. Only with `-f` is a file replaced, by an atomic
//! rename over it: at every instant the name holds the old file or the new one, whole.

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
use crate::io::input::{Identity, identity_of};
use crate::io::metadata::{Metadata, Original};
use crate::io::naming_method::{NamingMethod, is_shortage};
use crate::io::sparse::SparseWriter;
use crate::io::temporary::Temporary;
use crate::io::transfer::write_all;

/// An output that has no final name yet.
#[derive(Debug)]
pub struct Output {
    directory: Arc<Directory>,
    name: OsString,
    fd: OwnedFd,
    /// The name it has until then, where it needs one. Taken when the file is named.
    temporary: Option<Temporary>,
    /// Runs of zeros become holes.
    sparse: Option<SparseWriter>,
    /// Its mode keeps its owner from opening it for writing.
    is_read_only: bool,
    /// The final name is a link, which watchers of the directory do not take for a whole file.
    is_linked: bool,
}

/// Why an output did not get its name.
#[derive(Debug)]
pub enum Refusal {
    /// The name is taken, and nobody said `-f`.
    Exists,
    /// The name belongs to a directory, device, FIFO or socket.
    NotReplaceable,
    /// The name belongs to the input itself.
    IsTheInput,
    /// The name belongs to another input of the run.
    IsAnInput,
    /// The name may be given by what is left of a list.
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

/// What stands in the way of an output, and whether it may be replaced.
#[derive(Clone, Debug)]
pub struct OverwriteCheck {
    /// `-f` was given.
    pub force: bool,
    /// The input, which is never replaced.
    pub input: Option<Identity>,
    /// Keeps the run's other inputs from being replaced.
    pub others: Option<Arc<dyn Protection>>,
}

/// Knows the files that must not be replaced.
pub trait Protection: std::fmt::Debug + Send + Sync {
    /// Whether the file `standing`, which is `name` in `directory`, may be replaced.
    fn allows(&self, standing: &Stat, directory: &Directory, name: &OsStr) -> Result<(), Refusal>;
}

impl OverwriteCheck {
    /// Whether an output that is to be `name` in `directory` may replace the file `standing`, which has that name.
    pub fn allows(&self, standing: &Stat, directory: &Directory, name: &OsStr) -> Result<(), Refusal> {
        let kind = FileType::from_raw_mode(standing.st_mode);
        if !matches!(kind, FileType::RegularFile | FileType::Symlink) {
            Err(Refusal::NotReplaceable)
        } else if !self.force {
            Err(Refusal::Exists)
        } else if self.input == Some(identity_of(standing)) {
            Err(Refusal::IsTheInput)
        } else {
            self.others.as_ref().map_or(Ok(()), |others| others.allows(standing, directory, name))
        }
    }
}

/// Who may read an output while it is made.
#[derive(Clone, Copy, Debug)]
pub enum InitialMode {
    /// Its maker alone: it takes its mode from an original later.
    Private,
    /// Whoever the umask lets: it has no single original.
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

impl Output {
    /// Makes a file that will be `name` in `directory`; without a name until then if `unnamed` and the system can.
    pub fn create(
        directory: Arc<Directory>,
        name: OsString,
        initial_mode: InitialMode,
        unnamed: bool,
    ) -> io::Result<Self> {
        let mut refused = false;
        if unnamed && directory.naming.get() == NamingMethod::LinkUnnamed && can_link_unnamed() {
            // It is read only if it has to be copied.
            let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
            match retry_on_intr(|| rustix::fs::openat(&directory, ".", flags, initial_mode.mode())) {
                Ok(fd) => return Ok(Self::new(directory, name, fd, None)),
                Err(error) if is_shortage(error) => return Err(error.into()),
                Err(_) => refused = true,
            }
        }
        let _finishing = commit_gate::enter();
        let (temporary, fd) = make_temporary(&directory, initial_mode)?;
        if refused {
            directory.naming.worked(NamingMethod::RenameNoReplace);
        }
        Ok(Self::new(directory, name, fd, Some(temporary)))
    }

    fn new(directory: Arc<Directory>, name: OsString, fd: OwnedFd, temporary: Option<Temporary>) -> Self {
        Self { directory, name, fd, temporary, sparse: None, is_read_only: false, is_linked: false }
    }

    /// The same, with holes for runs of zeros if `sparse`.
    pub fn sparse(self, sparse: bool) -> Self {
        Self { sparse: sparse.then(SparseWriter::default), ..self }
    }

    /// The final name.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// The final name, for errors.
    pub fn output_name(&self) -> OutputName {
        self.directory.output_name(&self.name)
    }

    /// Appends `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sparse {
            Some(sparse) => sparse.append(self.fd.as_fd(), bytes),
            None => write_all(self.fd.as_fd(), bytes),
        }
    }

    /// Gives it owner, ACL, mode and times.
    pub fn apply(&mut self, metadata: &Metadata, original: Original) -> Result<(), Error> {
        // Root may open any file for writing.
        self.is_read_only = !metadata.is_writable() && !rustix::process::geteuid().is_root();
        metadata.apply(self.fd.as_fd(), &self.directory, original)
    }

    /// Called before its times are set, when nothing more will be appended: gives it its length.
    pub fn end(&mut self) -> io::Result<()> {
        self.sparse.as_mut().map_or(Ok(()), |sparse| sparse.end(self.fd.as_fd()))
    }

    /// Gives the file its name and closes it. Errors that the file system reports at close are found before that, so
    /// that a file with such an error gets no name. With `sync`, its bytes are on the disk before that, and the name
    /// after. If only the last steps fail, the file is whole and keeps its name, but it is not known whether it outlives
    /// a power cut: it is an error, and the original stays.
    pub fn commit(mut self, overwrite: &OverwriteCheck, sync: bool) -> Result<(), Refusal> {
        self.end()?;
        self.settle(sync)?;
        self.take_name(overwrite)?;
        if sync {
            self.directory.sync(self.fd.as_fd())?;
        }
        closing::close(self.fd)?;
        if self.is_linked {
            naming::notify_watchers(&self.directory, &self.name);
        }
        Ok(())
    }

    /// Called when the bytes are written and before the name is taken: finds errors that the file system reports late.
    fn settle(&self, sync: bool) -> io::Result<()> {
        // File systems that make no unnamed files are mostly remote ones, where a server may lose what it has not synced.
        if sync || self.temporary.is_some() {
            retry_on_intr(|| rustix::fs::fsync(&self.fd))?;
        }
        closing::flush(&self.fd)
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Makes a file under a temporary name.
fn make_temporary(directory: &Arc<Directory>, initial_mode: InitialMode) -> rustix::io::Result<(Temporary, OwnedFd)> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    Temporary::make(directory, |name| rustix::fs::openat(directory, name, flags, initial_mode.mode()))
}

/// Whether files without a name can be linked: that goes through /proc, which may not be mounted.
fn can_link_unnamed() -> bool {
    static PROC: LazyLock<bool> = LazyLock::new(|| Path::new("/proc/self/fd").exists());
    *PROC
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    const FREE: &OverwriteCheck = &OverwriteCheck { force: false, input: None, others: None };
    const FORCE: &OverwriteCheck = &OverwriteCheck { force: true, input: None, others: None };

    fn output(dir: &Path, unnamed: bool) -> Output {
        let directory = Arc::new(Directory::open(dir).unwrap());
        let mut output = Output::create(directory, "out".into(), InitialMode::Private, unnamed).unwrap();
        output.write(b"new").unwrap();
        output
    }

    fn names(dir: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_name_appears_with_the_commit_and_not_before() {
        for unnamed in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let output = output(dir.path(), unnamed);
            assert!(!dir.path().join("out").exists());
            assert_eq!(names(dir.path()).len(), usize::from(!unnamed), "only a named temporary shows");
            output.commit(FREE, true).unwrap();
            assert_eq!(names(dir.path()), ["out"]);
            assert_eq!(fs::read(dir.path().join("out")).unwrap(), b"new");
        }
    }

    #[test]
    fn what_is_not_committed_leaves_nothing() {
        for unnamed in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            drop(output(dir.path(), unnamed));
            assert!(names(dir.path()).is_empty());
        }
    }

    #[test]
    fn a_file_that_turned_up_meanwhile_is_left_alone_or_replaced_whole() {
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
    }

    #[test]
    fn the_input_itself_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("out"), "input").unwrap();
        let directory = Directory::open(dir.path()).unwrap();
        let stat = directory.look(OsStr::new("out")).unwrap().unwrap();
        let overwrite = &OverwriteCheck { force: true, input: Some((stat.st_dev, stat.st_ino)), others: None };
        assert!(matches!(output(dir.path(), true).commit(overwrite, false), Err(Refusal::IsTheInput)));
        assert_eq!(fs::read(dir.path().join("out")).unwrap(), b"input");
    }
}
