//! From names to items: which files a run takes, in which order, and what their outputs are called.
//!
//! Reads arguments, lists and directories lazily. Opens directories and lists, never an input.

pub(crate) mod output_registry;
pub(crate) mod selection;
pub mod suffix;
pub mod survey;
