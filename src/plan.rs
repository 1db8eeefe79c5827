//! From names to work: a lazy list of the inputs, each with the name of its output.
//!
//! Arguments are taken in their order, folders are walked as they are reached, and nothing is kept but the
//! place in the walk and a hash of each output's name, so a tree of any size costs little. Opens folders;
//! never a file.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use rustix::fs::FileType;
use rustix::io::Errno;
use walkdir::{DirEntry, WalkDir};

use crate::folder::{self, Folder};
use crate::input::{Source, stdin_name};
use crate::outcome::{Outcome, Reason};
use crate::output::is_temporary;
use crate::settings::{Destination, Settings};
use crate::shown::Shown;

/// One input to be opened, or one that needs no opening to know what becomes of it.
#[derive(Debug)]
pub enum Planned {
    /// To be compressed.
    Item(Item),
    /// This name's outcome is known already.
    Settled(PathBuf, Outcome),
}

/// One input to be compressed.
#[derive(Debug)]
pub struct Item {
    /// Its name as given, for messages.
    pub shown: PathBuf,
    /// Where it is to be found.
    pub source: Source,
    /// Where its output goes.
    pub target: Target,
}

/// Where an input's output goes.
#[derive(Debug)]
pub enum Target {
    /// Into the one output that takes all.
    Joined,
    /// Nowhere: the input has the suffix already.
    HasSuffix,
    /// Under this name, beside the input.
    Beside(OsString),
    /// Under this name in this folder below the output folder.
    Mirrored(PathBuf, OsString),
    /// Into the file that was named for it.
    Named(PathBuf),
}

/// The inputs of a run, one after the other.
pub struct Plan {
    settings: Arc<Settings>,
    /// Arguments taken so far.
    taken_arguments: usize,
    walk: Option<Walk>,
    /// Folder of the last argument, as the next one's is mostly the same.
    last: Option<(PathBuf, Arc<Folder>)>,
    /// Places that outputs of this run take.
    taken: HashSet<u128>,
}

/// A walk under way.
struct Walk {
    root: Arc<Folder>,
    path: PathBuf,
    entries: walkdir::IntoIter,
    /// The folder of the last entry, and its path below the root.
    last: (PathBuf, Arc<Folder>),
}

impl Plan {
    /// The plan for the inputs of `settings`.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings, taken_arguments: 0, walk: None, last: None, taken: HashSet::new() }
    }

    /// Whether another name may come.
    pub fn has_more(&self) -> bool {
        self.walk.is_some() || self.taken_arguments < self.settings.inputs.len()
    }

    fn next_argument(&mut self) -> Option<OsString> {
        let index = self.taken_arguments;
        self.taken_arguments += 1;
        // No argument at all is standard input.
        let none = (index == 0 && self.settings.inputs.is_empty()).then(|| OsString::from("-"));
        self.settings.inputs.get(index).cloned().or(none)
    }

    /// Plans for one argument; `None` if it began a walk.
    fn argument(&mut self, argument: OsString) -> Result<Option<Item>, Outcome> {
        if argument == "-" {
            let target = Target::Joined;
            // Two streams into standard output at once would make a mess of it; in one they are two members.
            if !self.settings.concatenates() && !self.taken.insert(folder::fingerprint(&"-")) {
                return Err(Outcome::Failed(anyhow!("can be compressed only once")));
            }
            return Ok(Some(Item { shown: stdin_name().into(), source: Source::Stdin, target }));
        }
        let path = PathBuf::from(&argument);
        let Some((parent, name)) = folder::split(&argument) else {
            // To Folder::open the empty path is the working folder; to a user it is a name that nothing has.
            let root = if argument.is_empty() { Err(Errno::NOENT.into()) } else { Folder::open(&path) };
            return self.begin_walk(root?, path);
        };
        let folder = self.folder(parent)?;
        if self.settings.recursive
            && let Some(root) = self.folder_named(&folder, &name, &path)?
        {
            return self.begin_walk(root, path);
        }
        self.item(path, folder, name, false).map(Some)
    }

    /// Opens the argument `name` in `parent` if it is a folder; a link to one only where originals are kept.
    fn folder_named(&self, parent: &Folder, name: &OsStr, path: &Path) -> Result<Option<Folder>, Outcome> {
        let Ok(Some(stat)) = parent.look(name) else {
            return Ok(None);
        };
        let opened = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => parent.beneath(Path::new(name)),
            FileType::Symlink if path.is_dir() && self.settings.removes() => {
                return Err(Outcome::Skipped(Reason::SymbolicLink));
            }
            FileType::Symlink if path.is_dir() => Folder::open(path),
            _ => return Ok(None),
        };
        Ok(Some(opened?))
    }

    fn begin_walk(&mut self, root: Folder, path: PathBuf) -> Result<Option<Item>, Outcome> {
        if !self.settings.recursive {
            return Err(Outcome::Skipped(Reason::Folder));
        }
        if let Destination::Folder(_) = self.settings.destination {
            // Told once, and not for every file that would be found.
            mirrored_folder(&path.join("any"))?;
        }
        let mut entries = WalkDir::new(&path).min_depth(1);
        if self.settings.concatenates() {
            // Members in an order that does not depend on the file system.
            entries = entries.sort_by_file_name();
        }
        let root = Arc::new(root);
        let last = (PathBuf::new(), Arc::clone(&root));
        self.walk = Some(Walk { root, path, entries: entries.into_iter(), last });
        Ok(None)
    }

    /// Plans for what a walk came across; `None` for what is passed over without a word.
    fn entry(&mut self, entry: DirEntry) -> Result<Option<Item>, Outcome> {
        let kind = entry.file_type();
        if kind.is_dir() || is_temporary(entry.file_name()) {
            return Ok(None);
        }
        if kind.is_symlink() {
            return Err(Outcome::Skipped(Reason::WalkedLink));
        }
        if !kind.is_file() {
            return Err(Outcome::Skipped(Reason::NotRegular));
        }
        if !self.settings.concatenates() && has_suffix(entry.file_name(), &self.settings.suffix) {
            return Err(Outcome::Skipped(Reason::HasSuffix { recursive: true }));
        }
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        let folder = walk.folder_of(entry.path())?;
        let name = entry.file_name().to_owned();
        self.item(entry.into_path(), folder, name, true).map(Some)
    }

    /// The item for a file, if its output's name is not another one's already.
    fn item(&mut self, shown: PathBuf, folder: Arc<Folder>, name: OsString, walked: bool) -> Result<Item, Outcome> {
        let settings = Arc::clone(&self.settings);
        let target = match &settings.destination {
            Destination::File(path) if !settings.concatenates() => Target::Named(path.clone()),
            Destination::Stdout | Destination::File(_) => Target::Joined,
            _ if has_suffix(&name, &settings.suffix) => Target::HasSuffix,
            Destination::Beside => Target::Beside(with_suffix(&name, &settings.suffix)),
            Destination::Folder(_) => Target::Mirrored(mirrored_folder(&shown)?, with_suffix(&name, &settings.suffix)),
        };
        let place = match &target {
            Target::Beside(output) => Some((folder.place(output), folder.shown(output))),
            Target::Mirrored(path, output) => {
                let path = path.join(output);
                Some((folder::fingerprint(&path), path))
            }
            Target::Joined | Target::HasSuffix | Target::Named(_) => None,
        };
        if let Some((place, output)) = place
            && !self.taken.insert(place)
        {
            return Err(Outcome::Failed(anyhow!("{} is the output of another input already", Shown::path(&output))));
        }
        Ok(Item { shown, source: Source::File { folder, name, walked }, target })
    }

    /// Opens an argument's folder.
    fn folder(&mut self, path: PathBuf) -> io::Result<Arc<Folder>> {
        if let Some((last, folder)) = &self.last
            && *last == path
        {
            return Ok(Arc::clone(folder));
        }
        let folder = Arc::new(Folder::open(&path)?);
        self.last = Some((path, Arc::clone(&folder)));
        Ok(folder)
    }
}

impl Iterator for Plan {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        loop {
            let (shown, planned) = match self.walk.as_mut().map(|walk| walk.entries.next()) {
                Some(Some(Ok(entry))) => (entry.path().to_owned(), self.entry(entry)),
                Some(Some(Err(error))) => {
                    let path = error.path().map_or_else(PathBuf::new, Path::to_owned);
                    // Only followed links make loops, and none are followed.
                    let reason = error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into());
                    (path, Err(reason.into()))
                }
                Some(None) => {
                    self.walk = None;
                    continue;
                }
                None => {
                    let argument = self.next_argument()?;
                    let shown = if argument == "-" { stdin_name().into() } else { PathBuf::from(&argument) };
                    (shown, self.argument(argument))
                }
            };
            match planned {
                Ok(Some(item)) => return Some(Planned::Item(item)),
                Ok(None) => {}
                Err(outcome) => return Some(Planned::Settled(shown, outcome)),
            }
        }
    }
}

impl Walk {
    /// The opened folder of the entry `path`.
    fn folder_of(&mut self, path: &Path) -> io::Result<Arc<Folder>> {
        let parent = path.parent().unwrap_or(path);
        let below = parent.strip_prefix(&self.path).map_err(io::Error::other)?;
        if self.last.0 != below {
            self.last = (below.to_owned(), Arc::new(self.root.beneath(below)?));
        }
        Ok(Arc::clone(&self.last.1))
    }
}

/// Whether `name` ends with the suffix, and is more than it.
fn has_suffix(name: &OsStr, suffix: &OsStr) -> bool {
    name.len() > suffix.len() && name.as_bytes().ends_with(suffix.as_bytes())
}

fn with_suffix(name: &OsStr, suffix: &OsStr) -> OsString {
    let mut output = name.to_owned();
    output.push(suffix);
    output
}

/// The folder of `path` as it is mirrored below the output folder: without `.`, and without the root's slash.
fn mirrored_folder(path: &Path) -> Result<PathBuf, Outcome> {
    let parts = path.parent().unwrap_or(Path::new("")).components();
    parts
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .map(|part| match part {
            Component::Normal(name) => Ok(name),
            _ => Err(Outcome::Failed(anyhow!("a path with .. cannot be mirrored in the output folder"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn plan(inputs: &[&Path], change: impl FnOnce(&mut Settings)) -> Vec<Planned> {
        let mut settings = Settings { inputs: inputs.iter().map(|p| p.into()).collect(), ..Settings::default() };
        change(&mut settings);
        Plan::new(Arc::new(settings)).collect()
    }

    fn items(planned: Vec<Planned>) -> Vec<PathBuf> {
        let items = planned.into_iter().filter_map(|p| match p {
            Planned::Item(item) => Some(item.shown),
            Planned::Settled(..) => None,
        });
        items.collect()
    }

    #[test]
    fn suffixes_are_told_from_names() {
        let gz = OsStr::new(".gz");
        assert!(has_suffix(OsStr::new("a.gz"), gz));
        for other in ["a", "a.GZ", ".gz", "agz"] {
            assert!(!has_suffix(OsStr::new(other), gz), "{other}");
        }
        assert_eq!(with_suffix(OsStr::new("a.tar"), gz), "a.tar.gz");
    }

    #[test]
    fn mirrored_paths_stay_below_the_output_folder() {
        let mirrored = |p: &str| mirrored_folder(Path::new(p)).ok();
        assert_eq!(mirrored("/var/log/a"), Some("var/log".into()));
        assert_eq!(mirrored("./x/./a"), Some("x".into()));
        assert_eq!(mirrored("a"), Some("".into()));
        assert_eq!(mirrored("../a"), None);
        assert_eq!(mirrored("x/../a"), None);
    }

    #[test]
    fn one_file_under_two_paths_has_one_output() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("x")).unwrap();
        let (plain, detour) = (dir.path().join("a"), dir.path().join("x/../a"));
        let planned = plan(&[&plain, &detour], |_| {});
        assert!(matches!(planned[..], [Planned::Item(_), Planned::Settled(_, Outcome::Failed(_))]), "{planned:?}");
    }

    #[test]
    fn a_walk_takes_files_and_passes_by_links_suffixes_and_temporaries() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("t/.hidden")).unwrap();
        for file in ["t/b", "t/a", "t/.hidden/c", "t/d.gz", "t/.gzcc-0123456789abcdef"] {
            fs::write(dir.path().join(file), "x").unwrap();
        }
        std::os::unix::fs::symlink("a", dir.path().join("t/link")).unwrap();
        let root = dir.path().join("t");
        let mut found = items(plan(&[&root], |s| s.recursive = true));
        found.sort();
        assert_eq!(found, [root.join(".hidden/c"), root.join("a"), root.join("b")]);
        assert!(items(plan(&[&root], |_| {})) == [root], "without -r the job finds out that it is a folder");
    }

    #[test]
    fn a_walk_into_one_output_is_sorted() {
        let dir = tempfile::tempdir().unwrap();
        for i in (0..50).rev() {
            fs::write(dir.path().join(format!("{i:02}")), "x").unwrap();
        }
        let found = items(plan(&[dir.path()], |s| {
            s.recursive = true;
            s.destination = Destination::Stdout;
        }));
        assert!(found.len() == 50 && found.is_sorted());
    }
}
