//! Builds an index from gzip data that is read in order.

use std::io::{self, Read};

use super::point_selection::PointSelection;
use super::{BadMember, CompressedSource, Content, MemberChecksum, SequentialInflater, read_uninterrupted};
use crate::deflate;
use crate::format::gzidx::{self, FILE_END};
use crate::format::gzip::{Damage, ReadError};

/// Builds the index of one file.
pub(super) struct IndexBuilder<R> {
    source: MeasuredSource<R>,
    inflater: SequentialInflater,
    checksum: MemberChecksum,
    selection: PointSelection,
    windows: Vec<u8>,
    buffer: Vec<u8>,
}

/// A source, and what an index states of it.
struct MeasuredSource<R> {
    source: R,
    length: u64,
    /// The last bytes.
    end: Vec<u8>,
}

impl<R: Read> CompressedSource for MeasuredSource<R> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_uninterrupted(&mut self.source, buffer)?;
        self.length += count as u64;
        let newer = &buffer[count.saturating_sub(FILE_END as usize)..count];
        let kept = self.end.len().min(FILE_END as usize - newer.len());
        self.end.drain(..self.end.len() - kept);
        self.end.extend_from_slice(newer);
        Ok(count)
    }
}

impl<R: Read> IndexBuilder<R> {
    /// Builds the index of `source`.
    pub(super) fn new(source: R, spacing: u64) -> Self {
        let mut inflater = SequentialInflater::new();
        inflater.collect_points();
        Self {
            source: MeasuredSource { source, length: 0, end: Vec::new() },
            inflater,
            checksum: MemberChecksum::default(),
            selection: PointSelection::new(spacing),
            windows: Vec::new(),
            buffer: Vec::with_capacity(deflate::WORST_CASE),
        }
    }

    /// Adds a part of the content; returns whether more follows.
    pub(super) fn add_part(&mut self) -> io::Result<bool> {
        let mut content = self.inflater.next(&mut self.source, std::mem::take(&mut self.buffer));
        content.count_lines();
        let Content { bytes, member_ends, verified, end, points, lines, .. } = content;
        if !verified {
            let checked = self.checksum.check(&bytes, &member_ends, Vec::new());
            checked.map_err(|BadMember { damage, .. }| as_io_error(damage.into()))?;
        }
        let windows = self.selection.add(&points, &bytes, lines.unwrap_or_default());
        self.windows.extend(windows.into_iter().flatten());
        self.buffer = bytes;
        end.transpose().map_err(as_io_error).map(|end| end.is_none())
    }

    /// The index, after the last part.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        // Trailing garbage is not read to its end.
        let mut rest = vec![0; FILE_END as usize];
        while self.source.read_some(&mut rest)? > 0 {}
        self.windows.extend(self.selection.take_last_window().into_iter().flatten());
        let (table, section) = self.selection.into_parts(self.source.length, gzidx::crc(&[&self.source.end]));
        Ok([table, self.windows, section].concat())
    }
}

/// The error as a reader of the library reports it.
pub(crate) fn as_io_error(error: ReadError) -> io::Error {
    match error {
        ReadError::Source(error) => error,
        ReadError::Damage(damage @ Damage::Truncated(_)) => io::Error::new(io::ErrorKind::UnexpectedEof, damage),
        ReadError::Damage(damage) => io::Error::new(io::ErrorKind::InvalidData, damage),
    }
}
