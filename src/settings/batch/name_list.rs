//! Where a list of names is read from.

use std::path::PathBuf;

/// A list of names to process, in addition to those of [`Settings::inputs`](super::Settings::inputs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameList {
    /// The file that the list is read from; `None` is standard input.
    pub path: Option<PathBuf>,
    /// The byte that ends each name: a line feed or zero.
    pub end: u8,
}
