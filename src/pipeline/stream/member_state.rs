//! The state of the member that the writer writes.

use super::block::{BlockPosition, StartPoint};
use super::range_filter::RangeFilter;
use crate::format::crc32::Crc32;
use crate::inflate::{MemberChecksum, Trailing};
use crate::outcome::{MemberStats, SalvageTotals};
use crate::settings::StreamSettings;

/// The state of the member being written.
#[derive(Debug, Default)]
pub(super) struct MemberState {
    /// CRC-32 of the content compressed so far.
    pub(super) crc: Crc32,
    /// CRC-32 and length of the content decompressed so far.
    pub(super) checksum: MemberChecksum,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) stats: MemberStats,
    /// A worker read beyond the size that the input had when it was opened.
    pub(super) grew: bool,
    pub(super) trailing: Trailing,
    /// The figures of a damaged input.
    pub(super) salvaged: Option<SalvageTotals>,
    /// Decompression has reached the end of the input.
    pub(super) has_end: bool,
    /// The part of the content that is written, if not all is.
    pub(super) range: Option<RangeFilter>,
    /// All of that part is written.
    pub(super) range_has_ended: bool,
}

impl MemberState {
    /// At the start of a member.
    pub(super) fn new(position: &BlockPosition, settings: &StreamSettings) -> Self {
        let start = position.member.start.as_ref();
        let is_inside = start.is_some_and(StartPoint::is_inside_member);
        let checksum = if is_inside { MemberChecksum::inside_member() } else { MemberChecksum::default() };
        let range = settings.range.map(|range| RangeFilter::new(range, start.map_or(0, |start| start.skipped)));
        Self { checksum, range, ..Self::default() }
    }

    pub(super) fn counts(&self) -> MemberCounts {
        MemberCounts { bytes_in: self.bytes_in, bytes_out: self.bytes_out }
    }
}

/// The bytes of a member that were read and written so far.
pub(super) struct MemberCounts {
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}
