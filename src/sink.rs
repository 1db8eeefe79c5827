//! Where a stream's bytes go, and what it takes for a member there to count as done.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use anyhow::anyhow;

use crate::input::Input;
use crate::metadata::Metadata;
use crate::outcome::{Done, Facts, Outcome, Reason, Shortfall};
use crate::output::{Output, Refusal, Replacing};
use crate::shown::Shown;
use crate::transfer::write_all;

/// Where a stream's bytes go.
#[derive(Debug)]
pub enum Sink {
    /// Straight into a descriptor: standard output, or a device or FIFO named with `-o`.
    Descriptor {
        /// The descriptor.
        fd: OwnedFd,
        /// Its name in messages.
        shown: PathBuf,
    },
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
        replacing: Replacing,
        /// Whether it is synced.
        sync: bool,
        /// Whether somebody wanted the originals removed, which are not.
        remove: bool,
    },
}

/// An output of one input, and what is to happen to both.
#[derive(Debug)]
pub struct Own {
    /// The output; taken when it is committed or given up.
    pub output: Option<Output>,
    /// What it may replace.
    pub replacing: Replacing,
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
    pub facts: Facts,
    /// Whether the input changed while it was read.
    pub changed: bool,
    /// Whether something was left over behind the input's last member.
    pub trailing_garbage: bool,
}

impl Written<'_> {
    fn done(&self, output: Option<PathBuf>, shortfall: Option<Shortfall>) -> Outcome {
        let Self { bytes_in, bytes_out, facts, .. } = *self;
        let shortfall = shortfall.or(self.trailing_garbage.then_some(Shortfall::TrailingGarbage));
        Outcome::Done(Done { bytes_in, bytes_out, facts, output, shortfall })
    }
}

impl Sink {
    /// Appends `bytes`.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Nowhere { .. } => Ok(()),
            Self::Descriptor { fd, .. } => write_all(fd.as_fd(), bytes),
            Self::Own(Own { output: Some(output), .. }) | Self::Joined { output: Some(output), .. } => {
                output.write(bytes)
            }
            Self::Own(_) | Self::Joined { .. } => Err(io::Error::other("the output is closed already")),
        }
    }

    /// The outcome of an input whose bytes could not be written.
    pub fn failure(&self, error: io::Error) -> Outcome {
        let shown = match self {
            Self::Descriptor { .. } if error.kind() == io::ErrorKind::BrokenPipe => return Outcome::ReaderGone,
            Self::Descriptor { shown, .. } => shown.clone(),
            Self::Nowhere { .. } => PathBuf::new(),
            Self::Own(Own { output, .. }) | Self::Joined { output, .. } => {
                output.as_ref().map(Output::shown).unwrap_or_default()
            }
        };
        Outcome::Failed(anyhow::Error::new(error).context(Shown::path(&shown).to_string()))
    }

    /// The outcome of a member that ends with `outcome` after some of its bytes are out: where others share
    /// the output, it is spoilt for them, which is more than a warning.
    pub fn cut_short(&self, outcome: Outcome) -> Outcome {
        match (self, outcome) {
            (Self::Own(_) | Self::Nowhere { .. }, outcome) => outcome,
            (_, Outcome::Skipped(reason)) => Outcome::Failed(anyhow!("{reason}")),
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
            Self::Nowhere { name } => written.done(name.take(), written.changed.then_some(Shortfall::Changed)),
            // What was read is written whole; others stand beside it, so it stays.
            Self::Descriptor { .. } | Self::Joined { .. } => {
                written.done(None, written.changed.then_some(Shortfall::Changed))
            }
        }
    }

    /// Called when nothing more will be written, with what has become of the members. A joined output gets its
    /// name here; if it does not, that is an outcome of its own, under its own name, as members written into
    /// it have been told as done.
    pub fn close(&mut self, ending: Ending) -> Option<(PathBuf, Outcome)> {
        let Self::Joined { output, replacing, sync, remove } = self else {
            return None;
        };
        let output = output.take()?;
        let shown = output.shown();
        let outcome = match ending {
            Ending::Whole => match output.commit(*replacing, *sync) {
                Ok(()) if *remove => Outcome::Skipped(Reason::OriginalsShare),
                Ok(()) => return None,
                Err(Refusal::Exists) => Outcome::Failed(anyhow!("was made by somebody else meanwhile; left alone")),
                Err(refusal) => refused(refusal, shown.clone()),
            },
            Ending::CutShort => Outcome::Failed(anyhow!("not made, as it could not be finished")),
            Ending::Empty => Outcome::Skipped(Reason::NoInput),
        };
        Some((shown, outcome))
    }
}

impl Own {
    fn finish(&mut self, written: &Written<'_>) -> Outcome {
        let Some(output) = self.output.take() else {
            return Outcome::Failed(anyhow!("its output is closed already"));
        };
        if written.changed {
            return Outcome::Skipped(Reason::Changed);
        }
        let shown = output.shown();
        let applied = self.metadata.as_ref().map_or(Ok(()), |m| m.apply(output.as_fd(), output.folder()));
        if let Err(refusal) = output.commit(self.replacing, self.sync) {
            return refused(refusal, shown);
        }
        let shortfall = match applied {
            Err(error) => Some(Shortfall::Metadata(error.context(Shown::path(&shown).to_string()))),
            Ok(()) if !self.remove || written.trailing_garbage => None,
            Ok(()) => match written.input.remove_original() {
                Ok(true) => None,
                Ok(false) => Some(Shortfall::OriginalReplaced),
                Err(error) => Some(Shortfall::OriginalStays(error)),
            },
        };
        written.done(Some(shown), shortfall)
    }
}

/// The outcome of an input whose output did not get the name `shown`.
pub fn refused(refusal: Refusal, shown: PathBuf) -> Outcome {
    match refusal {
        Refusal::Exists => Outcome::Skipped(Reason::OutputExists(shown)),
        Refusal::NotReplaceable => Outcome::Skipped(Reason::OutputNotReplaceable(shown)),
        Refusal::IsTheInput => Outcome::Failed(anyhow!("{} is the same file", Shown::path(&shown))),
        Refusal::System(error) => Outcome::Failed(anyhow::Error::new(error).context(Shown::path(&shown).to_string())),
    }
}
