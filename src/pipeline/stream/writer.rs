//! A stream's output side: writes blocks in order, and completes or checks each member.
//!
//! The writer decides how a member ends if one of its blocks fails, and records each member's outcome. The stream
//! guarantees that only one worker at a time calls it, with the blocks in order.

mod compressed_output;

use super::StreamContext;
use super::block::{BlockOutput, BlockPosition, StreamError};
use super::member_state::{MemberCounts, MemberState};
use super::range_filter::RangeFilter;
use super::recompression::ContentSubmitter;
use crate::error::{Error, ErrorKind};
use crate::format::gzip::{self, Damage};
use crate::inflate::{BadMember, Content, SalvageReport, Trailing};
use crate::io::commit_gate;
use crate::io::input::Change;
use crate::observer::Progress;
use crate::outcome::{InputId, MemberStats, NamedOutcome, Outcome, Reason};
use crate::pipeline::sink::{Ending, Sink, WrittenMember};
use crate::pipeline::verify::Verification;
use crate::settings::StreamSettings;

/// Writes the blocks of a stream to its sink.
#[derive(Debug)]
pub(crate) struct Writer {
    sink: Box<dyn Sink>,
    state: WriterState,
    /// The member being written.
    member: MemberState,
    /// Number of complete members.
    complete: u64,
    /// Decompresses the output, if `--verify` is set.
    verification: Option<Verification>,
    /// Takes the content instead of the sink, if it is compressed again.
    submitter: Option<Box<ContentSubmitter>>,
}

/// What the writer does with the next block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriterState {
    /// Writes it.
    Writing,
    /// Discards it, because its member has failed. Continues with the next member.
    SkippingMember,
    /// Discards it, because the output ends: it cannot be written, or contains an incomplete member.
    Broken,
}

impl Writer {
    /// Writes to `sink`.
    pub(crate) fn new(sink: Box<dyn Sink>) -> Self {
        Self {
            sink,
            state: WriterState::Writing,
            member: MemberState::default(),
            complete: 0,
            verification: None,
            submitter: None,
        }
    }

    /// Submits the content to a recompression, and writes the result to `sink`.
    pub(crate) fn recompressing(sink: Box<dyn Sink>, submitter: ContentSubmitter) -> Self {
        Self { submitter: Some(Box::new(submitter)), ..Self::new(sink) }
    }

    /// Writes the next block. Records the member's outcome with its last block, or with the first one that fails.
    pub(super) fn write(
        &mut self,
        position: &BlockPosition,
        output: Result<BlockOutput, StreamError>,
        context: &StreamContext<'_>,
    ) {
        let id = &position.member.input.id;
        if position.first {
            match self.state {
                WriterState::Broken => context.outcomes.record(id, Outcome::NotReached),
                _ => {
                    (self.member, self.state) = (MemberState::new(position, context.settings), WriterState::Writing);
                }
            }
        }
        if self.state != WriterState::Writing {
            return;
        }
        let before = self.member.counts();
        let written = output.and_then(|output| self.write_output(output, position, context));
        let failure = written.err().map(|error| self.fail(error, position, context));
        self.report_progress(before, position, context);
        if let Some(outcome) = failure {
            match self.sink.discard(&outcome) {
                true => context.outcomes.remember_full(&outcome),
                false => context.outcomes.record(id, outcome),
            }
        } else if position.last || self.member.has_range {
            self.skip_after_range(position);
            // A signal ends the process before the member is complete, or after it is recorded.
            let _gate = commit_gate::enter();
            let outcome = self.finish_member(position, context);
            context.outcomes.record(id, outcome);
        }
    }

    /// Ends a member whose range is written, so that the rest is not decompressed.
    fn skip_after_range(&mut self, position: &BlockPosition) {
        if self.member.has_range && !position.last {
            position.member.abandon();
            self.state = WriterState::SkippingMember;
        }
    }

    /// Whether the output has ended before its inputs.
    pub(super) fn is_broken(&self) -> bool {
        self.state == WriterState::Broken
    }

    /// Ends the output after a panic in [`write`](Self::write), because its state is unknown.
    pub(super) fn end_after_panic(&mut self, position: &BlockPosition, context: &StreamContext<'_>) {
        self.state = WriterState::Broken;
        context.outcomes.record(&position.member.input.id, Outcome::panicked());
    }

    /// Reports the bytes read and written since `before`.
    fn report_progress(&self, before: MemberCounts, position: &BlockPosition, context: &StreamContext<'_>) {
        let input = &position.member.input;
        context.outcomes.advanced(&Progress {
            input: &input.id.shown,
            size: input.size,
            bytes_in: self.member.bytes_in - before.bytes_in,
            bytes_out: self.member.bytes_out - before.bytes_out,
            first: position.first,
            last: position.last || self.state != WriterState::Writing,
        });
    }

    fn write_output(
        &mut self,
        output: BlockOutput,
        position: &BlockPosition,
        context: &StreamContext<'_>,
    ) -> Result<(), StreamError> {
        match output {
            BlockOutput::Compressed(compressed) => self.write_compressed(compressed, position, context),
            BlockOutput::Content(mut content) => {
                if let Some(report) = content.salvage.take() {
                    self.report_losses(&report, position, context);
                }
                self.write_content(content, context)
            }
        }
    }

    /// The outcome of a member whose last block is written.
    fn finish_member(&mut self, position: &BlockPosition, context: &StreamContext<'_>) -> Outcome {
        if context.settings.decompresses && !self.member.has_end && !self.member.has_range {
            // The content may be incomplete, and its checksum was not compared.
            return Outcome::Failed(Error::other("internal error: the end of the data was not reached"));
        }
        // The input is read to its end, so a change after this point does not matter.
        let change = match position.member.input.change() {
            Ok(change) => self.change_while_read(change, position, context.settings),
            Err(error) => return error.into(),
        };
        self.complete += 1;
        let MemberState { mut bytes_in, bytes_out, stats, trailing, salvaged, .. } = self.member;
        let input = &position.member.input;
        if context.settings.decompresses {
            // Data after the last member belongs to the file, too.
            bytes_in = input.size.unwrap_or(bytes_in);
        }
        // The header's time counts only if the settings ask for it; 0 means that there is none.
        let stored = stats.mtime.filter(|&mtime| context.settings.keep_time && mtime != 0);
        let stats = MemberStats { mtime: stored.or(input.mtime()), ..stats };
        let (bytes_out, stats) = match &self.submitter {
            // The figures compare two compressed sizes.
            Some(submitter) => (submitter.written(), MemberStats { overhead: 0, ..stats }),
            None => (bytes_out, stats),
        };
        let StreamSettings { keep_time, warns_about_time, decompresses, .. } = *context.settings;
        let warns = keep_time && warns_about_time && !decompresses;
        let lacks_time = warns && input.mtime().is_some_and(|mtime| gzip::stored_time(mtime).is_none());
        self.sink.finish_member(WrittenMember {
            input,
            bytes_in,
            bytes_out,
            stats,
            change,
            trailing,
            lacks_time,
            salvaged,
        })
    }

    /// How the input changed while it was read, given the `change` that the file system reports.
    fn change_while_read(&self, change: Change, position: &BlockPosition, settings: &StreamSettings) -> Change {
        let read_past_size = position.member.input.size.is_none() && self.member.bytes_in > 0;
        match change {
            _ if self.fell_short(position, settings) => Change::Other,
            // An input without a known size was read to its end, wherever that was then.
            Change::Grown if read_past_size => Change::Other,
            // The input was longer than the file system reports.
            Change::None if self.member.grew => Change::Grown,
            change => change,
        }
    }

    /// Whether the input had less content than its size. Files that show a state of the system may have less (files in /sys
    /// report the size of a page); those are never removed.
    fn fell_short(&self, position: &BlockPosition, settings: &StreamSettings) -> bool {
        let (input, member) = (&position.member.input, &self.member);
        // Trailing garbage is not read to its end.
        let is_short =
            member.trailing.is_read() && !member.has_range && input.size.is_some_and(|size| member.bytes_in < size);
        is_short && (input.occupies_disk() || settings.removes)
    }

    /// Reports the losses of a part of a damaged input.
    fn report_losses(&mut self, report: &SalvageReport, position: &BlockPosition, context: &StreamContext<'_>) {
        let is_damaged = report.totals.losses > 0;
        self.member.salvaged = is_damaged.then_some(report.totals);
        report.losses.iter().for_each(|loss| context.outcomes.lost(&position.member.input.id, loss));
    }

    /// Checks and writes content.
    fn write_content(&mut self, mut content: Content, context: &StreamContext<'_>) -> Result<(), StreamError> {
        let needs_lines = context.settings.index || context.settings.range.is_some_and(RangeFilter::needs_lines);
        if needs_lines && content.lines.is_none() {
            content.count_lines();
        }
        let member = &mut self.member;
        let length = member.bytes_out + content.bytes.len() as u64;
        let exceeded = context.settings.max_size.filter(|&limit| length > limit);
        if let Some(limit) = exceeded {
            // Exactly up to the limit, however the content is divided into parts.
            content.truncate((limit - member.bytes_out) as usize);
        }
        if let Some(submitter) = &mut self.submitter {
            submitter.add_checksum(&content.bytes, &content.crcs);
        }
        let crcs = std::mem::take(&mut content.crcs);
        let checked =
            if content.verified { Ok(()) } else { member.checksum.check(&content.bytes, &content.member_ends, crcs) };
        let checked = checked.map_err(|BadMember { damage, end }| {
            // Nothing after a damaged member can be trusted.
            content.truncate(end);
            damage
        });
        let Content { mut bytes, stats, consumed, end, points, lines, .. } = content;
        member.stats.add(stats);
        member.bytes_in = member.bytes_in.max(consumed);
        if let Some(lines) = lines {
            self.sink.add_points(&points, &bytes, lines)?;
        }
        let is_end = matches!(end, Some(Ok(_))) && checked.is_ok();
        let tail = self.cut_range(&mut bytes, lines.unwrap_or(0), is_end)?;
        // In a pipe, damaged content is of use to the reader. An output file with damaged content never gets its name.
        self.write_bytes(bytes, context)?;
        if !tail.is_empty() {
            self.write_bytes(tail, context)?;
        }
        if self.member.has_range {
            // Damage after the range does not matter: whether it is in this part depends on the division into parts.
            return Ok(());
        }
        checked.map_err(Error::from)?;
        if let Some(limit) = exceeded {
            return Err(Error::from(Damage::TooLong(limit)).into());
        }
        if let Some(trailing) = end.transpose()? {
            self.member.has_end = true;
            self.member.trailing = trailing;
            if trailing == Trailing::ZipEntries && context.settings.removes {
                return Err(Error::from(Damage::ZipEntries).into());
            }
            if let Some(submitter) = &mut self.submitter {
                if !trailing.is_read() {
                    return Err(StreamError::Member(Outcome::Skipped(Reason::TrailingGarbage)));
                }
                submitter.finish(&mut *self.sink, context)?;
            }
        }
        Ok(())
    }

    /// Reduces content to the part that is written. At the end of all content, returns the lines at its end.
    fn cut_range(&mut self, bytes: &mut Vec<u8>, lines: u64, is_end: bool) -> Result<Vec<u8>, StreamError> {
        let Some(range) = &mut self.member.range else { return Ok(Vec::new()) };
        self.member.has_range = range.cut(bytes, lines)?;
        Ok(if is_end && !self.member.has_range { range.finish()? } else { Vec::new() })
    }

    fn write_bytes(&mut self, bytes: Vec<u8>, context: &StreamContext<'_>) -> Result<(), StreamError> {
        self.member.bytes_out += bytes.len() as u64;
        if let Some(submitter) = &mut self.submitter {
            submitter.write(&bytes, &mut *self.sink, context)?;
            context.resources.reuse_buffer(bytes);
            return Ok(());
        }
        let unused = self.sink.write(bytes).map_err(StreamError::Output)?;
        unused.into_iter().for_each(|bytes| context.resources.reuse_buffer(bytes));
        Ok(())
    }

    /// Abandons the member after `error`; returns its outcome. If a part of the member is written, no member can follow. There is
    /// one exception: if decompressed content is written to a descriptor, the next input follows, as in gzip.
    fn fail(&mut self, error: StreamError, position: &BlockPosition, context: &StreamContext<'_>) -> Outcome {
        position.member.abandon();
        self.submitter.iter().for_each(|submitter| submitter.cancel());
        self.state = WriterState::SkippingMember;
        let outcome = match error {
            StreamError::Output(error) => {
                self.state = WriterState::Broken;
                return self.sink.failure(error);
            }
            StreamError::Member(outcome) if is_changing(&outcome, position) => Outcome::Skipped(Reason::Changed),
            StreamError::Member(outcome) => outcome,
            StreamError::Cancelled => Outcome::NotReached,
            StreamError::Panicked => Outcome::panicked(),
        };
        if self.member.bytes_out == 0 {
            // The output contains nothing of the member.
            return outcome;
        }
        if !(context.settings.decompresses && self.sink.is_descriptor()) {
            self.state = WriterState::Broken;
        }
        self.sink.cut_short(outcome)
    }

    /// Closes the output after the last block. `broken` means that the stream ended before its inputs.
    pub(super) fn close(&mut self, broken: bool, context: &StreamContext<'_>) {
        let verification = self.verification.take();
        verification.into_iter().for_each(|verification| context.resources.reuse_verification(verification));
        let outcomes = context.outcomes;
        let ending = match (broken || self.is_broken(), self.complete) {
            (true, _) => Ending::Incomplete,
            (false, 0) => Ending::Empty,
            (false, _) => Ending::Complete,
        };
        // Inputs that could not be read have been recorded, each with its own outcome. Without any input, the output itself
        // has to be reported.
        if ending == Ending::Empty && !outcomes.tally().is_clean() {
            return;
        }
        let _gate = commit_gate::enter();
        if let Some(NamedOutcome { shown, outcome }) = self.sink.close(ending) {
            outcomes.record(&InputId::of_output(shown), outcome);
        }
    }
}

/// Whether the input seems damaged only because another process is still writing it.
fn is_changing(outcome: &Outcome, position: &BlockPosition) -> bool {
    let Outcome::Failed(error) = outcome else { return false };
    let is_damaged = matches!(error.kind(), ErrorKind::Damage(damage) if !matches!(damage, Damage::TooLong(_)));
    is_damaged && position.member.input.change().is_ok_and(|change| change != Change::None)
}
