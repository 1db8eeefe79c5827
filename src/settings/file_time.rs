//! Times of files.

/// A modification time, as the file system stores it. The earlier of two times is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime {
    /// Seconds since 1970-01-01 00:00 UTC; negative before that.
    pub seconds: i64,
    /// Nanoseconds after [`seconds`](Self::seconds), less than 1,000,000,000.
    pub nanoseconds: u64,
}
