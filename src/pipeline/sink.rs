//! Where a stream's bytes go, and when a member there is done.
//!
//! An output file gets its name here, and here its original is removed. A sink does not know about blocks or order: the writer
//! calls it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, OutputName};
use crate::io::closing;
use crate::io::input::{Change, Input};
use crate::io::metadata::{Metadata, Original};
use crate::io::output::{Output, OverwriteCheck, Refusal};
use crate::io::transfer::write_all;
use crate::outcome::{Done, MemberStats, Outcome, Reason, Warning};
use crate::pipeline::block_channel::BlockChannel;
use crate::pipeline::job::BeingWritten;

/// Where a stream's bytes go.
#[derive(Debug)]
pub(crate) enum Sink {
    /// A descriptor that is written in place: standard output, or a device or FIFO named with `-o`.
    Descriptor {
        /// The descriptor.
        fd: OwnedFd,
        /// Its name in messages.
        shown: PathBuf,
    },
    /// Back to the caller of the encoder.
    Returned(Arc<BlockChannel>),
    /// Nowhere: the input is tested or listed.
    Nowhere {
        /// The name in the input's header, if the settings ask for it.
        name: Option<PathBuf>,
    },
    /// The output file of a single input.
    PerInput(PerInput),
    /// One output file for several inputs.
    Concatenated(Concatenated),
    /// The output has been closed.
    Closed,
}

/// The output file of a single input, and what happens to both. The file gets its name when its input is done.
#[derive(Debug)]
pub(crate) struct PerInput {
    /// Counts the output among those that are being written, until it is named or removed.
    pub being_written: BeingWritten,
    /// The file.
    pub output: Output,
    /// Which file it may replace.
    pub overwrite: OverwriteCheck,
    /// The original's metadata.
    pub metadata: Option<Metadata>,
    /// Whether file and directory are synced.
    pub sync: bool,
    /// Whether the original is removed.
    pub remove: bool,
    /// Whether an older output, which does not have the time and size of the input, stays if this one is discarded.
    pub leaves_outdated: bool,
}

/// One output file for several inputs. It gets its name when all inputs are done.
#[derive(Debug)]
pub(crate) struct Concatenated {
    /// The file.
    pub output: Output,
    /// Which file it may replace.
    pub overwrite: OverwriteCheck,
    /// Whether file and directory are synced.
    pub sync: bool,
    /// Whether removal of the originals is requested. It is refused.
    pub remove: bool,
    /// Set when an input is the file that the output would replace.
    pub is_an_input: Arc<AtomicBool>,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All members are complete, and there is at least one.
    Complete,
    /// A member is incomplete.
    Incomplete,
    /// There is no member.
    Empty,
}

/// A member, or a file's decompressed content, after its last byte is written.
#[derive(Debug)]
pub(crate) struct WrittenMember<'a> {
    /// The input.
    pub input: &'a Input,
    /// Bytes of the input.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Data from the headers and trailers of the members that were read or written.
    pub stats: MemberStats,
    /// How the input changed while it was read.
    pub change: Change,
    /// Whether something other than a member followed the input's last member.
    pub trailing_garbage: bool,
}

impl WrittenMember<'_> {
    /// The warning about a change of the input, if the output is kept.
    fn change_warning(&self) -> Option<Warning> {
        match self.change {
            Change::None => None,
            Change::Grown => Some(Warning::Grew(self.input.size.unwrap_or(0))),
            Change::Other => Some(Warning::Changed),
        }
    }

    fn done(&self, output: Option<PathBuf>, warning: Option<Warning>) -> Outcome {
        let Self { bytes_in, bytes_out, stats, .. } = *self;
        let warning = warning.or(self.trailing_garbage.then_some(Warning::TrailingGarbage));
        Outcome::Done(Done { bytes_in, bytes_out, stats, output, warning })
    }
}

impl Sink {
    /// Appends `bytes`. Returns the buffer if it can be reused.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Nowhere { .. } => {}
            Self::Descriptor { fd, .. } => write_all(fd.as_fd(), &bytes)?,
            Self::Returned(channel) => {
                channel.push_output(bytes);
                return Ok(None);
            }
            Self::PerInput(PerInput { output, .. }) | Self::Concatenated(Concatenated { output, .. }) => {
                output.write(&bytes)?;
            }
            Self::Closed => return Err(io::Error::other("the output is closed already")),
        }
        Ok(Some(bytes))
    }

    /// The outcome of an input whose bytes could not be written.
    pub(crate) fn failure(&self, error: io::Error) -> Outcome {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        let error = Error::from(error);
        Outcome::Failed(match self {
            Self::Descriptor { .. } if broken_pipe => return Outcome::ReaderGone,
            Self::Descriptor { shown, .. } => error.about(shown.as_path()),
            Self::PerInput(PerInput { output, .. }) | Self::Concatenated(Concatenated { output, .. }) => {
                error.about(output.output_name())
            }
            Self::Nowhere { .. } | Self::Returned(_) | Self::Closed => error,
        })
    }

    /// The outcome of a member that ends with `outcome` after some of its bytes are written. If other inputs share the output,
    /// it is damaged for them, so a warning becomes an error.
    pub(crate) fn cut_short(&self, outcome: Outcome) -> Outcome {
        match (self, outcome) {
            (Self::PerInput(_) | Self::Nowhere { .. }, outcome) => outcome,
            (_, Outcome::Skipped(reason)) => Outcome::Failed(Error::other(reason)),
            (_, outcome) => outcome,
        }
    }

    /// Removes the output of an input that failed, so that its space is free before the failure is recorded. Whether the
    /// input is put off, because only space was missing and may be there later.
    pub(crate) fn discard(&mut self, outcome: &Outcome) -> bool {
        if !matches!(self, Self::PerInput(_)) {
            return false;
        }
        let Self::PerInput(PerInput { output, being_written, .. }) = std::mem::replace(self, Self::Closed) else {
            return false;
        };
        drop(output);
        outcome.full_device().is_some() && being_written.put_off()
    }

    /// The reason why an output that saves too little is discarded.
    pub(crate) fn not_smaller(&self) -> Reason {
        match self {
            Self::PerInput(PerInput { output, leaves_outdated: true, .. }) => {
                Reason::OutdatedOutputStays(output.output_name().path)
            }
            _ => Reason::NotSmaller,
        }
    }

    /// Whether it is a descriptor: bytes that are written cannot be taken back.
    pub(crate) fn is_descriptor(&self) -> bool {
        matches!(self, Self::Descriptor { .. })
    }

    /// Completes a member after its last byte; returns its outcome. An output file of a single input gets its name.
    pub(crate) fn finish_member(&mut self, written: WrittenMember<'_>) -> Outcome {
        // Most sinks take more members, and an output file of a single input is closed.
        match std::mem::replace(self, Self::Closed) {
            Self::PerInput(per_input) => per_input.finish(&written),
            Self::Nowhere { name } => written.done(name, written.change_warning()),
            // The member is kept whatever happened to its input, because it is written and other members surround it.
            shared => {
                *self = shared;
                written.done(None, written.change_warning())
            }
        }
    }

    /// Closes the output after the last member. An output file of several inputs gets its name. If that fails, or if a
    /// descriptor reports an error when it is closed, the output has an outcome of its own, under its own name, because its
    /// members are recorded as done.
    pub(crate) fn close(&mut self, ending: Ending) -> Option<(PathBuf, Outcome)> {
        if let Self::PerInput(_) = self {
            // Its input has failed. The file is removed when the sink is dropped.
            return None;
        }
        match std::mem::replace(self, Self::Closed) {
            Self::Concatenated(concatenated) => concatenated.close(ending),
            // The error that made it incomplete has been recorded.
            Self::Descriptor { .. } if ending == Ending::Incomplete => None,
            Self::Descriptor { fd, shown } => {
                let closed = closing::flush(&fd).and_then(|()| closing::close(fd));
                closed.err().map(|error| (shown, close_failure(error)))
            }
            Self::Returned(_) | Self::Nowhere { .. } | Self::PerInput(_) | Self::Closed => None,
        }
    }
}

/// The outcome of a descriptor whose close fails.
fn close_failure(error: io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Outcome::ReaderGone,
        _ => error.into(),
    }
}

impl PerInput {
    fn finish(self, written: &WrittenMember<'_>) -> Outcome {
        // The first to be bound is the last to be dropped: the output has its name by then, or is removed.
        let Self { being_written: _being_written, mut output, overwrite, metadata, sync, remove, .. } = self;
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
        if let Err(refusal) = output.commit(&overwrite, sync) {
            return refused(refusal, name);
        }
        let warning = match applied {
            Err(error) => Some(Warning::Metadata(error.about(shown.as_path()))),
            Ok(()) if !remove || written.trailing_garbage => written.change_warning(),
            Ok(()) => remove_original(written.input),
        };
        written.done(Some(shown), warning)
    }
}

impl Concatenated {
    fn close(self, ending: Ending) -> Option<(PathBuf, Outcome)> {
        let Self { output, overwrite, sync, remove, is_an_input } = self;
        let name = output.output_name();
        let shown = name.path.clone();
        let outcome = match ending {
            Ending::Complete if is_an_input.load(Ordering::Relaxed) => {
                Outcome::Failed(Error::other("not made, as it is an input as well"))
            }
            Ending::Complete => match output.commit(&overwrite, sync) {
                Ok(()) if remove => Outcome::Skipped(Reason::SharedOutput),
                Ok(()) => return None,
                Err(Refusal::Exists) => {
                    Outcome::Failed(Error::other("was made by somebody else meanwhile; left alone"))
                }
                // The outcome already has the output's name.
                Err(Refusal::System(error)) => error.into(),
                Err(refusal) => refused(refusal, name),
            },
            Ending::Incomplete => Outcome::Failed(Error::other("not made, as it could not be finished")),
            Ending::Empty => Outcome::Skipped(Reason::NoInput),
        };
        Some((shown, outcome))
    }
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
        Refusal::NotReplaceable => Outcome::Skipped(Reason::OutputNotReplaceable(name.path)),
        Refusal::IsTheInput => Outcome::Failed(Error::other(format_args!("{name} is the same file"))),
        Refusal::IsAnInput => Outcome::Failed(Error::other(format_args!("{name} is an input as well"))),
        Refusal::MayBeAnInput => {
            Outcome::Failed(Error::other(format_args!("{name} exists, and the list may yet name it")))
        }
        Refusal::System(error) => Outcome::Failed(Error::from(error).about(name)),
    }
}
