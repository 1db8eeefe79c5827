//! Ending the process in the middle of a run, for a program that handles signals.

use std::time::Duration;

use crate::io::{commit_gate, temporary};

/// Stops all runs of this process from giving another output its name; waits up to `patience` for those that are being named.
///
/// Workers that reach this point block forever, so the process has to end. Call [`remove_temporaries`] afterwards.
pub fn stop_commits(patience: Duration) {
    commit_gate::close(patience);
}

/// Removes the temporary files of all runs of this process. Outputs that have their names stay.
pub fn remove_temporaries() {
    temporary::remove_all();
}
