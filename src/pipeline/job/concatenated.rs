//! One output for all inputs: standard output, or the file of `-o`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::special::{IdentifiedSink, special_file, standard_output};
use super::{OutputPath, contained};
use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::io::file_status::Identity;
use crate::io::input::{Input, Source};
use crate::io::output::{InitialMode, OverwriteCheck};
use crate::outcome::{InputId, Outcome};
use crate::pipeline::sink::concatenated_output::{Concatenated, ConcatenatedSink};
use crate::pipeline::stream::{Member, MemberSource, Reader, Stream, Writer};
use crate::select::selection::{Item, Selected, Selection, identity_of_list, is_same_name};
use crate::settings::{Destination, OverwritePolicy, Settings, StreamSettings};

/// The stream of all inputs.
pub(super) fn concatenate(selection: Selection, settings: &Arc<Settings>) -> Result<Stream, Outcome> {
    let is_an_input = Arc::default();
    let IdentifiedSink { sink, identity: output } = match &settings.destination {
        Destination::File(path) => shared_output(path, &is_an_input, settings)?,
        _ => {
            let output = standard_output(settings)?;
            refuse_list(output.identity, Path::new("standard output"), settings)?;
            output
        }
    };
    let inputs = ConcatenatedInputs {
        selection,
        settings: Arc::clone(settings),
        stream_settings: settings.for_streams(),
        output,
        is_an_input,
    };
    Ok(Stream::new(Reader::concatenated(inputs), Writer::new(sink)))
}

/// The inputs of one output.
struct ConcatenatedInputs {
    selection: Selection,
    settings: Arc<Settings>,
    stream_settings: StreamSettings,
    /// The output's identity, which no input may have.
    output: Option<Identity>,
    /// Set when an input has it, so that the file of `-o` does not get its name.
    is_an_input: Arc<AtomicBool>,
}

impl ConcatenatedInputs {
    /// Opens an input, unless it is the output. A walk skips the file behind standard output silently, because the file is being
    /// written already. A file that `-o` would replace is an error in any case.
    fn open(&self, id: InputId, source: Source) -> Result<Member, Outcome> {
        let input = Input::open_any(id, source, None, &self.settings)?;
        if let Destination::File(path) = &self.settings.destination
            && self.output.is_some()
            // Some file systems report another inode number each time, so the names are compared, too.
            && (input.identity() == self.output || !input.is_stdin() && is_same_name(&input.id.shown, path))
        {
            self.is_an_input.store(true, Ordering::Relaxed);
            return Err(Outcome::Failed(Error::other("is the output as well")));
        }
        Ok(Member::new(input.unless_it_is(self.output)?, &self.stream_settings))
    }
}

impl MemberSource for ConcatenatedInputs {
    fn open_next(&mut self) -> Option<Result<Member, (InputId, Outcome)>> {
        if self.is_an_input.load(Ordering::Relaxed) {
            return self.skip_next().map(Err);
        }
        let Item { id, source, .. } = match self.selection.next()? {
            Selected::Settled(id, outcome) => return Some(Err((id, outcome))),
            Selected::Item(item) => item,
        };
        let open = || self.open(id.clone(), source);
        Some(contained(open).map_err(|outcome| (id, outcome)))
    }

    fn skip_next(&mut self) -> Option<(InputId, Outcome)> {
        Some(match self.selection.next()? {
            Selected::Settled(id, outcome) => (id, outcome),
            Selected::Item(item) => (item.id, Outcome::NotReached),
        })
    }
}

/// A sink for the output of `-o` for several inputs.
fn shared_output(path: &Path, is_an_input: &Arc<AtomicBool>, settings: &Settings) -> Result<IdentifiedSink, Outcome> {
    if let Some(special) = special_file(path, settings)? {
        return Ok(special);
    }
    let output_path = OutputPath::open(path)?;
    let overwrite =
        OverwriteCheck { force: settings.overwrite == OverwritePolicy::Replace, input: None, protection: None };
    // Inputs are opened through links, so the file behind a link counts.
    let replaced = match output_path.check(&overwrite)? {
        Some(existing) => output_path.directory.stat(&output_path.name)?.or(Some(existing)).as_ref().map(Identity::of),
        None => None,
    };
    refuse_list(replaced, path, settings)?;
    let output = output_path.create(InitialMode::Umask, settings)?;
    let (sync, remove, is_an_input) = (settings.syncs(), settings.removes(), Arc::clone(is_an_input));
    let file = Concatenated { output, overwrite, sync, remove, is_an_input };
    Ok(IdentifiedSink { sink: Box::new(ConcatenatedSink::from(file)), identity: replaced })
}

/// Refuses an output that is the list of names, which is still being read.
fn refuse_list(output: Option<Identity>, shown: &Path, settings: &Settings) -> Result<(), Outcome> {
    match output.is_some() && output == settings.list.as_ref().and_then(identity_of_list) {
        true => Err(Outcome::Failed(Error::other(format_args!("{} is the list of names", EscapedName::path(shown))))),
        false => Ok(()),
    }
}
