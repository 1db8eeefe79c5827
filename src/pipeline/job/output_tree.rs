//! The directory of `-O`, and the directories below it, which mirror those of the inputs. Each is created for its first file.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustix::fs::Mode;
use rustix::io::Errno;

use crate::error::{About, Error};
use crate::escaped_name::EscapedName;
use crate::io::directory::{Directory, LastDirectory};
use crate::io::metadata::{Metadata, Original};
use crate::sync::lock;

/// A directory below the output directory.
pub(super) struct MirroredDirectory {
    pub(super) directory: Arc<Directory>,
    /// Why a directory that was created does not have the access rights of the one that it mirrors. It is private to the user.
    pub(super) warning: Option<Error>,
}

/// The output directory.
pub(super) struct OutputTree {
    root: Arc<Directory>,
    /// The directory of the last output, by its path below the root.
    last: Mutex<LastDirectory>,
    /// New directories are synced.
    sync: bool,
}

impl OutputTree {
    /// Opens the directory `path`. Creates it if it does not exist.
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
                // A directory without read permission is synced with its file system, through the new directory.
                Directory::open(parent)?.sync(root.as_fd())?;
            }
        }
        let last = Mutex::new(LastDirectory::new(PathBuf::new(), Arc::clone(&root)));
        Ok(Self { root, last, sync })
    }

    /// The output directory.
    pub(super) fn root(&self) -> &Directory {
        &self.root
    }

    /// The directory `path` below the output directory, for the input `shown`. Creates it if it does not exist, with the access
    /// rights of the directory that it mirrors.
    pub(super) fn directory(&self, path: &Path, shown: &Path) -> Result<MirroredDirectory, Error> {
        let mut warning = None;
        let open = || {
            let mirrored = self.mirror_directory(shown.parent().unwrap_or(Path::new("")))?;
            warning = mirrored.warning;
            Ok::<_, Error>(mirrored.directory)
        };
        let directory = lock(&self.last).get(path, open)?;
        Ok(MirroredDirectory { directory, warning })
    }

    /// Opens the directory that mirrors `original`. Creates it and those above it if they do not exist.
    fn mirror_directory(&self, original: &Path) -> Result<MirroredDirectory, Error> {
        let mut directory = Arc::clone(&self.root);
        let (mut path, mut warning) = (PathBuf::new(), None);
        for component in original.components() {
            path.push(component);
            if let Component::Normal(name) = component {
                let output = directory.output_name(name);
                let created = directory.create_directory(name, Mode::RWXU).about(output.clone())?;
                let below = directory.child(name).about(output.clone())?;
                if created {
                    let mirrored = self.mirror_access(&path, &below, &directory);
                    let mirrored = mirrored.inspect_err(|_| directory.remove_directory(name)).about(output.clone())?;
                    warning = warning.or(mirrored.err().map(|error| error.about(output)));
                }
                directory = Arc::new(below);
            }
        }
        Ok(MirroredDirectory { directory, warning })
    }

    /// Gives the directory `created` in `parent` the access rights of `original`. The inner error says that the file system
    /// refuses that: the directory has the mode 0700 of its creation then, which also limits an inherited ACL.
    fn mirror_access(
        &self,
        original: &Path,
        created: &Directory,
        parent: &Directory,
    ) -> Result<Result<(), Error>, Error> {
        let original = Directory::open(original)?;
        let metadata = Metadata::of_directory(original.as_fd()).map_err(io::Error::from)?;
        let applied = metadata.apply_access(created.as_fd(), parent, Original::Kept);
        if self.sync {
            parent.sync(created.as_fd())?;
        }
        Ok(applied)
    }
}

/// Refuses a path that contains a dangling link. Of such a link, mkdir would only say that it exists.
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
