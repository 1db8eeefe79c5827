//! Completes a member whose last byte is written: its figures, and how its input changed.

use super::Writer;
use crate::error::Error;
use crate::format::gzip;
use crate::io::input::{Change, Input};
use crate::outcome::{MemberStats, Outcome};
use crate::pipeline::sink::WrittenMember;
use crate::pipeline::stream::StreamContext;
use crate::pipeline::stream::block::BlockPosition;
use crate::settings::StreamSettings;

impl Writer {
    /// The outcome of a member whose last block is written.
    pub(super) fn finish_member(&mut self, position: &BlockPosition, context: &StreamContext<'_>) -> Outcome {
        let (input, settings) = (&position.member.input, context.settings);
        if settings.reads_gzip && !self.member.has_end && !self.member.range_has_ended {
            // The content may be incomplete, and its checksum was not compared.
            return Outcome::Failed(Error::other("internal error: the end of the data was not reached"));
        }
        // The input is read to its end, so a change after this point does not matter.
        let change = match input.change() {
            Ok(change) => self.change_while_read(change, input, settings),
            Err(error) => return error.into(),
        };
        self.complete += 1;
        let written = WrittenMember {
            input,
            bytes_in: self.bytes_in(input, settings),
            bytes_out: self.submitter.as_ref().map_or(self.member.bytes_out, |submitter| submitter.written()),
            stats: self.stats(input, settings),
            change,
            trailing: self.member.trailing,
            lacks_time: lacks_time(input, settings),
            salvaged: self.member.salvaged,
        };
        self.sink.finish_member(written)
    }

    /// Bytes of the input. Data after the last member belongs to a compressed file, too.
    fn bytes_in(&self, input: &Input, settings: &StreamSettings) -> u64 {
        input.size.filter(|_| settings.reads_gzip).unwrap_or(self.member.bytes_in)
    }

    /// Statistics of the member.
    fn stats(&self, input: &Input, settings: &StreamSettings) -> MemberStats {
        let stats = self.member.stats;
        // The header's time counts only if the settings ask for it; 0 means that there is none.
        let stored = stats.mtime.filter(|&mtime| settings.keep_time && mtime != 0);
        // A recompression compares two compressed sizes.
        let overhead = if self.submitter.is_some() { 0 } else { stats.overhead };
        MemberStats { mtime: stored.or(input.mtime()), overhead, ..stats }
    }

    /// How the input changed while it was read, given the `change` that the file system reports.
    fn change_while_read(&self, change: Change, input: &Input, settings: &StreamSettings) -> Change {
        let read_past_size = input.size.is_none() && self.member.bytes_in > 0;
        match change {
            _ if self.fell_short(input, settings) => Change::Other,
            // An input without a known size was read to its end, wherever that was then.
            Change::Grown if read_past_size => Change::Other,
            // The input was longer than the file system reports.
            Change::None if self.member.grew => Change::Grown,
            change => change,
        }
    }

    /// Whether the input had less content than its size. Files that show a state of the system may have less (files in /sys
    /// report the size of a page); those are never removed.
    fn fell_short(&self, input: &Input, settings: &StreamSettings) -> bool {
        let member = &self.member;
        // Trailing garbage is not read to its end, nor is content after a range.
        let was_read = member.trailing.is_read() && !member.range_has_ended;
        let is_short = was_read && input.size.is_some_and(|size| member.bytes_in < size);
        is_short && (input.occupies_disk() || settings.removes)
    }
}

/// Whether the header should hold the input's time, and cannot, and the settings ask for a warning.
fn lacks_time(input: &Input, settings: &StreamSettings) -> bool {
    let warns = settings.keep_time && settings.warns_about_time && !settings.reads_gzip;
    warns && input.mtime().is_some_and(|mtime| gzip::stored_time(mtime).is_none())
}
