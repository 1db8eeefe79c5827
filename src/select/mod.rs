//! From names to items: the files that a run processes, their order, and the names of their outputs.
//!
//! Reads arguments, lists and directories lazily. Opens directories and lists, never an input.

pub(crate) mod output_registry;
pub(crate) mod selection;
pub mod suffix;
pub(crate) mod survey;
