//! The command's own decisions about messages and progress, apart from the library's [`Settings`](gzcc::Settings).

/// How a run is presented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presentation {
    /// The name that the program was called by; messages start with it.
    pub(crate) program: &'static str,
    /// Whose messages and exit statuses are used.
    pub(crate) rules: Rules,
    /// Which messages are printed.
    pub(crate) verbosity: Verbosity,
    /// A JSON object for each input, and one for the run, are printed on standard output.
    pub(crate) json: bool,
    /// `-k` is given, and gzip's line of `-v` says so even if the output is standard output.
    pub(crate) keeps: bool,
    /// gzip's question about an existing output is asked even if standard input is not a terminal.
    pub(crate) presumes_terminal: bool,
    /// When a progress line is shown on standard error.
    pub(crate) progress: ProgressPolicy,
    /// No input was named, so that the command reads standard input as a filter does.
    pub(crate) is_filter: bool,
}

impl Default for Presentation {
    fn default() -> Self {
        Self {
            program: "gzcc",
            rules: Rules::Gzcc,
            verbosity: Verbosity::Normal,
            json: false,
            keeps: false,
            presumes_terminal: false,
            progress: ProgressPolicy::Never,
            is_filter: false,
        }
    }
}

/// Whose messages and exit statuses are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// gzcc's own.
    Gzcc,
    /// Those of GNU gzip 1.12, if the program was called by its name or a related one.
    Gzip,
}

/// Which messages are printed. Errors are always printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only: `-qq`, and `-q` under gzip's names.
    Silent,
    /// Errors and warnings: `-q`.
    Quiet,
    /// Also the count at the end.
    Normal,
    /// Also a line for each file: `-v`.
    Verbose,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgressPolicy {
    /// On a terminal, from [`Verbosity::Normal`] on.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
