//! The encoder as a reader: reads content from another reader, and returns compressed bytes.

use std::io::{self, BufRead, Read};

use super::member::MemberEncoder;
use super::{EncoderOptions, InvalidOptions};
use crate::deflate;
use crate::pipeline::stream::Following;

/// Reads one gzip member (RFC 1952) with the content of another reader.
///
/// The bytes are those that an [`Encoder`](crate::Encoder) with the same options writes: they depend on the content and the
/// options only, not on the sizes of the reads.
///
/// The reading thread is one of the workers. The source is read in that thread, up to one block of 512 KiB ahead for each
/// worker, so compressed bytes come out only after a block or the end of the source. Memory is bounded by the number of
/// workers: about 4 MiB for each at levels 0 to 9.
///
/// Here the body of an HTTP request is compressed while it is sent:
///
/// ```
/// use std::io::{self, Read, Write};
/// use gzcc::{EncoderOptions, EncoderReader};
///
/// /// What HTTP libraries do with a body whose length is not known.
/// fn send(connection: &mut impl Write, mut body: impl Read) -> io::Result<()> {
///     write!(connection, "POST /log HTTP/1.1\r\nHost: localhost\r\n")?;
///     write!(connection, "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")?;
///     let mut chunk = [0; 8192];
///     loop {
///         let length = body.read(&mut chunk)?;
///         write!(connection, "{length:x}\r\n")?;
///         connection.write_all(&chunk[..length])?;
///         connection.write_all(b"\r\n")?;
///         if length == 0 {
///             return Ok(());
///         }
///     }
/// }
///
/// # fn main() -> io::Result<()> {
/// let log = "a line, and a line, and a line\n".repeat(1000);
/// let options = EncoderOptions::default().workers(1);
/// let mut connection = Vec::new();
/// send(&mut connection, EncoderReader::with_options(log.as_bytes(), &options)?)?;
/// assert!(connection.len() < 500);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A read fails
/// - with the source's own error. The next read continues after it, so one of the kind
///   [`WouldBlock`](io::ErrorKind::WouldBlock) loses nothing. [`Interrupted`](io::ErrorKind::Interrupted) is retried.
/// - with [`Other`](io::ErrorKind::Other) if a worker panics or the [verification](EncoderOptions::verify) fails. Then every
///   further read fails.
pub struct EncoderReader<R> {
    source: R,
    member: MemberEncoder,
    /// Compressed bytes, and how many of them were read.
    output: Vec<u8>,
    consumed: usize,
    /// An error of the source, to be returned after the output before it.
    error: Option<io::Error>,
}

impl<R: Read> EncoderReader<R> {
    /// Compresses the content of `source`, with the default options.
    pub fn new(source: R) -> Self {
        Self::with_options(source, &EncoderOptions::default()).expect("the default options are valid")
    }

    /// Compresses the content of `source`.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn with_options(source: R, options: &EncoderOptions) -> Result<Self, InvalidOptions> {
        let member = MemberEncoder::new(options, deflate::new_compressor)?;
        Ok(Self { source, member, output: Vec::new(), consumed: 0, error: None })
    }

    /// The source.
    pub fn get_ref(&self) -> &R {
        &self.source
    }

    /// The source. Content that is read from it elsewhere is missing in the output.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// The source. Content that was read ahead is lost, so call this after the end.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Reads content until a block is complete, or the source ends, and submits that.
    fn submit_block(&mut self) -> io::Result<()> {
        let space = self.member.space() as u64;
        let read = self.source.by_ref().take(space).read_to_end(self.member.buffer())?;
        // After an error, the buffer has a part of the block, and the next read continues after it.
        let complete = read as u64 == space;
        self.member.submit(if complete { Following::Content } else { Following::Nothing });
        Ok(())
    }

    /// The next compressed bytes; none at the end.
    fn next_output(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.member.check()?;
        loop {
            // One block for each output that is taken, and more while there is none, keeps all workers busy.
            if self.error.is_none() && !self.member.has_ended() && self.member.can_submit() {
                self.error = self.submit_block().err();
            }
            if let Some(output) = self.member.take_output()? {
                return Ok(Some(output));
            }
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            let ended = self.member.has_ended();
            if ended && self.member.is_finished() {
                return self.member.take_output();
            }
            if ended || !self.member.can_submit() {
                self.member.work_or_wait(!ended);
            }
        }
    }
}

impl<R: Read> BufRead for EncoderReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed == self.output.len() {
            let Some(output) = self.next_output()? else { return Ok(&[]) };
            let before = std::mem::replace(&mut self.output, output);
            self.consumed = 0;
            // The first, empty output is not a buffer of the encoder.
            if before.capacity() > 0 {
                self.member.reuse_buffer(before);
            }
        }
        Ok(&self.output[self.consumed..])
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = (self.consumed + amount).min(self.output.len());
    }
}

impl<R: Read> Read for EncoderReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut output = self.fill_buf()?;
        let read = output.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R> std::fmt::Debug for EncoderReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncoderReader").field("member", &self.member).finish_non_exhaustive()
    }
}
