//! The public decoder: reads the content of gzip data from a reader.
//!
//! With one worker it inflates in the caller's thread, with the inflater that the workers of a run use. It returns the available
//! content before it reads the source again, because a source may block. With several workers (`shared_inflation`), the caller
//! reads the source, and a stream inflates its data. It returns no content after a damaged member.

mod content_channel;
mod decoder_options;
mod indexed_decoder;
mod shared_inflation;

use std::io::{self, BufRead, Read};

pub use self::decoder_options::DecoderOptions;
pub use self::indexed_decoder::IndexedDecoder;
use self::shared_inflation::SharedInflation;
use crate::encoder::InvalidOptions;
use crate::error::FinalError;
#[cfg(doc)]
use crate::format::gzip::Damage;
use crate::format::gzip::ReadError;
use crate::inflate::{
    BadMember, CompressedSource, Content, MemberChecksum, SequentialInflater, Trailing, as_io_error, read_uninterrupted,
};

/// Bytes of content inflated at a time: small enough to stay in the cache until they are verified and read.
const CONTENT: usize = 64 * 1024;

/// Reads the content of gzip data (RFC 1952): of all members, one after the other, as `gunzip` does.
///
/// Every member is verified against the CRC-32 and the length in its trailer. Zero bytes after the last member are
/// ignored, and so is other trailing garbage, which [`has_trailing_garbage`](Self::has_trailing_garbage) reports.
///
/// With one [worker](DecoderOptions::workers), which is the default, it decodes in the thread that reads. Several workers are
/// threads of the decoder. Dropping it ends and joins them.
///
/// Memory is at most 2 MiB (512 KiB unless the data is BGZF) with one worker, whatever the data expands to. To limit the content of
/// untrusted data, use [`Read::take`].
///
/// With one worker, all content up to a sync flush is returned before the source is read again, so a peer that ends its messages with
/// one (as [`Encoder`](crate::Encoder) does on a flush) can be answered. Members that state their size (BGZF) are read
/// several at a time.
///
/// ```
/// use std::io::{self, Read, Write};
///
/// # fn main() -> io::Result<()> {
/// let mut encoder = gzcc::Encoder::new(Vec::new());
/// encoder.write_all(b"hello")?;
/// let bytes = encoder.finish()?;
///
/// let mut content = String::new();
/// gzcc::Decoder::new(&bytes[..]).read_to_string(&mut content)?;
/// assert_eq!(content, "hello");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A read fails
/// - with [`InvalidData`](io::ErrorKind::InvalidData) if the data is damaged or not gzip data, and with
///   [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if it is truncated. Both hold a [`Damage`].
/// - with the source's own error. [`Interrupted`](io::ErrorKind::Interrupted) is retried.
///
/// Content of a member that was read before the error is not verified. An error is final, also one like
/// [`WouldBlock`](io::ErrorKind::WouldBlock): every further read fails with the same kind and message.
pub struct Decoder<R> {
    source: ReaderSource<R>,
    inflation: DecoderInflation,
    content: Vec<u8>,
    /// Bytes of `content` that were read.
    at: usize,
    end: Option<Result<Trailing, FinalError>>,
    /// Returned once, after the content before it.
    error: Option<io::Error>,
}

/// Where the content comes from.
enum DecoderInflation {
    /// The caller's thread inflates, and verifies the members.
    Sequential(Box<SequentialInflater>, MemberChecksum),
    /// Several workers do both.
    Shared(Box<SharedInflation>),
}

/// The caller's reader, as a source of the inflater.
struct ReaderSource<R>(R);

impl<R: Read> CompressedSource for ReaderSource<R> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_uninterrupted(&mut self.0, buffer)
    }

    /// It may wait: nothing else is known about a reader.
    fn is_ready(&mut self) -> bool {
        false
    }
}

impl DecoderInflation {
    fn sequential() -> Self {
        Self::Sequential(Box::new(SequentialInflater::new()), MemberChecksum::default())
    }

    /// The next content, up to a damaged member. `bytes` is a buffer, which is overwritten.
    fn next(&mut self, source: &mut dyn CompressedSource, bytes: Vec<u8>) -> NextContent {
        let (inflater, checksum) = match self {
            Self::Shared(shared) => return shared.next(source, bytes),
            Self::Sequential(inflater, checksum) => (inflater, checksum),
        };
        let Content { mut bytes, member_ends, verified, end, .. } = inflater.next(source, bytes);
        if !verified && let Err(BadMember { damage, end }) = checksum.check(&bytes, &member_ends, Vec::new()) {
            bytes.truncate(end);
            return NextContent { bytes, end: Some(Err(damage.into())) };
        }
        NextContent { bytes, end }
    }
}

/// The next content of a decoder.
struct NextContent {
    bytes: Vec<u8>,
    /// Set if it is the last: what follows it in the source, or the error.
    end: Option<Result<Trailing, ReadError>>,
}

impl<R: Read> Decoder<R> {
    /// Reads from `source`, up to 256 KiB at a time. The source needs no buffer of its own.
    pub fn new(source: R) -> Self {
        Self::with(source, DecoderInflation::sequential())
    }

    /// Reads from `source`, and decompresses as the options say.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn with_options(source: R, options: &DecoderOptions) -> Result<Self, InvalidOptions> {
        let shared = options.settings()?.and_then(SharedInflation::start);
        let inflation =
            shared.map_or_else(DecoderInflation::sequential, |shared| DecoderInflation::Shared(Box::new(shared)));
        Ok(Self::with(source, inflation))
    }

    fn with(source: R, inflation: DecoderInflation) -> Self {
        Self {
            source: ReaderSource(source),
            inflation,
            content: Vec::with_capacity(CONTENT),
            at: 0,
            end: None,
            error: None,
        }
    }

    /// Whether the end was reached, and something other than zero bytes followed the last member.
    pub fn has_trailing_garbage(&self) -> bool {
        matches!(self.end, Some(Ok(Trailing::Garbage)))
    }

    /// The source.
    pub fn get_ref(&self) -> &R {
        &self.source.0
    }

    /// The source. Data that is read from it elsewhere is missing here.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source.0
    }

    /// The source. Data that was read ahead is lost: up to 256 KiB with one worker, and 1 MiB more for each of several workers.
    pub fn into_inner(self) -> R {
        self.source.0
    }

    /// Inflates the next content.
    fn inflate(&mut self) {
        self.at = 0;
        let bytes = std::mem::take(&mut self.content);
        // This remains if the source panics.
        self.end = Some(Err(FinalError::other("the source panicked")));
        let NextContent { bytes, end } = self.inflation.next(&mut self.source, bytes);
        self.content = bytes;
        self.end = end.map(|end| end.map_err(|error| self.fail(error)));
    }

    /// Keeps an error until the content before it is read. Returns the error for all later reads.
    fn fail(&mut self, error: ReadError) -> FinalError {
        let error = as_io_error(error);
        let again = FinalError::from(&error);
        self.error = Some(error);
        again
    }
}

impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.content.len() {
            match &self.end {
                None => self.inflate(),
                Some(Ok(_)) => break,
                Some(Err(error)) => {
                    let again = error.again();
                    return Err(self.error.take().unwrap_or(again));
                }
            }
        }
        Ok(&self.content[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.content.len());
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut content = self.fill_buf()?;
        let read = content.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("end", &self.end).finish_non_exhaustive()
    }
}
