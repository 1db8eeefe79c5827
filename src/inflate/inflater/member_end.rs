//! The end of a member: its trailer, after the data.

use super::{CompressedSource, Inflater, InflaterState, PartContent, StepResult};
use crate::format::gzip::{self, Damage, ReadError, StoredChecksum, Trailer};

/// The end of a member, and what its trailer states.
#[derive(Clone, Copy, Debug)]
pub struct MemberEnd {
    /// Offset of the end in the content.
    pub at: usize,
    /// Offset of the trailer in the file.
    pub offset: u64,
    /// CRC-32 and length of the content. None in formats without a CRC.
    pub trailer: Option<Trailer>,
}

impl Inflater {
    /// Reads the trailer of a member whose data has ended.
    pub(super) fn end_member(
        &mut self,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
    ) -> Result<StepResult, ReadError> {
        let offset = self.buffer.offset();
        let (trailer, result) = match self.zip_entry {
            Some(_) => self.end_zip(source)?,
            None => (self.read_trailer(source)?, StepResult::Continue),
        };
        part.content.member_ends.push(MemberEnd { at: part.buffer.len(), offset, trailer: Some(trailer) });
        part.content.stats.checksum = StoredChecksum::Crc(trailer.crc);
        self.decoder.restart();
        self.state = InflaterState::Between;
        Ok(result)
    }

    fn read_trailer(&mut self, source: &mut dyn CompressedSource) -> Result<Trailer, ReadError> {
        let mut trailer = [0; gzip::TRAILER];
        for byte in &mut trailer {
            let read = self.buffer.byte(source)?;
            *byte = read.ok_or_else(|| Damage::Truncated(self.buffer.offset()))?;
        }
        Ok(gzip::read_trailer(trailer))
    }
}
