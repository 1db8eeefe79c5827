//! A part of the content of each input.

/// The part of the content of each input that is written when it is decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentRange {
    /// Bytes, by their offsets.
    Bytes(Span),
    /// Lines, by the numbers of lines before them. A line ends with a newline; the last one may have none.
    Lines(Span),
    /// This many lines at the end. They are kept in memory, so they may take 64 MiB at most.
    Tail(u64),
}

/// A range of bytes or lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first one.
    pub start: u64,
    /// The first one that is not included. `None`: up to the end.
    pub end: Option<u64>,
}
