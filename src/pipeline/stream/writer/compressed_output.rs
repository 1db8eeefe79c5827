//! Writes compressed blocks: ends members, verifies them, and compares their size with that of the input.

use super::Writer;
use crate::error::{Error, ErrorKind};
use crate::format::{bgzf, gzip};
use crate::outcome::{Outcome, StoredChecksum};
use crate::pipeline::stream::block::{BlockPosition, Compressed, StreamError};
use crate::pipeline::stream::{StreamContext, savings};
use crate::pipeline::verify::ContentSoFar;
use crate::settings::Format;

impl Writer {
    /// Writes compressed data; appends the member's trailer to its last block.
    pub(super) fn write_compressed(
        &mut self,
        compressed: Compressed,
        position: &BlockPosition,
        context: &StreamContext<'_>,
    ) -> Result<(), StreamError> {
        let Compressed { mut bytes, length, crc, grew, members } = compressed;
        let member = &mut self.member;
        member.crc.combine(&crc);
        member.bytes_in += length as u64;
        member.grew |= grew;
        member.stats.overhead += (members.len() * bgzf::WRITTEN_OVERHEAD) as u64;
        match context.settings.format {
            _ if !position.last => {}
            Format::Gzip => {
                member.stats.checksum = StoredChecksum::Crc(member.crc.sum());
                bytes.extend_from_slice(&gzip::trailer(member.crc.sum(), member.bytes_in));
                member.stats.overhead = (position.member.header.len() + gzip::TRAILER) as u64;
            }
            Format::Bgzf => {
                member.stats.checksum = StoredChecksum::Crc(member.crc.sum());
                bytes.extend_from_slice(&bgzf::END_MARKER);
                member.stats.overhead += bgzf::END_MARKER.len() as u64;
            }
        }
        if context.settings.verify {
            self.verify(&bytes, position, context)?;
        }
        if !self.saves_enough(&bytes, position, context) {
            return Err(StreamError::Member(Outcome::Skipped(self.sink.not_smaller())));
        }
        self.sink.index_members(&members).map_err(StreamError::Output)?;
        self.write_bytes(bytes, context)
    }

    /// Decompresses `bytes` and compares the result with the member's content so far.
    fn verify(
        &mut self,
        bytes: &[u8],
        position: &BlockPosition,
        context: &StreamContext<'_>,
    ) -> Result<(), StreamError> {
        let verification =
            self.verification.get_or_insert_with(|| context.resources.verification(context.settings.engine));
        if position.first {
            verification.restart();
        }
        let expected =
            ContentSoFar { crc: self.member.crc.sum(), length: self.member.bytes_in, is_whole: position.last };
        let verified = match context.settings.format {
            Format::Gzip => verification.check(bytes, &expected),
            Format::Bgzf => verification.check_members(bytes, &expected),
        };
        Ok(verified.map_err(|mismatch| Error::new(ErrorKind::Verification, mismatch))?)
    }

    /// Whether the member saves enough for `--only-smaller` when `bytes` are written, or may still do so.
    fn saves_enough(&self, bytes: &[u8], position: &BlockPosition, context: &StreamContext<'_>) -> bool {
        // An output of several inputs cannot be discarded.
        let percent = context.settings.only_smaller.filter(|_| self.sink.is_per_input());
        let Some(percent) = percent else { return true };
        let (read, written) = (self.member.bytes_in, self.member.bytes_out + bytes.len() as u64);
        if !position.last {
            return !savings::is_hopeless(percent, position.member.input.size, read, written);
        }
        // An original that grew and would be removed is reported as changed.
        self.member.grew && context.settings.removes || savings::saves_enough(percent, read, written)
    }
}
