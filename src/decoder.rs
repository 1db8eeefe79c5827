//! A reader of what was compressed: the way into a `.gz` for a program that wants its content.
//!
//! Inflates in the caller's own thread, with the decoder that the schedulers' workers use; hands out what it has before it
//! reads on, as a source may be long in coming, and nothing behind a member that turned out to be damaged.

use std::io::{self, BufRead, Read};

use flate2::Decompress;

use crate::deflate;
use crate::format::gzip::Damage;
use crate::inflate::{Chunk, Content, Inflation, Sums, Supply, Trailing};

/// Bytes of content inflated at a time: it stays in the cache until it is summed up and handed out.
const PIECE: usize = 64 * 1024;

/// Reads the content of gzip data (RFC 1952): of all members, one behind the other, as `gunzip` does.
///
/// Every member is checked against its trailer. Zero bytes behind the last one are passed over; so is anything else that
/// is no member, but then [`has_trailing_garbage`](Self::has_trailing_garbage) tells.
///
/// It takes 2 MiB at most (half of one, but for BGZF), whatever the data expands to. To limit what comes of data from
/// strangers, use [`Read::take`].
///
/// What a source has delivered up to a sync flush is handed out before the source is read again, so a peer that ends its
/// messages with one can be talked to. (Members that tell their size, BGZF, are read several at a time.)
///
/// ```
/// use std::io::{self, Read};
///
/// # fn main() -> io::Result<()> {
/// let packed = gzcc::with_encoder(Vec::new(), &gzcc::Settings::default(), |to| io::Write::write_all(to, b"hello"))?.0;
/// let mut content = String::new();
/// gzcc::Decoder::new(&packed[..]).read_to_string(&mut content)?;
/// assert_eq!(content, "hello");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Reading fails with [`InvalidData`](io::ErrorKind::InvalidData) where the data is damaged or no gzip data, with
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where it is cut short (both hold a [`Damage`]), and with the source's own
/// error where that fails, but for [`Interrupted`](io::ErrorKind::Interrupted), which is tried again. What has been read of
/// the member until then was not checked yet. An error is final, also one like
/// [`WouldBlock`](io::ErrorKind::WouldBlock): reading again gives one of its kind again.
pub struct Decoder<R> {
    source: Source<R>,
    inflation: Inflation,
    /// Inflates blocks that tell their size (BGZF); made when there are some.
    blocks: Option<Decompress>,
    sums: Sums,
    content: Vec<u8>,
    /// How much of it has been handed out.
    at: usize,
    end: Option<Result<Trailing, (io::ErrorKind, String)>>,
    /// To be handed out when all before it is.
    error: Option<io::Error>,
}

/// A reader, as what inflates wants it.
struct Source<R>(R);

impl<R: Read> Supply for Source<R> {
    fn supply(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl<R: Read> Decoder<R> {
    /// Reads from `source`, in pieces of up to 256 KiB, so there is no use for a buffer around it.
    pub fn new(source: R) -> Self {
        let mut inflation = Inflation::prompt();
        inflation.restart(false);
        Self {
            source: Source(source),
            inflation,
            blocks: None,
            sums: Sums::default(),
            content: Vec::with_capacity(PIECE),
            at: 0,
            end: None,
            error: None,
        }
    }

    /// Whether the data is over, and something that is neither a member nor zero bytes was behind it.
    pub fn has_trailing_garbage(&self) -> bool {
        matches!(self.end, Some(Ok(Trailing::Garbage)))
    }

    /// The source.
    pub fn get_ref(&self) -> &R {
        &self.source.0
    }

    /// The source. What is read of it by somebody else is missing here.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source.0
    }

    /// The source. What was read of it and not handed out, up to 256 KiB, is lost.
    pub fn into_inner(self) -> R {
        self.source.0
    }

    /// Inflates the next piece.
    fn inflate(&mut self) {
        self.at = 0;
        let mut bytes = std::mem::take(&mut self.content);
        bytes.clear();
        // That is how it stays if the source panics.
        self.end = Some(Err((io::ErrorKind::Other, "the source panicked".into())));
        let content = match self.inflation.next(&mut self.source, bytes) {
            Chunk::Content(content) => content,
            Chunk::Batch(batch, mut bytes) => {
                let decoder = self.blocks.get_or_insert_with(|| Decompress::new(false));
                bytes.reserve_exact(deflate::WORST_CASE);
                batch.inflate(decoder, bytes)
            }
        };
        self.end = None;
        self.take_in(content);
    }

    /// Checks what was inflated, and keeps what is in order.
    fn take_in(&mut self, content: Content) {
        let Content { bytes, checks, checked, end, .. } = content;
        self.content = bytes;
        if let Some(end) = end {
            self.end = Some(end.map_err(|error| self.fail(error)));
        }
        if checked {
            return;
        }
        if let Err((damage, at)) = self.sums.check(&self.content, &checks) {
            self.content.truncate(at);
            self.end = Some(Err(self.fail(damage.into())));
        }
    }

    /// Keeps an error until it is due, and tells what those that follow it are like.
    fn fail(&mut self, error: anyhow::Error) -> (io::ErrorKind, String) {
        let error = error.downcast::<io::Error>().unwrap_or_else(|error| match error.downcast::<Damage>() {
            Ok(damage @ Damage::Truncated(_)) => io::Error::new(io::ErrorKind::UnexpectedEof, damage),
            Ok(damage) => io::Error::new(io::ErrorKind::InvalidData, damage),
            Err(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        });
        let again = (error.kind(), error.to_string());
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
                Some(Err((kind, text))) => {
                    let again = io::Error::new(*kind, text.clone());
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
        f.debug_struct("Decoder").field("inflation", &self.inflation).field("end", &self.end).finish_non_exhaustive()
    }
}
