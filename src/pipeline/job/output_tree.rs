//! The folder of `-O`, below which the folders of the inputs are mirrored, each made when its first file comes.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::error::{About, Error};
use crate::escaped_name::EscapedName;
use crate::io::directory::Directory;
use crate::io::metadata::{Metadata, Original};
use crate::sync::lock;

/// An output folder.
pub(super) struct OutputTree {
    root: Arc<Directory>,
    /// Path and folder of the last input's mirrored folder, as the next one's is mostly the same.
    last: Mutex<(PathBuf, Arc<Directory>)>,
    /// The names of what is made are put on the disk.
    sync: bool,
}

impl OutputTree {
    /// Opens the folder `path`, made if it is not there.
    pub(super) fn open(path: &Path, sync: bool) -> Result<Self, Error> {
        refuse_dangling_link(path)?;
        let missing: Vec<&Path> = path.ancestors().take_while(|directory| !directory.exists()).collect();
        if path.exists() && !path.is_dir() {
            return Err(io::Error::from(Errno::NOTDIR).into());
        }
        while let Err(error) = fs::create_dir_all(path) {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error.into());
            }
        }
        let root = Arc::new(Directory::open(path)?);
        if sync {
            for parent in missing.iter().filter_map(|directory| directory.parent()) {
                // One that may be written but not read is synced with all of its file system, through the new folder.
                Directory::open(parent)?.sync(root.as_fd())?;
            }
        }
        let last = Mutex::new((PathBuf::new(), Arc::clone(&root)));
        Ok(Self { root, last, sync })
    }

    /// The device it is on.
    pub(super) fn device(&self) -> u64 {
        self.root.device()
    }

    /// The folder `path` below it, for the input `shown`; made, with the access of the one it mirrors, where it is
    /// not there.
    pub(super) fn directory(&self, path: &Path, shown: &Path) -> Result<Arc<Directory>, Error> {
        let mut last = lock(&self.last);
        if last.0 != path {
            let mut directory = Arc::clone(&self.root);
            let mut original = PathBuf::new();
            for part in shown.parent().unwrap_or(Path::new("")).components() {
                original.push(part);
                if let Component::Normal(name) = part {
                    let output = directory.output_name(name);
                    let made = directory.create_directory(name).about(output.clone())?;
                    let below = beneath(&directory, name).about(output.clone())?;
                    if made {
                        let mirrored = self.mirror_access(&original, &below, &directory);
                        // Not left behind with other access than it should have, for the next file to find.
                        mirrored.inspect_err(|_| directory.remove_directory(name)).about(output)?;
                    }
                    directory = Arc::new(below);
                }
            }
            *last = (path.to_owned(), directory);
        }
        Ok(Arc::clone(&last.1))
    }

    /// Gives the folder `made` in `parent` the access that `original` has.
    fn mirror_access(&self, original: &Path, made: &Directory, parent: &Directory) -> Result<(), Error> {
        let original = Directory::open(original)?;
        Metadata::of_directory(original.as_fd()).map_err(io::Error::from)?.apply_access(
            made.as_fd(),
            parent,
            Original::Kept,
        )?;
        if self.sync {
            parent.sync(made.as_fd())?;
        }
        Ok(())
    }
}

/// Opens the directory `name` in `parent`. A link is refused by what it is: the system's reason, too many levels of links,
/// would be about something else.
fn beneath(parent: &Directory, name: &OsStr) -> Result<Directory, Error> {
    parent.beneath(Path::new(name)).map_err(|error| {
        let standing = parent.lstat(name).ok().flatten();
        match standing.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            Some(FileType::Symlink) => Error::other("is a symbolic link; outputs are not written through it"),
            _ => error.into(),
        }
    })
}

/// Refuses a path with a link to nothing in it, of which mkdir would only say that it exists.
fn refuse_dangling_link(path: &Path) -> Result<(), Error> {
    // With a slash at its end, lstat would follow the link.
    let path: &Path = &path.components().collect::<PathBuf>();
    let is_link = |path: &&Path| path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    for link in path.ancestors().filter(is_link) {
        match link.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let what = "is a symbolic link whose target does not exist";
                return Err(if link == path {
                    Error::other(what)
                } else {
                    Error::other(format_args!("{} {what}", EscapedName::path(link)))
                });
            }
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Ok(())
}
