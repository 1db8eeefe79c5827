//! Writes to standard output for the report. `std::io::stdout` is not used, because it ignores a closed descriptor.

use std::io;

use super::terminal_line;
use gzcc::command::{closing, write_all};

/// Erases the progress line and writes the text.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    terminal_line::above(|| write_all(rustix::stdio::stdout(), text))
}

/// Returns write errors that the file system reports only on close. Called after the last line.
pub(crate) fn close() -> io::Result<()> {
    closing::flush(rustix::stdio::stdout())
}
