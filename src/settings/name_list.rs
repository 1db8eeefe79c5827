//! A list of names to work on, besides those on the command line.

use std::path::PathBuf;

/// Where it is, and how names end in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameList {
    /// The file that it is read from; `None` is standard input.
    pub path: Option<PathBuf>,
    /// The byte that ends a name: a line feed or zero.
    pub end: u8,
}
