//! The number of workers of a run. It is determined late, because finding the default requires reading several system files.

use std::num::NonZeroUsize;

use gzcc::command::resources;
use gzcc::settings::{Destination, Settings};

use crate::batch_job::assigned_cpus;
use crate::presentation::{Presentation, Verbosity};

/// The number of workers that the command line and the environment request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Workers {
    /// The requested number; `None`: as many as are available.
    pub(crate) requested: Option<NonZeroUsize>,
    /// The largest number that `--memory` allows.
    pub(crate) max: Option<NonZeroUsize>,
}

impl Workers {
    /// The number of workers at this level.
    pub(crate) fn number(self, level: u8) -> NonZeroUsize {
        let number = self.requested.unwrap_or_else(|| default_number(level));
        self.max.map_or(number, |max| max.min(number))
    }
}

/// The default number of workers: the smaller of what the system and the batch system allow.
fn default_number(level: u8) -> NonZeroUsize {
    let available = resources::available_workers(level);
    assigned_cpus(|variable| std::env::var_os(variable)).map_or(available, |cpus| cpus.min(available))
}

/// Bytes of the largest input of a brief run: it is a part of one block, and the slowest level takes some milliseconds. Decompressed,
/// it has 33 MB at most, which take 50 ms.
const MAX_BRIEF_INPUT: u64 = 32 << 10;

/// Whether the input is one small file, so that the run ends before a second worker could help or signals need handling. The
/// default number of workers is then not needed, unless the report contains it.
///
/// If the file changes before it is opened, the run takes longer than it has to, but does the same.
pub(crate) fn is_brief(settings: &Settings, presentation: &Presentation) -> bool {
    let [input] = &settings.inputs[..] else { return false };
    let reports_workers = presentation.json || presentation.verbosity == Verbosity::Verbose;
    // The output of -o may be a FIFO.
    let may_block = matches!(settings.destination, Destination::File(_));
    if settings.list.is_some() || settings.recursive || reports_workers || may_block {
        return false;
    }
    let status = if input == "-" { rustix::fs::fstat(rustix::stdio::stdin()) } else { rustix::fs::stat(input) };
    status.is_ok_and(|status| {
        let is_file = rustix::fs::FileType::from_raw_mode(status.st_mode).is_file();
        is_file && u64::try_from(status.st_size).is_ok_and(|size| size <= MAX_BRIEF_INPUT)
    })
}
