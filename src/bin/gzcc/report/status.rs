//! The exit status, and how a skipped input affects it.

use gzcc::outcome::Reason;

use crate::presentation::Rules;

use super::gnu_messages;
use super::messages::Messages;

/// The exit status of the process, as in gzip. A run has the worst status of its inputs; an error is worse than a warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// 0: everything succeeded.
    #[default]
    Success,
    /// 2: warnings only.
    Warning,
    /// 1: something failed.
    Error,
}

impl Status {
    /// The number passed to the system.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Warning => 2,
            Self::Error => 1,
        }
    }
}

/// How a skipped input is reported. Whether a line is printed is independent of the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// A line is printed on standard error.
    pub(super) printed: bool,
    /// The effect on the exit status.
    pub(super) status: Status,
}

/// How a skipped input is reported under gzcc's own rules.
pub(super) fn verdict(reason: &Reason) -> Verdict {
    match reason.is_expected() {
        true => Verdict { printed: false, status: Status::Success },
        false => Verdict { printed: true, status: Status::Warning },
    }
}

impl Messages {
    pub(super) fn verdict(&self, reason: &Reason) -> Verdict {
        match self.rules {
            Rules::Gzcc => verdict(reason),
            Rules::Gzip => gnu_messages::verdict(reason, self.verbosity, self.force),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_worse_than_a_warning() {
        assert!(Status::Success < Status::Warning && Status::Warning < Status::Error);
        assert_eq!([Status::Success, Status::Warning, Status::Error].map(Status::code), [0, 2, 1]);
    }
}
