//! The output of a stream, and how its members are completed.
//!
//! An output file gets its name here, and here its original is removed. A sink does not know about blocks or order: the writer
//! calls it.

#[cfg(feature = "batch")]
pub(crate) mod concatenated_output;
#[cfg(feature = "batch")]
pub(crate) mod descriptor;
#[cfg(feature = "batch")]
pub(crate) mod indexed;
#[cfg(feature = "batch")]
pub(crate) mod member_index;
#[cfg(feature = "batch")]
pub(crate) mod nowhere;
#[cfg(feature = "batch")]
pub(crate) mod per_input;
#[cfg(feature = "batch")]
pub(crate) mod point_index;

use std::fmt::Debug;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::inflate::{ContentPoint, Trailing};
use crate::io::input::{Change, Input};
#[cfg(feature = "batch")]
use crate::io::output::OutputFile;
use crate::outcome::{Done, MemberStats, NamedOutcome, Outcome, Reason, SalvageTotals, Warning};
use crate::pipeline::block_channel::BlockChannel;
use crate::pipeline::stream::MemberSizes;

/// The output of a stream. The defaults are those of an output that takes several members.
pub(crate) trait Sink: Debug + Send {
    /// Appends `bytes`. Returns the buffer if it can be reused.
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>>;

    /// Adds members of BGZF to the index of the output, before they are written.
    fn index_members(&mut self, members: &[MemberSizes]) -> io::Result<()> {
        let _ = members;
        Ok(())
    }

    /// Receives the points in the next part of the content at which a decoder can start, and its number of newlines, before the part is
    /// written.
    fn add_points(&mut self, points: &[ContentPoint], content: &[u8], lines: u64) -> Result<(), Error> {
        let _ = (points, content, lines);
        Ok(())
    }

    /// The outcome of an input whose bytes could not be written.
    fn failure(&self, error: io::Error) -> Outcome {
        error.into()
    }

    /// The outcome of a member that ends with `outcome` after some of its bytes are written. If other inputs share the output,
    /// it is damaged for them, so a warning becomes an error.
    fn cut_short(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Skipped(reason) => Outcome::Failed(Error::other(reason)),
            outcome => outcome,
        }
    }

    /// Removes the output of an input that failed, so that its space is free before the failure is recorded. Returns whether the
    /// input is deferred, because only space was missing and may be available later.
    fn discard(&mut self, outcome: &Outcome) -> bool {
        let _ = outcome;
        false
    }

    /// Whether it is the output file of a single input, so that it can be discarded.
    fn is_per_input(&self) -> bool {
        false
    }

    /// The reason why an output that saves too little is discarded.
    fn not_smaller(&self) -> Reason {
        Reason::NotSmaller
    }

    /// Whether it is a descriptor: bytes that are written cannot be taken back.
    fn is_descriptor(&self) -> bool {
        false
    }

    /// Completes a member after its last byte; returns its outcome. An output file of a single input gets its name. In any
    /// other output the member is kept whatever happened to its input, because it is written and other members surround it.
    fn finish_member(&mut self, written: WrittenMember<'_>) -> Outcome {
        written.done(None, written.warnings().collect())
    }

    /// Closes the output after the last member. An output file of several inputs gets its name. If that fails, or if a
    /// descriptor reports an error when it is closed, the output has an outcome of its own, under its own name, because its
    /// members are recorded as done.
    fn close(&mut self, ending: Ending) -> Option<NamedOutcome> {
        let _ = ending;
        None
    }
}

/// The caller of the encoder receives the bytes.
impl Sink for Arc<BlockChannel> {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        self.push_output(bytes);
        Ok(None)
    }
}

/// Appends `bytes` to an output file; `None` after the file is named or removed. Returns the buffer, which can be reused.
#[cfg(feature = "batch")]
fn write_to_file(output: Option<&mut OutputFile>, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    output.ok_or_else(closed)?.write(&bytes)?;
    Ok(Some(bytes))
}

/// The outcome of an input whose bytes could not be written to this output file.
#[cfg(feature = "batch")]
fn file_failure(output: Option<&OutputFile>, error: io::Error) -> Outcome {
    let error = Error::from(error);
    Outcome::Failed(match output {
        Some(output) => error.about(output.output_name()),
        None => error,
    })
}

/// The error of a sink that is used after its end: a defect.
fn closed() -> io::Error {
    io::Error::other("the output is closed already")
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
    /// The data after the input's last member.
    pub trailing: Trailing,
    /// The header should hold the input's time, and cannot, and the settings ask for a warning.
    pub lacks_time: bool,
    /// The figures of a damaged input.
    pub salvaged: Option<SalvageTotals>,
}

impl WrittenMember<'_> {
    /// The warning about a change of the input.
    fn change_warning(&self) -> Option<Warning> {
        match self.change {
            Change::None => None,
            Change::Grown => Some(Warning::Grew(self.input.size.unwrap_or(0))),
            Change::Other => Some(Warning::Changed),
        }
    }

    /// The warnings about the input, if the output is kept.
    fn warnings(&self) -> impl Iterator<Item = Warning> {
        let trailing = match self.trailing {
            Trailing::Garbage => Some(Warning::TrailingGarbage),
            Trailing::ZipEntries => Some(Warning::ZipEntries),
            Trailing::Nothing | Trailing::Zeros | Trailing::ZipDirectory => None,
        };
        let time = self.lacks_time.then_some(Warning::TimeNotStored);
        let salvaged = self.salvaged.map(Warning::Salvaged);
        self.change_warning().into_iter().chain(trailing).chain(time).chain(salvaged)
    }

    fn done(&self, output: Option<PathBuf>, warnings: Vec<Warning>) -> Outcome {
        let Self { bytes_in, bytes_out, stats, .. } = *self;
        Outcome::Done(Done { bytes_in, bytes_out, stats, output, warnings })
    }
}
