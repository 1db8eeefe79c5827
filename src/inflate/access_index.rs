//! An index of a gzip file, read from its format or built: finds the point before any offset or line of the content.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::index_builder::IndexBuilder;
use super::markers::ResolvedWindow;
use super::resume_point::{BlockStart, ResumePoint};
use crate::deflate::WINDOW;
use crate::format::bgzf;
use crate::format::gzidx::{self, BadIndex, FILE_END, HEAD, IndexHead, IndexPoint, IndexSection};
use crate::format::gzip::{MAGIC, METHOD_DEFLATE};

/// Bytes before a member's data that are searched for its header: the header of BGZF, and that of a member without a name.
const HEADERS: [usize; 2] = [18, 10];

/// The beginning of a header without optional fields.
const PLAIN_HEADER: [u8; 4] = [MAGIC[0], MAGIC[1], METHOD_DEFLATE, 0];

/// A source of bytes that can be read at any offset.
trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// An index of a gzip file. It has points at which a decoder can start.
///
/// It is read from and written in the format GZIDX of indexed_gzip, which rapidgzip also uses. gzcc adds the numbers of lines and
/// checksums in a place that both ignore. About 30 bytes of memory are needed for each point; the windows, of 32 KiB each, are read when
/// they are needed.
pub struct Index {
    head: IndexHead,
    points: Vec<IndexPoint>,
    section: Option<IndexSection>,
    /// The whole index, from which the windows are read.
    bytes: Box<dyn ReadSeek>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Index {
    /// Reads an index. `index` is kept, and the windows are read from it later.
    ///
    /// # Errors
    /// With [`InvalidData`](io::ErrorKind::InvalidData) and a [`BadIndex`], if it is not an index, or damaged.
    pub fn read_from<R: Read + Seek + Send + 'static>(mut index: R) -> io::Result<Self> {
        let length = index.seek(SeekFrom::End(0))?;
        index.rewind()?;
        let mut table = Vec::new();
        (&mut index).take(HEAD as u64).read_to_end(&mut table)?;
        let head = IndexHead::parse(table.first_chunk().ok_or_else(|| bad(BadIndex::NotAnIndex))?).map_err(bad)?;
        let table_end = (HEAD + head.points_length()) as u64;
        if length < table_end {
            return Err(bad(BadIndex::Damaged));
        }
        (&mut index).take(head.points_length() as u64).read_to_end(&mut table)?;
        let points = head.parse_points(table.get(HEAD..).unwrap_or_default()).map_err(bad)?;
        let windows = points.iter().filter(|point| point.has_window).count() as u64;
        let section_start = table_end + windows * u64::from(head.window);
        if points.len() != head.points as usize || length < section_start {
            return Err(bad(BadIndex::Damaged));
        }
        let mut section = Vec::new();
        index.seek(SeekFrom::Start(section_start))?;
        (&mut index).take(IndexSection::length(points.len()) as u64 + 1).read_to_end(&mut section)?;
        let section = IndexSection::parse(&section, &table, points.len()).map_err(bad)?;
        // Other data behind the windows means that their length, and with it the place of the section, is wrong.
        if section.is_none() && length > section_start {
            return Err(bad(BadIndex::Damaged));
        }
        Ok(Self { head, points, section, bytes: Box::new(index) })
    }

    /// Builds the index of the gzip data in `source`, with at least `spacing` bytes of content between two points. It is kept in
    /// memory: 32 KiB for each point.
    ///
    /// # Errors
    /// If the source fails, or the data is damaged or not gzip data.
    pub fn build<R: Read>(source: R, spacing: u64) -> io::Result<Self> {
        let mut builder = IndexBuilder::new(source, spacing);
        while builder.add_part()? {}
        Self::read_from(Cursor::new(builder.finish()?))
    }

    /// Writes the index.
    ///
    /// # Errors
    /// Those of the writer, and of the source that the index was read from.
    pub fn write_to<W: io::Write>(&mut self, mut writer: W) -> io::Result<()> {
        self.bytes.rewind()?;
        io::copy(&mut self.bytes, &mut writer).map(drop)
    }

    /// Length of the compressed file.
    pub fn compressed_length(&self) -> u64 {
        self.head.compressed
    }

    /// Length of the content. `None` if the index does not state it: other programs write indexes of a part of a file.
    pub fn content_length(&self) -> Option<u64> {
        (self.section.is_some() || self.head.content > 0).then_some(self.head.content)
    }

    /// Number of newlines in the content. `None` if another program has written the index.
    pub fn newlines(&self) -> Option<u64> {
        self.section.as_ref().map(|section| section.lines)
    }

    /// Checks that this is the index of the file in `source`: its length, and if gzcc wrote the index, its last 4 KiB.
    ///
    /// # Errors
    /// With [`InvalidData`](io::ErrorKind::InvalidData) and a [`BadIndex`], if it is the index of another file.
    pub fn check<R: Read + Seek>(&self, mut source: R) -> io::Result<()> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(length.saturating_sub(FILE_END)))?;
        let mut end = Vec::new();
        source.take(FILE_END).read_to_end(&mut end)?;
        let is_same = self.section.as_ref().is_none_or(|section| section.file_end == gzidx::crc(&[&end]));
        if length == self.head.compressed && is_same { Ok(()) } else { Err(bad(BadIndex::OtherFile)) }
    }

    /// The last point whose content begins at or before `offset`.
    pub(crate) fn point_at(&self, offset: u64) -> Option<usize> {
        self.points.partition_point(|point| point.content <= offset).checked_sub(1)
    }

    /// The last point before the line with this many lines before it. `None` if there is no such point. An index without lines has none.
    pub(crate) fn point_before_line(&self, line: u64) -> Option<usize> {
        let points = &self.section.as_ref()?.points;
        points.partition_point(|point| point.lines < line).checked_sub(1)
    }

    /// Number of newlines before a point. 0 if the index has no lines.
    pub(crate) fn newlines_before(&self, point: Option<usize>) -> u64 {
        let fields = self.section.as_ref().zip(point).and_then(|(section, i)| section.points.get(i));
        fields.filter(|_| self.starts_at_point(point)).map_or(0, |fields| fields.lines)
    }

    /// Offset in the file, in bytes, of the first point whose content begins at or after `offset`.
    pub(crate) fn file_offset_after(&self, offset: u64) -> u64 {
        let point = self.points.get(self.points.partition_point(|point| point.content < offset));
        point.map_or(self.head.compressed, |point| point.bit / 8)
    }

    /// The same for the first point that has at least this many newlines before it.
    pub(crate) fn file_offset_after_line(&self, line: u64) -> u64 {
        let points = self.section.as_ref().map_or(&[][..], |section| &section.points);
        let point = self.points.get(points.partition_point(|point| point.lines < line));
        point.map_or(self.head.compressed, |point| point.bit / 8)
    }

    /// Whether a decoder starts at the point, and not at the beginning of the file.
    fn starts_at_point(&self, point: Option<usize>) -> bool {
        point.is_some_and(|i| self.points[i].content > 0)
    }

    /// Where a decoder starts for a point: the position, and the offset of its content. `source` is the compressed file.
    pub(crate) fn start<R: Read + Seek>(&mut self, point: Option<usize>, source: R) -> io::Result<(ResumePoint, u64)> {
        let Some(i) = point.filter(|_| self.starts_at_point(point)) else {
            return Ok((ResumePoint::FileStart, 0));
        };
        let point = self.points[i];
        if point.has_window {
            let window = self.window(i)?;
            let window = ResolvedWindow::new(&window);
            return Ok((ResumePoint::Block(BlockStart { bit: point.bit, window }), point.content));
        }
        let start = match member_start(source, point.bit)? {
            Some(offset) => ResumePoint::Member(offset),
            None => ResumePoint::Block(BlockStart { bit: point.bit, window: ResolvedWindow::new(&[]) }),
        };
        Ok((start, point.content))
    }

    /// The window of the point `i`.
    fn window(&mut self, i: usize) -> io::Result<Vec<u8>> {
        let windows_before = self.points[..i].iter().filter(|point| point.has_window).count() as u64;
        let length = u64::from(self.head.window);
        let end = (HEAD + self.head.points_length()) as u64 + (windows_before + 1) * length;
        let mut window = vec![0; WINDOW];
        self.bytes.seek(SeekFrom::Start(end - WINDOW as u64))?;
        self.bytes.read_exact(&mut window)?;
        let stored = self.section.as_ref().and_then(|section| section.points.get(i));
        let is_whole = stored.is_none_or(|fields| fields.window == gzidx::crc(&[&window]));
        if is_whole { Ok(window) } else { Err(bad(BadIndex::Damaged)) }
    }
}

fn bad(error: BadIndex) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// The offset of the header of a member whose data begins at `bit`, if it is one of the usual headers. From there on, the member is
/// verified.
fn member_start<R: Read + Seek>(mut source: R, bit: u64) -> io::Result<Option<u64>> {
    let data = bit / 8;
    for length in HEADERS {
        let Some(start) = data.checked_sub(length as u64).filter(|_| bit.is_multiple_of(8)) else { continue };
        source.seek(SeekFrom::Start(start))?;
        let mut header = Vec::new();
        (&mut source).take(length as u64).read_to_end(&mut header)?;
        let is_bgzf = bgzf::parse_header(&header).is_some_and(|sizes| sizes.header == length);
        if is_bgzf || header.len() == HEADERS[1] && header.starts_with(&PLAIN_HEADER) {
            return Ok(Some(start));
        }
    }
    Ok(None)
}
