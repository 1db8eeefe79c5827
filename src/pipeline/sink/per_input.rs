//! The output file of a single input. It gets its name when its input is done, and then the original is removed if requested.

use std::io;

use super::member_index::MemberIndex;
use super::{Sink, WrittenMember, closed, file_failure, write_to_file};
use crate::error::{Error, OutputName};
use crate::io::input::{Change, Input};
use crate::io::metadata::{Metadata, Original};
use crate::io::output::{OutputFile, OverwriteCheck, Refusal};
use crate::outcome::{Outcome, Reason, Warning};
use crate::pipeline::job::BeingWritten;
use crate::pipeline::stream::MemberSizes;

/// The output file of a single input, and what happens to both. The file gets its name when its input is done.
#[derive(Debug)]
pub(crate) struct PerInput {
    /// Counts the output among those that are being written, until it is named or removed.
    pub being_written: BeingWritten,
    /// The file.
    pub output: OutputFile,
    /// Its index, if one is written.
    pub index: Option<Box<MemberIndex>>,
    /// Which file it may replace.
    pub overwrite: OverwriteCheck,
    /// The original's metadata.
    pub metadata: Option<Metadata>,
    /// Whether file and directory are synced.
    pub sync: bool,
    /// Whether the original is removed or replaced.
    pub remove: bool,
    /// Whether the output replaces the original.
    pub in_place: bool,
    /// Whether an older output, which does not have the time and size of the input, stays if this one is discarded.
    pub leaves_outdated: bool,
    /// A warning about the directory of the output.
    pub warning: Option<Error>,
}

/// An output file of a single input, as a sink. `None` after the file is named or removed.
#[derive(Debug)]
pub(crate) struct PerInputSink(Option<PerInput>);

impl From<PerInput> for PerInputSink {
    fn from(file: PerInput) -> Self {
        Self(Some(file))
    }
}

impl Sink for PerInputSink {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        write_to_file(self.0.as_mut().map(|file| &mut file.output), bytes)
    }

    fn index_members(&mut self, members: &[MemberSizes]) -> io::Result<()> {
        let index = self.0.as_mut().and_then(|file| file.index.as_mut());
        index.map_or(Ok(()), |index| index.add(members))
    }

    fn failure(&self, error: io::Error) -> Outcome {
        file_failure(self.0.as_ref().map(|file| &file.output), error)
    }

    fn cut_short(&self, outcome: Outcome) -> Outcome {
        outcome
    }

    fn discard(&mut self, outcome: &Outcome) -> bool {
        let Some(PerInput { output, being_written, .. }) = self.0.take() else {
            return false;
        };
        drop(output);
        outcome.full_device().is_some() && being_written.defer()
    }

    fn is_per_input(&self) -> bool {
        true
    }

    fn not_smaller(&self) -> Reason {
        match &self.0 {
            Some(file) if file.leaves_outdated => Reason::OutdatedOutputStays(file.output.output_name().path),
            _ => Reason::NotSmaller,
        }
    }

    fn finish_member(&mut self, written: WrittenMember<'_>) -> Outcome {
        match self.0.take() {
            Some(file) => file.finish(&written),
            None => closed().into(),
        }
    }
}

impl PerInput {
    fn finish(self, written: &WrittenMember<'_>) -> Outcome {
        // The first to be bound is the last to be dropped: the output has its name by then, or is removed.
        let Self {
            being_written: _being_written,
            mut output,
            index,
            overwrite,
            metadata,
            sync,
            remove,
            in_place,
            warning,
            ..
        } = self;
        // Content that an original has gained while it was read must not be removed with it.
        if written.change == Change::Other || written.change == Change::Grown && remove {
            return Outcome::Skipped(Reason::Changed);
        }
        let name = output.output_name();
        let shown = name.path.clone();
        if let Err(error) = output.end() {
            return refused(error.into(), name);
        }
        let original = if remove { Original::Removed } else { Original::Kept };
        let applied = metadata.as_ref().map_or(Ok(()), |metadata| output.apply(metadata, original));
        let named = match index {
            None if in_place => replace(output, written.input, &applied, sync),
            None => output.commit(&overwrite, sync).map_err(|refusal| refused(refusal, name)),
            Some(mut index) => match index.end(metadata.as_ref(), original) {
                Ok(()) => commit_indexed(output, *index, &overwrite, sync),
                Err(error) => Err(refused(error.into(), index.output_name())),
            },
        };
        if let Err(outcome) = named {
            return outcome;
        }
        let metadata = warning.into_iter().chain(applied.err().map(|error| error.about(shown.as_path())));
        let mut warnings: Vec<_> = metadata.map(Warning::Metadata).chain(written.warnings()).collect();
        if remove && !in_place && warnings.is_empty() {
            warnings.extend(remove_original(written.input));
        }
        written.done(Some(shown), warnings)
    }
}

/// Replaces an original, unless it is no longer the file that was read, or the output does not have its metadata.
fn replace(output: OutputFile, input: &Input, applied: &Result<(), Error>, sync: bool) -> Result<(), Outcome> {
    let name = output.output_name();
    let applied = applied.clone().map_err(Refusal::LosesMetadata);
    let replaced = applied.and_then(|()| output.commit_over_input(|| input.still_has_name(), sync));
    replaced.map_err(|refusal| refused(refusal, name))
}

/// Gives a complete output and its complete index their names. An older index is removed first, so that it is never beside a new
/// output: a run that is killed in between leaves an output without index.
fn commit_indexed(
    output: OutputFile,
    index: MemberIndex,
    overwrite: &OverwriteCheck,
    sync: bool,
) -> Result<(), Outcome> {
    let (name, index_name) = (output.output_name(), index.output_name());
    index.remove_previous().map_err(|refusal| refused(refusal, index_name.clone()))?;
    output.commit(overwrite, sync).map_err(|refusal| refused(refusal, name))?;
    index.commit(sync).map_err(|refusal| refused(refusal, index_name))
}

/// Removes an original whose output is complete. Returns a warning if the original stays.
pub(crate) fn remove_original(input: &Input) -> Option<Warning> {
    match input.remove_original() {
        Ok(true) => None,
        Ok(false) => Some(Warning::OriginalReplaced),
        Err(error) => Some(Warning::OriginalStays(error)),
    }
}

/// The outcome of an input whose output did not get its name.
pub(crate) fn refused(refusal: Refusal, name: OutputName) -> Outcome {
    match refusal {
        Refusal::Exists => Outcome::Skipped(Reason::OutputExists(name.path)),
        Refusal::Directory => Outcome::Skipped(Reason::OutputIsDirectory(name.path)),
        Refusal::NotReplaceable => Outcome::Skipped(Reason::OutputNotReplaceable(name.path)),
        Refusal::NotTheInput => Outcome::Skipped(Reason::Changed),
        Refusal::LosesMetadata(error) => Outcome::Failed(error),
        Refusal::IsTheInput => Outcome::Failed(Error::other(format_args!("{name} is the same file"))),
        Refusal::IsAnInput => Outcome::Failed(Error::other(format_args!("{name} is an input as well"))),
        Refusal::MayBeAnInput => {
            Outcome::Failed(Error::other(format_args!("{name} exists, and the list may yet name it")))
        }
        Refusal::System(error) => Outcome::Failed(Error::from(error).about(name)),
    }
}
