//! Times of files.

/// A time of modification, as the file system stores it. Times compare as they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime {
    /// Seconds since 1970-01-01 00:00 UTC; negative before that.
    pub seconds: i64,
    /// Nanoseconds after [`seconds`](Self::seconds), less than 1,000,000,000.
    pub nanoseconds: u64,
}
