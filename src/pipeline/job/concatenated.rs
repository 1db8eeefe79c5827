//! One output for all inputs: standard output, or the file of `-o`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::range_start::range_start;
use super::special::{IdentifiedSink, special_file, standard_output};
use super::{OutputPath, contained};
use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::io::input::opening::IS_THE_OUTPUT;
use crate::io::input::{Input, Source};
use crate::io::known_file::KnownFile;
use crate::io::output::{InitialMode, OverwriteCheck};
use crate::outcome::{InputId, Outcome, SettledInput};
use crate::pipeline::sink::concatenated_output::{Concatenated, ConcatenatedSink};
use crate::pipeline::stream::{Member, MemberSource, Reader, Stream, Writer};
use crate::select::selection::{InputRegistry, Item, Selected, Selection, is_same_name, known_list, known_stdin};
use crate::settings::{Destination, OverwritePolicy, Settings, StreamSettings};

/// The stream of all inputs.
pub(super) fn concatenate(selection: Selection, settings: &Arc<Settings>) -> Result<Stream, Outcome> {
    let is_an_input = Arc::<AtomicBool>::default();
    let IdentifiedSink { sink, file: output } = match &settings.destination {
        Destination::File(path) => shared_output(path, &is_an_input, settings)?,
        _ => {
            let output = standard_output(settings)?;
            refuse_list(output.file.as_ref(), Path::new("standard output"), settings)?;
            // Any byte that is written would damage the input.
            is_an_input.store(overwrites_input(output.file.as_ref(), &selection.inputs()), Ordering::Relaxed);
            output
        }
    };
    let inputs = ConcatenatedInputs {
        selection,
        settings: Arc::clone(settings),
        stream_settings: settings.for_streams(),
        output,
        refused_at_start: is_an_input.load(Ordering::Relaxed),
        is_an_input,
    };
    Ok(Stream::new(Reader::concatenated(inputs), Writer::new(sink)))
}

/// The inputs of one output.
struct ConcatenatedInputs {
    selection: Selection,
    settings: Arc<Settings>,
    stream_settings: StreamSettings,
    /// The output, which no input may be.
    output: Option<KnownFile>,
    /// Set when an input is the output, so that the file of `-o` does not get its name.
    is_an_input: Arc<AtomicBool>,
    /// `is_an_input` was set before the first input was opened. Then no input is opened, and the one that is the output fails.
    refused_at_start: bool,
}

impl ConcatenatedInputs {
    /// Opens an input, unless it is the output. A walk skips the file behind standard output silently, because the file is being
    /// written already. A file that `-o` would replace is an error in any case.
    fn open(&self, id: InputId, source: Source) -> Result<Member, Outcome> {
        let input = Input::open_any(id, source, None, &self.settings)?;
        if let (Destination::File(path), Some(output)) = (&self.settings.destination, &self.output)
            && (input.is(output) || !input.is_stdin() && is_same_name(&input.id.shown, path))
        {
            self.is_an_input.store(true, Ordering::Relaxed);
            return Err(Outcome::Failed(Error::other(IS_THE_OUTPUT)));
        }
        let input = input.unless_it_is(self.output.as_ref())?;
        let start = range_start(&input, &self.settings)?;
        Ok(Member::new(input, &self.stream_settings).starting_at(start))
    }

    /// Whether the input is the output, if that was known at the start.
    fn was_refused(&self, source: &Source) -> bool {
        let input = || match source {
            Source::File { directory, name, walked: false } => {
                let stat = directory.stat(name).ok().flatten();
                stat.map(|stat| KnownFile::named(&directory.display_path(name), &stat))
            }
            Source::Stdin => known_stdin(),
            Source::File { .. } | Source::Memory(_) | Source::Written => None,
        };
        let is_output = |output: &KnownFile| input().is_some_and(|input| input.is_same(output));
        self.refused_at_start && self.output.as_ref().is_some_and(is_output)
    }
}

impl MemberSource for ConcatenatedInputs {
    fn open_next(&mut self) -> Option<Result<Member, SettledInput>> {
        if self.is_an_input.load(Ordering::Relaxed) {
            return self.skip_next().map(Err);
        }
        let Item { id, source, .. } = match self.selection.next()? {
            Selected::Settled(id, outcome) => return Some(Err(SettledInput { id, outcome })),
            Selected::Item(item) => item,
        };
        let open = || self.open(id.clone(), source);
        Some(contained(open).map_err(|outcome| SettledInput { id, outcome }))
    }

    fn skip_next(&mut self) -> Option<SettledInput> {
        Some(match self.selection.next()? {
            Selected::Settled(id, outcome) => SettledInput { id, outcome },
            Selected::Item(item) if self.was_refused(&item.source) => {
                SettledInput { id: item.id, outcome: Outcome::Failed(Error::other(IS_THE_OUTPUT)) }
            }
            Selected::Item(item) => SettledInput { id: item.id, outcome: Outcome::NotReached },
        })
    }
}

/// Whether standard output is a file with content that the run reads, too. Without content, nothing can be lost.
pub(super) fn overwrites_input(output: Option<&KnownFile>, inputs: &InputRegistry) -> bool {
    output.is_some_and(|output| !output.is_empty() && inputs.reads(output))
}

/// A sink for the output of `-o` for several inputs.
fn shared_output(path: &Path, is_an_input: &Arc<AtomicBool>, settings: &Settings) -> Result<IdentifiedSink, Outcome> {
    if let Some(special) = special_file(path, settings)? {
        return Ok(special);
    }
    let output_path = OutputPath::open(path)?;
    let overwrite = OverwriteCheck {
        force: settings.overwrite == OverwritePolicy::Replace,
        input: None,
        in_place: false,
        protection: None,
    };
    // Inputs are opened through links, so the file behind a link counts.
    let replaced = match output_path.check(&overwrite)? {
        Some(existing) => {
            let stat = output_path.directory.stat(&output_path.name)?.unwrap_or(existing);
            Some(KnownFile::named(path, &stat))
        }
        None => None,
    };
    refuse_list(replaced.as_ref(), path, settings)?;
    let output = output_path.create(InitialMode::Umask, settings)?;
    let (sync, remove, is_an_input) = (settings.syncs(), settings.removes(), Arc::clone(is_an_input));
    let file = Concatenated { output, overwrite, sync, remove, is_an_input };
    Ok(IdentifiedSink { sink: Box::new(ConcatenatedSink::from(file)), file: replaced })
}

/// Refuses an output that is the list of names, which is still being read.
fn refuse_list(output: Option<&KnownFile>, shown: &Path, settings: &Settings) -> Result<(), Outcome> {
    let list = || settings.list.as_ref().and_then(known_list);
    match output.is_some_and(|output| list().is_some_and(|list| list.is_same(output))) {
        true => Err(Outcome::Failed(Error::other(format_args!("{} is the list of names", EscapedName::path(shown))))),
        false => Ok(()),
    }
}
