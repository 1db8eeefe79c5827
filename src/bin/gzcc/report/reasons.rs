//! The reasons why inputs are skipped and the errors of those that fail, with the options that would change the result.
//!
//! The library's texts name no options, because a program that uses it has others.

use std::fmt;

use gzcc::outcome::{Damage, Reason};
use gzcc::{Error, ErrorKind};

/// The reason why an input was skipped, in one line.
pub(super) struct SkipReason<'a>(pub(super) &'a Reason);

impl fmt::Display for SkipReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reason) = self;
        let hint = match reason {
            Reason::CompressedFormat => " (--all takes it)",
            Reason::UnknownSuffix { .. } => " (-c decompresses it)",
            Reason::OutputExists(_) | Reason::OutputDiffers(_) => " (-f replaces it)",
            Reason::Bgzf { .. } | Reason::Indexed { .. } => " (--format takes it)",
            Reason::Directory => " (-r walks into it)",
            Reason::NotRegular => " (-c reads it)",
            Reason::HardLinks(_) | Reason::SpecialMode(_) => " (-f takes it)",
            _ => "",
        };
        write!(f, "{reason}{hint}")
    }
}

/// The error of an input, in one line.
pub(super) struct ErrorReason<'a>(pub(super) &'a Error);

impl fmt::Display for ErrorReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        let hint = match error.kind() {
            ErrorKind::OutputRefused => {
                return f.write_str("compressed data not written to a terminal; use -f to force, --help for help");
            }
            ErrorKind::InputRefused => {
                return f.write_str("compressed data not read from a terminal; use -f to force, --help for help");
            }
            ErrorKind::Damage(Damage::TooLong(_)) => " (--max-size)",
            ErrorKind::DescriptorName => "; use -c with >&N for an open descriptor N",
            ErrorKind::Verification => " (found by --verify)",
            ErrorKind::InvalidListName { likely_end: Some(0) } => {
                " (--files0-from reads lists whose names end with one)"
            }
            ErrorKind::InvalidListName { likely_end: Some(_) } => " (--files-from reads lists of lines)",
            _ => "",
        };
        write!(f, "{error}{hint}")
    }
}
