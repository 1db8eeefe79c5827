//! The files that a run reads, so that no output replaces one of them.
//!
//! The registry is used when an output is about to replace a file, or when standard output is a file with content. The first time,
//! it looks up every name of the settings, and of the list if it can be read twice. For each file it keeps two hashes of 8 bytes:
//! one of its device and inode number, and one of its name as given. Where inode numbers do not identify files, there are more
//! hashes: see [`FileKey`]. Files that a walk reads are recognised by name alone, because a walk follows no links: see
//! [`InputProtection::output_is_walked`].
//!
//! Lists and walks are read step by step, which has two limits:
//! - A list from a pipe cannot be read ahead. Before its end, an output replaces no file whose name could be in the list. If the
//!   list contains a link to an output that was replaced before, the input is refused, and the old file is lost.
//! - A file with several hard links is known under its other names after the walk has opened one of them. Before that, an
//!   output can replace one of the links. The content remains under the link that the walk reads.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::AsFd;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustix::fs::{FileType, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::matcher::Matcher;
use super::name_reader::NameReader;
use super::target::{output_name, skips_named};
use crate::io::directory::{self, Directory};
use crate::io::file_status::{Identity, file_type, is_regular, is_symlink};
use crate::io::known_file::{FileKey, InodeTrust, KnownFile, other_keys, path_of_directory, path_of_opened};
use crate::io::output::{Protection, Refusal};
use crate::select::suffix;
use crate::settings::{NameList, Settings};
use crate::sync::lock;

/// The files and directories that a run reads.
pub(crate) struct InputRegistry {
    settings: Arc<Settings>,
    hasher: RandomState,
    trust: InodeTrust,
    /// A list that cannot be read twice has not ended.
    list_continues: AtomicBool,
    /// The list cannot be read twice, so arguments are recorded as they are read.
    is_streamed: bool,
    known: Mutex<Known>,
}

/// The inputs that are known so far.
struct Known {
    /// Hashes of keys, and of names as given.
    files: HashSet<u64>,
    /// Directories that are walked.
    directories: Vec<Identity>,
    /// The resolved paths of those whose inode numbers do not identify them.
    directory_paths: Vec<PathBuf>,
    /// The directory of the last name. The next name is often in the same one.
    resolved: Option<ResolvedDirectory>,
    matcher: Matcher,
    /// A second reader of the list, from its beginning; `None` after it was read.
    list: Option<NameReader>,
    /// All names that are known in advance were looked up.
    is_complete: bool,
}

/// The path of a directory without links.
struct ResolvedDirectory {
    given: PathBuf,
    resolved: PathBuf,
}

/// A file that an argument means.
struct FileOfArgument {
    path: PathBuf,
    /// Its status; of the link, if it is one.
    stat: Stat,
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
        let counts = !skips_named(&inputs.settings) || output_name(name, &inputs.settings).is_ok();
        let mut known = lock(&inputs.known);
        match self.output_is_walked {
            Some(true) if counts => return Err(Refusal::IsAnInput),
            _ if counts && inputs.list_continues.load(Ordering::Relaxed) => return Err(Refusal::MayBeAnInput),
            // Standard input and the list are known from the start.
            _ if inputs.contains(&known, existing, directory, name) => return Err(Refusal::IsAnInput),
            _ if !counts && existing.st_nlink == 1 && inputs.settings.refuses(inputs.settings.symlinks) => {
                return Ok(());
            }
            _ => {}
        }
        inputs.complete(&mut known);
        let walked = || match self.output_is_walked {
            None if counts => inputs.is_walked(&known, directory),
            _ => Ok(false),
        };
        let named = || known.files.contains(&inputs.hash_of_name(&directory.display_path(name)));
        match inputs.contains(&known, existing, directory, name) || named() || walked()? {
            true => Err(Refusal::IsAnInput),
            false => Ok(()),
        }
    }
}

impl InputRegistry {
    /// A registry for the inputs of `settings`. Opens the list now, because the run may remove it before it is read.
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let overwrites = settings.may_replace() || settings.stdout_has_data();
        let list = settings.list.as_ref().filter(|_| overwrites);
        let again = list.and_then(|list| NameReader::open_again(list).ok().flatten());
        let is_streamed = settings.may_replace() && list.is_some() && again.is_none();
        let matcher = Matcher::new(Arc::clone(&settings));
        let (hasher, list_continues) = (RandomState::new(), AtomicBool::new(is_streamed));
        let reads_stdin = overwrites && settings.reads_stdin();
        let unnamed = [reads_stdin.then(known_stdin).flatten(), list.and_then(known_list)];
        let files =
            unnamed.into_iter().flatten().flat_map(KnownFile::into_keys).map(|key| hasher.hash_one(key)).collect();
        let (directories, directory_paths) = (Vec::new(), Vec::new());
        let known =
            Known { files, directories, directory_paths, resolved: None, matcher, list: again, is_complete: false };
        let (trust, known) = (InodeTrust::default(), Mutex::new(known));
        Self { settings, hasher, trust, list_continues, is_streamed, known }
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

    /// Whether the run is known to read `file`. Looks up every name that is known in advance.
    pub(crate) fn reads(&self, file: &KnownFile) -> bool {
        let mut known = lock(&self.known);
        self.complete(&mut known);
        file.clone().into_keys().any(|key| known.files.contains(&self.hasher.hash_one(key)))
    }

    /// Records a file with several links that was opened.
    pub(crate) fn add(&self, stat: &Stat) {
        let keys = [Some(FileKey::Inode(Identity::of(stat))), FileKey::of_links(stat)];
        lock(&self.known).files.extend(keys.into_iter().flatten().map(|key| self.hasher.hash_one(key)));
    }

    /// Whether `name` in `directory`, whose status is `stat`, is known.
    fn contains(&self, known: &Known, stat: &Stat, directory: &Directory, name: &OsStr) -> bool {
        let is_known = |key| known.files.contains(&self.hasher.hash_one(key));
        let path = || path_of_opened(directory.as_fd()).map(|parent| parent.join(name));
        is_known(FileKey::Inode(Identity::of(stat)))
            || !self.trust.of_directory(directory) && other_keys(stat, path()).into_iter().any(is_known)
    }

    /// Whether `directory` is walked.
    fn is_walked(&self, known: &Known, directory: &Directory) -> io::Result<bool> {
        let is_below = |path: PathBuf| known.directory_paths.iter().any(|walked| path.starts_with(walked));
        Ok(!known.directory_paths.is_empty() && path_of_opened(directory.as_fd()).is_some_and(is_below)
            || !known.directories.is_empty() && directory.is_within(&known.directories)?)
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
        let Some(FileOfArgument { path, stat }) = self.resolve(name) else { return };
        let target = is_symlink(&stat).then(|| retry_on_intr(|| rustix::fs::stat(&path)).ok()).flatten();
        let last = path.file_name().unwrap_or_default();
        let counts = (!skips_named(&self.settings) || output_name(last, &self.settings).is_ok())
            && known.matcher.accepts_named(last)
            && !known.matcher.is_of_other_shard(name);
        if counts {
            known.files.insert(self.hash_of_name(&path));
        }
        for (stat, follow) in [Some((stat, false)), target.map(|target| (target, true))].into_iter().flatten() {
            let is_directory = file_type(&stat) == FileType::Directory;
            if !is_directory && !counts || is_directory && !self.settings.recursive {
                continue;
            }
            let needs_path = self.needs_path(&stat, &path, follow);
            let resolved = || if follow { path.canonicalize() } else { known.resolved(&path) };
            let resolved = needs_path.then(resolved).and_then(Result::ok);
            if is_directory {
                known.directories.push(Identity::of(&stat));
                known.directory_paths.extend(resolved);
            } else {
                let others = if needs_path { other_keys(&stat, resolved) } else { Vec::new() };
                let keys = std::iter::once(FileKey::Inode(Identity::of(&stat))).chain(others);
                known.files.extend(keys.map(|key| self.hasher.hash_one(key)));
            }
        }
    }

    /// Whether the inode number in `stat`, the status of `path`, does not identify the file. `follow` if links were followed.
    fn needs_path(&self, stat: &Stat, path: &Path, follow: bool) -> bool {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        !self.trust.of(stat.st_dev, || rustix::fs::statfs(if follow { path } else { parent }))
    }

    /// The file that the argument `name` means.
    fn resolve(&self, name: &OsStr) -> Option<FileOfArgument> {
        let look = |path: PathBuf| match retry_on_intr(|| rustix::fs::lstat(&path)) {
            Ok(stat) => Ok(FileOfArgument { path, stat }),
            Err(error) => Err(error),
        };
        match look(PathBuf::from(name)) {
            Ok(found) => Some(found),
            Err(Errno::NOENT) if self.settings.reads_gzip() => {
                let last = directory::split(name)?.name;
                let candidates = suffix::with_suffixes(&last, &self.settings.suffix);
                candidates.filter_map(|last| look(Path::new(name).with_file_name(last)).ok()).next()
            }
            Err(_) => None,
        }
    }
}

impl Known {
    /// The resolved path of `path`, whose last part is not followed.
    fn resolved(&mut self, path: &Path) -> io::Result<PathBuf> {
        let (parent, name) = (path.parent().unwrap_or(Path::new("")), path.file_name());
        // The path of a directory can end with `..`.
        let Some(name) = name else { return path.canonicalize() };
        if let Some(ResolvedDirectory { given, resolved }) = &self.resolved
            && given == parent
        {
            return Ok(resolved.join(name));
        }
        let resolved = path_of_directory(parent)?;
        let path = resolved.join(name);
        self.resolved = Some(ResolvedDirectory { given: parent.to_owned(), resolved });
        Ok(path)
    }
}

/// The file that the list is read from.
pub(crate) fn known_list(list: &NameList) -> Option<KnownFile> {
    match &list.path {
        Some(path) => rustix::fs::stat(path).ok().map(|stat| KnownFile::named(path, &stat)),
        None => known_stdin(),
    }
}

/// Whether standard output is a file that is also the list of names, so that a report would become part of the list.
pub fn stdout_is_list(settings: &Settings) -> bool {
    let stdout = rustix::stdio::stdout();
    let Some(list) = settings.list.as_ref().and_then(known_list) else { return false };
    rustix::fs::fstat(stdout).is_ok_and(|stat| is_regular(&stat) && list.is(stdout, &stat))
}

/// The file behind standard input.
pub(crate) fn known_stdin() -> Option<KnownFile> {
    let stdin = rustix::stdio::stdin();
    rustix::fs::fstat(stdin).ok().map(|stat| KnownFile::opened(stdin, &stat))
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
