//! The result of one input: done, skipped for a reason, failed with an error.
//!
//! `select` and `pipeline` return outcomes; the [`Observer`](crate::Observer) receives them. Nothing here prints, and nothing
//! decides about an exit status.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use crate::error::{Error, ErrorKind, SystemReason};
use crate::escaped_name::EscapedName;
use crate::format::gzip::ReadError;
pub use crate::format::gzip::{Damage, MemberStats, StoredChecksum};
pub use crate::format::legacy::LegacyFormat;
pub use crate::inflate::{Loss, SalvageTotals};

/// Identifies an input in outcomes and messages.
#[derive(Clone, Debug)]
pub(crate) struct InputId {
    /// The name as given, for messages.
    pub shown: PathBuf,
    /// Number of inputs before it in the run; `None` if it is not an input.
    pub position: Option<u64>,
    /// Whether it is standard input.
    pub is_stdin: bool,
    /// When the run reached it.
    pub started: Option<Instant>,
}

impl InputId {
    /// For an output that several inputs share.
    pub(crate) fn of_output(shown: PathBuf) -> Self {
        Self { shown, position: None, is_stdin: false, started: None }
    }

    /// For the remaining inputs, when their names cannot be determined.
    pub(crate) fn of_remaining_inputs() -> Self {
        Self::of_output("the inputs that follow".into())
    }
}

/// An input whose outcome is known before its content is read.
#[derive(Debug)]
pub(crate) struct SettledInput {
    pub id: InputId,
    pub outcome: Outcome,
}

/// The outcome of something that is not an input, or that is not numbered as an input yet: an output, a list, a directory.
#[derive(Debug)]
pub(crate) struct NamedOutcome {
    /// The name in messages.
    pub shown: PathBuf,
    pub outcome: Outcome,
}

impl NamedOutcome {
    pub(crate) fn new(shown: impl Into<PathBuf>, outcome: impl Into<Outcome>) -> Self {
        Self { shown: shown.into(), outcome: outcome.into() }
    }
}

/// The result of one input.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Its output is complete and has its name, or it was tested or listed.
    Done(Done),
    /// It was not processed, or its output was discarded. The original is unchanged.
    Skipped(Reason),
    /// It failed. There is no output, or the output is complete and it is not known whether it is on the disk.
    Failed(Error),
    /// It was not processed, because the output that it shares with other inputs ended early: an input before it failed after
    /// some of its bytes were written.
    NotReached,
    /// The reader of standard output has closed it (EPIPE). Filters end silently in this case.
    ReaderGone,
}

/// The message for [`Outcome::NotReached`].
pub const NOT_REACHED: &str = "not written, as the output ended before it";

impl Outcome {
    /// The outcome of an input whose worker panicked.
    pub(crate) fn panicked() -> Self {
        Self::Failed(Error::new(ErrorKind::Panic, "internal error: a worker panicked"))
    }

    /// The device of the output, if the input failed because the device or the user's quota is full. A limit on the size of one
    /// file (EFBIG) does not count: the next file may be smaller.
    pub(crate) fn full_device(&self) -> Option<u64> {
        let Self::Failed(error) = self else { return None };
        match error.kind() {
            ErrorKind::Io(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => error.output_device(),
            _ => None,
        }
    }

    /// The outcome of another input that fails for the same cause.
    pub(crate) fn for_another(&self) -> Self {
        match self {
            Self::Skipped(reason) => Self::Skipped(reason.clone()),
            Self::Failed(error) => Self::Failed(error.clone()),
            Self::ReaderGone => Self::ReaderGone,
            Self::NotReached | Self::Done(_) => Self::NotReached,
        }
    }
}

impl From<io::Error> for Outcome {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<ReadError> for Outcome {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.into())
    }
}

/// An input that was compressed, decompressed, tested or listed.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Done {
    /// Bytes of the input.
    pub bytes_in: u64,
    /// Bytes written for it, or that would be written if it had an output.
    pub bytes_out: u64,
    /// The name of its output, if it has one of its own.
    pub output: Option<PathBuf>,
    /// Figures of its gzip members, as far as they were read or written.
    pub stats: MemberStats,
    /// Problems that do not affect the output's content. An original with a warning is never removed.
    pub warnings: Vec<Warning>,
}

/// A problem that does not affect the output's content.
#[derive(Debug)]
#[non_exhaustive]
pub enum Warning {
    /// The owner, mode, ACL or times of the output, or of a directory that was created for it, could not be set.
    Metadata(Error),
    /// The name no longer refers to the file that was read, so the original was not removed.
    OriginalReplaced,
    /// The original could not be removed.
    OriginalStays(io::Error),
    /// The input grew while it was read. The output has the content up to this size in bytes, the size when it was opened.
    Grew(u64),
    /// The input changed while it was read, and its bytes are already part of an output of several inputs.
    Changed,
    /// The last member is followed by data that is not gzip, which was ignored.
    TrailingGarbage,
    /// The input is damaged, and its content was salvaged as far as possible. [`Observer::lost`](crate::Observer::lost) received
    /// each loss.
    Salvaged(SalvageTotals),
    /// The input is a zip file with more entries than the first one, which were ignored.
    ZipEntries,
    /// The input's modification time is not in its header, which holds times from 1970 to 2106. The output file has it.
    TimeNotStored,
}

/// The reason why an input was skipped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// It has a suffix of gzip, so it is assumed to be compressed.
    HasSuffix {
        /// That suffix.
        suffix: OsString,
        /// The run is recursive, so this is expected.
        recursive: bool,
    },
    /// Its suffix is one of another compressed format.
    CompressedFormat,
    /// It was named, and the filter rejects it.
    NotSelected,
    /// Its suffix is not one of gzip, so its output would have no name.
    UnknownSuffix {
        /// The run is recursive, so this is expected.
        recursive: bool,
    },
    /// An output of this name exists, and [`Observer::may_replace`](crate::Observer::may_replace) returned false.
    NotOverwritten(PathBuf),
    /// An output of this name exists.
    OutputExists(PathBuf),
    /// The output's name belongs to a directory, which is never replaced.
    OutputIsDirectory(PathBuf),
    /// The output's name belongs to a device, FIFO or socket, which is never replaced.
    OutputNotReplaceable(PathBuf),
    /// It is a directory, and the run is not recursive.
    Directory,
    /// It is a FIFO, device or socket.
    NotRegular,
    /// It is a symbolic link, which [`Settings::symlinks`](crate::Settings::symlinks) refuses; or a link to a directory whose
    /// files would be removed.
    SymbolicLink,
    /// A walk found a symbolic link. Walks do not follow links.
    WalkedLink,
    /// A walk found an output of this run.
    WalkedOutput,
    /// It has this number of hard links, which [`Settings::hard_links`](crate::Settings::hard_links) refuses.
    HardLinks(u64),
    /// Its mode has these of the bits setuid, setgid and sticky, which [`Settings::setid`](crate::Settings::setid) or
    /// [`Settings::sticky`](crate::Settings::sticky) refuses.
    SpecialMode(u32),
    /// Its size or modification time changed while it was read.
    Changed,
    /// Its output of this name exists, and has the same time and size.
    UpToDate(PathBuf),
    /// Its output of this name is not older and has other content, so the original is not removed.
    OutputDiffers(PathBuf),
    /// Its output would save less than [`Settings::only_smaller`](crate::Settings::only_smaller) demands.
    NotSmaller,
    /// As [`NotSmaller`](Self::NotSmaller), and its output of this name, which is not up to date, stays.
    OutdatedOutputStays(PathBuf),
    /// It was recompressed at this level before, which is not lower than that of this run.
    Recompressed(u8),
    /// It is BGZF, and its indexes hold offsets in the file, which recompression changes.
    Bgzf {
        /// The run is recursive, so this is expected.
        recursive: bool,
    },
    /// It has an index of this name, which holds offsets in the file.
    Indexed {
        /// The index.
        index: PathBuf,
        /// The run is recursive, so this is expected.
        recursive: bool,
    },
    /// Its last member is followed by data that is not gzip, which recompression would lose.
    TrailingGarbage,
    /// The output of several inputs was not written, because there was no input.
    NoInput,
    /// The originals were not removed, because they share an output.
    SharedOutput,
}

impl Reason {
    /// Whether a walk ignores files for this reason, so that they do not count as inputs.
    pub fn is_ignored(&self) -> bool {
        matches!(
            self,
            Self::HasSuffix { recursive: true, .. }
                | Self::UnknownSuffix { recursive: true }
                | Self::WalkedLink
                | Self::WalkedOutput
        )
    }

    /// Whether the settings ask for this, so that it is not a warning.
    pub fn is_expected(&self) -> bool {
        self.is_ignored()
            || matches!(
                self,
                Self::CompressedFormat
                    | Self::NotSelected
                    | Self::UpToDate(_)
                    | Self::NotSmaller
                    | Self::Recompressed(_)
                    | Self::Bgzf { recursive: true }
                    | Self::Indexed { recursive: true, .. }
            )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HasSuffix { .. } => f.write_str("already has the suffix; left alone"),
            Self::CompressedFormat => f.write_str("is compressed already, by its name; left alone"),
            Self::NotSelected => f.write_str("is not among the files chosen; left alone"),
            Self::UnknownSuffix { .. } => f.write_str("unknown suffix; left alone"),
            Self::NotOverwritten(output) => write!(f, "{} left alone", EscapedName::path(output)),
            Self::OutputExists(output) => {
                write!(f, "{} already exists; left alone", EscapedName::path(output))
            }
            Self::OutputIsDirectory(output) | Self::OutputNotReplaceable(output) => {
                write!(f, "{} is neither a regular file nor a symbolic link; left alone", EscapedName::path(output))
            }
            Self::Directory => f.write_str("is a directory; left alone"),
            Self::NotRegular => f.write_str("is not a regular file; left alone"),
            Self::SymbolicLink | Self::WalkedLink => f.write_str("is a symbolic link; left alone"),
            Self::WalkedOutput => f.write_str("is the output itself; left alone"),
            Self::HardLinks(links) => write!(f, "has {links} hard links; left alone"),
            Self::SpecialMode(_) => f.write_str("is setuid, setgid or sticky; left alone"),
            Self::Changed => f.write_str("changed while it was read; no whole output made"),
            Self::UpToDate(output) => write!(f, "{} is up to date; left alone", EscapedName::path(output)),
            Self::OutputDiffers(output) => {
                write!(f, "{} is not older and holds something else; left alone", EscapedName::path(output))
            }
            Self::SharedOutput => f.write_str("takes several inputs, so the originals are kept"),
            Self::NotSmaller => f.write_str("does not get as small as asked; left alone"),
            Self::OutdatedOutputStays(output) => {
                write!(f, "does not get as small as asked; {}, which is outdated, stays", EscapedName::path(output))
            }
            Self::Recompressed(level) => write!(f, "was recompressed at level {level}; left alone"),
            Self::Bgzf { .. } => f.write_str("is BGZF, whose indexes would become wrong; left alone"),
            Self::Indexed { index, .. } => {
                write!(f, "has the index {}, which would become wrong; left alone", EscapedName::path(index))
            }
            Self::TrailingGarbage => f.write_str("has trailing garbage, which would be lost; left alone"),
            Self::NoInput => f.write_str("not made, as there was nothing to read"),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata(error) => write!(f, "{error}"),
            Self::OriginalReplaced => f.write_str("is no longer the file that was read; not removed"),
            Self::OriginalStays(error) => write!(f, "original kept: {}", SystemReason(error)),
            Self::Grew(length) => write!(f, "grew while it was read; read only the {length} bytes it had when opened"),
            Self::Changed => f.write_str("changed while it was read"),
            Self::TrailingGarbage => f.write_str("trailing garbage ignored"),
            Self::Salvaged(SalvageTotals { losses, verified, unknown, .. }) => {
                let s = if *losses == 1 { "" } else { "es" };
                write!(f, "salvaged with {losses} loss{s}; {verified} bytes verified by CRC, {unknown} unknown")
            }
            Self::ZipEntries => f.write_str("has more than one entry; rest ignored"),
            Self::TimeNotStored => f.write_str("time not stored: the header holds times from 1970 to 2106"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gzip_suffix_is_expected_in_a_recursive_run_only() {
        let has_suffix = |recursive| Reason::HasSuffix { suffix: ".gz".into(), recursive }.is_expected();
        assert!(has_suffix(true) && !has_suffix(false));
    }
}
