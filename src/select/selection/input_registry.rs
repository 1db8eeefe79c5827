//! The files that a run reads, so that no output replaces one of them.
//!
//! The registry is used when an output is about to replace a file. The first time, it looks up every name of the settings, and of
//! the list if it can be read twice. For each file it keeps two hashes of 8 bytes: one of its device and inode number, and one of
//! its name as given, because some file systems return another inode number for each call. The names of files that a walk reads
//! decide, because a walk follows no links: see [`InputProtection::output_is_walked`].
//!
//! Lists and walks are read step by step, which has two limits:
//! - A list from a pipe cannot be read ahead. Before its end, an output replaces no file whose name could be in the list. If the
//!   list contains a link to an output that was replaced before, the input is refused, and the old file is lost.
//! - A file with several hard links is known under its other names after the walk has opened one of them. Before that, an output can
//!   replace one of the links. The content remains under the link that the walk reads.

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
use crate::io::file_status::{Identity, file_type, is_symlink};
use crate::io::output::{Protection, Refusal};
use crate::select::suffix;
use crate::settings::{NameList, Settings};
use crate::sync::lock;

/// The files and directories that a run reads.
pub(crate) struct InputRegistry {
    settings: Arc<Settings>,
    hasher: RandomState,
    /// A list that cannot be read twice has not ended.
    list_continues: AtomicBool,
    /// The list cannot be read twice, so arguments are recorded as they are read.
    is_streamed: bool,
    known: Mutex<Known>,
}

/// The inputs that are known so far.
struct Known {
    /// Hashes of device and inode numbers, and of names.
    files: HashSet<u64>,
    /// Directories that are walked.
    directories: Vec<Identity>,
    matcher: Matcher,
    /// A second reader of the list, from its beginning; `None` after it was read.
    list: Option<NameReader>,
    /// All names that are known in advance were looked up.
    is_complete: bool,
}

/// Protects the inputs of a run from being replaced by one output.
#[derive(Debug)]
pub(crate) struct InputProtection {
    pub(crate) inputs: Arc<InputRegistry>,
    /// Whether the walk that found the output's input also reads a file of the output's name; `None` if no walk found the input, or
    /// the output is in another directory.
    pub(crate) output_is_walked: Option<bool>,
}

impl Protection for InputProtection {
    fn allows(&self, existing: &Stat, directory: &Directory, name: &OsStr) -> Result<(), Refusal> {
        let inputs = &self.inputs;
        // A file that is skipped because of its suffix does not count as read. It can be read through a link.
        let counts = output_name(name, &inputs.settings).is_ok();
        let mut known = lock(&inputs.known);
        match self.output_is_walked {
            Some(true) if counts => return Err(Refusal::IsAnInput),
            _ if counts && inputs.list_continues.load(Ordering::Relaxed) => return Err(Refusal::MayBeAnInput),
            // Standard input and the list are known from the start.
            _ if inputs.contains(&known, Identity::of(existing)) => return Err(Refusal::IsAnInput),
            _ if !counts && existing.st_nlink == 1 && inputs.settings.refuses(inputs.settings.symlinks) => {
                return Ok(());
            }
            _ => {}
        }
        inputs.complete(&mut known);
        let walked = || match self.output_is_walked {
            None if counts && !known.directories.is_empty() => directory.is_within(&known.directories),
            _ => Ok(false),
        };
        let named = || known.files.contains(&inputs.hash_of_name(&directory.display_path(name)));
        match inputs.contains(&known, Identity::of(existing)) || named() || walked()? {
            true => Err(Refusal::IsAnInput),
            false => Ok(()),
        }
    }
}

impl InputRegistry {
    /// A registry for the inputs of `settings`. Opens the list now, because the run may remove it before it is read.
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let list = settings.list.as_ref().filter(|_| settings.may_replace());
        let again = list.and_then(|list| NameReader::open_again(list).ok().flatten());
        let is_streamed = list.is_some() && again.is_none();
        let matcher = Matcher::new(Arc::clone(&settings));
        let (hasher, list_continues) = (RandomState::new(), AtomicBool::new(is_streamed));
        let stdin = settings.reads_stdin().then(|| rustix::fs::fstat(rustix::stdio::stdin()).ok()).flatten();
        let unnamed = [stdin.as_ref().map(Identity::of), list.and_then(identity_of_list)];
        let files = unnamed.into_iter().flatten().map(|file| hasher.hash_one(file)).collect();
        let known = Known { files, directories: Vec::new(), matcher, list: again, is_complete: false };
        Self { settings, hasher, list_continues, is_streamed, known: Mutex::new(known) }
    }

    /// Records an argument that the selection is about to process, if it cannot be read again later.
    pub(super) fn record_argument(&self, name: &OsStr) {
        if self.is_streamed {
            self.add_named(&mut lock(&self.known), name);
        }
    }

    /// Whether a list cannot be read ahead, so that each of its names may lead to an output of this run.
    pub(crate) fn is_streamed(&self) -> bool {
        self.is_streamed
    }

    /// Called at the end of the list.
    pub(super) fn end_list(&self) {
        self.list_continues.store(false, Ordering::Relaxed);
    }

    /// Records a file that was opened.
    pub(crate) fn add(&self, file: Identity) {
        lock(&self.known).files.insert(self.hasher.hash_one(file));
    }

    fn contains(&self, known: &Known, file: Identity) -> bool {
        known.files.contains(&self.hasher.hash_one(file))
    }

    fn hash_of_name(&self, path: &Path) -> u64 {
        self.hasher.hash_one(components(path).collect::<PathBuf>())
    }

    /// Looks up every name that is known in advance, once.
    fn complete(&self, known: &mut Known) {
        if std::mem::replace(&mut known.is_complete, true) {
            return;
        }
        for name in self.settings.inputs.iter().filter(|name| *name != "-") {
            self.add_named(known, name);
        }
        for name in known.list.take().into_iter().flatten().map_while(Result::ok).flatten() {
            self.add_named(known, &name);
        }
    }

    /// Records the file `name`; if it is a link, the link and its target. A name that the run skips does not count.
    fn add_named(&self, known: &mut Known, name: &OsStr) {
        let Some((path, stat)) = self.resolve(name) else { return };
        let target = is_symlink(&stat).then(|| retry_on_intr(|| rustix::fs::stat(&path)).ok()).flatten();
        let last = path.file_name().unwrap_or_default();
        let counts = output_name(last, &self.settings).is_ok()
            && known.matcher.accepts_named(last)
            && !known.matcher.is_of_other_shard(name);
        if counts {
            known.files.insert(self.hash_of_name(&path));
        }
        for stat in [Some(stat), target].into_iter().flatten() {
            if file_type(&stat) == FileType::Directory {
                known.directories.extend(self.settings.recursive.then(|| Identity::of(&stat)));
            } else if counts {
                known.files.insert(self.hasher.hash_one(Identity::of(&stat)));
            }
        }
    }

    /// The path and metadata of the file that the argument `name` means.
    fn resolve(&self, name: &OsStr) -> Option<(PathBuf, Stat)> {
        let look = |path: PathBuf| match retry_on_intr(|| rustix::fs::lstat(&path)) {
            Ok(stat) => Ok((path, stat)),
            Err(error) => Err(error),
        };
        match look(PathBuf::from(name)) {
            Ok(found) => Some(found),
            Err(Errno::NOENT) if self.settings.decompresses() => {
                let (_, last) = directory::split(name)?;
                let candidates = suffix::with_suffixes(&last, &self.settings.suffix);
                candidates.filter_map(|last| look(Path::new(name).with_file_name(last)).ok()).next()
            }
            Err(_) => None,
        }
    }
}

/// The identity of the file that the list is read from.
pub(crate) fn identity_of_list(list: &NameList) -> Option<Identity> {
    let stat = match &list.path {
        Some(path) => rustix::fs::stat(path),
        None => rustix::fs::fstat(rustix::stdio::stdin()),
    };
    stat.ok().as_ref().map(Identity::of)
}

/// Whether two paths have the same components, without `.`. Links are not resolved.
pub(crate) fn is_same_name(a: &Path, b: &Path) -> bool {
    components(a).eq(components(b))
}

fn components(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components().filter(|component| *component != Component::CurDir)
}

impl fmt::Debug for InputRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputRegistry").field("is_streamed", &self.is_streamed).finish_non_exhaustive()
    }
}
