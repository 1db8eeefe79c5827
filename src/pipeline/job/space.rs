//! Full file systems: whether one has space again, and which inputs are tried once more.
//!
//! An output that does not fit takes all space while it is written, and frees it when it fails. Outputs that are written at the
//! same time fail as well, although they may fit. Their inputs are deferred to the end of the run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::io::directory::Directory;
use crate::select::selection::Item;
use crate::settings::{OverwritePolicy, Settings};
use crate::sync::lock;

/// How long to wait for space that other outputs may free when they end. If one takes longer, the next input is tried, and fails
/// with a message if there is no space.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest number of deferred inputs. Each takes memory. At most one input for each worker fails before the
/// file system is known to be full.
const MAX_DEFERRED: usize = 1000;

/// The outputs of a run that are being written, and the deferred inputs.
#[derive(Debug, Default)]
pub(super) struct Space(Arc<SpaceState>);

#[derive(Debug, Default)]
struct SpaceState {
    /// Outputs that are being written.
    writing: AtomicUsize,
    /// Outputs that have been named or removed.
    ended: AtomicUsize,
    deferred: Mutex<Vec<Item>>,
}

impl Space {
    /// Counts an output among those that are being written.
    pub(super) fn begin(&self) -> BeingWritten {
        self.0.writing.fetch_add(1, Ordering::SeqCst);
        let ended_before = self.0.ended.load(Ordering::SeqCst);
        BeingWritten { state: Arc::clone(&self.0), ended_before, item: None }
    }

    /// Takes the deferred inputs.
    pub(super) fn take_deferred(&self) -> Vec<Item> {
        std::mem::take(&mut *lock(&self.0.deferred))
    }

    /// Whether the file system of `directory` has free space. Waits for the outputs that are being written, because they may free
    /// space: failed outputs are removed, and so are originals with `--rm`.
    pub(super) fn is_free(&self, directory: &Directory) -> bool {
        let since = Instant::now();
        loop {
            // In this order: an output that ends between the two has freed its space before the file system is queried.
            let others_write = self.0.writing.load(Ordering::SeqCst) > 0;
            if directory.has_space() {
                return true;
            }
            if !others_write {
                return false;
            }
            if since.elapsed() > PATIENCE {
                return true;
            }
            sleep(Duration::from_millis(5));
        }
    }
}

/// A copy of `item`, if it may be tried once more. A name from a header is claimed only once, the user is asked only once, and with
/// one worker no other output takes the space.
pub(super) fn for_another_try(item: &Item, settings: &Settings) -> Option<Item> {
    let once = settings.keep_name || settings.overwrite == OverwritePolicy::Ask;
    (settings.jobs.get() > 1 && !once).then(|| item.clone())
}

/// An output of one input, until it is named or removed.
#[derive(Debug)]
pub(crate) struct BeingWritten {
    state: Arc<SpaceState>,
    /// Outputs that had ended when this one began.
    ended_before: usize,
    item: Option<Box<Item>>,
}

impl BeingWritten {
    /// Sets the input, if another try is possible.
    pub(super) fn retry(&mut self, item: Option<Item>) {
        self.item = item.map(Box::new);
    }

    /// Defers the input, if another output was being written at the same time; returns whether it did.
    pub(in crate::pipeline) fn defer(mut self) -> bool {
        let alone = self.state.writing.load(Ordering::SeqCst) == 1
            && self.state.ended.load(Ordering::SeqCst) == self.ended_before;
        let Some(item) = self.item.take().filter(|_| !alone) else { return false };
        let mut deferred = lock(&self.state.deferred);
        let may_wait = deferred.len() < MAX_DEFERRED;
        if may_wait {
            deferred.push(*item);
        }
        may_wait
    }
}

impl Drop for BeingWritten {
    fn drop(&mut self) {
        // In this order: otherwise another output could see neither this one nor its end, and not defer its input.
        self.state.ended.fetch_add(1, Ordering::SeqCst);
        self.state.writing.fetch_sub(1, Ordering::SeqCst);
    }
}
