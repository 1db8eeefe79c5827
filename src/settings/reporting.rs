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
    /// Only on a terminal, and only from [`Verbosity::Normal`](super::Verbosity::Normal) on.
    Auto,
    /// Also where it is read by a program.
    Always,
    /// Not at all.
    #[default]
    Never,
}
