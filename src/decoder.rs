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
use self::shared_inflation::{NextContent, SharedInflation};
use crate::deflate::{self, Engine};
use crate::encoder::InvalidOptions;
use crate::error::FinalError;
#[cfg(doc)]
use crate::format::gzip::Damage;
use crate::format::gzip::ReadError;
use crate::inflate::{
    BadMember, CompressedSource, Content, EngineDecoder, FilePart, ForeignData, Inflater, MemberChecksum, Trailing,
    as_io_error,
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
    inflater: Inflater,
    /// Several workers, which inflate instead.
    shared: Option<Box<SharedInflation>>,
    /// Inflates members that state their size (BGZF). Created with the first of them.
    blocks: Option<EngineDecoder>,
    checksum: MemberChecksum,
    content: Vec<u8>,
    /// Bytes of `content` that were read.
    at: usize,
    end: Option<Result<Trailing, FinalError>>,
    /// Returned once, after the content before it.
    error: Option<io::Error>,
}

/// The caller's reader, as a source of the inflater.
struct ReaderSource<R>(R);

impl<R: Read> CompressedSource for ReaderSource<R> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// It may wait: nothing else is known about a reader.
    fn is_ready(&mut self) -> bool {
        false
    }
}

impl<R: Read> Decoder<R> {
    /// Reads from `source`, up to 256 KiB at a time. The source needs no buffer of its own.
    pub fn new(source: R) -> Self {
        Self::with_shared(source, None)
    }

    /// Reads from `source`, and decompresses as the options say.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn with_options(source: R, options: &DecoderOptions) -> Result<Self, InvalidOptions> {
        let shared = options.settings()?.and_then(SharedInflation::start);
        Ok(Self::with_shared(source, shared))
    }

    fn with_shared(source: R, shared: Option<SharedInflation>) -> Self {
        let mut inflater = Inflater::new(Engine::Native);
        inflater.restart(ForeignData::default());
        Self {
            source: ReaderSource(source),
            inflater,
            shared: shared.map(Box::new),
            blocks: None,
            checksum: MemberChecksum::default(),
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
        if let Some(shared) = &mut self.shared {
            let next = shared.next(&mut self.source, bytes);
            self.end = None;
            return self.add_verified(next);
        }
        let content = match self.inflater.next(&mut self.source, bytes) {
            FilePart::Content(content) => content,
            FilePart::Batch(batch, mut bytes) => {
                let decoder = self.blocks.get_or_insert_with(|| EngineDecoder::new(Engine::Native));
                bytes.reserve_exact(deflate::WORST_CASE.saturating_sub(bytes.len()));
                batch.inflate(decoder, bytes)
            }
        };
        self.end = None;
        self.add(content);
    }

    /// Keeps content that the workers have inflated and verified.
    fn add_verified(&mut self, next: NextContent) {
        match next {
            NextContent::Part(bytes) => self.content = bytes,
            NextContent::End(end) => self.end = Some(end.map_err(|error| self.fail(error))),
        }
    }

    /// Verifies inflated content, and keeps the valid part.
    fn add(&mut self, content: Content) {
        let Content { bytes, member_ends, verified, end, .. } = content;
        self.content = bytes;
        if let Some(end) = end {
            self.end = Some(end.map_err(|error| self.fail(error)));
        }
        if verified {
            return;
        }
        if let Err(BadMember { damage, end }) = self.checksum.check(&self.content, &member_ends, Vec::new()) {
            self.content.truncate(end);
            self.end = Some(Err(self.fail(damage.into())));
        }
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
        f.debug_struct("Decoder").field("inflation", &self.inflater).field("end", &self.end).finish_non_exhaustive()
    }
}
