//! Calls the observer, which is the caller's code, and contains its panics, so that no worker ends because of one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::observer::Observer;
use crate::sync::lock;

/// The payload of a panic.
pub(crate) type Panic = Box<dyn Any + Send>;

/// An observer that is not called again after its first panic.
pub(super) struct ContainedObserver<'a> {
    observer: Arc<dyn Observer + 'a>,
    has_panicked: AtomicBool,
    panic: Mutex<Option<Panic>>,
}

impl<'a> ContainedObserver<'a> {
    pub(super) fn new(observer: Arc<dyn Observer + 'a>) -> Self {
        Self { observer, has_panicked: AtomicBool::new(false), panic: Mutex::default() }
    }

    /// Calls the observer. `None` if it panics now or has panicked before.
    pub(super) fn call<T>(&self, call: impl FnOnce(&dyn Observer) -> T) -> Option<T> {
        if self.has_panicked.load(Ordering::Relaxed) {
            return None;
        }
        match catch_unwind(AssertUnwindSafe(|| call(&*self.observer))) {
            Ok(answer) => Some(answer),
            Err(panic) => {
                self.has_panicked.store(true, Ordering::Relaxed);
                lock(&self.panic).get_or_insert(panic);
                None
            }
        }
    }

    /// The payload of its panic. If several threads panicked at once, the payload of one of them.
    pub(super) fn take_panic(&self) -> Option<Panic> {
        lock(&self.panic).take()
    }
}
