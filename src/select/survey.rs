//! Counting the inputs of a run without opening them, for a progress display or an estimate of its cost.

use std::sync::Arc;

use super::plan::{Item, Plan, Planned, Target};
use crate::io::input::Source;
use crate::outcome::Outcome;
use crate::settings::Settings;

/// Iterates over the inputs that a run with these settings would have. What a walk ignores is left out.
///
/// It walks the directories itself, so it finds what is there now. A list can be read only once: the names in a list are left out.
pub struct Survey {
    plan: Plan,
}

/// An input of a [`Survey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surveyed {
    /// An input of this many bytes; 0 if it is gone.
    Sized(u64),
    /// An input whose size is not known: standard input, if that is not a file.
    Unsized,
    /// An input that will be skipped or will fail.
    Refused,
}

impl Survey {
    /// Surveys the inputs of `settings`.
    pub fn new(settings: &Settings) -> Self {
        Self { plan: Plan::new(Arc::new(Settings { list: None, ..settings.clone() })) }
    }

    /// Whether more inputs may follow.
    pub fn has_more(&self) -> bool {
        self.plan.has_more()
    }
}

impl Iterator for Survey {
    type Item = Surveyed;

    fn next(&mut self) -> Option<Surveyed> {
        loop {
            return Some(match self.plan.next()? {
                Planned::Settled(_, Outcome::Skipped(reason)) if reason.is_passed_by() => continue,
                Planned::Settled(..) | Planned::Item(Item { target: Target::Refused(_), .. }) => Surveyed::Refused,
                Planned::Item(Item { source: Source::File { folder, name, .. }, .. }) => {
                    let stat = folder.look_through(&name).ok().flatten();
                    Surveyed::Sized(stat.map_or(0, |stat| stat.st_size as u64))
                }
                Planned::Item(_) => Surveyed::Unsized,
            });
        }
    }
}
