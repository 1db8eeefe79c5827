//! The counts of a run.

use crate::outcome::{Done, Outcome};

/// The counts of a run. Files that a walk ignores are not counted. An output that several inputs share and that could not be
/// finished counts as failed, in addition to its inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Inputs done.
    pub done: u64,
    /// Inputs skipped.
    pub skipped: u64,
    /// Inputs that failed.
    pub failed: u64,
    /// Inputs done with a warning, and inputs skipped for a reason that was not [expected](crate::outcome::Reason::is_expected).
    pub warnings: u64,
    /// Bytes of the inputs done.
    pub bytes_in: u64,
    /// Bytes of their outputs.
    pub bytes_out: u64,
    /// Bytes of gzip headers and trailers, in the inputs or in the outputs.
    pub overhead: u64,
    /// The reader of standard output has closed it.
    pub reader_gone: bool,
}

impl Tally {
    /// Counts one outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done(Done { bytes_in, bytes_out, warnings, stats, .. }) => {
                self.done += 1;
                self.bytes_in += bytes_in;
                self.bytes_out += bytes_out;
                self.overhead += stats.overhead;
                self.warnings += u64::from(!warnings.is_empty());
            }
            Outcome::Skipped(reason) => {
                self.skipped += 1;
                self.warnings += u64::from(!reason.is_expected());
            }
            Outcome::Failed(_) | Outcome::NotReached => self.failed += 1,
            Outcome::ReaderGone => self.reader_gone = true,
        }
    }

    /// Whether nothing failed and there is no warning.
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.warnings == 0 && !self.reader_gone
    }
}
