//! The inputs of a run, as a lazy list: each with the name of its output, or with the outcome that its name decides.
//!
//! Arguments are processed in their order; lists are read and directories walked as they are reached. Only the position in the
//! list and in the walk, and hashes of names, are kept in memory. Opens directories and lists, never an input.

mod arguments;
mod input_registry;
mod item;
mod matcher;
mod name_reader;
mod target;
mod walk;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;
use walkdir::DirEntry;

use self::arguments::{Argument, Arguments};
pub use self::input_registry::stdout_is_list;
pub(crate) use self::input_registry::{InputProtection, InputRegistry, is_same_name, known_list, known_stdin};
use self::item::NamedFile;
pub(crate) use self::item::{Item, Selected};
use self::matcher::{Found, Matcher};
pub(crate) use self::target::{DerivedOutput, FileTarget, Target, claim, could_be_input};
use self::target::{is_skipped_for_name, mirrored_directory};
use self::walk::{UnreadableDirectory, Walk};
use crate::error::Error;
use crate::io::directory::{self, Directory, LastDirectory, SplitPath};
use crate::io::file_status::file_type;
use crate::io::input::{STDIN_NAME, Source};
use crate::io::temporary::is_temporary;
use crate::outcome::{InputId, NamedOutcome, Outcome, Reason};
use crate::select::output_registry::OutputRegistry;
use crate::select::suffix;
use crate::settings::{Destination, Settings};

/// The inputs of a run, one after the other.
pub(crate) struct Selection {
    settings: Arc<Settings>,
    /// The number of inputs so far.
    count: u64,
    arguments: Arguments,
    matcher: Matcher,
    walk: Option<Walk>,
    /// The directory of the last argument.
    last: LastDirectory,
    /// The outputs of this run.
    outputs: Arc<OutputRegistry>,
    /// The inputs of this run.
    inputs: Arc<InputRegistry>,
    /// Inputs are only counted, so their outputs are not recorded.
    counting: bool,
}

impl Selection {
    /// The inputs of `settings`.
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let arguments = Arguments::new(Arc::clone(&settings));
        let matcher = Matcher::new(Arc::clone(&settings));
        let inputs = Arc::new(InputRegistry::new(Arc::clone(&settings)));
        let outputs = Arc::new(OutputRegistry::new());
        Self {
            settings,
            count: 0,
            arguments,
            matcher,
            walk: None,
            last: LastDirectory::default(),
            outputs,
            inputs,
            counting: false,
        }
    }

    /// The inputs of `settings`, to be counted only. Records no outputs, so that its memory does not grow.
    pub(crate) fn to_count(settings: Arc<Settings>) -> Self {
        Self { counting: true, ..Self::new(settings) }
    }

    /// Whether more inputs may follow.
    pub(crate) fn has_more(&self) -> bool {
        self.walk.is_some() || self.arguments.has_more()
    }

    /// The outputs of this run. The registry can be used while the selection waits for a list.
    pub(crate) fn outputs(&self) -> Arc<OutputRegistry> {
        Arc::clone(&self.outputs)
    }

    /// The inputs of this run. The registry can be used while the selection waits for a list.
    pub(crate) fn inputs(&self) -> Arc<InputRegistry> {
        Arc::clone(&self.inputs)
    }

    /// Fails `item`, because the disk of its output is full. Also ends the walk that found it: an error for each of the files that
    /// remain in it would hide other messages.
    pub(crate) fn fail_for_full_disk(&mut self, item: Item) -> Selected {
        let (shown, what) = match self.walk.take() {
            Some(walk) => (walk.into_path(), "what is left in it is not begun"),
            None => (item.id.shown, "not begun"),
        };
        let outcome = Outcome::Failed(Error::other(format_args!("{what}, as the disk is full")));
        Selected::Settled(InputId { shown, ..item.id }, outcome)
    }

    fn stdin(&mut self) -> Selected {
        let settings = &self.settings;
        // Two streams would mix their data on standard output. In one stream, standard input can occur twice: the second member
        // is empty.
        let again = !settings.concatenates() && !self.outputs.claim_stdout();
        if again || settings.list.as_ref().is_some_and(|list| list.path.is_none()) {
            let id = InputId { is_stdin: true, ..self.new_id(STDIN_NAME.into()) };
            return Selected::Settled(id, Outcome::Failed(Error::other("can be read only once")));
        }
        let target = if settings.destination == Destination::Discard { Target::Discard } else { Target::Concatenated };
        Selected::Item(self.new_item(STDIN_NAME.into(), Source::Stdin, target))
    }

    /// The item of one argument; `None` if it is a directory, whose walk was started, or belongs to another shard.
    fn argument(&mut self, argument: &OsStr) -> Result<Option<Item>, Outcome> {
        let path = PathBuf::from(argument);
        let Some(SplitPath { parent, name }) = directory::split(argument) else {
            // Directory::open takes the empty path for the working directory; as an argument, nothing has that name.
            let root = if argument.is_empty() { Err(Errno::NOENT.into()) } else { Directory::open(&path) };
            return self.start_walk(root?, path);
        };
        let recursive = self.settings.recursive;
        // If the argument cannot be a directory, its name decides before anything is opened.
        if !recursive && self.matcher.is_of_other_shard(argument) {
            return Ok(None);
        }
        // When decompressing, an argument can mean a file of another name.
        let is_final_name = !recursive && !self.settings.reads_gzip();
        if is_final_name && !self.matcher.accepts_named(&name) {
            return Err(Outcome::Skipped(Reason::NotSelected));
        }
        let directory = self.last.get(&parent, || Directory::open(&parent).map(Arc::new))?;
        let implied = if self.settings.reads_gzip() { implied_name(&directory, &name, &self.settings) } else { None };
        let (path, name) = match implied {
            Some(implied) => (path.with_file_name(&implied), implied),
            None => (path, name),
        };
        if recursive && let Some(root) = self.named_directory(&directory, &name, &path)? {
            return self.start_walk(root, path);
        }
        if recursive && self.matcher.is_of_other_shard(argument) {
            return Ok(None);
        }
        if !is_final_name && !self.matcher.accepts_named(&name)
            || !self.matcher.accepts_metadata(&directory, &name, false)?
        {
            return Err(Outcome::Skipped(Reason::NotSelected));
        }
        self.item(NamedFile { shown: path, directory, name, walked: false })
    }

    /// Opens the argument `name` in `parent` if it is a directory, or a link to one. A link is refused if originals are removed.
    fn named_directory(&self, parent: &Directory, name: &OsStr, path: &Path) -> Result<Option<Directory>, Outcome> {
        let Some(stat) = parent.lstat(name)? else {
            return Ok(None);
        };
        let opened = match file_type(&stat) {
            FileType::Directory => parent.beneath(Path::new(name)),
            FileType::Symlink if path.is_dir() && self.settings.removes() => {
                return Err(Outcome::Skipped(Reason::SymbolicLink));
            }
            FileType::Symlink if path.is_dir() => Directory::open(path),
            _ => return Ok(None),
        };
        Ok(Some(opened?))
    }

    fn start_walk(&mut self, root: Directory, path: PathBuf) -> Result<Option<Item>, Outcome> {
        if !self.settings.recursive {
            return Err(Outcome::Skipped(Reason::Directory));
        }
        if let Destination::Directory(_) = self.settings.destination {
            // A path that cannot be mirrored fails here, once, instead of for every file below it.
            mirrored_directory(&path.join("any"))?;
        }
        if !self.matcher.start_at(path.file_name()) {
            return Err(Outcome::Skipped(Reason::NotSelected));
        }
        self.walk = Some(Walk::new(root, path, &self.settings));
        Ok(None)
    }

    /// The item of a directory entry; `None` for directories and for entries that are ignored.
    fn entry(&mut self, entry: &DirEntry) -> Result<Option<Item>, Outcome> {
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        let (kind, name) = (entry.file_type(), entry.file_name());
        let found = Found { path: walk.below(entry.path()), name, depth: entry.depth() };
        if kind.is_dir() {
            if !self.matcher.enter(found) {
                walk.skip_directory(entry);
            }
            return Ok(None);
        }
        if is_temporary(name) || !self.matcher.accepts_found(found) {
            return Ok(None);
        }
        if kind.is_symlink() {
            return Err(Outcome::Skipped(Reason::WalkedLink));
        }
        if !kind.is_file() {
            return Err(Outcome::Skipped(Reason::NotRegular));
        }
        let directory = walk.directory_of(entry.path())?;
        // The metadata of a file that is skipped for its name need not be read.
        if !is_skipped_for_name(name, &self.settings) && !self.matcher.accepts_metadata(&directory, name, true)? {
            return Ok(None);
        }
        let output_is_walked = self.walks_output(entry, &directory)?;
        let file = NamedFile { shown: entry.path().to_owned(), directory, name: name.to_owned(), walked: true };
        Ok(self.item(file)?.map(|item| Item { output_is_walked, ..item }))
    }

    /// Handles a directory that could not be read: an error, unless the filter rejects it.
    fn unreadable(&mut self, directory: UnreadableDirectory) -> Result<Option<Item>, NamedOutcome> {
        let UnreadableDirectory { path, depth, error } = directory;
        if let (Some(walk), Some(depth), Some(name)) = (&self.walk, depth, path.file_name())
            && !self.matcher.enter(Found { path: walk.below(&path), name, depth })
        {
            return Ok(None);
        }
        Err(NamedOutcome::new(path, error))
    }

    /// The next argument. Records it as an input if it cannot be read again later.
    fn next_argument(&mut self) -> Option<<Arguments as Iterator>::Item> {
        let argument = self.arguments.next();
        match &argument {
            Some(Ok(Argument::Named(name))) => self.inputs.record_argument(name),
            Some(_) => {}
            None => self.inputs.end_list(),
        }
        argument
    }
}

impl Iterator for Selection {
    type Item = Selected;

    fn next(&mut self) -> Option<Selected> {
        loop {
            let item = match self.walk.as_mut().map(Iterator::next) {
                Some(Some(Ok(entry))) => self.entry(&entry).map_err(|outcome| NamedOutcome::new(entry.path(), outcome)),
                Some(Some(Err(directory))) => self.unreadable(directory),
                Some(None) => {
                    self.walk = None;
                    continue;
                }
                None => match self.next_argument()? {
                    Ok(Argument::Stdin) => return Some(self.stdin()),
                    Ok(Argument::Named(name)) => {
                        self.argument(&name).map_err(|outcome| NamedOutcome::new(name, outcome))
                    }
                    Err(failed) => Err(failed),
                },
            };
            match item {
                Ok(Some(item)) => return Some(Selected::Item(item)),
                Ok(None) => {}
                Err(NamedOutcome { shown, outcome }) => return Some(Selected::Settled(self.new_id(shown), outcome)),
            }
        }
    }
}

/// The name that the argument `name` means when decompressing, if no file has that name: the name with a suffix added (`a.gz` for
/// `a`). Where links are followed, a dangling link counts as no file, as in GNU gunzip. If no candidate exists either, the result is
/// the first one, so that the error names it.
fn implied_name(directory: &Directory, name: &OsStr, settings: &Settings) -> Option<OsString> {
    let exists = |name: &OsStr| !matches!(directory.lstat(name), Ok(None));
    let follows = matches!(settings.destination, Destination::Stdout | Destination::Discard)
        || !settings.refuses(settings.symlinks);
    let is_usable = || exists(name) && !(follows && matches!(directory.stat(name), Ok(None)));
    let candidates: Vec<OsString> = suffix::with_suffixes(name, &settings.suffix).collect();
    if candidates.is_empty() || is_usable() {
        return None;
    }
    candidates.iter().find(|name| exists(name)).or(candidates.first()).cloned()
}

#[cfg(test)]
mod selection_tests;
