//! How an encoder compresses: plain values, checked when an encoder is created.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::format::gzip::{self, Header};
use crate::settings::resources::{available_workers, within_limits_with_arenas};
use crate::settings::{DEFAULT_ENGINE, DEFAULT_LEVEL, Engine, Format, MAX_JOBS, Scheduler, StreamSettings};

/// How an [`Encoder`](crate::Encoder) or an [`EncoderReader`](crate::EncoderReader) compresses.
///
/// The defaults are those of the command: level 6, the native engine, as many workers as there are processors, and a header
/// without name and time. Each method changes one of them.
///
/// ```
/// use gzcc::{Encoder, EncoderOptions};
///
/// # fn main() -> Result<(), gzcc::InvalidOptions> {
/// let options = EncoderOptions::default().level(9).workers(2).header_name("app.log");
/// let encoder = Encoder::with_options(Vec::new(), &options)?;
///
/// let refused = Encoder::with_options(Vec::new(), &options.level(13)).unwrap_err();
/// assert_eq!(refused.to_string(), "invalid level 13: the native engine has levels 0 to 12");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderOptions {
    level: u8,
    engine: Engine,
    format: Format,
    /// `None`: as many as there are processors.
    workers: Option<usize>,
    scheduler: Scheduler,
    rsyncable: bool,
    independent: bool,
    verify: bool,
    name: Option<Vec<u8>>,
    time: Option<SystemTime>,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            level: DEFAULT_LEVEL,
            engine: DEFAULT_ENGINE,
            format: Format::Gzip,
            workers: None,
            scheduler: Scheduler::Threads,
            rsyncable: false,
            independent: false,
            verify: false,
            name: None,
            time: None,
        }
    }
}

impl EncoderOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The compression level: 0 (stored) to the engine's [`max_level`](Engine::max_level), 12 for the native engine.
    /// Default: 6.
    #[must_use]
    pub fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// The DEFLATE engine. Default: [`Engine::Native`].
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// The format. BGZF has neither [`rsyncable`](Self::rsyncable) blocks nor a header with name and time, and its blocks are always
    /// [`independent`](Self::independent). Default: [`Format::Gzip`].
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The number of workers, 1 to 1024. The thread that writes is one of them, so 1 starts no thread.
    ///
    /// Default: the number of processors that CPU affinity and the container's CPU quota allow, or fewer if the container
    /// limits memory. To find that out takes a few small reads from `/proc` and `/sys` for each encoder.
    ///
    /// There are fewer workers if `ulimit -v` or `ulimit -d` leaves too little memory for them when the encoder is created.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// The scheduler. Default: [`Scheduler::Threads`].
    #[must_use]
    pub fn scheduler(mut self, scheduler: Scheduler) -> Self {
        self.scheduler = scheduler;
        self
    }

    /// Ends blocks where the content decides, so that a local change of the content changes the output only locally, which
    /// rsync and deduplicating backups profit from. The output grows by less than half a percent. Default: `false`.
    #[must_use]
    pub fn rsyncable(mut self, rsyncable: bool) -> Self {
        self.rsyncable = rsyncable;
        self
    }

    /// Compresses each block without the 32 KiB before it as dictionary: a damaged block then leaves the others readable.
    /// The output is larger. Default: `false`.
    #[must_use]
    pub fn independent(mut self, independent: bool) -> Self {
        self.independent = independent;
        self
    }

    /// Decompresses each block before it is written, and compares the sum and the length. Default: `false`.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// The name in the member's header (FNAME, RFC 1952 section 2.3.1): the original's, without directories. It is written
    /// as it is; the RFC expects Latin-1. 1 to 255 bytes, without a slash or a zero byte. Default: none.
    #[must_use]
    pub fn header_name(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The time in the member's header (MTIME, RFC 1952 section 2.3.1): the original's modification time, in whole seconds.
    /// A time before 1970 or after 2106 does not fit and is stored as 0, "no time stamp". Default: none.
    #[must_use]
    pub fn header_time(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Checks the options, as the creation of an encoder does.
    ///
    /// # Errors
    /// The first invalid option.
    pub fn check(&self) -> Result<(), InvalidOptions> {
        let Self { level, engine, .. } = *self;
        if level > engine.max_level() {
            return Err(InvalidOptions::Level { level, engine });
        }
        if let Some(workers) = self.workers
            && !(1..=MAX_JOBS).contains(&workers)
        {
            return Err(InvalidOptions::Workers(workers));
        }
        if self.format == Format::Bgzf && (self.rsyncable || self.name.is_some() || self.time.is_some()) {
            return Err(InvalidOptions::Bgzf);
        }
        match &self.name {
            Some(name) if !(1..=gzip::MAX_NAME).contains(&name.len()) || name.iter().any(|b| b"/\0".contains(b)) => {
                Err(InvalidOptions::HeaderName(name.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The same as settings of a stream, checked.
    pub(super) fn settings(&self) -> Result<StreamSettings, InvalidOptions> {
        self.check()?;
        let Self { level, engine, format, workers, scheduler, rsyncable, independent, verify, .. } = *self;
        let jobs = workers.and_then(NonZeroUsize::new).unwrap_or_else(|| available_workers(level));
        // A failed allocation would abort the program.
        let jobs = within_limits_with_arenas(jobs, level);
        let defaults = StreamSettings::compressing(engine, level, jobs);
        Ok(StreamSettings { format, scheduler, rsyncable, independent, verify, ..defaults })
    }

    /// The member's header.
    pub(super) fn header(&self) -> Vec<u8> {
        let mut header = Vec::new();
        if self.format == Format::Bgzf {
            // The workers write the header of each member.
            return header;
        }
        let name = self.name.as_deref().map(OsStr::from_bytes);
        let since_1970 = self.time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mtime = since_1970.and_then(|time| i64::try_from(time.as_secs()).ok());
        gzip::write_header(&Header { name, mtime, level: self.level }, &mut header);
        header
    }
}

/// An invalid option of an encoder.
///
/// It converts to an [`io::Error`] of the kind [`InvalidInput`](io::ErrorKind::InvalidInput), with this as its source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidOptions {
    /// The engine has no such level.
    Level {
        /// The level asked for.
        level: u8,
        /// The engine.
        engine: Engine,
    },
    /// There can be 1 to 1024 workers, not this many.
    Workers(usize),
    /// The header cannot hold this name.
    HeaderName(Vec<u8>),
    /// BGZF with blocks that end by content, or with a name or a time in the header.
    Bgzf,
}

impl std::error::Error for InvalidOptions {}

impl fmt::Display for InvalidOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level { level, engine } => {
                write!(f, "invalid level {level}: the {} engine has levels 0 to {}", engine.name(), engine.max_level())
            }
            Self::Workers(workers) => write!(f, "invalid number of workers {workers}: expected 1 to {MAX_JOBS}"),
            Self::HeaderName(name) => {
                let (name, most) = (name.escape_ascii(), gzip::MAX_NAME);
                write!(f, "invalid header name '{name}': expected 1 to {most} bytes without '/' and zero bytes")
            }
            Self::Bgzf => f.write_str("BGZF has no rsyncable blocks, and no name and time in its headers"),
        }
    }
}

impl From<InvalidOptions> for io::Error {
    fn from(invalid: InvalidOptions) -> Self {
        Self::new(io::ErrorKind::InvalidInput, invalid)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_invalid_option_is_named() {
        let defaults = EncoderOptions::default;
        assert_eq!(defaults().check(), Ok(()));
        let invalid = [
            (defaults().level(13), "invalid level 13: the native engine has levels 0 to 12"),
            (defaults().engine(Engine::Flate2).level(10), "invalid level 10: the flate2 engine has levels 0 to 9"),
            (defaults().workers(0), "invalid number of workers 0: expected 1 to 1024"),
            (defaults().workers(1025), "invalid number of workers 1025: expected 1 to 1024"),
            (defaults().header_name(""), "invalid header name '': expected 1 to 255 bytes without '/' and zero bytes"),
            (
                defaults().header_name("a/\n"),
                "invalid header name 'a/\\n': expected 1 to 255 bytes without '/' and zero bytes",
            ),
            (
                defaults().format(Format::Bgzf).rsyncable(true),
                "BGZF has no rsyncable blocks, and no name and time in its headers",
            ),
        ];
        for (options, text) in invalid {
            assert_eq!(options.check().unwrap_err().to_string(), text);
        }
        for (name, valid) in [(&b"a\0"[..], false), (&[b'a'; 255], true), (&[b'a'; 256], false), (b"\xff ", true)] {
            assert_eq!(defaults().header_name(name).check().is_ok(), valid, "{name:?}");
        }
    }

    #[test]
    fn the_header_holds_name_and_time_as_far_as_they_fit() {
        let at = |time| EncoderOptions::default().header_time(time).header()[4..8].to_vec();
        assert_eq!(EncoderOptions::default().header(), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(EncoderOptions::default().header_name("a.log").header()[10..], *b"a.log\0");
        assert_eq!(at(UNIX_EPOCH + Duration::from_millis(0x0102_0304 * 1000 + 999)), [4, 3, 2, 1]);
        assert_eq!(at(UNIX_EPOCH - Duration::from_secs(1)), [0; 4]);
        assert_eq!(at(UNIX_EPOCH + Duration::from_secs(1 << 32)), [0; 4]);
    }
}
