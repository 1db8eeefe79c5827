//! Counters of a run's progress, which workers update and the progress line reads.
//!
//! A worker updates them once for each block, without a lock. Only inputs of several blocks are kept by name.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gzcc::command::lock;
use gzcc::outcome::Reason;
use gzcc::{Ended, Outcome, Progress};

/// Counters of a run's progress.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    files: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    skipped: AtomicU64,
    /// The open inputs of several blocks.
    open: Mutex<Vec<OpenInput>>,
}

/// An input that has begun and not ended.
#[derive(Debug)]
struct OpenInput {
    name: PathBuf,
    /// Its size in bytes; 0 if it is not known.
    size: u64,
}

/// Bytes that a run has processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteCounts {
    /// Bytes read.
    pub(super) read: u64,
    /// Bytes written.
    pub(super) written: u64,
}

impl Counters {
    /// Inputs that have ended with any outcome, without those that a walk ignores.
    pub(super) fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    /// Bytes of the blocks that are done.
    pub(super) fn bytes(&self) -> ByteCounts {
        ByteCounts { read: self.bytes_in.load(Relaxed), written: self.bytes_out.load(Relaxed) }
    }

    /// Bytes of the inputs that were skipped without being read.
    pub(super) fn skipped_bytes(&self) -> u64 {
        self.skipped.load(Relaxed)
    }

    /// The name of the largest open input of several blocks.
    pub(super) fn largest(&self) -> Option<PathBuf> {
        lock(&self.open).iter().max_by_key(|input| input.size).map(|input| input.name.clone())
    }

    /// Counts a block.
    pub(super) fn advanced(&self, block: &Progress<'_>) {
        self.bytes_in.fetch_add(block.bytes_in, Relaxed);
        self.bytes_out.fetch_add(block.bytes_out, Relaxed);
        if block.first == block.last {
            // An input of one block is never listed, and a block in the middle of a large one does not change the list.
            return;
        }
        let mut open = lock(&self.open);
        if block.first {
            open.push(OpenInput { name: block.input.to_owned(), size: block.size.unwrap_or(0) });
        } else if let Some(at) = open.iter().position(|input| input.name == block.input) {
            open.swap_remove(at);
        }
    }

    /// Counts an input that has ended.
    pub(super) fn ended(&self, ended: &Ended) {
        let ignored = matches!(&ended.outcome, Outcome::Skipped(reason) if reason.is_ignored());
        if ended.position.is_some() && !ignored {
            self.files.fetch_add(1, Relaxed);
        }
        if let Outcome::Skipped(reason) = &ended.outcome
            && is_skipped_unread(reason)
        {
            // The survey counted these bytes, so they leave the total. One system call for each such input.
            let size = fs::metadata(&ended.name).ok().filter(fs::Metadata::is_file).map_or(0, |meta| meta.len());
            self.skipped.fetch_add(size, Relaxed);
        }
    }
}

/// Whether an input was skipped after the walk and before it was read.
fn is_skipped_unread(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::OutputExists(_)
            | Reason::NotOverwritten(_)
            | Reason::OutputIsDirectory(_)
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
    fn only_files_skipped_before_reading_add_to_the_skipped_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("a");
        fs::write(&name, vec![0; 1000]).unwrap();
        let counters = Counters::default();
        for (outcome, bytes) in [
            (Outcome::Skipped(Reason::OutputExists("a.gz".into())), 1000),
            (Outcome::Skipped(Reason::UpToDate("a.gz".into())), 2000),
            // This file was read.
            (Outcome::Skipped(Reason::Changed), 2000),
            (Outcome::NotReached, 2000),
        ] {
            let ended = Ended::new(&name, outcome);
            counters.ended(&ended);
            assert_eq!(counters.skipped_bytes(), bytes, "{:?}", ended.outcome);
        }
    }
}
