//! What became of one input, and what that means for the exit status.
//!
//! "Said" and "counts against the exit status" are two different things; `Verdict` keeps them apart.
//! Nothing here prints: `plan` and `job` return outcomes, `report` says them.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use crate::error::{Error, ErrorKind, SystemReason};
use crate::escaped_name::EscapedName;
pub use crate::format::gzip::Damage;
use crate::format::gzip::ReadError;

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
    pub began: Option<Instant>,
}

impl InputId {
    /// For an output that several inputs share.
    pub(crate) fn of_output(shown: PathBuf) -> Self {
        Self { shown, position: None, is_stdin: false, began: None }
    }

    /// For the remaining inputs, when their names cannot be determined.
    pub(crate) fn of_remaining_inputs() -> Self {
        Self::of_output("the inputs that follow".into())
    }
}

/// What became of one input.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// What was made of it is whole and where it belongs.
    Done(Done),
    /// It was left alone, and no output was made.
    Skipped(Reason),
    /// It failed: it has no output, or the output is not known to be on the disk.
    Failed(Error),
    /// It could have been done, but the output it was to go into ended before it.
    NotReached,
    /// The reader of standard output has gone away. Not an error to speak of: the process dies as filters do.
    ReaderGone,
}

/// What is told of [`Outcome::NotReached`].
pub const NOT_REACHED: &str = "not written, as the output ended before it";

impl Outcome {
    /// Of an input whose worker panicked.
    pub(crate) fn panicked() -> Self {
        Self::Failed(Error::new(ErrorKind::Panic, "internal error: a worker panicked"))
    }

    /// The device that has no room for an output, or no more for this user, if that is why it failed. The limit of a
    /// file's size is another matter: the next file may keep to it.
    pub(crate) fn full_device(&self) -> Option<u64> {
        let Self::Failed(error) = self else { return None };
        match error.kind() {
            ErrorKind::Io(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => error.output_device(),
            _ => None,
        }
    }

    /// The same for another input, where one cause keeps both from being done.
    pub(crate) fn for_another(&self) -> Self {
        match self {
            Self::Skipped(reason) => Self::Skipped(reason.clone()),
            Self::Failed(error) => Self::Failed(error.clone()),
            Self::ReaderGone => Self::ReaderGone,
            // What is done is done for one input only.
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
    /// Bytes made of it.
    pub bytes_out: u64,
    /// The output's name, where it has one of its own.
    pub output: Option<PathBuf>,
    /// What was learnt of its gzip members, where they were read or written.
    pub stats: MemberStats,
    /// What fell short without costing the output. An original about which there is one is never removed.
    pub warning: Option<Warning>,
}

/// What `-l` tells of a file's members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberStats {
    /// Bytes of headers and trailers.
    pub overhead: u64,
    /// CRC-32 that the last trailer holds.
    pub crc: Option<u32>,
    /// MTIME of the last header, or the input's own modification time; in seconds since 1970.
    pub mtime: Option<i64>,
}

impl MemberStats {
    /// Takes in what was learnt later.
    pub(crate) fn add(&mut self, later: Self) {
        self.overhead += later.overhead;
        self.crc = later.crc.or(self.crc);
        self.mtime = later.mtime.or(self.mtime);
    }
}

/// What fell short although the output is whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum Warning {
    /// Mode, times or an inherited ACL could not be set as they should.
    Metadata(Error),
    /// The name no longer belongs to the file that was read.
    OriginalReplaced,
    /// The original could not be removed.
    OriginalStays(io::Error),
    /// It grew while it was read. What was made of it holds this many bytes, which it had when it was opened.
    Grew(u64),
    /// It changed while it was read, and what was made of it is already part of a longer output.
    Changed,
    /// Behind its last member is something that is none.
    TrailingGarbage,
}

/// Why an input was left alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Its name tells that it is compressed already.
    HasSuffix {
        /// The suffix that does.
        suffix: OsString,
        /// Under -r, where that is to be expected.
        recursive: bool,
    },
    /// The same, but not by gzip, and nobody wants it compressed again.
    CompressedFormat,
    /// It was named, but is not among what is taken.
    NotSelected,
    /// It is to be decompressed, and its name does not tell what the output's would be.
    UnknownSuffix {
        /// Under -r, where that is to be expected.
        recursive: bool,
    },
    /// The user was asked whether the output of that name may be replaced, and did not say so.
    NotOverwritten(PathBuf),
    /// There is an output of that name.
    OutputExists(PathBuf),
    /// The output's name belongs to something that is never replaced.
    OutputNotReplaceable(PathBuf),
    /// A folder, and nobody asked to walk into it.
    Directory,
    /// A FIFO, device or socket.
    NotRegular,
    /// A symbolic link whose original would be removed.
    SymbolicLink,
    /// A walk found a symbolic link, and walks do not follow them.
    WalkedLink,
    /// A walk found the file that this run writes.
    WalkedOutput,
    /// The original would be removed, and other names share it: this many in all.
    HardLinks(u64),
    /// The original would be removed, and its mode has these of the bits setuid, setgid and sticky.
    SpecialMode(u32),
    /// Size or modification time changed while it was read.
    Changed,
    /// Its output exists, and has its time and size.
    UpToDate(PathBuf),
    /// Its output is not older, but does not hold what the original does, which was to be removed.
    OutputDiffers(PathBuf),
    /// Its output would not be smaller by as much as was asked for.
    NotSmaller,
    /// An output for several inputs, of which there were none.
    NoInput,
    /// Originals were to be removed, and share their output.
    SharedOutput,
}

impl Reason {
    /// Whether it is what a walk passes by, which is no input of the run to anybody.
    pub fn is_passed_by(&self) -> bool {
        matches!(
            self,
            Self::HasSuffix { recursive: true, .. }
                | Self::UnknownSuffix { recursive: true }
                | Self::WalkedLink
                | Self::WalkedOutput
        )
    }

    /// Whether the settings ask for this: it is not a warning.
    pub fn is_expected(&self) -> bool {
        self.is_passed_by()
            || matches!(self, Self::CompressedFormat | Self::NotSelected | Self::UpToDate(_) | Self::NotSmaller)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HasSuffix { .. } => f.write_str("already has the suffix; left alone"),
            Self::CompressedFormat => f.write_str("is compressed already, by its name; left alone (--all takes it)"),
            Self::NotSelected => f.write_str("is not among the files chosen; left alone"),
            Self::UnknownSuffix { .. } => f.write_str("unknown suffix; left alone (-c decompresses it)"),
            Self::NotOverwritten(output) => write!(f, "{} left alone", EscapedName::path(output)),
            Self::OutputExists(output) => {
                write!(f, "{} already exists; left alone (-f replaces it)", EscapedName::path(output))
            }
            Self::OutputNotReplaceable(output) => {
                write!(f, "{} is neither a regular file nor a symbolic link; left alone", EscapedName::path(output))
            }
            Self::Directory => f.write_str("is a directory; left alone (-r walks into it)"),
            Self::NotRegular => f.write_str("is not a regular file; left alone (-c reads it)"),
            Self::SymbolicLink | Self::WalkedLink => f.write_str("is a symbolic link; left alone"),
            Self::WalkedOutput => f.write_str("is the output itself; left alone"),
            Self::HardLinks(links) => write!(f, "has {links} hard links; left alone (-f takes it)"),
            Self::SpecialMode(_) => f.write_str("is setuid, setgid or sticky; left alone (-f takes it)"),
            Self::Changed => f.write_str("changed while it was read; no whole output made"),
            Self::UpToDate(output) => write!(f, "{} is up to date; left alone", EscapedName::path(output)),
            Self::OutputDiffers(output) => {
                write!(
                    f,
                    "{} is not older and holds something else; left alone (-f replaces it)",
                    EscapedName::path(output)
                )
            }
            Self::SharedOutput => f.write_str("takes several inputs, so the originals are kept"),
            Self::NotSmaller => f.write_str("does not get as small as asked; left alone"),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_is_expected_in_a_walk_only() {
        let has_suffix = |recursive| Reason::HasSuffix { suffix: ".gz".into(), recursive }.is_expected();
        assert!(has_suffix(true) && !has_suffix(false));
    }
}
