//! From names to work: a lazy list of the inputs, each with the name of its output.
//!
//! Arguments are taken in their order, lists are read and folders walked as they are reached, and nothing is kept but
//! the place in list and walk and a hash of each output's name, so a tree of any size costs little. Opens folders and
//! lists; never an input.

mod arguments;
mod input_registry;
mod matcher;
mod name_reader;
mod target;
mod walk;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustix::fs::FileType;
use rustix::io::Errno;
use walkdir::DirEntry;

use self::arguments::{Argument, Arguments};
pub use self::input_registry::{InputProtection, InputRegistry, is_same_name};
use self::matcher::{Found, Matcher};
pub use self::target::{Target, claim, could_be_input};
use self::target::{is_passed_by, mirrored_directory, output_name};
use self::walk::{Broken, Walk};
use crate::error::Error;
use crate::io::directory::{self, Directory};
use crate::io::input::{STDIN_NAME, Source};
use crate::io::temporary::is_temporary;
use crate::outcome::{InputId, Outcome, Reason};
use crate::select::output_registry::{ExistingOutput, OutputRegistry};
use crate::select::suffix;
use crate::settings::{Destination, Settings};

/// One input to be opened, or one that needs no opening to know what becomes of it.
#[derive(Debug)]
pub enum Selected {
    /// To be opened.
    Item(Item),
    /// This name's outcome is known already.
    Settled(InputId, Outcome),
}

/// One input to be opened.
#[derive(Debug)]
pub struct Item {
    /// Its name.
    pub id: InputId,
    /// Where it is to be found.
    pub source: Source,
    /// Where its output goes.
    pub target: Target,
    /// Whether the walk that found it also takes a file of its output's name, beside it; `None` if that is not known.
    pub output_is_walked: Option<bool>,
}

/// The inputs of a run, one after the other.
pub struct Selection {
    settings: Arc<Settings>,
    /// Inputs planned so far.
    planned: u64,
    arguments: Arguments,
    matcher: Matcher,
    walk: Option<Walk>,
    /// Folder of the last argument, as the next one's is mostly the same.
    last: Option<(PathBuf, Arc<Directory>)>,
    /// Outputs of this run.
    outputs: Arc<OutputRegistry>,
    /// Inputs of this run.
    inputs: Arc<InputRegistry>,
    /// Inputs are only counted, so their outputs are not remembered.
    counting: bool,
}

impl Selection {
    /// The plan for the inputs of `settings`.
    pub fn new(settings: Arc<Settings>) -> Self {
        let arguments = Arguments::new(Arc::clone(&settings));
        let matcher = Matcher::new(Arc::clone(&settings));
        let inputs = Arc::new(InputRegistry::new(Arc::clone(&settings)));
        Self {
            settings,
            planned: 0,
            arguments,
            matcher,
            walk: None,
            last: None,
            outputs: Arc::default(),
            inputs,
            counting: false,
        }
    }

    /// The same plan, for a thread that counts inputs. It remembers no outputs, so that its memory does not grow.
    pub fn to_count(settings: Arc<Settings>) -> Self {
        Self { counting: true, ..Self::new(settings) }
    }

    /// Whether another name may come.
    pub fn has_more(&self) -> bool {
        self.walk.is_some() || self.arguments.has_more()
    }

    /// Outputs of this run. Whoever asks them does not wait for the plan, which may wait for a list to go on.
    pub fn outputs(&self) -> Arc<OutputRegistry> {
        Arc::clone(&self.outputs)
    }

    /// Inputs of this run, asked in the same way.
    pub fn inputs(&self) -> Arc<InputRegistry> {
        Arc::clone(&self.inputs)
    }

    /// Passes over the input that came next, as there is no room for its output; and over all that is left of its walk,
    /// as a line for each of millions would help nobody.
    pub fn pass(&mut self, item: Item) -> Selected {
        let (shown, what) = match self.walk.take() {
            Some(walk) => (walk.into_path(), "what is left in it is not begun"),
            None => (item.id.shown, "not begun"),
        };
        let outcome = Outcome::Failed(Error::other(format_args!("{what}, as the disk is full")));
        Selected::Settled(InputId { shown, ..item.id }, outcome)
    }

    /// Plans for standard input.
    fn stdin(&mut self) -> Selected {
        let settings = &self.settings;
        // Two streams into standard output at once would make a mess of it; in one they are two members.
        let again = !settings.concatenates() && !self.outputs.standard_output();
        if again || settings.list.as_ref().is_some_and(|list| list.path.is_none()) {
            let id = InputId { is_stdin: true, ..self.new_id(STDIN_NAME.into()) };
            return Selected::Settled(id, Outcome::Failed(Error::other("can be read only once")));
        }
        let target = if settings.destination == Destination::Discard { Target::Discard } else { Target::Concatenated };
        Selected::Item(self.item_with_id(STDIN_NAME.into(), Source::Stdin, target))
    }

    /// Plans for one argument; `None` if it began a walk, or is another run's.
    fn argument(&mut self, argument: &OsStr) -> Result<Option<Item>, Outcome> {
        let path = PathBuf::from(argument);
        let Some((parent, name)) = directory::split(argument) else {
            // To Folder::open the empty path is the working folder; to a user it is a name that nothing has.
            let root = if argument.is_empty() { Err(Errno::NOENT.into()) } else { Directory::open(&path) };
            return self.begin_walk(root?, path);
        };
        let recursive = self.settings.recursive;
        // A name settles it before anything is opened, where it cannot be that of a folder, nor mean another one.
        if !recursive && self.matcher.is_of_other_shard(argument) {
            return Ok(None);
        }
        let final_name = !recursive && !self.settings.decompresses();
        if final_name && !self.matcher.accepts_named(&name) {
            return Err(Outcome::Skipped(Reason::NotSelected));
        }
        let directory = self.directory(parent)?;
        let (path, name) =
            if self.settings.decompresses() { meant(&directory, path, name, &self.settings) } else { (path, name) };
        if recursive && let Some(root) = self.directory_named(&directory, &name, &path)? {
            return self.begin_walk(root, path);
        }
        if recursive && self.matcher.is_of_other_shard(argument) {
            return Ok(None);
        }
        if !final_name && !self.matcher.accepts_named(&name)
            || !self.matcher.accepts_metadata(&directory, &name, false)?
        {
            return Err(Outcome::Skipped(Reason::NotSelected));
        }
        self.item(path, directory, name, false)
    }

    /// Opens the argument `name` in `parent` if it is a folder; a link to one only where originals are kept.
    fn directory_named(&self, parent: &Directory, name: &OsStr, path: &Path) -> Result<Option<Directory>, Outcome> {
        let Some(stat) = parent.look(name)? else {
            return Ok(None);
        };
        let opened = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => parent.beneath(Path::new(name)),
            FileType::Symlink if path.is_dir() && self.settings.removes() => {
                return Err(Outcome::Skipped(Reason::SymbolicLink));
            }
            FileType::Symlink if path.is_dir() => Directory::open(path),
            _ => return Ok(None),
        };
        Ok(Some(opened?))
    }

    fn begin_walk(&mut self, root: Directory, path: PathBuf) -> Result<Option<Item>, Outcome> {
        if !self.settings.recursive {
            return Err(Outcome::Skipped(Reason::Directory));
        }
        if let Destination::Directory(_) = self.settings.destination {
            // Told once, and not for every file that would be found.
            mirrored_directory(&path.join("any"))?;
        }
        if !self.matcher.starts_at(path.file_name()) {
            return Err(Outcome::Skipped(Reason::NotSelected));
        }
        self.walk = Some(Walk::new(root, path, &self.settings));
        Ok(None)
    }

    /// Plans for what a walk came across; `None` for what is passed over without a word.
    fn entry(&mut self, entry: &DirEntry) -> Result<Option<Item>, Outcome> {
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        let (kind, name) = (entry.file_type(), entry.file_name());
        let found = Found { path: walk.below(entry.path()), name, depth: entry.depth() };
        if kind.is_dir() {
            if !self.matcher.enters(found) {
                walk.pass_by_directory(entry);
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
        // What will be passed by for its name need not be looked at for that.
        if !is_passed_by(name, &self.settings) && !self.matcher.accepts_metadata(&directory, name, true)? {
            return Ok(None);
        }
        let output_is_walked = self.takes_output(entry, &directory)?;
        let item = self.item(entry.path().to_owned(), directory, name.to_owned(), true)?;
        Ok(item.map(|item| Item { output_is_walked, ..item }))
    }

    /// Whether the walk that found `entry` in `directory` takes a file of its output's name as well; `None` where that
    /// does not matter.
    fn takes_output(&mut self, entry: &DirEntry, directory: &Directory) -> io::Result<Option<bool>> {
        let settings = &self.settings;
        let (Some(walk), true, Destination::Beside) = (&self.walk, settings.may_replace(), &settings.destination)
        else {
            return Ok(None);
        };
        let Ok(output) = output_name(entry.file_name(), settings) else {
            return Ok(None);
        };
        if output_name(&output, settings).is_err() {
            return Ok(Some(false));
        }
        let path = entry.path().with_file_name(&output);
        let found = Found { path: walk.below(&path), name: &output, depth: entry.depth() };
        Ok(Some(self.matcher.accepts_found(found) && self.matcher.accepts_metadata(directory, &output, true)?))
    }

    /// What is told of a folder that cannot be read; nothing of one that is to be left out.
    fn broken(&mut self, Broken { path, depth, reason }: Broken) -> Result<Option<Item>, (PathBuf, Outcome)> {
        if let (Some(walk), Some(depth), Some(name)) = (&self.walk, depth, path.file_name())
            && !self.matcher.enters(Found { path: walk.below(&path), name, depth })
        {
            return Ok(None);
        }
        Err((path, reason.into()))
    }

    /// The item for a file, if its output's name is not another one's already; `None` for what a walk finds of this
    /// run's own making.
    fn item(
        &mut self,
        shown: PathBuf,
        directory: Arc<Directory>,
        name: OsString,
        walked: bool,
    ) -> Result<Option<Item>, Outcome> {
        let settings = Arc::clone(&self.settings);
        let met = if self.counting { None } else { self.met(&directory, &name, walked)? };
        match met {
            Some(ExistingOutput::OfThisRun) if walked => return Ok(None),
            Some(ExistingOutput::OfThisRun) => {
                return Err(Outcome::Failed(Error::other("is the output of another input")));
            }
            // Whatever may be opened under that name later will have come with this run.
            Some(ExistingOutput::Missing) => return Err(io::Error::from(Errno::NOENT).into()),
            // What is in an output's way is an input like any other, and is not replaced.
            Some(ExistingOutput::Older) | None => {}
        }
        let target = match &settings.destination {
            // Whoever names a file wants it looked at; in a tree only what is called compressed is.
            Destination::Discard if walked && suffix::split_suffix(&name, &settings.suffix).is_none() => {
                return Err(Outcome::Skipped(Reason::UnknownSuffix { recursive: true }));
            }
            Destination::Discard => Target::Discard,
            Destination::File(path) if !settings.concatenates() => Target::Named(path.clone()),
            Destination::Stdout | Destination::File(_) => Target::Concatenated,
            Destination::Beside | Destination::Directory(_) => match output_name(&name, &settings) {
                // A walk passes by what its name tells is not for it.
                Err(reason) if walked => return Err(Outcome::Skipped(reason)),
                Err(reason) => Target::Refused(reason),
                Ok(output) if settings.destination == Destination::Beside => Target::Beside(output),
                Ok(output) => Target::InTree(mirrored_directory(&shown)?, output),
            },
        };
        // A name that the header may give is not known yet.
        if !(self.counting || settings.decompresses() && settings.keep_name) {
            claim(&self.outputs, &target, &directory)?;
        }
        Ok(Some(self.item_with_id(shown, Source::File { directory, name, walked }, target)))
    }

    /// What stands under `name` in `directory`, if an output of this run may and that could_be_input.
    fn met(&self, directory: &Directory, name: &OsStr, walked: bool) -> io::Result<Option<ExistingOutput>> {
        let suspect = match self.settings.destination {
            Destination::Beside => self.outputs.holds(directory, name),
            // The output folder may lie in the one that is walked.
            Destination::Directory(_) => walked,
            Destination::Stdout | Destination::File(_) | Destination::Discard => false,
        };
        if !suspect || !could_be_input(name, &self.settings) {
            return Ok(None);
        }
        self.outputs.look(directory, name).map(Some)
    }

    fn item_with_id(&mut self, shown: PathBuf, source: Source, target: Target) -> Item {
        let is_stdin = matches!(source, Source::Stdin);
        Item { id: InputId { is_stdin, ..self.new_id(shown) }, source, target, output_is_walked: None }
    }

    fn new_id(&mut self, shown: PathBuf) -> InputId {
        self.planned += 1;
        InputId { shown, position: Some(self.planned - 1), is_stdin: false, began: Some(Instant::now()) }
    }

    /// The next argument, recorded as an input where that is needed.
    fn next_argument(&mut self) -> Option<<Arguments as Iterator>::Item> {
        let argument = self.arguments.next();
        match &argument {
            Some(Ok(Argument::Named(name))) => self.inputs.take(name),
            Some(_) => {}
            None => self.inputs.end(),
        }
        argument
    }

    /// Opens an argument's folder.
    fn directory(&mut self, path: PathBuf) -> io::Result<Arc<Directory>> {
        if let Some((last, directory)) = &self.last
            && *last == path
        {
            return Ok(Arc::clone(directory));
        }
        let directory = Arc::new(Directory::open(&path)?);
        self.last = Some((path, Arc::clone(&directory)));
        Ok(directory)
    }
}

impl Iterator for Selection {
    type Item = Selected;

    fn next(&mut self) -> Option<Selected> {
        loop {
            let planned = match self.walk.as_mut().map(Iterator::next) {
                Some(Some(Ok(entry))) => self.entry(&entry).map_err(|outcome| (entry.path().to_owned(), outcome)),
                Some(Some(Err(broken))) => self.broken(broken),
                Some(None) => {
                    self.walk = None;
                    continue;
                }
                None => match self.next_argument()? {
                    Ok(Argument::Stdin) => return Some(self.stdin()),
                    Ok(Argument::Named(name)) => self.argument(&name).map_err(|outcome| (PathBuf::from(name), outcome)),
                    Err(failed) => Err(failed),
                },
            };
            match planned {
                Ok(Some(item)) => return Some(Selected::Item(item)),
                Ok(None) => {}
                Err((shown, outcome)) => return Some(Selected::Settled(self.new_id(shown), outcome)),
            }
        }
    }
}

/// The name that is meant by an argument that does not exist: `a.gz` for `a`. A link to nothing counts as nothing where
/// links are followed, as in GNU gunzip. If no name exists, the first one that was tried, as the one that is missing.
fn meant(directory: &Directory, path: PathBuf, name: OsString, settings: &Settings) -> (PathBuf, OsString) {
    let there = |name: &OsStr| !matches!(directory.look(name), Ok(None));
    let follows = matches!(settings.destination, Destination::Stdout | Destination::Discard)
        || !settings.refuses(settings.symlinks);
    let is_there = || there(&name) && !(follows && matches!(directory.look_through(&name), Ok(None)));
    let candidates: Vec<OsString> = suffix::meant_by(&name, &settings.suffix).collect();
    if candidates.is_empty() || is_there() {
        return (path, name);
    }
    match candidates.iter().find(|name| there(name)).or(candidates.first()) {
        Some(meant) => (path.with_file_name(meant), meant.clone()),
        None => (path, name),
    }
}

#[cfg(test)]
mod selection_tests;
