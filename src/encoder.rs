//! A writer that compresses: the way to a `.gz` for a program that has its content at hand.
//!
//! What is written is cut into the blocks that a file would be cut into, and given to a stream like any other. The
//! caller's thread, which nobody else can use, is one of the workers: it fills a block while others compress, writes to
//! the sink what is made, and compresses itself where the others have enough to do. With one worker there are no others.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use crate::deflate;
use crate::io::input::Input;
use crate::observer::{Ended, Observer};
use crate::outcome::{Chain, Label, Outcome};
use crate::pipeline::block_channel::{self, Exchange};
use crate::pipeline::scheduler::{self, Desk};
use crate::pipeline::sink::Sink;
use crate::pipeline::stream::{Blocks, Part, Reader, Stream, Writer};
use crate::report::Report;
use crate::settings::Settings;
use crate::sync::lock;

/// Compresses what `write` writes into one gzip member (RFC 1952) that goes to `sink`; returns the sink and what `write`
/// returned.
///
/// [`engine`](Settings::engine), [`level`](Settings::level), [`jobs`](Settings::jobs) (the calling thread is one of them),
/// [`scheduler`](Settings::scheduler), [`independent`](Settings::independent), [`rsyncable`](Settings::rsyncable) and
/// [`verify`](Settings::verify) of the settings say how; what they say of files and names is of no interest here. The bytes
/// are those that [`compress`](crate::compress) makes of a file with this content, however it is cut into writes.
///
/// Neither `write` nor `sink` leaves the calling thread, which is why the writer is lent and not given away: nothing is left
/// to be done, or to go wrong, when this returns. The member is whole then, and the sink was flushed.
///
/// With scoped threads, one is begun for each block of 512 KiB, up to the number of workers; rayon begins all of them at
/// once. A writer that is ahead of the workers becomes one itself, so memory is bounded by their number: some 4 MiB each
/// up to level 9.
///
/// ```
/// use std::io::{self, Write};
///
/// # fn main() -> io::Result<()> {
/// let settings = gzcc::Settings::default();
/// let (packed, lines) = gzcc::with_encoder(Vec::new(), &settings, |to| {
///     for i in 0..1000 {
///         writeln!(to, "line {i}")?;
///     }
///     Ok(1000)
/// })?;
/// assert!(packed.starts_with(b"\x1f\x8b") && packed.len() < 3000 && lines == 1000);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// - The error that `write` returns.
/// - The sink's own error, also where `write` kept it to itself.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput), if the settings make no sense ([`Settings::check`]); nothing is written.
/// - [`Other`](io::ErrorKind::Other), if what was made does not pass the verification, or a worker panicked.
///
/// After an error the sink holds an incomplete member, which no reader takes for a whole one. Pass `&mut sink` to keep it.
///
/// # Panics
/// If `write` does, when the workers have ended.
pub fn with_encoder<W: Write, T>(
    sink: W,
    settings: &Settings,
    write: impl FnOnce(&mut Encoder<'_>) -> io::Result<T>,
) -> io::Result<(W, T)> {
    with_engine(sink, (settings, deflate::new_compressor), write)
}

/// [`with_encoder`] with engines of this make.
fn with_engine<W: Write, T>(
    mut sink: W,
    (settings, make): (&Settings, deflate::NewCompressor),
    write: impl FnOnce(&mut Encoder<'_>) -> io::Result<T>,
) -> io::Result<(W, T)> {
    let Settings { engine, level, jobs, scheduler, independent, rsyncable, verify, .. } = *settings;
    let settings =
        Settings { engine, level, jobs, scheduler, independent, rsyncable, verify, ..Settings::of_workers(jobs) };
    settings.check().map_err(|invalid| io::Error::new(io::ErrorKind::InvalidInput, invalid))?;
    let failure = Failure::default();
    let report = Report::silent(&settings, Arc::new(&failure));
    let exchange = Arc::new(Exchange::default());
    let label = Label { shown: "what is written".into(), position: Some(0), is_stdin: false, began: None };
    let part = Part::new(Input::written(label), &settings);
    let reader = Reader::given(part, Arc::clone(&exchange));
    let stream = Arc::new(Stream::new(reader, Writer::new(Sink::Returned(Arc::clone(&exchange)))));
    let written = scheduler::attend(&settings, &stream, (&report, make), |desk| {
        let (buffer, blocks) = (desk.buffer(), Blocks::new(&settings));
        let (exchange, failure) = (&*exchange, &failure);
        let mut encoder = Encoder { desk, exchange, failure, blocks, buffer, sink: &mut sink, broken: None };
        let written = catch_unwind(AssertUnwindSafe(|| {
            let value = write(&mut encoder)?;
            encoder.finish().map(|()| value)
        }));
        // Whatever becomes of it, the others wait for more, and have to hear that none will come.
        encoder.leave();
        written
    });
    match written {
        Ok(written) => written.map(|value| (sink, value)),
        Err(panic) => resume_unwind(panic),
    }
}

/// Takes content to be compressed; lent by [`with_encoder`].
///
/// [`flush`](Write::flush) has no effect: blocks end in fixed places, so that the bytes made depend on the content alone.
///
/// # Errors
/// Writing fails if the sink failed, with its error, or a worker did. From then on every write fails.
pub struct Encoder<'run> {
    desk: Desk<'run>,
    exchange: &'run Exchange,
    failure: &'run Failure,
    blocks: Blocks,
    /// What comes before the next block, and as much of that as has been written.
    buffer: Vec<u8>,
    sink: &'run mut dyn Write,
    /// What went wrong: told once as it is, and then like this.
    broken: Option<(io::ErrorKind, String)>,
}

impl Write for Encoder<'_> {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        self.still_whole()?;
        let most = self.blocks.most();
        let taken = content.len().min(most - self.buffer.len());
        self.buffer.extend_from_slice(&content[..taken]);
        if self.buffer.len() == most {
            self.hand_over()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Encoder<'_> {
    /// Gives a block, or several, to the workers; is one of them until they have room for it.
    fn hand_over(&mut self) -> io::Result<()> {
        let (window, ends, last) = self.blocks.cut(&self.buffer);
        let mut next = self.desk.buffer();
        self.blocks.before().iter().for_each(|before| next.extend_from_slice(before));
        let bytes = std::mem::replace(&mut self.buffer, next);
        let (exchange, workers) = (self.exchange, self.desk.workers());
        while exchange.given() >= workers {
            self.write_made()?;
            self.desk.work_or_wait(|| exchange.has_made() || exchange.given() < workers);
        }
        exchange.give(block_channel::Blocks { bytes, window, ends, last });
        // The last block is this worker's own, if nobody else is idle.
        self.desk.call(!last);
        self.write_made()
    }

    /// Writes what is made, and fails if something has.
    fn write_made(&mut self) -> io::Result<()> {
        while let Some(made) = self.exchange.take_made() {
            let written = self.sink.write_all(&made);
            self.desk.reuse_buffer(made);
            written.or_else(|error| self.fail(error))?;
        }
        match self.failure.take() {
            Some(error) => self.fail(error),
            None => Ok(()),
        }
    }

    fn fail(&mut self, error: io::Error) -> io::Result<()> {
        self.broken = Some((error.kind(), error.to_string()));
        Err(error)
    }

    fn still_whole(&self) -> io::Result<()> {
        let again = |(kind, text): &(io::ErrorKind, String)| Err(io::Error::new(*kind, text.clone()));
        self.broken.as_ref().map_or(Ok(()), again)
    }

    /// Hands over the last block, and stays until all is made and written.
    fn finish(&mut self) -> io::Result<()> {
        self.still_whole()?;
        self.hand_over()?;
        let exchange = self.exchange;
        while !self.desk.is_finished() {
            self.write_made()?;
            self.desk.work_or_wait(|| exchange.has_made());
        }
        self.write_made()?;
        self.sink.flush()
    }

    /// Stays until the workers have ended, who hear that nothing more will come. Has nothing to do after
    /// [`finish`](Self::finish), unless that failed.
    fn leave(&mut self) {
        if !self.desk.is_finished() {
            self.exchange.break_off();
            self.desk.call(false);
        }
        while !self.desk.is_finished() {
            self.desk.work_or_wait(|| false);
        }
    }
}

impl std::fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("broken", &self.broken).finish_non_exhaustive()
    }
}

/// What went wrong with the member, until somebody asks.
#[derive(Default)]
struct Failure(Mutex<Option<io::Error>>);

impl Failure {
    fn take(&self) -> Option<io::Error> {
        lock(&self.0).take()
    }
}

impl Observer for Failure {
    fn ended(&self, ended: &Ended<'_>) {
        if let Outcome::Failed(error) = ended.outcome {
            *lock(&self.0) = Some(io::Error::other(Chain(error).to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::deflate::{BLOCK, BlockCompressor, Window};
    use crate::settings::Scheduler;

    /// An engine that panics at the sight of a block of zeros.
    struct Touchy(Box<dyn BlockCompressor>);

    impl BlockCompressor for Touchy {
        fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
            assert!(window.bytes(block.clone())[0] != 0, "this panic is part of the test");
            self.0.compress(window, block, last, out);
        }
    }

    /// Blocks that [`Counting`] engines have compressed: those of one test.
    static COMPRESSED: AtomicUsize = AtomicUsize::new(0);

    struct Counting(Box<dyn BlockCompressor>);

    impl BlockCompressor for Counting {
        fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
            COMPRESSED.fetch_add(1, Ordering::Relaxed);
            self.0.compress(window, block, last, out);
        }
    }

    #[test]
    fn what_is_queued_is_not_compressed_any_more_when_the_closure_fails() {
        let counting: deflate::NewCompressor = |kind, level| Box::new(Counting(deflate::new_compressor(kind, level)));
        let settings = Settings { jobs: std::num::NonZeroUsize::MIN, level: 1, ..Settings::default() };
        let failed = with_engine(io::sink(), (&settings, counting), |to| {
            // Alone, the first has to be compressed to make room for the second.
            to.write_all(&vec![1; 2 * BLOCK])?;
            assert_eq!(COMPRESSED.load(Ordering::Relaxed), 1);
            Err::<(), _>(io::ErrorKind::TimedOut.into())
        });
        assert_eq!(failed.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
        assert_eq!(COMPRESSED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_worker_that_panics_is_an_error_of_the_writer_and_ends_nobody() {
        for (jobs, scheduler) in [(1, Scheduler::Threads), (3, Scheduler::Threads), (3, Scheduler::Rayon)] {
            let settings = Settings { jobs: jobs.try_into().unwrap(), scheduler, ..Settings::default() };
            let touchy: deflate::NewCompressor = |kind, level| Box::new(Touchy(deflate::new_compressor(kind, level)));
            let written = with_engine(Vec::new(), (&settings, touchy), |to| {
                to.write_all(&vec![1; BLOCK])?;
                to.write_all(&vec![0; BLOCK])?;
                to.write_all(&vec![1; 20 * BLOCK])
            });
            let error = written.expect_err("a block is lost");
            assert_eq!(error.to_string(), "internal error: a worker panicked", "{jobs} {scheduler:?}");
        }
    }
}
