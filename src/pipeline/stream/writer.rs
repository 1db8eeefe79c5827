//! A stream's output side: writes blocks in order, and completes or checks each member.
//!
//! The writer decides how a member ends if one of its blocks fails, and records each member's outcome. The stream
//! guarantees that only one worker at a time calls it, with the blocks in order.

mod compressed_output;
mod content_output;
mod member_completion;

use super::StreamContext;
use super::block::{BlockOutput, BlockPosition, StreamError};
use super::member_state::{MemberCounts, MemberState};
use super::recompression::ContentSubmitter;
use crate::error::ErrorKind;
use crate::format::gzip::Damage;
use crate::inflate::SalvageReport;
use crate::io::commit_gate;
use crate::io::input::Change;
use crate::observer::Progress;
use crate::outcome::{InputId, NamedOutcome, Outcome, Reason};
use crate::pipeline::sink::{Ending, Sink};
use crate::pipeline::verify::Verification;

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
        } else if position.last || self.member.range_has_ended {
            self.skip_after_range(position);
            // A signal ends the process before the member is complete, or after it is recorded.
            let _gate = commit_gate::enter();
            let outcome = self.finish_member(position, context);
            context.outcomes.record(id, outcome);
        }
    }

    /// Ends a member whose range is written, so that the rest is not decompressed.
    fn skip_after_range(&mut self, position: &BlockPosition) {
        if self.member.range_has_ended && !position.last {
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

    /// Reports the losses of a part of a damaged input.
    fn report_losses(&mut self, report: &SalvageReport, position: &BlockPosition, context: &StreamContext<'_>) {
        let is_damaged = report.totals.losses > 0;
        self.member.salvaged = is_damaged.then_some(report.totals);
        report.losses.iter().for_each(|loss| context.outcomes.lost(&position.member.input.id, loss));
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
        if !(context.settings.reads_gzip && self.sink.is_descriptor()) {
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
