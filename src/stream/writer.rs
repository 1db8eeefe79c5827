//! A stream's output side: lays compressed blocks one after the other and closes each member.

use std::path::Path;

use flate2::Crc;

use super::piece::{Piece, Place};
use super::{Entry, Shared};
use crate::gzip;
use crate::outcome::{Outcome, Status};
use crate::report::Report;
use crate::sink::{Ending, Sink, Written};

/// Writes blocks in the order of their numbers.
#[derive(Debug)]
pub struct Writer {
    sink: Sink,
    /// Of the member being written.
    crc: Crc,
    bytes_in: u64,
    bytes_out: u64,
    /// The member being written failed before its first byte was out: the rest of its blocks is passed over.
    dropped: bool,
    /// A member failed with some of its bytes out, or the output itself: nothing follows.
    broken: bool,
    /// Members written whole.
    members: u64,
}

impl Writer {
    /// Writes into `sink`.
    pub fn new(sink: Sink) -> Self {
        Self { sink, crc: Crc::new(), bytes_in: 0, bytes_out: 0, dropped: false, broken: false, members: 0 }
    }

    /// Writes the block whose turn it is; tells whether the output is broken.
    pub(super) fn write(&mut self, entry: Entry, shared: &Shared<'_>) -> bool {
        let Entry { place, result, .. } = entry;
        let shown = &place.member.input.shown;
        if self.broken {
            if place.first {
                shared.report.outcome(shown, Outcome::NotReached);
            }
        } else {
            if place.first {
                (self.crc, self.bytes_in, self.bytes_out, self.dropped) = (Crc::new(), 0, 0, false);
            }
            if !self.dropped
                && let Some(outcome) = self.write_piece(&place, result, shared)
            {
                shared.report.outcome(shown, outcome);
            }
        }
        self.broken
    }

    /// Writes a block of a member that is in order so far; the member's outcome if this ends it.
    fn write_piece(&mut self, place: &Place, result: Result<Piece, Outcome>, shared: &Shared<'_>) -> Option<Outcome> {
        let Piece { mut bytes, length, crc, grew } = match result {
            Ok(piece) => piece,
            Err(outcome) => {
                // With nothing of it out, the member may as well not have been there.
                self.dropped = true;
                place.member.abandon();
                self.broken = self.bytes_out > 0;
                return Some(if self.broken { self.sink.cut_short(outcome) } else { outcome });
            }
        };
        self.crc.combine(&crc);
        self.bytes_in += length as u64;
        if place.last {
            bytes.extend_from_slice(&gzip::trailer(self.crc.sum(), self.bytes_in));
        }
        let written = self.sink.write(&bytes);
        self.bytes_out += bytes.len() as u64;
        shared.reuse(bytes);
        if let Err(error) = written {
            self.broken = true;
            return Some(self.sink.failure(error));
        }
        if !place.last {
            return None;
        }
        // Every block has been read by now, so whatever changes from here on has not been read.
        let changed = match place.member.input.unchanged() {
            Ok(unchanged) => grew || !unchanged,
            Err(error) => return Some(error.into()),
        };
        self.members += 1;
        let (bytes_in, bytes_out) = (self.bytes_in, self.bytes_out);
        Some(self.sink.finish_member(Written { input: &place.member.input, bytes_in, bytes_out, changed }))
    }

    /// Nothing more is to be written.
    pub(super) fn break_off(&mut self) {
        self.broken = true;
    }

    /// Called once, when no block will follow.
    pub(super) fn close(&mut self, broken: bool, report: &Report) {
        let ending = match (broken || self.broken, self.members) {
            (true, _) => Ending::CutShort,
            (false, 0) => Ending::Empty,
            (false, _) => Ending::Whole,
        };
        // That nothing could be read has been told already, name by name; that there was nothing to read has not.
        if ending == Ending::Empty && report.tally().status != Status::Success {
            return;
        }
        if let Some((shown, outcome)) = self.sink.close(ending) {
            report.outcome(Path::new(&shown), outcome);
        }
    }
}
