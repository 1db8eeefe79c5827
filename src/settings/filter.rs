//! Which of the names that are given or found are taken.

pub use super::globs::{Globs, Rule};
pub use super::shard::Shard;

/// A time of modification, as the file system stores it. Times compare as they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime {
    /// Seconds since 1970-01-01 00:00 UTC; negative before that.
    pub seconds: i64,
    /// Nanoseconds after [`seconds`](Self::seconds), less than 1,000,000,000.
    pub nanoseconds: u64,
}

/// What is taken. What a walk finds and this leaves out is as good as not there; what was named, and is no folder, is
/// counted as left alone. Standard input is always taken.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By name.
    pub globs: Globs,
    /// Modified before this moment.
    pub older_than: Option<FileTime>,
    /// Modified after this moment.
    pub newer_than: Option<FileTime>,
    /// Bytes that a file must have.
    pub min_size: u64,
    /// How deep in a folder named a file may be; 1 is directly in it.
    pub max_depth: Option<u32>,
    /// Nothing that begins with a dot and is found on a walk.
    pub no_hidden: bool,
    /// No folder that is on another file system than the one named.
    pub one_file_system: bool,
    /// What becomes of a file whose name tells that it is compressed.
    pub compressed_files: CompressedFiles,
    /// The part of the files that this run does.
    pub shard: Option<Shard>,
}

/// What becomes of a file whose name tells that it is compressed, where each gets an output of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompressedFiles {
    /// It is skipped if its suffix stands for gzip and begins with a dot, or is [`Settings::suffix`](super::Settings::suffix).
    /// A name like `core_z` seldom stands for gzip, and to leave a file uncompressed is worse than to compress it twice.
    #[default]
    SkipGzip,
    /// It is skipped if its suffix stands for gzip to GNU gzip, `-gz` and `_z` included.
    SkipGnu,
    /// With any that stands for compressed data, `.zst` or `.jpg`.
    SkipAll,
    /// It is compressed again. With [`Settings::update`](super::Settings::update), gzip's suffixes are skipped all the
    /// same: otherwise the outputs of the last run would be inputs of this one.
    Include,
}
