//! Which files among those named or found are processed.

pub use super::globs::{Globs, Rule};
pub use super::shard::Shard;
use crate::settings::file_time::FileTime;

/// Which files are processed. A file that a walk finds and the filter rejects is ignored. A file that was named and is rejected
/// counts as skipped. Standard input is always accepted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Globs for the names.
    pub globs: Globs,
    /// Accept only files modified before this time.
    pub older_than: Option<FileTime>,
    /// Accept only files modified after this time.
    pub newer_than: Option<FileTime>,
    /// Accept only files of at least this many bytes.
    pub min_size: u64,
    /// The largest depth of a file below a directory that was named; 1 is directly in it.
    pub max_depth: Option<u32>,
    /// Reject files and directories that a walk finds and whose name begins with a dot.
    pub no_hidden: bool,
    /// Reject directories on another file system than the directory that was named.
    pub one_file_system: bool,
    /// Which files are skipped because their name says that they are compressed.
    pub compressed_files: CompressedFiles,
    /// Accept only the names of this shard.
    pub shard: Option<Shard>,
}

/// Which files are skipped when compressing because their name says that they are compressed. It applies where each input has an
/// output of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompressedFiles {
    /// Skip suffixes of gzip that begin with a dot (`.gz`, `.tgz`), and [`Settings::suffix`](super::Settings::suffix). A name
    /// like `core_z` seldom means gzip, and to leave a file uncompressed is worse than to compress it twice.
    #[default]
    SkipGzip,
    /// Skip all suffixes that GNU gzip skips, including `-gz` and `_z`.
    SkipGnu,
    /// Skip the suffixes of [`SkipGzip`](Self::SkipGzip), and those of other compressed formats (`.zst`, `.jpg`).
    SkipAll,
    /// Skip none. With [`Settings::update`](super::Settings::update), skip those of [`SkipGzip`](Self::SkipGzip) all the same:
    /// otherwise the outputs of the last run would be inputs of this one.
    Include,
}
