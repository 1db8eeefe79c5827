//! What was decided: plain values, already checked, that everything below the command line reads.
//!
//! What was *typed* is another type (the binary's `cli`). Nothing here knows of clap, prints, or
//! touches a file, so a test, a bench or a user of the library starts from a [`Settings`].

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Everything one run needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names as given; `-` is standard input. Empty means standard input to standard output.
    pub inputs: Vec<OsString>,
    /// Compression level, 0 (stored) to [`MAX_LEVEL`].
    pub level: u8,
    /// Workers for the whole run, the calling thread included.
    pub jobs: NonZeroUsize,
    /// Who hands out the work.
    pub scheduler: Scheduler,
    /// Walk into the folders among the inputs.
    pub recursive: bool,
    /// Where the compressed bytes go.
    pub destination: Destination,
    /// What becomes of an original whose output is whole.
    pub originals: Originals,
    /// Replace outputs, write to a terminal, take hard-linked files: `-f`.
    pub force: bool,
    /// What an output's name adds to its input's. Never empty, never with a `/`.
    pub suffix: OsString,
    /// Store name and time in the header (`-N`).
    pub store_name: bool,
    /// `--sync` (`Some(true)`), `--no-sync` (`Some(false)`), or whatever [`Settings::syncs`] finds right.
    pub sync: Option<bool>,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Create outputs without a name where the system can. `false` only to test the other way.
    pub unnamed_temporaries: bool,
}

/// The highest level of the engine that there is.
pub const MAX_LEVEL: u8 = 9;

/// The most workers. A rayon pool starts all its threads at once: 1,024 take half a second, 65,000 minutes, and few
/// machines have work for more.
pub const MAX_JOBS: u16 = 1024;

/// Level when none is asked for: what gzip, pigz and zlib take.
pub const DEFAULT_LEVEL: u8 = 6;

impl Default for Settings {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            level: DEFAULT_LEVEL,
            jobs: available_jobs(),
            scheduler: Scheduler::Threads,
            recursive: false,
            destination: Destination::Beside,
            originals: Originals::Keep,
            force: false,
            suffix: ".gz".into(),
            store_name: false,
            sync: None,
            verbosity: Verbosity::Normal,
            unnamed_temporaries: true,
        }
    }
}

impl Settings {
    /// Whether outputs and their folders are synced: as asked, else only where an original is about to go.
    pub fn syncs(&self) -> bool {
        self.sync.unwrap_or(self.removes())
    }

    /// Whether originals are to be removed.
    pub fn removes(&self) -> bool {
        self.originals == Originals::Remove
    }

    /// Whether one output takes every input, one member after the other.
    pub fn concatenates(&self) -> bool {
        match self.destination {
            Destination::Stdout => true,
            Destination::File(_) => self.recursive || self.inputs.len() != 1 || self.inputs[0] == *"-",
            Destination::Beside | Destination::Folder(_) => false,
        }
    }
}

/// Workers when none are asked for: what CPU affinity and the container's CPU quota leave.
pub fn available_jobs() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Who hands out the work. Both write the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Scoped threads that take a block of an open stream, else the next file.
    Threads,
    /// Tasks on a rayon pool, one a file and more for a big one.
    Rayon,
}

/// Where the compressed bytes go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Each into a file of its own beside its input, named with the suffix.
    Beside,
    /// All to standard output, members in argument order.
    Stdout,
    /// All into this file.
    File(PathBuf),
    /// Each into a file of its own under this folder, paths mirrored as given.
    Folder(PathBuf),
}

/// What becomes of an original whose output is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originals {
    /// It stays.
    Keep,
    /// It goes, once its output is named and synced.
    Remove,
}

/// How much is said; errors always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors alone.
    Quiet,
    /// Warnings, and the count at the end.
    Normal,
    /// A line a file as well.
    Verbose,
}
