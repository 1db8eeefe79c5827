//! The names that a run is given, in their order: first those of [`Settings::inputs`], then those of the list.

use std::ffi::OsString;
use std::sync::Arc;

use super::name_reader::ListState;
use crate::outcome::NamedOutcome;
use crate::settings::Settings;

/// The names that have not been returned yet.
#[derive(Debug)]
pub(super) struct Arguments {
    settings: Arc<Settings>,
    /// The number of names of the settings that were returned.
    position: usize,
    list: ListState,
}

/// An argument of a run.
#[derive(Debug)]
pub(super) enum Argument {
    /// Standard input.
    Stdin,
    /// A file or directory of this name.
    Named(OsString),
}

impl Arguments {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let list = settings.list.clone().map_or(ListState::Ended, ListState::new);
        Self { settings, position: 0, list }
    }

    /// Whether more may follow.
    pub(super) fn has_more(&self) -> bool {
        self.position < self.settings.inputs.len() || !self.list.has_ended()
    }
}

impl Iterator for Arguments {
    /// An argument, or an error of the list.
    type Item = Result<Argument, NamedOutcome>;

    fn next(&mut self) -> Option<Self::Item> {
        let settings = &self.settings;
        let index = self.position;
        self.position += 1;
        match settings.inputs.get(index) {
            Some(name) if name == "-" => Some(Ok(Argument::Stdin)),
            Some(name) => Some(Ok(Argument::Named(name.clone()))),
            None => {
                let read = self.list.next()?;
                Some(read.map(Argument::Named))
            }
        }
    }
}
