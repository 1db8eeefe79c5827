//! Standard output as the report writes to it. Not std's, which takes a closed descriptor for one that discards
//! everything.

use std::io;

use super::line;
use gzcc::command::{closing, write_all};

/// Writes text, with the progress line removed.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    line::above(|| write_all(rustix::stdio::stdout(), text))
}

/// Reports the errors of what was printed that the file system keeps until it is closed. Called after the last line.
pub(crate) fn close() -> io::Result<()> {
    closing::flush(rustix::stdio::stdout())
}
