//! One output that takes every input: standard output, or the file of `-o`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::special::{special_file, standard_output};
use super::{contained, look_ahead, make, output_place};
use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::io::input::{Identity, Input, Source, identity_of};
use crate::io::output::{InitialMode, OverwriteCheck};
use crate::outcome::{InputId, Outcome};
use crate::pipeline::sink::{Concatenated, Sink};
use crate::pipeline::stream::{Member, MemberSource, Reader, Stream, Writer};
use crate::select::selection::{Item, Selected, Selection, is_same_name};
use crate::settings::{Destination, OverwritePolicy, Settings};

/// One stream of all inputs.
pub(super) fn concatenate(plan: Selection, settings: &Arc<Settings>) -> Result<Stream, Outcome> {
    let is_an_input = Arc::default();
    let (sink, itself) = match &settings.destination {
        Destination::File(path) => shared_output(path, &is_an_input, settings)?,
        _ => standard_output(settings)?,
    };
    let inputs = ConcatenatedInputs { plan, settings: Arc::clone(settings), itself, is_an_input };
    Ok(Stream::new(Reader::concatenated(inputs), Writer::new(sink)))
}

/// The inputs that go into one output.
struct ConcatenatedInputs {
    plan: Selection,
    settings: Arc<Settings>,
    /// Device and inode of the output, which none of them may have.
    itself: Option<Identity>,
    /// Set when one of them has it, so that the output of `-o` is not named.
    is_an_input: Arc<AtomicBool>,
}

impl ConcatenatedInputs {
    /// Opens an input, unless it is the output. A walk passes by standard output without a word, which is written
    /// already; a file that `-o` would replace is refused however it was found.
    fn open(&self, id: InputId, source: Source) -> Result<Member, Outcome> {
        let input = Input::open_any(id, source, None, &self.settings)?;
        if let Destination::File(path) = &self.settings.destination
            && self.itself.is_some()
            // Some file systems make up inode numbers at each look.
            && (input.identity() == self.itself || !input.is_stdin() && is_same_name(&input.id.shown, path))
        {
            self.is_an_input.store(true, Ordering::Relaxed);
            return Err(Outcome::Failed(Error::other("is the output as well")));
        }
        Ok(Member::new(input.unless_it_is(self.itself)?, &self.settings))
    }
}

impl MemberSource for ConcatenatedInputs {
    fn open_next(&mut self) -> Option<Result<Member, (InputId, Outcome)>> {
        if self.is_an_input.load(Ordering::Relaxed) {
            return self.skip_next().map(Err);
        }
        let Item { id, source, .. } = match self.plan.next()? {
            Selected::Settled(id, outcome) => return Some(Err((id, outcome))),
            Selected::Item(item) => item,
        };
        let open = || self.open(id.clone(), source);
        Some(contained(open).map_err(|outcome| (id, outcome)))
    }

    fn skip_next(&mut self) -> Option<(InputId, Outcome)> {
        Some(match self.plan.next()? {
            Selected::Settled(id, outcome) => (id, outcome),
            Selected::Item(item) => (item.id, Outcome::NotReached),
        })
    }
}

/// The output of `-o` for several inputs, and the identity that none of them may have.
fn shared_output(
    path: &Path,
    is_an_input: &Arc<AtomicBool>,
    settings: &Settings,
) -> Result<(Sink, Option<Identity>), Outcome> {
    if let Some(special) = special_file(path, settings)? {
        return Ok(special);
    }
    let (directory, name) = output_place(path)?;
    let overwrite =
        OverwriteCheck { force: settings.overwrite == OverwritePolicy::Replace, input: None, protection: None };
    // The file behind a link, as inputs are opened through links.
    let itself = match look_ahead(&directory, &name, &overwrite)? {
        Some(standing) => directory.stat(&name)?.or(Some(standing)).as_ref().map(identity_of),
        None => None,
    };
    let list = settings.list.as_ref().and_then(|list| rustix::fs::stat(list.path.as_ref()?).ok());
    if itself.is_some() && itself == list.as_ref().map(identity_of) {
        return Err(Outcome::Failed(Error::other(format_args!("{} is the list of names", EscapedName::path(path)))));
    }
    let output = make(directory, name, InitialMode::Umask, settings)?;
    let (sync, remove, is_an_input) = (settings.syncs(), settings.removes(), Arc::clone(is_an_input));
    Ok((Sink::Concatenated(Concatenated { output, overwrite, sync, remove, is_an_input }), itself))
}
