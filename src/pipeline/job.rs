//! From an input's name to an open stream: which file is read, which output is made, and what forbids it.
//!
//! Everything that can be refused is refused here, before any work is done.

mod concatenated;
mod output_tree;
mod special;
mod update;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use self::concatenated::concatenate;
use self::output_tree::OutputTree;
use self::special::{special_file, standard_output};
use self::update::{Decision, Existing};
use crate::error::{About, Error};
use crate::escaped_name::EscapedName;
use crate::format::gzip::{MemberStart, ParsedHeader, ReadError};
use crate::io::directory::{self, Directory};
use crate::io::input::{Input, Source, identity_of, stat_of};
use crate::io::metadata::Metadata;
use crate::io::output::{InitialMode, Output, OverwriteCheck, Protection, Refusal};
use crate::outcome::{Outcome, Reason};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::sink::{PerInput, Sink, refused};
use crate::pipeline::stream::{Member, Reader, Stream, Writer};
use crate::select::output_registry::OutputRegistry;
use crate::select::selection::{
    InputProtection, InputRegistry, Item, Selected, Selection, Target, claim, could_be_input, is_same_name,
};
use crate::select::suffix;
use crate::settings::{self, Destination, OverwritePolicy, Settings};
use crate::sync::lock;

/// The streams of a run, opened one after the other as workers ask for them.
pub struct Jobs {
    settings: Arc<Settings>,
    left: Mutex<Left>,
    outputs: Arc<OutputRegistry>,
    /// Inputs that no output may replace; `None` where nobody else knows them.
    inputs: Option<Arc<InputRegistry>>,
    /// Held from taking a name to the answer, where there may be a question.
    turn: Mutex<()>,
    output_tree: Option<OutputTree>,
}

/// What has not been opened.
enum Left {
    /// A stream an input.
    Each(Box<Selection>),
    /// The same, of inputs that somebody else has planned.
    Ready(std::vec::IntoIter<Item>),
    /// One stream for all of them.
    All(Option<Box<Stream>>),
}

impl Jobs {
    /// The jobs that `settings` ask for. Where no input could be done, why.
    pub fn new(settings: Arc<Settings>) -> Result<Self, Outcome> {
        let mut output_tree = None;
        if let Destination::Directory(path) = &settings.destination {
            let opened = OutputTree::open(path, settings.syncs());
            output_tree = Some(opened.about(path.as_path())?);
        }
        let plan = Selection::new(Arc::clone(&settings));
        let (outputs, inputs) = (plan.outputs(), Some(plan.inputs()));
        let left = match settings.concatenates() {
            false => Left::Each(Box::new(plan)),
            true => Left::All(Some(Box::new(concatenate(plan, &settings)?))),
        };
        Ok(Self { settings, left: Mutex::new(left), outputs, inputs, turn: Mutex::default(), output_tree })
    }

    /// The jobs for these inputs, whatever `settings` name.
    pub fn of(settings: Arc<Settings>, items: Vec<Item>) -> Self {
        let left = Mutex::new(Left::Ready(items.into_iter()));
        Self { settings, left, outputs: Arc::default(), inputs: None, turn: Mutex::default(), output_tree: None }
    }

    /// Opens the next stream. Inputs that come to nothing on the way are reported. Where more are left, calls
    /// `opening` before each try, as a FIFO may take its time.
    pub fn next(&self, outcomes: &Outcomes, opening: impl Fn()) -> Option<Stream> {
        loop {
            outcomes.wait_until_ready();
            // Questions are asked in the order of the arguments, one at a time.
            let turn = (self.settings.overwrite == OverwritePolicy::Ask).then(|| lock(&self.turn));
            // Nothing else takes this lock: whoever holds it may wait for a list that is still being written, and those
            // who have work must not wait for that.
            let (planned, more) = match &mut *lock(&self.left) {
                Left::All(stream) => return stream.take().map(|stream| *stream),
                Left::Ready(items) => (Selected::Item(items.next()?), items.len() > 0),
                Left::Each(plan) => match plan.next()? {
                    Selected::Item(item) if self.has_no_room(&item, outcomes) => {
                        (plan.fail_for_full_disk(item), plan.has_more())
                    }
                    planned => (planned, plan.has_more()),
                },
            };
            match planned {
                Selected::Settled(id, outcome) => outcomes.record(&id, outcome),
                Selected::Item(item) => {
                    let id = item.id.clone();
                    if more {
                        opening();
                    }
                    match contained(|| self.open(item, outcomes)) {
                        Ok(stream) => return Some(stream),
                        Err(outcome) => outcomes.record(&id, outcome),
                    }
                }
            }
            drop(turn);
        }
    }

    /// Whether the output's device is known to be full. Where an output may be up to date, it need not be made.
    fn has_no_room(&self, item: &Item, outcomes: &Outcomes) -> bool {
        let device = match (&item.target, &item.source, &self.output_tree) {
            (Target::Beside(_), Source::File { directory, .. }, _) => directory.device(),
            (Target::InTree(..), _, Some(output_tree)) => output_tree.device(),
            _ => return false,
        };
        !self.settings.update && outcomes.is_full(device)
    }

    /// Opens one input and makes its output. What needs no stream has its outcome.
    fn open(&self, item: Item, outcomes: &Outcomes) -> Result<Stream, Outcome> {
        let Item { id, source, target, output_is_walked } = item;
        let settings = &*self.settings;
        let stream =
            |input, sink| Stream::new(Reader::single(Member::new(input, settings), settings), Writer::new(sink));
        let input = match &target {
            Target::Discard => {
                let input = Input::open_any(id, source, None, settings)?;
                if settings.mode == settings::Mode::ListTrailers {
                    return Err(Outcome::Done(input.gzip_ends()?));
                }
                let stored = HeaderFields::of(&input, settings)?.name;
                let name = stored.map(|name| OsString::from_vec(suffix::last_part(&name).to_vec()));
                let name = name.map(|name| input.id.shown.with_file_name(name));
                return Ok(stream(input, Sink::Nowhere { name }));
            }
            Target::Concatenated => {
                let (sink, itself) = standard_output(settings)?;
                return Ok(stream(Input::open_any(id, source, itself, settings)?, sink));
            }
            Target::Memory(file) => {
                let sink = Sink::Descriptor { fd: file.open()?, shown: "memory".into() };
                return Ok(stream(Input::open_any(id, source, None, settings)?, sink));
            }
            // Whoever names the output may take the input from a pipe.
            Target::Named(_) if !settings.removes() => Input::open_any(id, source, None, settings)?,
            _ => Input::open_regular(id, source, settings)?,
        };
        self.spare_output(&input)?;
        let stored = HeaderFields::of(&input, settings)?;
        let target = self.renamed(target, &input, &stored)?;
        let (directory, name) = match target {
            Target::Refused(reason) => return Err(Outcome::Skipped(reason)),
            Target::Beside(name) => match input.directory() {
                Some(directory) => (Arc::clone(directory), name),
                None => return Err(Outcome::Failed(Error::other("has no folder"))),
            },
            Target::InTree(path, name) => match &self.output_tree {
                Some(output_tree) => (output_tree.directory(&path, &input.id.shown)?, name),
                None => return Err(Outcome::Failed(Error::other("there is no output folder"))),
            },
            Target::Named(path) => {
                if let Some((sink, itself)) = special_file(&path, settings)? {
                    return Ok(stream(input.unless_it_is(itself)?, sink));
                }
                let (directory, name) = output_place(&path)?;
                // Some file systems make up inode numbers at each look.
                if settings.may_replace() && !input.is_stdin() && is_same_name(&input.id.shown, &path) {
                    return Err(refused(Refusal::IsTheInput, directory.output_name(&name)));
                }
                if settings.may_replace() && is_link_to(&input, &directory, &name) {
                    return Err(Outcome::Failed(Error::other("is the output as well")));
                }
                (directory, name)
            }
            Target::Concatenated | Target::Discard | Target::Memory(_) => {
                return Err(Outcome::Failed(Error::other("has no output of its own")));
            }
        };
        // A name that the header gives is another one than the walk was asked about.
        let is_planned = !(settings.decompresses() && settings.keep_name);
        let mut own =
            self.own_output(&input, (directory, name), (output_is_walked.filter(|_| is_planned), outcomes))?;
        self.record(&own.output)?;
        own.metadata = own.metadata.map(|metadata| stored.apply(metadata));
        Ok(stream(input, Sink::PerInput(own)))
    }

    /// Takes down an output before it has a name, if it could_be_input when it is met under that name.
    fn record(&self, output: &Output) -> io::Result<()> {
        if !could_be_input(output.name(), &self.settings) {
            return Ok(());
        }
        self.outputs.record(identity_of(&stat_of(output)?));
        Ok(())
    }

    /// Refuses an input that took the place of the one that was planned: an output of this run.
    fn spare_output(&self, input: &Input) -> Result<(), Outcome> {
        // Otherwise nothing takes a place that is taken.
        if !self.settings.may_replace() {
            return Ok(());
        }
        // Of a file with one link, its name tells whether a walk reads it.
        if input.is_walked() && input.has_other_links() {
            self.inputs.iter().zip(input.identity()).for_each(|(inputs, identity)| inputs.add(identity));
        }
        match input.identity().is_some_and(|identity| self.outputs.is_output(identity)) {
            false => Ok(()),
            true if input.is_walked() => Err(Outcome::Skipped(Reason::WalkedOutput)),
            true => Err(Outcome::Failed(Error::other("is the output of another input"))),
        }
    }

    /// The target under the name that the input's header holds, if it holds one that is wanted.
    fn renamed(&self, target: Target, input: &Input, stored: &HeaderFields) -> Result<Target, Outcome> {
        if !(self.settings.decompresses() && self.settings.keep_name) {
            return Ok(target);
        }
        let target = match (target, stored.usable_name()?) {
            (Target::Beside(_), Some(name)) => Target::Beside(name),
            (Target::InTree(path, _), Some(name)) => Target::InTree(path, name),
            (target, _) => target,
        };
        if let Some(directory) = input.directory() {
            claim(&self.outputs, &target, directory)?;
        }
        Ok(target)
    }

    /// The output of one input, in a folder and under a name. `taken` tells whether the walk that found the input takes
    /// what has that name already.
    fn own_output(
        &self,
        input: &Input,
        (directory, name): (Arc<Directory>, OsString),
        (taken, outcomes): (Option<bool>, &Outcomes),
    ) -> Result<PerInput, Outcome> {
        let settings = &*self.settings;
        let others = self.inputs.clone().filter(|_| settings.may_replace());
        let others =
            others.map(|inputs| Arc::new(InputProtection { inputs, output_is_walked: taken }) as Arc<dyn Protection>);
        let mut overwrite = OverwriteCheck {
            force: settings.overwrite == OverwritePolicy::Replace,
            input: input.identity(),
            protection: others,
        };
        if settings.update
            && let Some(existing) = Existing::find(input, &directory, &name)?
        {
            match existing.decide(settings)? {
                Decision::Replace => overwrite.force = true,
                Decision::Keep(reason) => return Err(Outcome::Skipped(reason)),
                Decision::RemoveOriginal(file) => {
                    return Err(Outcome::Done(existing.remove_original(&file, settings)?));
                }
            }
        }
        match look_ahead(&directory, &name, &overwrite) {
            Err(Outcome::Skipped(Reason::OutputExists(output))) if settings.overwrite == OverwritePolicy::Ask => {
                if !outcomes.may_replace(&output) {
                    return Err(Outcome::Skipped(Reason::NotOverwritten(output)));
                }
                overwrite.force = true;
            }
            looked => drop(looked?),
        }
        let metadata = input.metadata();
        let initial_mode = if metadata.is_some() { InitialMode::Private } else { InitialMode::Umask };
        let output = make(directory, name, initial_mode, settings)?;
        Ok(PerInput { output, overwrite, metadata, sync: settings.syncs(), remove: settings.removes() })
    }
}

/// What an input's header holds of the file it was made of.
#[derive(Default)]
struct HeaderFields {
    name: Option<Vec<u8>>,
    mtime: Option<i64>,
}

impl HeaderFields {
    /// Of `input`, if that is wanted.
    fn of(input: &Input, settings: &Settings) -> Result<Self, Outcome> {
        if !(settings.decompresses() && (settings.keep_name || settings.keep_time)) {
            return Ok(Self::default());
        }
        let ParsedHeader { name, mtime, .. } = match input.gzip_header() {
            Some(Ok(MemberStart::Member(found))) => found,
            Some(Err(ReadError::Source(error))) => return Err(error.into()),
            // What is no header will be told when it comes to the data.
            _ => return Ok(Self::default()),
        };
        let mtime = (settings.keep_time && mtime != 0).then_some(mtime.into());
        Ok(Self { name: name.filter(|_| settings.keep_name), mtime })
    }

    /// The name, if there is one, as that of an output.
    fn usable_name(&self) -> Result<Option<OsString>, Outcome> {
        let usable = |name: &Vec<u8>| {
            suffix::restored(name).ok_or_else(|| {
                Error::other(format_args!(
                    "its header holds a name that cannot be used ({})",
                    EscapedName::bytes(beginning(name))
                ))
            })
        };
        Ok(self.name.as_ref().map(usable).transpose()?)
    }

    fn apply(&self, metadata: Metadata) -> Metadata {
        match self.mtime {
            Some(mtime) => metadata.modified_at(mtime),
            None => metadata,
        }
    }
}

/// As much of a name as anybody wants to read.
fn beginning(name: &[u8]) -> &[u8] {
    &name[..name.len().min(255)]
}

/// Opens one input; a panic costs this one and no other.
fn contained<T>(open: impl FnOnce() -> Result<T, Outcome>) -> Result<T, Outcome> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Err(Outcome::panicked()))
}

fn make(
    directory: Arc<Directory>,
    name: OsString,
    initial_mode: InitialMode,
    settings: &Settings,
) -> Result<Output, Outcome> {
    let output_name = directory.output_name(&name);
    let made = Output::create(directory, name, initial_mode, settings.unnamed_temporaries);
    Ok(made.about(output_name)?.sparse(settings.sparse && settings.decompresses()))
}

/// An early look at an output's name, to spare the work where it will be refused; the link alone decides.
fn look_ahead(directory: &Directory, name: &OsStr, overwrite: &OverwriteCheck) -> Result<Option<Stat>, Outcome> {
    let allowed = directory.lstat(name).map_err(Refusal::from).and_then(|standing| {
        if let Some(stat) = &standing {
            overwrite.allows(stat, directory, name)?;
        }
        Ok(standing)
    });
    allowed.map_err(|refusal| refused(refusal, directory.output_name(name)))
}

/// Whether `name` in `directory` is a symbolic link that leads to `input`.
fn is_link_to(input: &Input, directory: &Directory, name: &OsStr) -> bool {
    let is_link = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
    directory.lstat(name).ok().flatten().as_ref().is_some_and(is_link)
        && directory.stat(name).ok().flatten().as_ref().map(identity_of) == input.identity()
}

/// Folder and name of `-o`'s file.
fn output_place(path: &Path) -> Result<(Arc<Directory>, OsString), Outcome> {
    let (parent, name) = directory::split(path.as_os_str()).ok_or(Errno::ISDIR).map_err(io::Error::from).about(path)?;
    Ok((Arc::new(Directory::open(&parent).about(path)?), name))
}
