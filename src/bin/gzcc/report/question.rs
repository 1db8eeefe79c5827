//! gzip's question whether an existing output may be replaced.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use gzcc::EscapedName;

/// The question, in gzip's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    /// The name that the program was called by.
    pub(super) program: &'static str,
    /// The answer is read from standard input even if that is not a terminal.
    pub(super) presumes_terminal: bool,
}

impl Question {
    /// Whether the question can be answered: standard input is a terminal.
    pub(super) fn can_be_asked(self) -> bool {
        self.presumes_terminal || io::stdin().is_terminal()
    }

    /// Asks whether `output` may be replaced, if the question can be answered. An answer that starts with `y` means yes.
    pub(super) fn may_replace(self, output: &Path) -> bool {
        if !self.can_be_asked() {
            return false;
        }
        let (program, output) = (self.program, EscapedName::path(output));
        let question = format!("{program}: {output} already exists; do you wish to overwrite (y or n)? ");
        let mut answer = Vec::new();
        // An error counts as no.
        let asked = io::stderr().write_all(question.as_bytes());
        asked.and_then(|()| io::stdin().lock().read_until(b'\n', &mut answer)).is_ok()
            && matches!(answer.first(), Some(b'y' | b'Y'))
    }
}
