//! Data that is not a gzip member: other formats that gunzip reads, data that is copied, and data after the last member.

use super::{CompressedSource, Inflater, InflaterState, MemberEnd, PartContent, StepResult, Trailing};
use crate::format::gzip::{self, Damage, ReadError, StoredChecksum, Trailer};
use crate::format::legacy::{LegacyError, LegacyFormat, LegacyOutput, LegacyStatus};
use crate::format::zip::{self, ZipEntry, ZipMethod};

/// What an inflater does with data that is not gzip data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForeignData {
    /// Decodes LZW, pack and LZH data, and the first entry of a zip file.
    pub other_formats: bool,
    /// Copies data of no known format as content (`-dcf`). Otherwise it is an error.
    pub is_copied: bool,
    /// A single byte after the last member, other than zero, is an incomplete header. Otherwise it is trailing garbage.
    pub refuses_lone_byte: bool,
}

impl Inflater {
    /// Handles data that is not a gzip member. `bytes` of it were read.
    pub(super) fn begin_foreign(
        &mut self,
        source: &mut dyn CompressedSource,
        bytes: Vec<u8>,
        part: &mut PartContent,
    ) -> Result<StepResult, ReadError> {
        if self.foreign.other_formats {
            if let Some(format) = <[u8; 2]>::try_from(&bytes[..]).ok().and_then(LegacyFormat::of) {
                return Ok(self.begin_legacy(format, part));
            }
            if self.state == InflaterState::Start && self.is_zip(source, &bytes)? {
                return self.begin_zip(source, part);
            }
        }
        if self.foreign.is_copied {
            part.buffer.extend(&bytes);
            self.state = InflaterState::Plain;
            return Ok(StepResult::Continue);
        }
        // The file ends after the first byte of a header: it is truncated, not foreign. gzip says so of any byte but zero.
        let may_be_header =
            bytes == gzip::MAGIC[..1] || self.state == InflaterState::Start || self.foreign.refuses_lone_byte;
        if may_be_header && bytes.len() == 1 && bytes != [0] && !self.buffer.fill(source)? {
            return Err(Damage::Truncated(self.buffer.offset()).into());
        }
        if self.state == InflaterState::Start {
            return Err(Damage::NotGzip.into());
        }
        let mut zeros = bytes.iter().all(|&byte| byte == 0);
        while zeros && self.buffer.fill(source)? {
            zeros = self.buffer.bytes().iter().all(|&byte| byte == 0);
            self.buffer.consume(self.buffer.bytes().len());
        }
        Ok(StepResult::End(if zeros { Trailing::Zeros } else { Trailing::Garbage }))
    }

    /// Copies data that is not gzip data.
    pub(super) fn copy_plain(
        &mut self,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
    ) -> Result<StepResult, ReadError> {
        match self.copy(u64::MAX, source, part)? {
            Some(_) => Ok(StepResult::Continue),
            None if part.buffer.free() == 0 => Ok(StepResult::Full),
            None => Ok(StepResult::End(Trailing::Nothing)),
        }
    }

    /// Copies up to `most` bytes. `None` if the part is full or the file has ended.
    fn copy(
        &mut self,
        most: u64,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
    ) -> Result<Option<u64>, ReadError> {
        let free = part.buffer.free();
        if free == 0 || !self.buffer.fill(source)? {
            return Ok(None);
        }
        let count = self.buffer.bytes().len().min(free).min(usize::try_from(most).unwrap_or(usize::MAX));
        part.buffer.extend(&self.buffer.bytes()[..count]);
        self.buffer.consume(count);
        Ok(Some(count as u64))
    }

    fn begin_legacy(&mut self, format: LegacyFormat, part: &mut PartContent) -> StepResult {
        part.content.stats.checksum = StoredChecksum::Missing(format);
        part.member_start = part.buffer.len();
        self.legacy = Some(format.decoder());
        self.state = InflaterState::Legacy;
        StepResult::Continue
    }

    /// Decodes data of a legacy format.
    pub(super) fn decode_legacy(
        &mut self,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
    ) -> Result<StepResult, ReadError> {
        let Some(decoder) = &mut self.legacy else { return Ok(StepResult::End(Trailing::Nothing)) };
        let start = part.buffer.len();
        let mut output = LegacyOutput::new(&mut part.buffer.with_space()[start..]);
        let status = decoder.decode(&mut || self.buffer.byte(source), &mut output);
        let produced = output.len();
        part.buffer.add(produced);
        let offset = self.buffer.offset();
        match status {
            Ok(LegacyStatus::OutputFull) if part.buffer.free() == 0 => Ok(StepResult::Full),
            Ok(LegacyStatus::OutputFull) => Ok(StepResult::Continue),
            Ok(LegacyStatus::End) => {
                part.content.member_ends.push(MemberEnd { at: part.buffer.len(), offset, trailer: None });
                self.state = InflaterState::Between;
                Ok(StepResult::Continue)
            }
            Err(LegacyError::Source(error)) => Err(error.into()),
            Err(LegacyError::Truncated) => Err(Damage::Truncated(offset).into()),
            Err(LegacyError::Invalid) => Err(Damage::Data(offset).into()),
            Err(LegacyError::Length(stored, actual)) => Err(Damage::Length { trailer: offset, stored, actual }.into()),
        }
    }

    /// Whether a zip file begins with `bytes`, which were read.
    fn is_zip(&mut self, source: &mut dyn CompressedSource, bytes: &[u8]) -> Result<bool, ReadError> {
        let Some(rest) = zip::ENTRY_SIGNATURE.strip_prefix(bytes) else { return Ok(false) };
        self.buffer.provide(source, rest.len())?;
        let is_zip = self.buffer.bytes().starts_with(rest);
        self.buffer.consume(if is_zip { rest.len() } else { 0 });
        Ok(is_zip)
    }

    fn begin_zip(
        &mut self,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
    ) -> Result<StepResult, ReadError> {
        let entry = ZipEntry::read(|| self.buffer.byte(source))?;
        part.content.stats.overhead += entry.header_size;
        part.member_start = part.buffer.len();
        self.zip_entry = Some(Box::new(entry));
        self.state = match entry.method {
            ZipMethod::Stored(length) => InflaterState::Stored(length),
            ZipMethod::Deflated => InflaterState::Data,
        };
        Ok(StepResult::Continue)
    }

    /// Copies the data of a stored entry that has `left` bytes left.
    pub(super) fn copy_stored(
        &mut self,
        left: u64,
        source: &mut dyn CompressedSource,
        part: &mut PartContent,
    ) -> Result<StepResult, ReadError> {
        if left == 0 {
            return self.end_member(source, part);
        }
        match self.copy(left, source, part)? {
            Some(copied) => {
                self.state = InflaterState::Stored(left - copied);
                Ok(StepResult::Continue)
            }
            None if part.buffer.free() == 0 => Ok(StepResult::Full),
            None => Err(Damage::Truncated(self.buffer.offset()).into()),
        }
    }

    /// Ends the entry of a zip file, after its data. The rest of the file, its directory, is not read.
    pub(super) fn end_zip(&mut self, source: &mut dyn CompressedSource) -> Result<(Trailer, StepResult), ReadError> {
        let Some(entry) = self.zip_entry.take() else { return Err(Damage::NotGzip.into()) };
        let trailer = entry.trailer(self.buffer.offset(), || self.buffer.byte(source))?;
        self.buffer.provide(source, zip::ENTRY_SIGNATURE.len())?;
        let rest = self.buffer.bytes();
        let trailing = match rest.get(..zip::ENTRY_SIGNATURE.len()) {
            None => return Err(Damage::Truncated(self.buffer.offset() + rest.len() as u64).into()),
            Some(signature) if signature == zip::DIRECTORY_SIGNATURE => Trailing::ZipDirectory,
            Some(signature) if signature == zip::ENTRY_SIGNATURE => Trailing::ZipEntries,
            Some(_) => Trailing::Garbage,
        };
        Ok((trailer, StepResult::End(trailing)))
    }
}
