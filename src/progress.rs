//! How far a run is: numbers that workers add to and anybody may read at any time.
//!
//! A worker adds once for each block, without a lock; only inputs of several blocks are kept by name. Decides nothing.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::lock::lock;

/// How far a run is.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// Inputs of several blocks that are being done: their sizes and names.
    at_work: Mutex<Vec<(u64, PathBuf)>>,
}

impl Progress {
    /// Inputs that have ended, however they did; what walks pass by is none.
    pub fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    /// Bytes of the inputs that have been done, and bytes that have been made of them.
    pub fn bytes(&self) -> (u64, u64) {
        (self.bytes_in.load(Relaxed), self.bytes_out.load(Relaxed))
    }

    /// The biggest of the inputs of several blocks that are being done.
    pub fn biggest(&self) -> Option<PathBuf> {
        lock(&self.at_work).iter().max_by_key(|(size, _)| *size).map(|(_, name)| name.clone())
    }

    /// An input has ended.
    pub(crate) fn ended(&self) {
        self.files.fetch_add(1, Relaxed);
    }

    /// A block is done.
    pub(crate) fn add(&self, bytes_in: u64, bytes_out: u64) {
        self.bytes_in.fetch_add(bytes_in, Relaxed);
        self.bytes_out.fetch_add(bytes_out, Relaxed);
    }

    /// The first of several blocks of an input is done.
    pub(crate) fn begun(&self, size: u64, name: &std::path::Path) {
        lock(&self.at_work).push((size, name.to_owned()));
    }

    /// Nothing more is done of this one.
    pub(crate) fn left(&self, name: &std::path::Path) {
        let mut at_work = lock(&self.at_work);
        if let Some(at) = at_work.iter().position(|(_, other)| other == name) {
            at_work.swap_remove(at);
        }
    }
}
