//! The encoder: compresses the content that a program has in memory, by the pipeline that compresses files.
//!
//! Content is divided into the same blocks as that of a file, and submitted to a stream. The caller's thread is one of the
//! workers: it fills a block while others compress, writes their output to the sink, and compresses a block itself when the queue
//! is full. With one worker there is no other thread.
//!
//! `member` is common to both directions: [`Encoder`] writes compressed bytes to a sink, and [`EncoderReader`] returns them.
//! Nothing here opens a file.

mod encoder_reader;
mod member;
mod options;

use std::io::{self, Write};

pub use self::encoder_reader::EncoderReader;
use self::member::MemberEncoder;
pub use self::options::{EncoderOptions, InvalidOptions};
use crate::deflate;
use crate::pipeline::stream::Following;

/// Compresses what `write` writes into one gzip member (RFC 1952) in `sink`; returns the sink and the value of `write`.
///
/// It is [`Encoder::with_options`], `write` and [`Encoder::finish`] in one, so that `finish` cannot be forgotten.
///
/// Here a `tar` archive is compressed while `tar` writes it:
///
/// ```
/// use std::io;
/// use std::process::{Command, Stdio};
/// use gzcc::EncoderOptions;
///
/// # fn main() -> io::Result<()> {
/// # let dir = tempfile::tempdir()?;
/// # std::fs::write(dir.path().join("a.log"), "a line\n")?;
/// let mut tar = Command::new("tar").arg("-C").arg(dir.path()).args(["-cf", "-", "."]).stdout(Stdio::piped()).spawn()?;
/// let mut archive = tar.stdout.take().expect("it is piped");
///
/// let options = EncoderOptions::default().level(9);
/// let (bytes, size) = gzcc::with_encoder(Vec::new(), &options, |encoder| {
///     let size = io::copy(&mut archive, encoder)?;
///     // If tar fails, the archive is incomplete.
///     if tar.wait()?.success() { Ok(size) } else { Err(io::Error::other("tar failed")) }
/// })?;
/// assert!(size % 512 == 0 && (bytes.len() as u64) < size);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// - [`InvalidInput`](io::ErrorKind::InvalidInput) with an [`InvalidOptions`] if an option is invalid; `write` is not called.
/// - The error that `write` returns.
/// - Those of [`Encoder`], even if `write` ignores them.
///
/// After an error the sink holds an incomplete member, which every decoder reports as such. Pass `&mut sink` to keep it.
///
/// # Panics
/// If `write` or the sink does, after the workers have ended.
pub fn with_encoder<W: Write, T>(
    sink: W,
    options: &EncoderOptions,
    write: impl FnOnce(&mut Encoder<W>) -> io::Result<T>,
) -> io::Result<(W, T)> {
    let mut encoder = Encoder::with_options(sink, options)?;
    let value = write(&mut encoder)?;
    encoder.finish().map(|sink| (sink, value))
}

/// Compresses the bytes written to it into one gzip member (RFC 1952), which it writes to `W`.
///
/// The bytes are those that [`compress`](crate::compress) writes for a file with the same content. They depend on the
/// content, the options and the positions of [flushes](#flushing) only: not on the number of workers, the scheduler, or how
/// content is divided into writes.
///
/// The member is complete when [`finish`](Self::finish) returns, and only then. An encoder that is dropped without it stops
/// its workers, joins them, and leaves an incomplete member, which every decoder reports as such. So an encoder behind a
/// `Box<dyn Write>` can be written to but never finished; pass `&mut encoder` as the `dyn Write` instead, or give the
/// encoder a `Box<dyn Write>` as its sink.
///
/// The writing thread is one of the [workers](EncoderOptions::workers). The others start when there are blocks of 512 KiB for
/// them. With [`Scheduler::Threads`](crate::settings::Scheduler), each block starts one thread, up to their number. With rayon,
/// the first block starts all threads of the pool. Content that fits in one block starts no thread. `W` never leaves the
/// writing thread, so it need not be [`Send`]; the encoder is if `W` is.
///
/// Memory is bounded by the number of workers, about 4 MiB for each at levels 0 to 9, however much is written: a writer that
/// is ahead of the workers compresses a block itself. A limit of the address space (`ulimit -v`) reduces the workers. If not even
/// one fits, an allocation fails and aborts the process, as in the standard library.
///
/// # Flushing
/// [`flush`](Write::flush) is a sync flush, as zlib defines it: it ends the current block, waits until all content written
/// so far is compressed and written to `W`, and flushes `W`. Everything written before it can be decompressed from the
/// output so far. It keeps the window, so content after it still refers to content before it, but each flush costs a block:
/// 5 bytes, and new Huffman codes. A flush without new content adds no bytes.
///
/// A log that can be read at any time and is at most a second behind. A thread compresses the lines that other threads send:
///
/// ```
/// use std::io::{self, Write};
/// use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
/// use std::thread;
/// use std::time::{Duration, Instant};
/// use gzcc::{Encoder, EncoderOptions};
///
/// const PERIOD: Duration = Duration::from_secs(1);
///
/// /// Compresses lines until all senders are dropped. A flush without new lines adds no bytes.
/// fn compress_log<W: Write>(lines: Receiver<String>, file: W) -> io::Result<W> {
///     // Lines come slowly, so this thread is the only worker.
///     let mut encoder = Encoder::with_options(file, &EncoderOptions::default().workers(1))?;
///     let mut flushed = Instant::now();
///     loop {
///         match lines.recv_timeout(PERIOD.saturating_sub(flushed.elapsed())) {
///             Ok(line) => writeln!(encoder, "{line}")?,
///             Err(RecvTimeoutError::Timeout) => {}
///             Err(RecvTimeoutError::Disconnected) => return encoder.finish(),
///         }
///         if flushed.elapsed() >= PERIOD {
///             encoder.flush()?;
///             flushed = Instant::now();
///         }
///     }
/// }
///
/// # fn main() -> io::Result<()> {
/// let (log, lines) = mpsc::channel();
/// let writer = thread::spawn(|| compress_log(lines, Vec::new()));
/// log.send("started".to_owned()).expect("the thread runs");
/// log.send("stopped".to_owned()).expect("the thread runs");
/// drop(log);
/// let file = writer.join().expect("the thread does not panic")?;
/// # let mut content = String::new();
/// # io::Read::read_to_string(&mut gzcc::Decoder::new(&file[..]), &mut content)?;
/// # assert_eq!(content, "started\nstopped\n");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Writing, flushing and finishing fail
/// - with the sink's own error.
/// - with [`Other`](io::ErrorKind::Other) if a worker panics or the [verification](EncoderOptions::verify) fails.
///
/// An error is final, also one like [`WouldBlock`](io::ErrorKind::WouldBlock): everything after it fails with the same kind
/// and message. ([`Interrupted`](io::ErrorKind::Interrupted) is retried.) An error may belong to content of earlier writes,
/// as blocks are compressed later.
#[derive(Debug)]
pub struct Encoder<W> {
    member: MemberEncoder,
    sink: W,
}

impl<W: Write> Encoder<W> {
    /// Compresses to `sink`, with the default options.
    pub fn new(sink: W) -> Self {
        Self::with_options(sink, &EncoderOptions::default()).expect("the default options are valid")
    }

    /// Compresses to `sink`. Nothing is written to it before there is a block, a flush or the end.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn with_options(sink: W, options: &EncoderOptions) -> Result<Self, InvalidOptions> {
        Self::with_engine(sink, options, deflate::new_compressor)
    }

    /// [`with_options`](Self::with_options), with compressors from `engine`.
    fn with_engine(sink: W, options: &EncoderOptions, engine: deflate::NewCompressor) -> Result<Self, InvalidOptions> {
        Ok(Self { member: MemberEncoder::new(options, engine)?, sink })
    }

    /// Ends the member, flushes the sink and returns it.
    ///
    /// # Errors
    /// Those of [`Encoder`], also if an earlier call returned one already. Then the member is incomplete and the sink is
    /// dropped; to keep it, create the encoder with `&mut sink`.
    pub fn finish(mut self) -> io::Result<W> {
        self.member.check()?;
        self.submit(Following::Nothing)?;
        while !self.member.is_finished() {
            self.member.work_or_wait(false);
            self.write_output()?;
        }
        self.write_output()?;
        self.member.guard(|| self.sink.flush())?;
        Ok(self.sink)
    }

    /// The sink.
    pub fn get_ref(&self) -> &W {
        &self.sink
    }

    /// The sink. Bytes that are written to it directly become part of the member, which is then damaged.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Submits the content in the buffer. Works while the queue is full.
    fn submit(&mut self, following: Following) -> io::Result<()> {
        while !self.member.can_submit() {
            self.write_output()?;
            self.member.work_or_wait(true);
        }
        self.member.submit(following);
        self.write_output()
    }

    /// Writes the output that is complete.
    fn write_output(&mut self) -> io::Result<()> {
        while let Some(output) = self.member.take_output()? {
            self.member.guard(|| self.sink.write_all(&output))?;
            self.member.reuse_buffer(output);
        }
        Ok(())
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        self.member.check()?;
        let taken = content.len().min(self.member.space());
        self.member.buffer().extend_from_slice(&content[..taken]);
        if self.member.space() == 0 {
            self.submit(Following::Content)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.member.check()?;
        if self.member.has_content() {
            self.submit(Following::Flush)?;
        }
        while self.member.is_pending() {
            self.member.work_or_wait(false);
            self.write_output()?;
        }
        self.member.guard(|| self.sink.flush())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::deflate::{BLOCK, BlockCompressor, Window};
    use crate::settings::Scheduler;

    /// An engine that panics on a block of zeros.
    struct PanicsOnZeros(Box<dyn BlockCompressor>);

    impl BlockCompressor for PanicsOnZeros {
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
    fn queued_blocks_are_not_compressed_after_the_encoder_is_dropped() {
        let counting: deflate::NewCompressor = |kind, level| Box::new(Counting(deflate::new_compressor(kind, level)));
        let options = EncoderOptions::default().workers(1).level(1);
        let mut encoder = Encoder::with_engine(io::sink(), &options, counting).unwrap();
        // With one worker, the first block is compressed before the second one is queued.
        encoder.write_all(&vec![1; 2 * BLOCK]).unwrap();
        assert_eq!(COMPRESSED.load(Ordering::Relaxed), 1);
        drop(encoder);
        assert_eq!(COMPRESSED.load(Ordering::Relaxed), 1);
    }

    /// Encoders whose workers panic on zeros, with their number of workers and scheduler.
    fn panicking_encoders() -> impl Iterator<Item = (usize, Scheduler, Encoder<Vec<u8>>)> {
        let panicking: deflate::NewCompressor =
            |kind, level| Box::new(PanicsOnZeros(deflate::new_compressor(kind, level)));
        let runs = [(1, Scheduler::Threads), (3, Scheduler::Threads), (3, Scheduler::Rayon)];
        runs.into_iter().map(move |(workers, scheduler)| {
            let options = EncoderOptions::default().workers(workers).scheduler(scheduler);
            (workers, scheduler, Encoder::with_engine(Vec::new(), &options, panicking).unwrap())
        })
    }

    #[test]
    fn a_worker_that_panics_is_an_error_of_the_writer() {
        for (workers, scheduler, mut encoder) in panicking_encoders() {
            let contents = [vec![1; BLOCK], vec![0; BLOCK], vec![1; 20 * BLOCK]];
            let written = contents.iter().try_for_each(|content| encoder.write_all(content));
            let error = written.and_then(|()| encoder.flush()).expect_err("a block is lost");
            assert_eq!(error.to_string(), "internal error: a worker panicked", "{workers} {scheduler:?}");
            let again =
                [encoder.write(b"more").unwrap_err(), encoder.flush().unwrap_err(), encoder.finish().unwrap_err()];
            for again in again {
                assert_eq!((again.kind(), again.to_string()), (error.kind(), error.to_string()));
            }
        }
    }

    #[test]
    fn a_worker_that_panics_is_an_error_of_the_flush_that_waits_for_it() {
        for (_, _, mut encoder) in panicking_encoders() {
            encoder.write_all(&[0; 10]).unwrap();
            assert_eq!(encoder.flush().unwrap_err().to_string(), "internal error: a worker panicked");
            encoder.finish().unwrap_err();
        }
    }
}
