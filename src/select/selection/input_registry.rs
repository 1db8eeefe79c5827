//! The files that the run is told to read, so that no output replaces one of them.
//!
//! The registry is consulted only where an output is about to replace a file. It then looks at every name of the
//! command line and of a list that can be read twice, once, and remembers two hashes of 8 bytes for each file: one of
//! its device and inode, and one of its name as given, because some file systems make up inode numbers at each look.
//! What a walk reads is decided by name, as a walk follows no links: see [`InputProtection::taken`].
//!
//! Two limits follow from lists and walks being streamed:
//! - A list that comes through a pipe cannot be read ahead. While it goes on, an output whose name the list might give
//!   replaces nothing. A link in the list that leads to an output already replaced is refused, and the old file is gone.
//! - A file with several hard links is recognised under another link once the walk has opened that link. Before that,
//!   an output may take one link's name; the content stays whole under the link that the walk reads.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustix::fs::{FileType, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::matcher::Matcher;
use super::name_reader::NameReader;
use super::target::output_name;
use crate::io::directory::{self, Directory};
use crate::io::input::{Identity, identity_of};
use crate::io::output::{Protection, Refusal};
use crate::select::suffix;
use crate::settings::Settings;
use crate::sync::lock;

/// Files and folders that the run is told to read.
pub struct InputRegistry {
    settings: Arc<Settings>,
    hasher: RandomState,
    /// A list that cannot be read twice has not ended yet.
    list_goes_on: AtomicBool,
    /// Whether names are recorded as the plan takes them, because the list cannot be read twice.
    streamed: bool,
    known: Mutex<Known>,
}

/// What is known so far.
struct Known {
    /// Hashes of device and inode, and of names.
    files: HashSet<u64>,
    /// Folders that are walked.
    directories: Vec<Identity>,
    matcher: Matcher,
    /// A second reader of the list, from its beginning; taken when it is read.
    list: Option<NameReader>,
    is_complete: bool,
}

/// The place of an output, as far as the registry has to know it.
#[derive(Debug)]
pub struct InputProtection {
    pub inputs: Arc<InputRegistry>,
    /// Whether the walk that found the input also takes a file of the output's name; `None` if the input was named, or
    /// the output is in another folder.
    pub taken: Option<bool>,
}

impl Protection for InputProtection {
    fn allows(&self, standing: &Stat, directory: &Directory, name: &OsStr) -> Result<(), Refusal> {
        let inputs = &self.inputs;
        // A name that is skipped because of its suffix does not count as read, so only a link can lead to the file.
        let counts = output_name(name, &inputs.settings).is_ok();
        match self.taken {
            Some(true) if counts => return Err(Refusal::IsAnInput),
            _ if counts && inputs.list_goes_on.load(Ordering::Relaxed) => return Err(Refusal::MayBeAnInput),
            _ if !counts && standing.st_nlink == 1 && inputs.settings.refuses(inputs.settings.symlinks) => {
                return Ok(());
            }
            _ => {}
        }
        let mut known = lock(&inputs.known);
        inputs.complete(&mut known);
        let walked = || match self.taken {
            None if counts && !known.directories.is_empty() => directory.is_within(&known.directories),
            _ => Ok(false),
        };
        let named = || known.files.contains(&inputs.hash_of_name(&directory.shown(name)));
        match inputs.contains(&known, identity_of(standing)) || named() || walked()? {
            true => Err(Refusal::IsAnInput),
            false => Ok(()),
        }
    }
}

impl InputRegistry {
    /// For the names in `settings`. A list is opened at once, as the run may remove it before it is looked at.
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let list = settings.list.as_ref().filter(|_| settings.may_replace());
        let again = list.and_then(|list| NameReader::open_again(list).ok().flatten());
        let streamed = list.is_some() && again.is_none();
        let matcher = Matcher::new(Arc::clone(&settings));
        let known = Known { files: HashSet::new(), directories: Vec::new(), matcher, list: again, is_complete: false };
        let (hasher, list_goes_on) = (RandomState::new(), AtomicBool::new(streamed));
        Self { settings, hasher, list_goes_on, streamed, known: Mutex::new(known) }
    }

    /// Records what the plan is about to take, where it cannot be looked up later.
    pub(super) fn take(&self, name: &OsStr) {
        if self.streamed {
            self.add_named(&mut lock(&self.known), name);
        }
    }

    /// There are no more names.
    pub(super) fn end(&self) {
        self.list_goes_on.store(false, Ordering::Relaxed);
    }

    /// Records a file that was opened.
    pub fn add(&self, file: Identity) {
        lock(&self.known).files.insert(self.hasher.hash_one(file));
    }

    fn contains(&self, known: &Known, file: Identity) -> bool {
        known.files.contains(&self.hasher.hash_one(file))
    }

    fn hash_of_name(&self, path: &Path) -> u64 {
        self.hasher.hash_one(components(path).collect::<PathBuf>())
    }

    /// Looks at every name that is known beforehand.
    fn complete(&self, known: &mut Known) {
        if std::mem::replace(&mut known.is_complete, true) {
            return;
        }
        let stdin = self.settings.reads_stdin().then(|| rustix::fs::fstat(rustix::stdio::stdin()));
        let list = self.settings.list.as_ref().and_then(|list| list.path.as_ref()).map(rustix::fs::stat);
        for stat in [stdin, list].into_iter().flatten().flatten() {
            known.files.insert(self.hasher.hash_one(identity_of(&stat)));
        }
        for name in self.settings.inputs.iter().filter(|name| *name != "-") {
            self.add_named(known, name);
        }
        for name in known.list.take().into_iter().flatten().map_while(Result::ok).flatten() {
            self.add_named(known, &name);
        }
    }

    /// Records what `name` leads to: the file, or a link and the file behind it. One that the run leaves alone for its
    /// name does not count.
    fn add_named(&self, known: &mut Known, name: &OsStr) {
        let Some((path, stat)) = self.meant(name) else { return };
        let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        let behind = is_link.then(|| retry_on_intr(|| rustix::fs::stat(&path)).ok()).flatten();
        let last = path.file_name().unwrap_or_default();
        let counts = output_name(last, &self.settings).is_ok()
            && known.matcher.accepts_named(last)
            && !known.matcher.is_of_other_shard(name);
        if counts {
            known.files.insert(self.hash_of_name(&path));
        }
        for stat in [Some(stat), behind].into_iter().flatten() {
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                known.directories.extend(self.settings.recursive.then(|| identity_of(&stat)));
            } else if counts {
                known.files.insert(self.hasher.hash_one(identity_of(&stat)));
            }
        }
    }

    /// The path that the argument `name` means, and what stands there.
    fn meant(&self, name: &OsStr) -> Option<(PathBuf, Stat)> {
        let look = |path: PathBuf| match retry_on_intr(|| rustix::fs::lstat(&path)) {
            Ok(stat) => Ok((path, stat)),
            Err(error) => Err(error),
        };
        match look(PathBuf::from(name)) {
            Ok(found) => Some(found),
            Err(Errno::NOENT) if self.settings.decompresses() => {
                let (_, last) = directory::split(name)?;
                let candidates = suffix::meant_by(&last, &self.settings.suffix);
                candidates.filter_map(|last| look(Path::new(name).with_file_name(last)).ok()).next()
            }
            Err(_) => None,
        }
    }
}

/// Whether two paths are the same as written, except for `.` and repeated slashes.
pub fn is_same_name(a: &Path, b: &Path) -> bool {
    components(a).eq(components(b))
}

fn components(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components().filter(|part| *part != Component::CurDir)
}

impl fmt::Debug for InputRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputRegistry").field("streamed", &self.streamed).finish_non_exhaustive()
    }
}
