//! Reads any part of the content of a file, with an index.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::ReaderSource;
use crate::deflate;
use crate::format::gzip::ReadError;
use crate::inflate::{BadMember, Content, Index, MemberChecksum, ResumePoint, SequentialInflater, as_io_error};

/// Reads the content of a gzip file at any offset. A [`seek`](Seek::seek) itself reads nothing. The next read starts at the last point of
/// the [`Index`] before the offset, or continues where the previous one ended if that is nearer.
///
/// Memory is at most 2 MiB, and what the index takes.
///
/// ```
/// use std::io::{Cursor, Read, Seek, SeekFrom, Write};
/// use gzcc::{Index, IndexedDecoder};
///
/// # fn main() -> std::io::Result<()> {
/// let mut encoder = gzcc::Encoder::new(Vec::new());
/// encoder.write_all(b"one line\n".repeat(1_000_000).as_slice())?;
/// let file = Cursor::new(encoder.finish()?);
///
/// // Or Index::read_from(File::open("a.gz.gzidx")?), for an index that the command has written.
/// let index = Index::build(file.clone(), 4 << 20)?;
/// let mut decoder = IndexedDecoder::new(file, index)?;
/// decoder.seek(SeekFrom::Start(8_999_996))?;
/// let mut content = String::new();
/// decoder.read_to_string(&mut content)?;
/// assert_eq!(content, "ine\n");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A read fails as that of a [`Decoder`](crate::Decoder), and with [`InvalidData`](io::ErrorKind::InvalidData) and a
/// [`BadIndex`](crate::BadIndex) if a window of the index is damaged. The next read tries again.
///
/// A member that is read from its start to its end is verified. Content that is read from a point in the middle of a member is not: the
/// CRC-32 covers the whole member.
pub struct IndexedDecoder<R> {
    source: ReaderSource<R>,
    index: Index,
    inflater: SequentialInflater,
    checksum: MemberChecksum,
    /// Content from the offset `content_start` on. Empty if the inflater is not at that offset.
    content: Vec<u8>,
    content_start: u64,
    /// Offset of the next byte to read.
    position: u64,
    /// Whether the inflater continues at the end of `content`.
    is_continuing: bool,
    /// Whether the content ends at the end of `content`.
    has_ended: bool,
}

impl<R> std::fmt::Debug for IndexedDecoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexedDecoder").field("position", &self.position).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> IndexedDecoder<R> {
    /// Reads the content of `source`, a gzip file with this index.
    ///
    /// # Errors
    /// If the source fails, or the index is that of another file.
    pub fn new(mut source: R, index: Index) -> io::Result<Self> {
        index.check(&mut source)?;
        Ok(Self {
            source: ReaderSource(source),
            index,
            inflater: SequentialInflater::new(),
            checksum: MemberChecksum::default(),
            content: Vec::new(),
            content_start: 0,
            position: 0,
            is_continuing: false,
            has_ended: false,
        })
    }

    /// The index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The source.
    pub fn into_inner(self) -> R {
        self.source.0
    }

    fn content_end(&self) -> u64 {
        self.content_start + self.content.len() as u64
    }

    /// Whether the next content of the inflater leads to the position with no more work than from a point.
    fn is_nearest(&self) -> bool {
        self.is_continuing
            && self.position >= self.content_start
            && self.index.point_at(self.position) <= self.index.point_at(self.content_end())
    }

    /// Starts the inflater at the last point before the position.
    fn restart(&mut self) -> io::Result<()> {
        self.is_continuing = false;
        self.content.clear();
        let point = self.index.point_at(self.position);
        let (start, content_start) = self.index.start(point, &mut self.source.0)?;
        self.source.0.seek(SeekFrom::Start(start.offset()))?;
        self.inflater.restart_at(&start);
        let is_inside = matches!(start, ResumePoint::Block(_));
        self.checksum = if is_inside { MemberChecksum::inside_member() } else { MemberChecksum::default() };
        (self.content_start, self.has_ended, self.is_continuing) = (content_start, false, true);
        Ok(())
    }

    /// Inflates the next content.
    fn inflate(&mut self) -> io::Result<()> {
        self.content_start = self.content_end();
        self.is_continuing = false;
        let mut bytes = std::mem::take(&mut self.content);
        bytes.reserve_exact(deflate::WORST_CASE.saturating_sub(bytes.len()));
        let content = self.inflater.next(&mut self.source, bytes);
        let Content { bytes, member_ends, verified, end, .. } = content;
        if !verified && let Err(BadMember { damage, .. }) = self.checksum.check(&bytes, &member_ends, Vec::new()) {
            return Err(as_io_error(ReadError::Damage(damage)));
        }
        self.has_ended = end.transpose().map_err(as_io_error)?.is_some();
        self.content = bytes;
        self.is_continuing = true;
        Ok(())
    }
}

impl<R: Read + Seek> BufRead for IndexedDecoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.is_nearest() {
            self.restart()?;
        }
        while self.position >= self.content_end() && !self.has_ended {
            self.inflate()?;
        }
        let at = (self.position - self.content_start).min(self.content.len() as u64);
        Ok(&self.content[at as usize..])
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
    }
}

impl<R: Read + Seek> Read for IndexedDecoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut content = self.fill_buf()?;
        let read = content.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for IndexedDecoder<R> {
    /// Sets the offset of the next read, which may be past the end: then nothing is read. From the end only if the index states the
    /// length of the content.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, distance) = match to {
            SeekFrom::Start(offset) => (offset, 0),
            SeekFrom::Current(distance) => (self.position, distance),
            SeekFrom::End(distance) => match self.index.content_length() {
                Some(length) => (length, distance),
                None => {
                    return Err(io::Error::new(io::ErrorKind::Unsupported, "the length of the content is not known"));
                }
            },
        };
        let position = base.checked_add_signed(distance);
        self.position =
            position.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "an offset before the start"))?;
        Ok(self.position)
    }
}
