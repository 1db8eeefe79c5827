//! How far a run is: numbers that workers add to and anybody may read at any time.
//!
//! A worker adds once for each block, without a lock; only inputs of several blocks are kept by name. Decides nothing.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gzcc::command::lock;
use gzcc::outcome::Reason;
use gzcc::{Ended, Outcome, Progress};

/// How far a run is.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    files: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    skipped: AtomicU64,
    /// Inputs of several blocks that are being done: their sizes and names.
    at_work: Mutex<Vec<(u64, PathBuf)>>,
}

impl Counters {
    /// Inputs that have ended, however they did; what walks pass by is none.
    pub(super) fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    /// Bytes of the inputs that have been done, and bytes that have been made of them.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.bytes_in.load(Relaxed), self.bytes_out.load(Relaxed))
    }

    /// Bytes of the inputs that were skipped without being read.
    pub(super) fn skipped_bytes(&self) -> u64 {
        self.skipped.load(Relaxed)
    }

    /// The biggest of the inputs of several blocks that are being done.
    pub(super) fn biggest(&self) -> Option<PathBuf> {
        lock(&self.at_work).iter().max_by_key(|(size, _)| *size).map(|(_, name)| name.clone())
    }
}

impl Counters {
    pub(super) fn advanced(&self, step: &Progress<'_>) {
        self.bytes_in.fetch_add(step.bytes_in, Relaxed);
        self.bytes_out.fetch_add(step.bytes_out, Relaxed);
        if step.first == step.last {
            // A small file is never at work for long, and in the midst of a big one nothing changes.
            return;
        }
        let mut at_work = lock(&self.at_work);
        if step.first {
            at_work.push((step.size.unwrap_or(0), step.input.to_owned()));
        } else if let Some(at) = at_work.iter().position(|(_, other)| other == step.input) {
            at_work.swap_remove(at);
        }
    }

    pub(super) fn ended(&self, ended: &Ended) {
        let passed_by = matches!(&ended.outcome, Outcome::Skipped(reason) if reason.is_ignored());
        if ended.position.is_some() && !passed_by {
            self.files.fetch_add(1, Relaxed);
        }
        if let Outcome::Skipped(reason) = &ended.outcome
            && is_met_when_opened(reason)
        {
            // The survey has counted these bytes. They cost one system call for each such input.
            let size = fs::metadata(&ended.name).ok().filter(fs::Metadata::is_file).map_or(0, |meta| meta.len());
            self.skipped.fetch_add(size, Relaxed);
        }
    }
}

/// Whether an input was skipped for something that its name does not tell, and before it was read.
fn is_met_when_opened(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::OutputExists(_)
            | Reason::NotOverwritten(_)
            | Reason::OutputNotReplaceable(_)
            | Reason::UpToDate(_)
            | Reason::OutputDiffers(_)
            | Reason::HardLinks(_)
            | Reason::SpecialMode(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_skipped_unread_count_with_their_bytes_and_others_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("a");
        fs::write(&name, vec![0; 1000]).unwrap();
        let counters = Counters::default();
        for (outcome, bytes) in [
            (Outcome::Skipped(Reason::OutputExists("a.gz".into())), 1000),
            (Outcome::Skipped(Reason::UpToDate("a.gz".into())), 2000),
            // It was read.
            (Outcome::Skipped(Reason::Changed), 2000),
            (Outcome::NotReached, 2000),
        ] {
            let ended = Ended::new(&name, outcome);
            counters.ended(&ended);
            assert_eq!(counters.skipped_bytes(), bytes, "{:?}", ended.outcome);
        }
    }
}
