//! How a decoder decompresses: plain values, checked when a decoder is created.

use std::num::NonZeroUsize;

use crate::encoder::InvalidOptions;
use crate::settings::resources::within_limits_with_arenas;
use crate::settings::{Engine, MAX_JOBS, Scheduler, StreamSettings};

/// How a [`Decoder`](crate::Decoder) decompresses. Each method changes one option.
///
/// ```
/// use std::io::Read;
/// use gzcc::{Decoder, DecoderOptions};
///
/// # fn main() -> std::io::Result<()> {
/// # let file = tempfile::tempfile()?;
/// # std::io::Write::write_all(&mut &file, &gzcc::Encoder::new(Vec::new()).finish()?)?;
/// # std::io::Seek::rewind(&mut &file)?;
/// let mut content = Vec::new();
/// Decoder::with_options(file, &DecoderOptions::default().workers(4))?.read_to_end(&mut content)?;
/// # assert!(content.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoderOptions {
    workers: usize,
    scheduler: Scheduler,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self { workers: 1, scheduler: Scheduler::Threads }
    }
}

impl DecoderOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of workers, 1 to 1024. One is the thread that reads. Two or more are threads of the decoder, which inflate
    /// chunks of 1 MiB at the same time, while the thread that reads only reads the source and takes the content. The content,
    /// and the error of damaged data, are the same.
    ///
    /// Several workers need data ahead, so the source is read before all content of earlier data is returned. In a
    /// conversation, where the other side waits for an answer, use one.
    ///
    /// Each worker needs up to 18 MiB. There are fewer if `ulimit -v` or `ulimit -d` leaves too little memory for them when the
    /// decoder is created. Default: 1.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// The scheduler of several workers. Default: [`Scheduler::Threads`].
    #[must_use]
    pub fn scheduler(mut self, scheduler: Scheduler) -> Self {
        self.scheduler = scheduler;
        self
    }

    /// Checks the options, as the creation of a decoder does.
    ///
    /// # Errors
    /// The first invalid option.
    pub fn check(&self) -> Result<(), InvalidOptions> {
        match self.workers {
            1..=MAX_JOBS => Ok(()),
            workers => Err(InvalidOptions::Workers(workers)),
        }
    }

    /// The same as settings of a stream, checked. `None` with one worker. The thread that reads is one more.
    pub(super) fn settings(&self) -> Result<Option<StreamSettings>, InvalidOptions> {
        self.check()?;
        let workers = NonZeroUsize::new(self.workers).unwrap_or(NonZeroUsize::MIN);
        // A failed allocation would abort the program.
        let workers = within_limits_with_arenas(workers, 0);
        let defaults = StreamSettings::compressing(Engine::Native, 0, workers.saturating_add(1));
        let settings = StreamSettings { scheduler: self.scheduler, reads_gzip: true, ..defaults };
        Ok((workers.get() > 1).then_some(settings))
    }
}
