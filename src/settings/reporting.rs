//! How a run tells what it does, to people and to machines.

/// What is told besides messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reporting {
    /// A JSON object for each input as it ends, and one for all, on standard output.
    pub json: bool,
    /// How far the run is, in a line on standard error that changes.
    pub progress: When,
}

/// Whether something is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Where somebody sees it: on a terminal, and not with [`Verbosity::Quiet`](super::Verbosity::Quiet).
    Auto,
    /// Also where it is read by a program.
    Always,
    /// Not at all.
    #[default]
    Never,
}
