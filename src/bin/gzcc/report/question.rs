//! The one question there is: whether an output that exists may be replaced.

use std::io::{self, BufRead, Write};
use std::path::Path;

use gzcc::escaped_name::Shown;

/// Asks whoever is at the terminal, in gzip's words; takes a line that begins with `y` for a yes.
pub(crate) fn may_replace(program: &str, output: &Path) -> bool {
    let question = format!("{program}: {} already exists; do you wish to overwrite (y or n)? ", Shown::path(output));
    let mut answer = Vec::new();
    // Who cannot be asked, or does not answer, has not said yes.
    let asked = io::stderr().write_all(question.as_bytes());
    asked.and_then(|()| io::stdin().lock().read_until(b'\n', &mut answer)).is_ok()
        && matches!(answer.first(), Some(b'y' | b'Y'))
}
