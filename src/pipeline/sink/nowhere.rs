//! No output: the input is tested or listed.

use std::io;
use std::path::PathBuf;

use super::{Sink, WrittenMember};
use crate::outcome::Outcome;

/// Discards all bytes.
#[derive(Debug)]
pub(crate) struct Nowhere {
    /// The name in the input's header, if the settings ask for it.
    pub name: Option<PathBuf>,
}

impl Sink for Nowhere {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        Ok(Some(bytes))
    }

    fn cut_short(&self, outcome: Outcome) -> Outcome {
        outcome
    }

    fn finish_member(&mut self, written: WrittenMember<'_>) -> Outcome {
        written.done(self.name.take(), written.warnings().collect())
    }
}
