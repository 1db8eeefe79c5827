//! How a run tells what it does, to people and to machines.

/// What is told besides messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reporting {
    /// A JSON object for each input as it ends, and one for all, on standard output.
    pub json: bool,
}
