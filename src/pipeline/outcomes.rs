//! The outcomes of a run: counts each of them once, and passes it to the observer.
//!
//! The rest of the pipeline reports through this type only, so no other code knows the observer. It also remembers which
//! devices are full.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::contained_observer::{ContainedObserver, Panic};
use crate::observer::{Ended, Observer, Progress};
use crate::outcome::{InputId, Loss, Outcome};
use crate::sync::lock;
use crate::tally::Tally;

/// Receives the outcomes of one run.
pub(crate) struct Outcomes<'a> {
    observer: ContainedObserver<'a>,
    tally: Mutex<Tally>,
    /// Devices on which an output failed for lack of space.
    full: Mutex<BTreeSet<u64>>,
}

impl<'a> Outcomes<'a> {
    /// For a run that `observer` watches.
    pub(crate) fn new(observer: Arc<dyn Observer + 'a>) -> Self {
        Self { observer: ContainedObserver::new(observer), tally: Mutex::default(), full: Mutex::default() }
    }

    /// Records the outcome of an input.
    pub(crate) fn record(&self, id: &InputId, outcome: Outcome) {
        self.remember_full(&outcome);
        lock(&self.tally).add(&outcome);
        self.observer.call(|observer| observer.ended(Ended::of(id, outcome)));
    }

    /// Remembers the device of an output that failed for lack of space.
    pub(crate) fn remember_full(&self, outcome: &Outcome) {
        lock(&self.full).extend(outcome.full_device());
    }

    /// Records that a block of an input is done.
    pub(crate) fn advanced(&self, progress: &Progress<'_>) {
        self.observer.call(|observer| observer.advanced(progress));
    }

    /// Records a loss in a damaged input.
    pub(crate) fn lost(&self, id: &InputId, loss: &Loss) {
        self.observer.call(|observer| observer.lost(&id.shown, loss));
    }

    /// Lets the observer hold back the run before another input is opened.
    pub(crate) fn wait_until_ready(&self) {
        self.observer.call(|observer| observer.before_input());
    }

    /// Asks the observer whether `output`, which exists, may be replaced.
    pub(crate) fn may_replace(&self, output: &Path) -> bool {
        self.observer.call(|observer| observer.may_replace(output)).unwrap_or(false)
    }

    /// Whether an output on `device` has failed for lack of space.
    pub(crate) fn is_full(&self, device: u64) -> bool {
        lock(&self.full).contains(&device)
    }

    /// The counts so far.
    pub(crate) fn tally(&self) -> Tally {
        *lock(&self.tally)
    }

    /// The panic of the observer, if it panicked.
    pub(crate) fn take_panic(&self) -> Option<Panic> {
        self.observer.take_panic()
    }
}
