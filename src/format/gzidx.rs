//! The index of a gzip file in the format GZIDX of indexed_gzip, which rapidgzip also reads and writes.
//!
//! ```text
//! "GZIDX", version (1), flags (0)
//! compressed size, content size (u64); spacing, window size, number of points (u32)
//! for each point: byte offset, content offset (u64), bits of the byte before it that belong to the block, has a window (u8)
//! for each point with a window: the content before it
//! ```
//!
//! All numbers are little-endian. A point is the start of a DEFLATE block. Behind a member's header there is no window. Shorter
//! windows are filled with zeros at their start.
//!
//! gzcc appends a section that other programs ignore: [`IndexSection`]. It has the numbers of lines, and checksums of the index and of the
//! end of the file, because a file that changes may keep its size.

use std::fmt;

use super::crc32::Crc32;
use crate::deflate::WINDOW;

/// What an index begins with.
const MAGIC: &[u8; 5] = b"GZIDX";

/// What the section of gzcc begins with. The last byte is its version.
const SECTION_MAGIC: &[u8; 8] = b"GZCCIDX\x01";

/// The suffix that the name of an index adds to that of its file.
pub const SUFFIX: &str = ".gzidx";

/// Bytes at the end of a file whose CRC-32 identifies it. They include the trailer of the last member.
pub const FILE_END: u64 = 4096;

/// Length of the fields before the points.
pub const HEAD: usize = 35;

/// Length of a point.
const POINT: usize = 18;

/// Length of a point in version 0, in which all points but the first have a window.
const POINT_V0: usize = 17;

/// Length of the section's fields before and behind those of the points.
const SECTION_ENDS: usize = SECTION_MAGIC.len() + 8 + 4 + 4;

/// Length of a point's fields in the section.
const SECTION_POINT: usize = 12;

/// Most points. With 4 MiB between them, content of 64 TiB has as many. They take 700 MB, which only such a file needs: a file has at
/// most one point for each of its bytes.
const MAX_POINTS: u32 = 1 << 24;

/// Largest window of an index. Other programs may store more than the 32 KiB that are used.
const MAX_WINDOW: u32 = 1 << 20;

/// A point at which a decoder can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexPoint {
    /// Offset of the block in the file, in bits.
    pub bit: u64,
    /// Offset of the block's content in the content.
    pub content: u64,
    /// Whether the content before it is stored.
    pub has_window: bool,
}

/// The fields before the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexHead {
    version: u8,
    /// Length of the file.
    pub compressed: u64,
    /// Length of the content. 0 also means that the program that wrote the index did not know it.
    pub content: u64,
    /// Least content between two points.
    pub spacing: u32,
    /// Length of a stored window.
    pub window: u32,
    /// Number of points.
    pub points: u32,
}

/// The section of gzcc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSection {
    /// Number of newlines in the content.
    pub lines: u64,
    /// CRC-32 of the end of the file.
    pub file_end: u32,
    /// The same number as there are points.
    pub points: Vec<PointFields>,
}

/// The fields of a point in the section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointFields {
    /// Number of newlines before the point.
    pub lines: u64,
    /// CRC-32 of the stored window; 0 if there is none.
    pub window: u32,
}

/// Why an index cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadIndex {
    /// It is not an index in a known format.
    NotAnIndex,
    /// Its version is newer than the known ones.
    Version(u8),
    /// It is damaged or incomplete.
    Damaged,
    /// The file has another length than the index states, or another end.
    OtherFile,
}

impl std::error::Error for BadIndex {}

impl fmt::Display for BadIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnIndex => f.write_str("not an index"),
            Self::Version(version) => write!(f, "index of version {version}, which is not supported"),
            Self::Damaged => f.write_str("damaged index"),
            Self::OtherFile => f.write_str("index of another file, or of an earlier state of this one"),
        }
    }
}

impl IndexHead {
    /// The head of an index that is written.
    pub fn new(compressed: u64, content: u64, spacing: u32, points: u32) -> Self {
        Self { version: 1, compressed, content, spacing, window: WINDOW as u32, points }
    }

    /// Parses the first bytes of an index.
    ///
    /// # Errors
    /// If they are not those of an index.
    pub fn parse(bytes: &[u8; HEAD]) -> Result<Self, BadIndex> {
        let Some([version, _flags, fields @ ..]) = bytes.strip_prefix(MAGIC) else { return Err(BadIndex::NotAnIndex) };
        let mut fields = UnreadFields(fields);
        let (compressed, content) = (fields.long()?, fields.long()?);
        let (spacing, window, points) = (fields.short()?, fields.short()?, fields.short()?);
        if *version > 1 {
            return Err(BadIndex::Version(*version));
        }
        let is_valid = (WINDOW as u32..=MAX_WINDOW).contains(&window) && points <= MAX_POINTS;
        let head = Self { version: *version, compressed, content, spacing, window, points };
        if is_valid { Ok(head) } else { Err(BadIndex::Damaged) }
    }

    /// Length of the points in bytes.
    pub fn points_length(&self) -> usize {
        self.points as usize * if self.version == 0 { POINT_V0 } else { POINT }
    }

    /// Parses the points, which must be in order and within file and content.
    ///
    /// # Errors
    /// If they are not.
    pub fn parse_points(&self, bytes: &[u8]) -> Result<Vec<IndexPoint>, BadIndex> {
        let length = if self.version == 0 { POINT_V0 } else { POINT };
        let mut points: Vec<IndexPoint> = Vec::with_capacity(bytes.len() / length);
        for bytes in bytes.chunks(length) {
            let mut fields = UnreadFields(bytes);
            let (offset, content, bits) = (fields.long()?, fields.long()?, fields.byte()?);
            let has_window = if self.version == 0 { !points.is_empty() } else { fields.byte()? != 0 };
            let bit = offset.checked_mul(8).and_then(|end| end.checked_sub(bits.into()));
            let (Some(bit), true) = (bit, bits < 8 && offset <= self.compressed) else {
                return Err(BadIndex::Damaged);
            };
            let is_in_order = points.last().is_none_or(|last| last.bit <= bit && last.content <= content);
            if !is_in_order || self.content > 0 && content > self.content {
                return Err(BadIndex::Damaged);
            }
            points.push(IndexPoint { bit, content, has_window });
        }
        Ok(points)
    }
}

/// Head and points, as bytes.
pub fn write_table(head: &IndexHead, points: &[IndexPoint]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + points.len() * POINT);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[head.version, 0]);
    bytes.extend_from_slice(&head.compressed.to_le_bytes());
    bytes.extend_from_slice(&head.content.to_le_bytes());
    for field in [head.spacing, head.window, head.points] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    for point in points {
        let end = point.bit.div_ceil(8);
        bytes.extend_from_slice(&end.to_le_bytes());
        bytes.extend_from_slice(&point.content.to_le_bytes());
        bytes.extend_from_slice(&[(8 * end - point.bit) as u8, point.has_window.into()]);
    }
    bytes
}

impl IndexSection {
    /// The section behind this table, as bytes. The last four are the CRC-32 of table and section.
    pub fn write(&self, table: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SECTION_ENDS + SECTION_POINT * self.points.len());
        bytes.extend_from_slice(SECTION_MAGIC);
        bytes.extend_from_slice(&self.lines.to_le_bytes());
        bytes.extend_from_slice(&self.file_end.to_le_bytes());
        for point in &self.points {
            bytes.extend_from_slice(&point.lines.to_le_bytes());
            bytes.extend_from_slice(&point.window.to_le_bytes());
        }
        let crc = crc(&[table, &bytes]);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Length of the section of an index with this number of points.
    pub fn length(points: usize) -> usize {
        SECTION_ENDS + SECTION_POINT * points
    }

    /// Parses what follows the windows. `None` if that is not the section of gzcc.
    ///
    /// # Errors
    /// If it or the table is damaged.
    pub fn parse(bytes: &[u8], table: &[u8], points: usize) -> Result<Option<Self>, BadIndex> {
        let Some(rest) = bytes.strip_prefix(SECTION_MAGIC) else { return Ok(None) };
        if bytes.len() != Self::length(points) {
            return Err(BadIndex::Damaged);
        }
        let mut fields = UnreadFields(rest);
        let (lines, file_end) = (fields.long()?, fields.short()?);
        let point = |_| Ok(PointFields { lines: fields.long()?, window: fields.short()? });
        let section = Self { lines, file_end, points: (0..points).map(point).collect::<Result<_, BadIndex>>()? };
        let is_whole = fields.short()? == crc(&[table, &bytes[..bytes.len() - 4]]);
        let counts = section.points.iter().map(|point| point.lines).chain([lines]);
        if is_whole && counts.is_sorted() { Ok(Some(section)) } else { Err(BadIndex::Damaged) }
    }
}

/// CRC-32 of several pieces.
pub fn crc(pieces: &[&[u8]]) -> u32 {
    let mut crc = Crc32::new();
    pieces.iter().for_each(|piece| crc.update(piece));
    crc.sum()
}

/// UnreadFields that have not been read.
struct UnreadFields<'a>(&'a [u8]);

impl UnreadFields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadIndex> {
        let (field, rest) = self.0.split_first_chunk().ok_or(BadIndex::Damaged)?;
        self.0 = rest;
        Ok(*field)
    }

    fn long(&mut self) -> Result<u64, BadIndex> {
        self.take().map(u64::from_le_bytes)
    }

    fn short(&mut self) -> Result<u32, BadIndex> {
        self.take().map(u32::from_le_bytes)
    }

    fn byte(&mut self) -> Result<u8, BadIndex> {
        self.take().map(|[byte]| byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<IndexPoint> {
        let point = |bit, content, has_window| IndexPoint { bit, content, has_window };
        vec![point(80, 0, false), point(8003, 5000, true), point(16_000, 9000, true)]
    }

    fn table() -> (IndexHead, Vec<u8>) {
        let head = IndexHead::new(3000, 10_000, 4096, 3);
        let table = write_table(&head, &points());
        (head, table)
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let (head, table) = table();
        assert_eq!(&table[..7], b"GZIDX\x01\0");
        assert_eq!(IndexHead::parse(table.first_chunk().unwrap()), Ok(head));
        assert_eq!(head.parse_points(&table[HEAD..]), Ok(points()));
        // Three bits into byte 1000: five bits of it are before byte 1001.
        assert_eq!((table[HEAD + POINT], table[HEAD + POINT + 16]), (233, 5));
    }

    #[test]
    fn a_section_is_read_as_it_was_written_and_any_change_is_found() {
        let (_, table) = table();
        let fields = |lines, window| PointFields { lines, window };
        let section = IndexSection { lines: 50, file_end: 9, points: vec![fields(0, 0), fields(7, 1), fields(7, 2)] };
        let bytes = section.write(&table);
        assert_eq!(IndexSection::parse(&bytes, &table, 3), Ok(Some(section)));
        assert_eq!(IndexSection::parse(b"", &table, 3), Ok(None));
        for at in SECTION_MAGIC.len()..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(IndexSection::parse(&bytes, &table, 3), Err(BadIndex::Damaged), "byte {at}");
        }
        for at in 0..table.len() {
            let mut table = table.clone();
            table[at] ^= 1;
            assert_eq!(IndexSection::parse(&bytes, &table, 3), Err(BadIndex::Damaged), "byte {at} of the table");
        }
    }

    #[test]
    fn points_outside_of_the_file_or_out_of_order_are_damage() {
        let (head, _) = table();
        let wrong: [fn(&mut Vec<IndexPoint>); 4] = [
            |points| points[2].bit = 24_001,
            |points| points[2].content = 10_001,
            |points| points.swap(0, 1),
            |points| points[1].content = 9001,
        ];
        for wrong in wrong {
            let mut points = points();
            wrong(&mut points);
            assert_eq!(head.parse_points(&write_table(&head, &points)[HEAD..]), Err(BadIndex::Damaged));
        }
        let mut before_file = write_table(&head, &points())[HEAD..].to_vec();
        before_file[..8].fill(0);
        before_file[16] = 1;
        assert_eq!(head.parse_points(&before_file), Err(BadIndex::Damaged));
    }

    #[test]
    fn an_index_of_a_later_version_or_of_another_format_is_rejected() {
        let (_, table) = table();
        let head = |at: usize, byte: u8| {
            let mut head: [u8; HEAD] = *table.first_chunk().unwrap();
            head[at] = byte;
            IndexHead::parse(&head)
        };
        assert_eq!(head(0, b'x'), Err(BadIndex::NotAnIndex));
        assert_eq!(head(5, 2), Err(BadIndex::Version(2)));
        assert_eq!(head(28, 0), Err(BadIndex::Damaged), "windows of less than 32 KiB");
        assert_eq!(head(34, 255), Err(BadIndex::Damaged), "too many points");
    }
}
