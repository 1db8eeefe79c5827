//! Jobs: opens the inputs of a run, creates their outputs, and connects both in streams.
//!
//! Everything that can be refused is refused here, before any work is done. What happens to an input afterwards is decided by
//! the stream and its sink.

mod bgzf_start;
mod concatenated;
mod header_fields;
mod member_index_output;
mod output_path;
mod output_registration;
mod output_tree;
mod point_index_output;
mod range_start;
mod replacement;
mod space;
mod special;
mod update;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use self::concatenated::{concatenate, overwrites_input};
use self::header_fields::HeaderFields;
use self::output_path::OutputPath;
use self::output_tree::{MirroredDirectory, OutputTree};
use self::range_start::range_start;
use self::replacement::Replacement;
pub(crate) use self::space::BeingWritten;
use self::space::Space;
use self::special::{IdentifiedSink, report_file, special_file, standard_output};
use self::update::{Decision, PreviousOutput, has_outdated_output};
use crate::error::{About, Error};
use crate::io::input::opening::IS_THE_OUTPUT;
use crate::io::input::{Input, Source};
use crate::io::known_file::KnownFile;
use crate::io::output::{InitialMode, Refusal};
use crate::outcome::{Done, InputId, Outcome, Reason};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler::StreamSource;
use crate::pipeline::sink::Sink;
use crate::pipeline::sink::descriptor::Descriptor;
use crate::pipeline::sink::nowhere::Nowhere;
use crate::pipeline::sink::per_input::{PerInput, PerInputSink, refused};
use crate::pipeline::stream::{Member, Reader, Stream, Writer};
use crate::select::output_registry::OutputRegistry;
use crate::select::selection::{
    DerivedOutput, FileTarget, InputRegistry, Item, Selected, Selection, Target, claim, is_same_name,
};
use crate::settings::{Destination, Mode, OverwritePolicy, Settings, StreamSettings};
use crate::sync::lock;

/// The inputs of a run. Each becomes a stream, or all become one. Workers open them one after the other.
pub(crate) struct Jobs {
    settings: Arc<Settings>,
    stream_settings: StreamSettings,
    remaining: Mutex<Remaining>,
    outputs: Arc<OutputRegistry>,
    /// The inputs of the run, which no output may replace. `None` in runs from memory to memory.
    inputs: Option<Arc<InputRegistry>>,
    /// The file that receives a report of the run, if walks have to leave it out.
    report: Option<KnownFile>,
    /// Held while an input is opened, if the user may be asked a question.
    question: Mutex<()>,
    /// The tree of `-O`. Without it, outputs are in the directories of their inputs.
    tree: Option<OutputTree>,
    space: Space,
}

/// The inputs that have not been opened.
enum Remaining {
    /// Inputs to be selected, each with its own stream.
    Selection(Box<Selection>),
    /// Given inputs, each with its own stream.
    Items(std::vec::IntoIter<Item>),
    /// One stream for all inputs.
    Stream(Option<Box<Stream>>),
}

/// Result of opening an input.
enum Opened {
    /// Work for the workers.
    Stream(Box<Stream>),
    /// The input is done without a stream.
    Settled(Outcome),
}

/// The output file that an item asks for.
struct OutputRequest {
    target: FileTarget,
    /// [`Item::output_is_walked`].
    output_is_walked: Option<bool>,
    /// The item, to be tried once more if there is no space.
    retry: Option<Item>,
}

/// Result of creating the output file of an input.
enum Created {
    File(PerInput),
    /// A previous run has created the output, and the original has been removed.
    OriginalRemoved(Done),
}

impl Jobs {
    /// The jobs for the inputs in `settings`.
    ///
    /// # Errors
    /// The outcome of all inputs, if none can be processed.
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self, Outcome> {
        let tree = match &settings.destination {
            Destination::Directory(path) => {
                let tree = OutputTree::open(path, settings.syncs());
                Some(tree.about(path.as_path())?)
            }
            _ => None,
        };
        let selection = Selection::new(Arc::clone(&settings));
        let (outputs, inputs) = (selection.outputs(), Some(selection.inputs()));
        let remaining = match settings.concatenates() {
            false => Remaining::Selection(Box::new(selection)),
            true => Remaining::Stream(Some(Box::new(concatenate(selection, &settings)?))),
        };
        let (remaining, question, space) = (Mutex::new(remaining), Mutex::default(), Space::default());
        let (stream_settings, report) = (settings.for_streams(), report_file(&settings));
        Ok(Self { settings, stream_settings, remaining, outputs, inputs, report, question, tree, space })
    }

    /// The jobs for these inputs, instead of those in `settings`.
    pub(crate) fn of(settings: Arc<Settings>, items: Vec<Item>) -> Self {
        let remaining = Mutex::new(Remaining::Items(items.into_iter()));
        let (outputs, question, space) = (Arc::new(OutputRegistry::new()), Mutex::default(), Space::default());
        let stream_settings = settings.for_streams();
        Self { settings, stream_settings, remaining, outputs, inputs: None, report: None, question, tree: None, space }
    }

    /// Makes the inputs that were deferred for lack of space the next ones; returns whether there are any.
    pub(crate) fn retry(&self) -> bool {
        let deferred = self.space.take_deferred().into_iter();
        let any = deferred.len() > 0;
        *lock(&self.remaining) = Remaining::Items(deferred);
        any
    }

    /// Records the same outcome for every deferred input.
    pub(crate) fn give_up(&self, outcomes: &Outcomes, outcome: &Outcome) {
        if let Remaining::Items(items) = &mut *lock(&self.remaining) {
            items.for_each(|item| outcomes.record(&item.id, outcome.for_another()));
        }
    }

    /// Whether nothing fits on the output's device any more: an output has failed there, and no space is free. With
    /// `--update` the output may not be needed.
    fn is_disk_full(&self, item: &Item, outcomes: &Outcomes) -> bool {
        let Target::File(FileTarget::Derived(output)) = &item.target else { return false };
        let directory = self.tree.as_ref().map_or(&*output.directory, OutputTree::root);
        !self.settings.update && outcomes.is_full(directory.device()) && !self.space.is_free(directory)
    }

    /// Opens an input and creates its output.
    ///
    /// # Errors
    /// The outcome of an input that is skipped or cannot be opened.
    fn open(&self, item: Item, outcomes: &Outcomes) -> Result<Opened, Outcome> {
        let settings = &*self.settings;
        let retry = space::for_another_try(&item, settings);
        let Item { id, source, target, output_is_walked } = item;
        match target {
            Target::Discard => self.open_discarded(id, source),
            Target::Concatenated => {
                let IdentifiedSink { sink, file } = standard_output(settings)?;
                let input = Input::open_any(id, source, file.as_ref(), settings)?;
                if self.inputs.as_ref().is_some_and(|inputs| overwrites_input(file.as_ref(), inputs)) {
                    return Err(Outcome::Failed(Error::other("standard output is an input as well")));
                }
                let start = range_start(&input, settings)?;
                let member = Member::new(input, &self.stream_settings).starting_at(start);
                Ok(self.stream_of(member, sink))
            }
            Target::Memory(file) => {
                let sink = Box::new(Descriptor::new(file.open()?, "memory".into()));
                Ok(self.stream(Input::open_any(id, source, None, settings)?, sink))
            }
            Target::Refused(reason) => {
                // If the input is missing or not a file, that is the better reason.
                let input = Input::open_regular(id, source, settings)?;
                // With a streamed list, every output is recorded, and one that the list names is skipped for its suffix.
                if !self.has_streamed_list() {
                    self.refuse_output_of_run(&input)?;
                }
                HeaderFields::of(&input, settings)?.output_name()?;
                Err(Outcome::Skipped(reason))
            }
            Target::File(target) => {
                let input = match target {
                    // If the output is named, the input may be a pipe.
                    FileTarget::Named(_) if !settings.removes() => Input::open_any(id, source, None, settings)?,
                    _ => Input::open_regular(id, source, settings)?,
                };
                self.open_output(input, OutputRequest { target, output_is_walked, retry }, outcomes)
            }
        }
    }

    /// Opens an input that is tested or listed.
    fn open_discarded(&self, id: InputId, source: Source) -> Result<Opened, Outcome> {
        // An input that cannot be read again needs no index, and must not make the run wait.
        let input = match self.settings.indexes_inputs() {
            true => Input::open_regular(id, source, &self.settings)?,
            false => Input::open_any(id, source, None, &self.settings)?,
        };
        if self.settings.mode == Mode::ListTrailers {
            return Ok(Opened::Settled(Outcome::Done(input.gzip_ends()?)));
        }
        let name = HeaderFields::of(&input, &self.settings)?.last_component();
        let name = name.map(|name| input.id.shown.with_file_name(name));
        self.indexed_stream(input, Box::new(Nowhere { name }))
    }

    /// Creates the output file of an input.
    fn open_output(&self, input: Input, request: OutputRequest, outcomes: &Outcomes) -> Result<Opened, Outcome> {
        let OutputRequest { target, output_is_walked, retry } = request;
        let settings = &*self.settings;
        self.refuse_output_of_run(&input)?;
        let replacement = settings.recompresses().then(|| Replacement::of(&input, settings)).transpose()?;
        let fields = HeaderFields::of(&input, settings)?;
        let header_name = fields.output_name()?;
        let path = match target {
            FileTarget::Derived(output) => {
                let name = header_name.unwrap_or(output.name);
                self.derived_path(DerivedOutput { name, ..output }, &input)?
            }
            FileTarget::Named(path) => {
                if let Some(IdentifiedSink { sink, file }) = special_file(&path, settings)? {
                    return Ok(self.stream(input.unless_it_is(file.as_ref())?, sink));
                }
                let output = OutputPath::open(&path)?;
                if settings.may_replace() && !input.is_stdin() && is_same_name(&input.id.shown, &path) {
                    return Err(refused(Refusal::IsTheInput, output.shown()));
                }
                if settings.may_replace() && output.is_link_to(&input) {
                    return Err(Outcome::Failed(Error::other(IS_THE_OUTPUT)));
                }
                output
            }
        };
        // `output_is_walked` is about the derived name, not about a name from the header.
        let output_is_walked = output_is_walked.filter(|_| !self.takes_name_from_header());
        match self.create(&input, path, output_is_walked, outcomes)? {
            Created::OriginalRemoved(done) => Ok(Opened::Settled(Outcome::Done(done))),
            Created::File(mut file) => {
                self.record(&file.output)?;
                file.being_written.retry(retry);
                file.metadata = file.metadata.map(|metadata| fields.apply(metadata));
                let sink = Box::new(PerInputSink::from(file));
                match replacement {
                    Some(replacement) => Ok(Opened::Stream(self.recompress(input, replacement, sink))),
                    None => self.indexed_stream(input, sink),
                }
            }
        }
    }

    fn stream(&self, input: Input, sink: Box<dyn Sink>) -> Opened {
        self.stream_of(Member::new(input, &self.stream_settings), sink)
    }

    fn stream_of(&self, member: Member, sink: Box<dyn Sink>) -> Opened {
        let reader = Reader::single(member, &self.stream_settings);
        Opened::Stream(Box::new(Stream::new(reader, Writer::new(sink))))
    }

    /// Whether the name in an input's header, if there is one, is the name of its output.
    fn takes_name_from_header(&self) -> bool {
        self.settings.reads_gzip() && self.settings.keep_name
    }

    /// The directory and name of an output whose name derives from its input's name. Claims the name if it was not known before
    /// the input was opened.
    fn derived_path(&self, output: DerivedOutput, input: &Input) -> Result<OutputPath, Outcome> {
        if self.takes_name_from_header() {
            claim(&self.outputs, &output, &self.settings)?;
        }
        Ok(match &self.tree {
            None => OutputPath::new(output.directory, output.name),
            Some(tree) => {
                let MirroredDirectory { directory, warning } = tree.directory(&output.path_in_tree, &input.id.shown)?;
                OutputPath { warning, ..OutputPath::new(directory, output.name) }
            }
        })
    }

    /// Creates the output file of an input, unless an existing file prevents it. `output_is_walked` says whether the walk that
    /// found the input also processes a file of that name.
    fn create(
        &self,
        input: &Input,
        mut path: OutputPath,
        output_is_walked: Option<bool>,
        outcomes: &Outcomes,
    ) -> Result<Created, Outcome> {
        let settings = &*self.settings;
        let in_place = settings.recompresses();
        let mut overwrite = self.overwrite_check(input, output_is_walked);
        if settings.update
            && let Some(previous) = PreviousOutput::find(input, &path)?
        {
            match previous.decide(settings)? {
                Decision::Replace => overwrite.force = true,
                Decision::Keep(reason) => return Err(Outcome::Skipped(reason)),
                Decision::RemoveOriginal(file) => {
                    return Ok(Created::OriginalRemoved(previous.remove_original(&file, settings)?));
                }
            }
        }
        match path.check(&overwrite) {
            Err(Outcome::Skipped(Reason::OutputExists(output))) if settings.overwrite == OverwritePolicy::Ask => {
                if !outcomes.may_replace(&output) {
                    return Err(Outcome::Skipped(Reason::NotOverwritten(output)));
                }
                overwrite.force = true;
            }
            checked => drop(checked?),
        }
        let metadata = input.metadata();
        let initial_mode = if metadata.is_some() { InitialMode::Private } else { InitialMode::Umask };
        let leaves_outdated =
            settings.only_smaller.is_some() && !in_place && has_outdated_output(input, &path, settings.format)?;
        let index = self.create_member_index(input, &path, overwrite.force, initial_mode)?;
        let warning = path.warning.take();
        let output = path.create(initial_mode, settings)?;
        let (being_written, sync, remove) = (self.space.begin(), settings.syncs(), settings.removes());
        Ok(Created::File(PerInput {
            being_written,
            output,
            index,
            overwrite,
            metadata,
            sync,
            remove,
            in_place,
            leaves_outdated,
            warning,
        }))
    }
}

impl StreamSource for Jobs {
    fn next_stream(&self, outcomes: &Outcomes, before_opening: &dyn Fn()) -> Option<Stream> {
        loop {
            outcomes.wait_until_ready();
            // Questions are asked one at a time, in the order of the arguments.
            let question = (self.settings.overwrite == OverwritePolicy::Ask).then(|| lock(&self.question));
            // Only this function takes this lock, because its holder may wait for a list that is still being written.
            let (selected, has_more) = match &mut *lock(&self.remaining) {
                Remaining::Stream(stream) => return stream.take().map(|stream| *stream),
                Remaining::Items(items) => (Selected::Item(items.next()?), items.len() > 0),
                Remaining::Selection(selection) => match selection.next()? {
                    Selected::Item(item) if self.is_disk_full(&item, outcomes) => {
                        (selection.fail_for_full_disk(item), selection.has_more())
                    }
                    selected => (selected, selection.has_more()),
                },
            };
            match selected {
                Selected::Settled(id, outcome) => outcomes.record(&id, outcome),
                Selected::Item(item) => {
                    let id = item.id.clone();
                    if has_more {
                        before_opening();
                    }
                    match contained(|| self.open(item, outcomes)) {
                        Ok(Opened::Stream(stream)) => return Some(*stream),
                        Ok(Opened::Settled(outcome)) | Err(outcome) => outcomes.record(&id, outcome),
                    }
                }
            }
            drop(question);
        }
    }
}

/// Opens one input. A panic becomes the outcome of this input, and the run continues.
fn contained<T>(open: impl FnOnce() -> Result<T, Outcome>) -> Result<T, Outcome> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Err(Outcome::panicked()))
}
