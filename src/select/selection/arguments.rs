//! The names that a run is given, in their order: those of the command line, then those of a list.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::name_reader::ListState;
use crate::outcome::Outcome;
use crate::settings::Settings;

/// NameReader that have not been taken.
#[derive(Debug)]
pub(super) struct Arguments {
    settings: Arc<Settings>,
    /// Of the command line, so far.
    taken: usize,
    list: ListState,
}

/// What a run is told to take.
#[derive(Debug)]
pub(super) enum Argument {
    /// Standard input.
    Stdin,
    /// A file or folder of this name.
    Named(OsString),
}

impl Arguments {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let list = settings.list.clone().map_or(ListState::Ended, ListState::new);
        Self { settings, taken: 0, list }
    }

    /// Whether there may be another one.
    pub(super) fn has_more(&self) -> bool {
        self.taken < self.settings.inputs.len() || !self.list.has_ended()
    }
}

impl Iterator for Arguments {
    /// A name, or a list's and what is wrong with that.
    type Item = Result<Argument, (PathBuf, Outcome)>;

    fn next(&mut self) -> Option<Self::Item> {
        let settings = &self.settings;
        let index = self.taken;
        self.taken += 1;
        match settings.inputs.get(index) {
            Some(name) if name == "-" => Some(Ok(Argument::Stdin)),
            Some(name) => Some(Ok(Argument::Named(name.clone()))),
            None => {
                let read = self.list.next()?;
                Some(read.map(Argument::Named).map_err(|(list, error)| (list, error.into())))
            }
        }
    }
}
