//! gzip's question whether an existing output may be replaced.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use gzcc::EscapedName;

/// Whether standard input is a terminal, so that the question can be answered.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks the question in gzip's words, if standard input is a terminal. An answer that starts with `y` means yes.
pub(crate) fn may_replace(program: &str, output: &Path) -> bool {
    if !can_ask() {
        return false;
    }
    let question =
        format!("{program}: {} already exists; do you wish to overwrite (y or n)? ", EscapedName::path(output));
    let mut answer = Vec::new();
    // An error counts as no.
    let asked = io::stderr().write_all(question.as_bytes());
    asked.and_then(|()| io::stdin().lock().read_until(b'\n', &mut answer)).is_ok()
        && matches!(answer.first(), Some(b'y' | b'Y'))
}
