//! Writes content: checks it against the trailers, reduces it to what the settings ask for, and ends it with its input.
//!
//! The content of a member arrives in parts, and each part passes all steps of [`Writer::write_content`]. How the content is divided
//! into parts depends on the workers, so no step may: neither the bytes that are written nor the error may differ.

use super::Writer;
use crate::error::Error;
use crate::format::gzip::Damage;
use crate::inflate::{BadMember, Content, Trailing};
use crate::outcome::{Outcome, Reason};
use crate::pipeline::stream::StreamContext;
use crate::pipeline::stream::block::StreamError;
use crate::pipeline::stream::member_state::MemberState;

impl Writer {
    /// Checks and writes a part of the content.
    pub(super) fn write_content(
        &mut self,
        mut content: Content,
        context: &StreamContext<'_>,
    ) -> Result<(), StreamError> {
        if context.settings.needs_lines() && content.lines.is_none() {
            content.count_lines();
        }
        let limited = self.member.limit(&mut content, context.settings.max_size);
        self.submitter.iter_mut().for_each(|submitter| submitter.add_checksum(&content.bytes, &content.crcs));
        let checked = self.member.check(&mut content);
        self.member.count(&content);
        self.index(&content)?;
        let ends_well = checked.is_ok() && matches!(content.end, Some(Ok(_)));
        self.cut_range(&mut content, ends_well)?;
        // In a pipe, damaged content is of use to the reader. An output file with damaged content never gets its name.
        self.write_bytes(content.bytes, context)?;
        if self.member.range_has_ended {
            // Damage after the range does not matter: whether it is in this part depends on the division into parts.
            return Ok(());
        }
        checked?;
        limited?;
        match content.end {
            Some(end) => self.end_content(end?, context),
            None => Ok(()),
        }
    }

    /// Passes the points for an index to the sink, if they are collected.
    fn index(&mut self, content: &Content) -> Result<(), Error> {
        match content.lines {
            Some(lines) => self.sink.add_points(&content.points, &content.bytes, lines),
            None => Ok(()),
        }
    }

    /// Reduces content to the range. `is_last` means that all content has arrived without an error.
    fn cut_range(&mut self, content: &mut Content, is_last: bool) -> Result<(), Error> {
        let Some(range) = &mut self.member.range else { return Ok(()) };
        self.member.range_has_ended = range.cut(&mut content.bytes, content.lines.unwrap_or(0))?;
        if is_last && !self.member.range_has_ended {
            let tail = range.finish()?;
            if !tail.is_empty() {
                // The filter has kept all content until now.
                content.bytes = tail;
            }
        }
        Ok(())
    }

    /// Ends the content at the end of its input, after which there is `trailing` data.
    fn end_content(&mut self, trailing: Trailing, context: &StreamContext<'_>) -> Result<(), StreamError> {
        self.member.has_end = true;
        self.member.trailing = trailing;
        if trailing == Trailing::ZipEntries && context.settings.removes {
            return Err(Error::from(Damage::ZipEntries).into());
        }
        let Some(submitter) = &mut self.submitter else { return Ok(()) };
        if !trailing.is_read() {
            return Err(StreamError::Member(Outcome::Skipped(Reason::TrailingGarbage)));
        }
        submitter.finish(&mut *self.sink, context)
    }
}

impl MemberState {
    /// Truncates content at the largest size of the whole content, however that is divided into parts.
    ///
    /// # Errors
    /// If the content is longer.
    fn limit(&self, content: &mut Content, max_size: Option<u64>) -> Result<(), Error> {
        let Some(limit) = max_size else { return Ok(()) };
        let left = limit - self.bytes_out;
        if content.bytes.len() as u64 <= left {
            return Ok(());
        }
        content.truncate(left as usize);
        Err(Error::from(Damage::TooLong(limit)))
    }

    /// Compares the members that end in the content with their trailers. Truncates the content after a damaged member, because
    /// nothing after it can be trusted.
    ///
    /// # Errors
    /// The first damaged member.
    fn check(&mut self, content: &mut Content) -> Result<(), Error> {
        if content.verified {
            return Ok(());
        }
        let crcs = std::mem::take(&mut content.crcs);
        self.checksum.check(&content.bytes, &content.member_ends, crcs).map_err(|BadMember { damage, end }| {
            content.truncate(end);
            Error::from(damage)
        })
    }

    /// Adds the figures of the content.
    fn count(&mut self, content: &Content) {
        self.stats.add(content.stats);
        self.bytes_in = self.bytes_in.max(content.consumed);
    }
}
