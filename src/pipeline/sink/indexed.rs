//! A sink whose input also gets an index.

use std::io;

use super::point_index::PointIndex;
use super::{Ending, Sink, WrittenMember, closed};
use crate::error::Error;
use crate::inflate::ContentPoint;
use crate::outcome::{Done, NamedOutcome, Outcome, Reason};

/// Passes everything to `sink`, and writes the index of the one input.
#[derive(Debug)]
pub(crate) struct IndexedSink {
    pub sink: Box<dyn Sink>,
    /// `None` after the index is named or removed.
    pub index: Option<PointIndex>,
}

impl Sink for IndexedSink {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        self.sink.write(bytes)
    }

    fn add_points(&mut self, points: &[ContentPoint], content: &[u8], lines: u64) -> Result<(), Error> {
        self.index.as_mut().map_or(Ok(()), |index| index.add(points, content, lines))
    }

    fn failure(&self, error: io::Error) -> Outcome {
        self.sink.failure(error)
    }

    fn cut_short(&self, outcome: Outcome) -> Outcome {
        self.sink.cut_short(outcome)
    }

    fn discard(&mut self, outcome: &Outcome) -> bool {
        self.index = None;
        self.sink.discard(outcome)
    }

    fn is_per_input(&self) -> bool {
        self.sink.is_per_input()
    }

    fn not_smaller(&self) -> Reason {
        self.sink.not_smaller()
    }

    fn is_descriptor(&self) -> bool {
        self.sink.is_descriptor()
    }

    /// The index gets its name first: the compressed file is verified by then, whatever happens to the output.
    fn finish_member(&mut self, written: WrittenMember<'_>) -> Outcome {
        let Some(index) = self.index.take() else { return closed().into() };
        let name = match index.finish(written.input, written.change) {
            Ok(name) => name,
            Err(outcome) => return outcome,
        };
        match self.sink.finish_member(written) {
            Outcome::Done(done) => Outcome::Done(Done { output: done.output.or(Some(name)), ..done }),
            outcome => outcome,
        }
    }

    fn close(&mut self, ending: Ending) -> Option<NamedOutcome> {
        self.sink.close(ending)
    }
}
