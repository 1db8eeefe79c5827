//! Decisions, as plain values: what a run reads, what it writes, and how.
//!
//! Tests, benchmarks and users of the library construct a [`Settings`]; the command builds one from its
//! arguments. An encoder has [`EncoderOptions`](crate::EncoderOptions) instead. Nothing here parses arguments, prints, or
//! opens a file of the run.

#[cfg(feature = "batch")]
pub(crate) mod batch;
mod content_range;
pub(crate) mod file_time;
pub(crate) mod resources;
mod stream_settings;

#[cfg(feature = "batch")]
pub use self::batch::{
    CompressedFiles, DescriptorPolicy, Destination, Filter, Globs, InvalidSettings, Mode, NameList, Originals,
    OverwritePolicy, Refuse, Rule, Settings, Shard,
};
pub use self::content_range::{ContentRange, Span};
#[cfg(feature = "batch")]
pub use self::file_time::FileTime;
pub(crate) use self::stream_settings::StreamSettings;
pub use crate::deflate::Engine;

/// The default engine.
pub const DEFAULT_ENGINE: Engine = Engine::Native;

/// The level of `--best`: the highest one of gzip, pigz and every engine.
pub const BEST_LEVEL: u8 = 9;

/// The largest number of workers. A rayon pool starts all its threads at once: 1,024 take half a second, 65,000 take
/// minutes.
pub const MAX_JOBS: usize = 1024;

/// The default level, as in gzip, pigz and zlib.
pub const DEFAULT_LEVEL: u8 = 6;

/// The default byte for unknown content of a damaged file. It is visible in a text, and rare there.
pub const DEFAULT_FILL: u8 = b'?';

/// The format of compressed data that is written. Every reader of gzip data reads both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One gzip member (RFC 1952).
    #[default]
    Gzip,
    /// BGZF, as `bgzip` writes it (SAM/BAM specification, section 4.1): many gzip members with up to 65,280 bytes of content.
    /// Each states its size. Programs that know the format read any part of a file without the part before it; others may
    /// stop after the first member, as browsers do.
    Bgzf,
}

/// How work is distributed among the workers. Both write the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Scoped threads. Each takes a block of an open stream if there is one, otherwise the next file.
    Threads,
    /// Tasks on a rayon pool: one for each file, and more for a large one.
    Rayon,
}

impl Scheduler {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Rayon => "rayon",
        }
    }
}
