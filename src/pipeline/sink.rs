//! Where a stream's bytes go, and what it takes for a member there to count as done.

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

/// Where a stream's bytes go.
#[derive(Debug)]
pub enum Sink {
    /// Straight into a descriptor: standard output, or a device or FIFO named with `-o`.
    Descriptor {
        /// The descriptor; taken when it is closed.
        fd: Option<OwnedFd>,
        /// Its name in messages.
        shown: PathBuf,
    },
    /// Back to the caller of the library.
    Returned(Arc<BlockChannel>),
    /// Nowhere: the input is tested or listed.
    Nowhere {
        /// Under this name, if its header's is wanted.
        name: Option<PathBuf>,
    },
    /// Into the output of the one input.
    Own(Own),
    /// Into one output that takes every input; gets its name when all are in.
    Joined {
        /// The output; taken when it is committed or given up.
        output: Option<Output>,
        /// What it may replace.
        overwrite: OverwriteCheck,
        /// Whether it is synced.
        sync: bool,
        /// Whether somebody wanted the originals removed, which are not.
        remove: bool,
        /// Set when an input is the file that the output would replace.
        is_an_input: Arc<AtomicBool>,
    },
}

/// An output of one input, and what is to happen to both.
#[derive(Debug)]
pub struct Own {
    /// The output; taken when it is committed or given up.
    pub output: Option<Output>,
    /// What it may replace.
    pub overwrite: OverwriteCheck,
    /// What it takes over from the original.
    pub metadata: Option<Metadata>,
    /// Whether output and folder are synced.
    pub sync: bool,
    /// Whether the original goes.
    pub remove: bool,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every member that was begun is whole, and there is at least one.
    Whole,
    /// A member was broken off.
    CutShort,
    /// There is no member.
    Empty,
}

/// A member, or a file's content, whose bytes are all written.
#[derive(Debug)]
pub struct Written<'a> {
    /// What it was made of.
    pub input: &'a Input,
    /// Bytes of the input.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// What was learnt of the input's members, or of the one made.
    pub stats: MemberStats,
    /// How the input changed while it was read.
    pub change: Change,
    /// Whether something was left over behind the input's last member.
    pub trailing_garbage: bool,
}

impl Written<'_> {
    /// What there is to say about a change where the output stays.
    fn warning(&self) -> Option<Warning> {
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
    /// Appends `bytes`; the buffer comes back where it is of no more use here.
    pub fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Nowhere { .. } => {}
            Self::Descriptor { fd: Some(fd), .. } => write_all(fd.as_fd(), &bytes)?,
            Self::Returned(to) => {
                to.push_output(bytes);
                return Ok(None);
            }
            Self::Own(Own { output: Some(output), .. }) | Self::Joined { output: Some(output), .. } => {
                output.write(&bytes)?;
            }
            Self::Descriptor { .. } | Self::Own(_) | Self::Joined { .. } => {
                return Err(io::Error::other("the output is closed already"));
            }
        }
        Ok(Some(bytes))
    }

    /// The outcome of an input whose bytes could not be written.
    pub fn failure(&self, error: io::Error) -> Outcome {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        let error = Error::from(error);
        Outcome::Failed(match self {
            Self::Descriptor { .. } if broken_pipe => return Outcome::ReaderGone,
            Self::Descriptor { shown, .. } => error.about(shown.as_path()),
            Self::Own(Own { output: Some(output), .. }) | Self::Joined { output: Some(output), .. } => {
                error.about(output.output_name())
            }
            Self::Nowhere { .. } | Self::Returned(_) | Self::Own(_) | Self::Joined { .. } => error,
        })
    }

    /// The outcome of a member that ends with `outcome` after some of its bytes are out: where others share
    /// the output, it is spoilt for them, which is more than a warning.
    pub fn cut_short(&self, outcome: Outcome) -> Outcome {
        match (self, outcome) {
            (Self::Own(_) | Self::Nowhere { .. }, outcome) => outcome,
            (_, Outcome::Skipped(reason)) => Outcome::Failed(Error::other(reason)),
            (_, outcome) => outcome,
        }
    }

    /// Whether it is a descriptor that somebody else reads or has opened.
    pub fn is_descriptor(&self) -> bool {
        matches!(self, Self::Descriptor { .. })
    }

    /// Called when the last byte of a part is written. An own output gets its name here.
    pub fn finish_part(&mut self, written: Written<'_>) -> Outcome {
        match self {
            Self::Own(own) => own.finish(&written),
            Self::Nowhere { name } => written.done(name.take(), written.warning()),
            // What was read is written whole; others stand beside it, so it stays.
            Self::Descriptor { .. } | Self::Returned(_) | Self::Joined { .. } => written.done(None, written.warning()),
        }
    }

    /// Called when nothing more will be written, with what has become of the members. A joined output gets its
    /// name here; if it does not, that is an outcome of its own, under its own name, as members written into
    /// it have been told as done. The same holds for an error that a descriptor reports only when it is closed.
    pub fn close(&mut self, ending: Ending) -> Option<(PathBuf, Outcome)> {
        let (output, overwrite, sync, remove, is_an_input) = match self {
            Self::Joined { output, overwrite, sync, remove, is_an_input } => {
                (output, overwrite, sync, remove, is_an_input)
            }
            // What cut the output short has been reported as an error.
            Self::Descriptor { fd, shown } if ending != Ending::CutShort => {
                let fd = fd.take()?;
                let closed = closing::flush(&fd).and_then(|()| closing::close(fd));
                return closed.err().map(|error| (shown.clone(), close_failure(error)));
            }
            Self::Descriptor { .. } | Self::Returned(_) | Self::Nowhere { .. } | Self::Own(_) => return None,
        };
        let output = output.take()?;
        let name = output.output_name();
        let shown = name.shown.clone();
        let outcome = match ending {
            Ending::Whole if is_an_input.load(Ordering::Relaxed) => {
                Outcome::Failed(Error::other("not made, as it is an input as well"))
            }
            Ending::Whole => match output.commit(overwrite, *sync) {
                Ok(()) if *remove => Outcome::Skipped(Reason::SharedOutput),
                Ok(()) => return None,
                Err(Refusal::Exists) => {
                    Outcome::Failed(Error::other("was made by somebody else meanwhile; left alone"))
                }
                // The outcome has the name already.
                Err(Refusal::System(error)) => error.into(),
                Err(refusal) => refused(refusal, name),
            },
            Ending::CutShort => Outcome::Failed(Error::other("not made, as it could not be finished")),
            Ending::Empty => Outcome::Skipped(Reason::NoInput),
        };
        Some((shown, outcome))
    }
}

/// The outcome of a descriptor whose close fails.
fn close_failure(error: io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Outcome::ReaderGone,
        _ => error.into(),
    }
}

impl Own {
    fn finish(&mut self, written: &Written<'_>) -> Outcome {
        let Some(mut output) = self.output.take() else {
            return Outcome::Failed(Error::other("its output is closed already"));
        };
        // What an original has gained while it was read must not be lost with it.
        if written.change == Change::Other || written.change == Change::Grown && self.remove {
            return Outcome::Skipped(Reason::Changed);
        }
        let name = output.output_name();
        let shown = name.shown.clone();
        if let Err(error) = output.end() {
            return refused(error.into(), name);
        }
        let original = if self.remove { Original::Goes } else { Original::Stays };
        let applied = self.metadata.as_ref().map_or(Ok(()), |metadata| output.apply(metadata, original));
        if let Err(refusal) = output.commit(&self.overwrite, self.sync) {
            return refused(refusal, name);
        }
        let warning = match applied {
            Err(error) => Some(Warning::Metadata(error.about(shown.as_path()))),
            Ok(()) if !self.remove || written.trailing_garbage => written.warning(),
            Ok(()) => remove_original(written.input),
        };
        written.done(Some(shown), warning)
    }
}

/// Removes an original whose output is whole; why not, if it stays.
pub fn remove_original(input: &Input) -> Option<Warning> {
    match input.remove_original() {
        Ok(true) => None,
        Ok(false) => Some(Warning::OriginalReplaced),
        Err(error) => Some(Warning::OriginalStays(error)),
    }
}

/// The outcome of an input whose output did not get its name.
pub fn refused(refusal: Refusal, name: OutputName) -> Outcome {
    match refusal {
        Refusal::Exists => Outcome::Skipped(Reason::OutputExists(name.shown)),
        Refusal::NotReplaceable => Outcome::Skipped(Reason::OutputNotReplaceable(name.shown)),
        Refusal::IsTheInput => Outcome::Failed(Error::other(format_args!("{name} is the same file"))),
        Refusal::IsAnInput => Outcome::Failed(Error::other(format_args!("{name} is an input as well"))),
        Refusal::MayBeAnInput => {
            Outcome::Failed(Error::other(format_args!("{name} exists, and the list may yet name it")))
        }
        Refusal::System(error) => Outcome::Failed(Error::from(error).about(name)),
    }
}
