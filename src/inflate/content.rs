//! Inflated content, and what a caller needs to verify it.

use super::MemberEnd;
use super::bgzf_batch::BgzfBatch;
use super::content_points::ContentPoint;
use super::resume_point::ResumePoint;
use super::salvager::SalvageReport;
use crate::format::crc32::Crc32;
use crate::format::gzip::{MemberStats, ReadError};

/// A part of a file, as [`Inflater::next`](super::Inflater::next) returns it.
#[derive(Debug)]
pub enum FilePart {
    /// Inflated content. The caller verifies it, unless [`Content::verified`] is set.
    Content(Content),
    /// Compressed blocks that the caller inflates, and the unused buffer that was passed for content.
    Batch(BgzfBatch, Vec<u8>),
}

/// Inflated content.
#[derive(Debug, Default)]
pub struct Content {
    /// The bytes of the content.
    pub bytes: Vec<u8>,
    /// The ends of the members that end in this content.
    pub member_ends: Vec<MemberEnd>,
    /// The CRC-32 of the content before each member end, and after the last one. Empty if nothing has computed them.
    pub crcs: Vec<Crc32>,
    /// The points in this content at which another decoder can start, if they are collected.
    pub points: Vec<ContentPoint>,
    /// The number of newlines, if it is counted.
    pub lines: Option<u64>,
    /// The content consists of complete members that are verified already.
    pub verified: bool,
    /// Statistics of the members.
    pub stats: MemberStats,
    /// Compressed bytes of the file up to the end of this content.
    pub consumed: u64,
    /// Set if the file ends here: the data after the last member, or the error.
    pub end: Option<Result<Trailing, ReadError>>,
    /// Set if the chunk of the file ends here: the start of the next one.
    pub(crate) next_chunk: Option<ResumePoint>,
    /// What is lost, if the file is being salvaged.
    pub salvage: Option<Box<SalvageReport>>,
}

impl Content {
    /// Computes the CRCs. The worker that has inflated the content does so while it is in its cache, and in parallel to others; the
    /// caller combines them in order.
    pub(crate) fn compute_crcs(&mut self) {
        let mut start = 0;
        let ends = self.member_ends.iter().map(|end| end.at).chain([self.bytes.len()]);
        let crc = |end| {
            let mut crc = Crc32::new();
            crc.update(&self.bytes[start..end]);
            start = end;
            crc
        };
        self.crcs = ends.map(crc).collect();
    }

    /// Shortens the content to `length` bytes, with all that refers to them. The CRC of the bytes after the last member end is
    /// dropped.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
        self.member_ends.retain(|end| end.at <= length);
        self.crcs.truncate(self.member_ends.len());
        self.points.retain(|point| point.at <= length);
        if self.lines.is_some() {
            self.count_lines();
        }
    }
}

/// The data after a file's last member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trailing {
    /// Nothing.
    #[default]
    Nothing,
    /// Zero bytes: tapes and some devices pad with them.
    Zeros,
    /// Other data that is not a member.
    Garbage,
    /// The directory of a zip file. It is not read.
    ZipDirectory,
    /// More entries of a zip file. They are not read.
    ZipEntries,
}

impl Trailing {
    /// Whether the file was read to its end.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Nothing | Self::Zeros)
    }
}
