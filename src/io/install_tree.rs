//! Files that a program installs below a directory: complete or absent, and never written through a symbolic link.
//!
//! The caller names the directory, so links in its path are followed. Below it they are not: another user may have made them.

use std::fs;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use rustix::fs::Mode;
use rustix::io::Errno;

use crate::error::{About, Error};
use crate::io::directory::Directory;
use crate::io::output::{InitialMode, OutputFile, OverwriteCheck, Refusal};

/// The directory that files are installed below.
#[derive(Debug)]
pub struct InstallTree {
    root: Arc<Directory>,
}

impl InstallTree {
    /// Opens the directory `path`. Creates it if it does not exist.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path)?;
        Ok(Self { root: Arc::new(Directory::open(path)?) })
    }

    /// Writes the file `path` below the directory and creates the directories of `path` that do not exist. The umask decides the
    /// modes. A regular file or a symbolic link of that name is replaced in one step.
    ///
    /// # Errors
    /// The system's; and if a directory of `path` is a symbolic link, or the name belongs to a directory, device, FIFO or socket.
    pub fn write(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let mut directory = Arc::clone(&self.root);
        for component in path.parent().unwrap_or(Path::new("")).components() {
            let Component::Normal(name) = component else {
                return Err(io::Error::from(Errno::XDEV).into());
            };
            let shown = directory.output_name(name);
            directory.create_directory(name, Mode::RWXU | Mode::RWXG | Mode::RWXO).about(shown.clone())?;
            directory = Arc::new(directory.child(name).about(shown)?);
        }
        let name = path.file_name().unwrap_or_default();
        let shown = directory.output_name(name);
        write_file(&directory, name.into(), content).about(shown)
    }
}

/// Writes the file `name` in `directory`.
fn write_file(directory: &Arc<Directory>, name: std::ffi::OsString, content: &[u8]) -> Result<(), Error> {
    let overwrite = OverwriteCheck { force: true, input: None, in_place: false, protection: None };
    let mut output = OutputFile::create(Arc::clone(directory), name, InitialMode::Umask, true)?;
    output.write(content)?;
    output.commit(&overwrite, true).map_err(|refusal| match refusal {
        Refusal::System(error) => error.into(),
        _ => Error::other("is not a regular file"),
    })
}
