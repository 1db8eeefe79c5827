//! The observer of a run, which is somebody else's code: what it panics with is kept, so that no worker is lost over it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::observer::Observer;
use crate::sync::lock;

/// What a thread panicked with.
pub type Panic = Box<dyn Any + Send>;

/// An observer, if there is one.
pub(super) struct Observed<'a> {
    observer: Option<Arc<dyn Observer + 'a>>,
    /// It has panicked, and is told nothing more.
    lost: AtomicBool,
    panic: Mutex<Option<Panic>>,
}

impl<'a> Observed<'a> {
    pub(super) fn by(observer: Option<Arc<dyn Observer + 'a>>) -> Self {
        Self { observer, lost: AtomicBool::new(false), panic: Mutex::default() }
    }

    /// Has the observer told.
    pub(super) fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        let Some(observer) = self.observer.as_ref().filter(|_| !self.lost.load(Ordering::Relaxed)) else {
            return;
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| tell(&**observer))) {
            self.lost.store(true, Ordering::Relaxed);
            lock(&self.panic).get_or_insert(panic);
        }
    }

    /// What it panicked with, one of it if it did in several threads at once: which of them began is not known.
    pub(super) fn take_panic(&self) -> Option<Panic> {
        lock(&self.panic).take()
    }
}
