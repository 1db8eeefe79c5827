//! Ending the process in the middle of a run, for a program that handles signals.

use std::time::Duration;

use crate::io::{commit_gate, temporary};

/// Stops all runs of this process from giving another output its name; waits up to `patience` for those that are being named.
///
/// Workers that reach this point block forever, so the process has to end. Call [`remove_temporaries`] afterwards.
pub fn stop_commits(patience: Duration) {
    commit_gate::close(patience);
}

/// Calls `prepare` before the first temporary file of this process gets a name, for example while an output is replaced. Until
/// then, a run that is killed leaves nothing behind. So a program that expects a short run can set up its signal handling in
/// `prepare` instead of at the start. Only the last `prepare` counts.
pub fn before_temporaries(prepare: impl FnOnce() + Send + 'static) {
    temporary::before_first(Box::new(prepare));
}

/// Removes the temporary files of all runs of this process. Outputs that have their names stay.
pub fn remove_temporaries() {
    temporary::remove_all();
}
