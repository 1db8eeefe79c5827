//! The one question there is: whether an output that exists may be replaced.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use gzcc::escaped_name::EscapedName;

/// Whether there is a terminal to ask on.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

/// Asks on the terminal, in gzip's words, if there is one. A line that begins with `y` means yes.
pub(crate) fn may_replace(program: &str, output: &Path) -> bool {
    if !can_ask() {
        return false;
    }
    let question =
        format!("{program}: {} already exists; do you wish to overwrite (y or n)? ", EscapedName::path(output));
    let mut answer = Vec::new();
    // Who cannot be asked, or does not answer, has not said yes.
    let asked = io::stderr().write_all(question.as_bytes());
    asked.and_then(|()| io::stdin().lock().read_until(b'\n', &mut answer)).is_ok()
        && matches!(answer.first(), Some(b'y' | b'Y'))
}
