//! A stream's output side: lays pieces one after the other, and closes or checks each member.

use flate2::Crc;

use super::piece::{Packed, Piece, Place};
use super::{Entry, Shared, worth};
use crate::error::{Error, ErrorKind};
use crate::format::gzip::{self, Damage};
use crate::inflate::{Content, MemberChecksum, Trailing};
use crate::io::commit_gate;
use crate::io::input::Change;
use crate::observer::Progress;
use crate::outcome::{InputId, MemberStats, Outcome, Reason};
use crate::pipeline::sink::{Ending, Sink, Written};
use crate::pipeline::verify::Verification;
use crate::settings::Settings;

/// Writes pieces in the order of their numbers.
#[derive(Debug)]
pub struct Writer {
    sink: Sink,
    part: PartState,
    /// The part being written has failed: the rest of it is passed over.
    dropped: bool,
    /// Nothing more can follow: a member is broken off, or the output itself failed.
    broken: bool,
    /// Parts written whole.
    whole: u64,
    /// Reads back what is written, where that is wanted.
    verification: Option<Verification>,
}

/// How far the part being written is.
#[derive(Debug, Default)]
struct PartState {
    /// Of the member being made.
    crc: Crc,
    /// Of the member being checked.
    checksum: MemberChecksum,
    bytes_in: u64,
    bytes_out: u64,
    stats: MemberStats,
    /// The input was seen to grow.
    grew: bool,
    trailing_garbage: bool,
}

impl Writer {
    /// Writes into `sink`.
    pub fn new(sink: Sink) -> Self {
        Self { sink, part: PartState::default(), dropped: false, broken: false, whole: 0, verification: None }
    }

    /// Writes the piece whose turn it is; tells whether the output is broken.
    pub(super) fn write(&mut self, entry: Entry, shared: &Shared<'_>) -> bool {
        let Entry { place, result, .. } = entry;
        let id = &place.part.input.id;
        if self.broken {
            if place.first {
                shared.outcomes.record(id, Outcome::NotReached);
            }
        } else {
            if place.first {
                (self.part, self.dropped) = (PartState::default(), false);
            }
            if !self.dropped {
                let before = (self.part.bytes_in, self.part.bytes_out);
                let written = self.write_piece(&place, result, shared);
                self.tell_progress(before, &place, shared);
                match written {
                    Err(outcome) => shared.outcomes.record(id, outcome),
                    Ok(()) if place.last => {
                        // A signal finds it done and counted, or not done at all.
                        let _finishing = commit_gate::enter();
                        let outcome = self.finish(&place, shared);
                        shared.outcomes.record(id, outcome);
                    }
                    Ok(()) => {}
                }
            }
        }
        self.broken
    }

    /// Tells whoever watches what has come since `before`.
    fn tell_progress(&self, before: (u64, u64), place: &Place, shared: &Shared<'_>) {
        let input = &place.part.input;
        shared.outcomes.advanced(&Progress {
            input: &input.id.shown,
            size: input.size,
            bytes_in: self.part.bytes_in - before.0,
            bytes_out: self.part.bytes_out - before.1,
            first: place.first,
            last: place.last || self.dropped,
        });
    }

    /// Writes a piece of a part that is in order so far; if the part fails over it, its outcome.
    fn write_piece(
        &mut self,
        place: &Place,
        result: Result<Piece, Outcome>,
        shared: &Shared<'_>,
    ) -> Result<(), Outcome> {
        let written = match result {
            Ok(Piece::Packed(packed)) => self.write_packed(packed, place, shared),
            Ok(Piece::Content(content)) => self.write_content(content, shared),
            Err(outcome) => Err(outcome),
        };
        written.map_err(|outcome| {
            let outcome = if self.is_moving(&outcome, place) { Outcome::Skipped(Reason::Changed) } else { outcome };
            self.give_up(outcome, place, shared.settings.decompresses())
        })
    }

    /// The outcome of a part whose last piece is written.
    fn finish(&mut self, place: &Place, shared: &Shared<'_>) -> Outcome {
        // Everything has been read by now, so whatever changes from here on has not been read.
        let change = match place.part.input.change() {
            Ok(change) => self.judge(change, place, shared.settings),
            Err(error) => return error.into(),
        };
        self.whole += 1;
        let PartState { mut bytes_in, bytes_out, stats, trailing_garbage, .. } = self.part;
        let input = &place.part.input;
        if shared.settings.decompresses() {
            // What follows the last member belongs to the file all the same.
            bytes_in = input.size.unwrap_or(bytes_in);
        }
        // A header's time counts only where it is wanted; 0 is none.
        let stored = stats.mtime.filter(|&mtime| shared.settings.keep_time && mtime != 0);
        let stats = MemberStats { mtime: stored.or(input.mtime()), ..stats };
        self.sink.finish_part(Written { input, bytes_in, bytes_out, stats, change, trailing_garbage })
    }

    /// What `change`, which the file system reports, means for what was read.
    fn judge(&self, change: Change, place: &Place, settings: &Settings) -> Change {
        let read_past_size = place.part.input.size.is_none() && self.part.bytes_in > 0;
        match change {
            _ if self.fell_short(place, settings) => Change::Other,
            // Read to its end, wherever that was by then.
            Change::Grown if read_past_size => Change::Other,
            // There was more to read than the file system reports.
            Change::None if self.part.grew => Change::Grown,
            change => change,
        }
    }

    /// Whether there was less to be read than the input has. A file that only shows a state of the system (those of
    /// /sys say that they are a page long) may have less; nobody removes one of these.
    fn fell_short(&self, place: &Place, settings: &Settings) -> bool {
        let (input, part) = (&place.part.input, &self.part);
        // What is garbage is not read to its end.
        let less = !part.trailing_garbage && input.size.is_some_and(|size| part.bytes_in < size);
        less && (input.is_stored() || settings.removes())
    }

    /// Writes compressed data, with the member's trailer if it is the last.
    fn write_packed(&mut self, packed: Packed, place: &Place, shared: &Shared<'_>) -> Result<(), Outcome> {
        let Packed { mut bytes, length, crc, grew } = packed;
        let part = &mut self.part;
        part.crc.combine(&crc);
        part.bytes_in += length as u64;
        part.grew |= grew;
        if place.last {
            bytes.extend_from_slice(&gzip::trailer(part.crc.sum(), part.bytes_in));
            part.stats.overhead = (place.part.header.len() + gzip::TRAILER) as u64;
        }
        if shared.settings.verify {
            let verification = self.verification.get_or_insert_with(|| shared.resources.verification());
            if place.first {
                verification.restart();
            }
            let verified = verification.take_in(&bytes, (place.first, place.last), &part.crc, part.bytes_in);
            verified.map_err(|mismatch| Outcome::Failed(Error::new(ErrorKind::Verification, mismatch)))?;
        }
        let (written, grew) = (self.part.bytes_out + bytes.len() as u64, self.part.grew);
        if let Some(percent) = self.least_percent(shared) {
            let read = self.part.bytes_in;
            let pays = match place.last {
                // An original that grew and was to be removed is reported as changed.
                true => grew && shared.settings.removes() || worth::pays(percent, read, written),
                false => !worth::is_hopeless(percent, place.part.input.size, read, written),
            };
            if !pays {
                return Err(Outcome::Skipped(Reason::NotSmaller));
            }
        }
        self.write_bytes(bytes, shared)
    }

    /// How many percent smaller an output has to be to be kept, if it can still be left out.
    fn least_percent(&self, shared: &Shared<'_>) -> Option<u8> {
        shared.settings.only_smaller.filter(|_| matches!(self.sink, Sink::Own(_)))
    }

    /// Checks and writes content.
    fn write_content(&mut self, content: Content, shared: &Shared<'_>) -> Result<(), Outcome> {
        let Content { mut bytes, member_ends, verified, stats, consumed, end } = content;
        let part = &mut self.part;
        let most = shared.settings.max_size.filter(|&most| part.bytes_out + bytes.len() as u64 > most);
        if let Some(most) = most {
            return Err(Outcome::Failed(Damage::TooLong(most).into()));
        }
        let verified = if verified { Ok(()) } else { part.checksum.check(&bytes, &member_ends) };
        let verified = verified.map_err(|(damage, at)| {
            // Nothing that follows a damaged member can be trusted.
            bytes.truncate(at);
            damage
        });
        part.stats.add(stats);
        part.bytes_in = consumed;
        // What is written of damaged content helps whoever reads a pipe; an output of its own never gets its name.
        self.write_bytes(bytes, shared)?;
        verified.map_err(|damage| Outcome::Failed(damage.into()))?;
        match end {
            Some(Err(error)) => Err(Outcome::Failed(error.into())),
            Some(Ok(trailing)) => {
                self.part.trailing_garbage = trailing == Trailing::Garbage;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether damage may be no more than the sight of a file that somebody is still writing.
    fn is_moving(&self, outcome: &Outcome, place: &Place) -> bool {
        let Outcome::Failed(error) = outcome else { return false };
        let damaged = matches!(error.kind(), ErrorKind::Damage(damage) if !matches!(damage, Damage::TooLong(_)));
        damaged && place.part.input.change().is_ok_and(|change| change != Change::None)
    }

    fn write_bytes(&mut self, bytes: Vec<u8>, shared: &Shared<'_>) -> Result<(), Outcome> {
        self.part.bytes_out += bytes.len() as u64;
        let spare = self.sink.write(bytes).map_err(|error| {
            self.broken = true;
            self.sink.failure(error)
        })?;
        spare.into_iter().for_each(|bytes| shared.resources.reuse_buffer(bytes));
        Ok(())
    }

    /// Passes over the rest of a part. What shares an output with a member that is broken off cannot follow it; what
    /// is decompressed into a pipe can, as gzip does, and the exit status tells.
    fn give_up(&mut self, outcome: Outcome, place: &Place, decompresses: bool) -> Outcome {
        self.dropped = true;
        place.part.abandon();
        if self.broken {
            return outcome;
        }
        // With nothing of it out, it may as well not have been there.
        let begun = self.part.bytes_out > 0;
        self.broken = begun && !(decompresses && self.sink.is_descriptor());
        if begun { self.sink.cut_short(outcome) } else { outcome }
    }

    /// Nothing more is to be written.
    pub(super) fn break_off(&mut self) {
        self.broken = true;
    }

    /// Called once, when nothing will follow.
    pub(super) fn close(&mut self, broken: bool, shared: &Shared<'_>) {
        self.verification.take().into_iter().for_each(|verification| shared.resources.reuse_verification(verification));
        let outcomes = shared.outcomes;
        let ending = match (broken || self.broken, self.whole) {
            (true, _) => Ending::CutShort,
            (false, 0) => Ending::Empty,
            (false, _) => Ending::Whole,
        };
        // That nothing could be read has been told already, name by name; that there was nothing to read has not.
        if ending == Ending::Empty && !outcomes.tally().is_clean() {
            return;
        }
        let _finishing = commit_gate::enter();
        if let Some((shown, outcome)) = self.sink.close(ending) {
            outcomes.record(&InputId::of_output(shown), outcome);
        }
    }
}
