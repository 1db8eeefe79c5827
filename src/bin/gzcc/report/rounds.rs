//! How far a benchmark is, in the line that changes. It is drawn while no clock runs.

use super::{is_watched, line};
use crate::presentation::Presentation;
use gzcc::settings::Settings;

/// The line, where somebody wants to see it; dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Rounds(bool);

impl Rounds {
    /// For a benchmark with these settings.
    pub(crate) fn new(settings: &Settings, presentation: &Presentation) -> Self {
        Self(is_watched(settings, presentation))
    }

    /// Shows what is being done: less than a screen is wide.
    pub(crate) fn show(&self, text: &str) {
        if self.0 {
            line::draw(text);
        }
    }
}

impl Drop for Rounds {
    fn drop(&mut self) {
        if self.0 {
            line::above(|| ());
        }
    }
}
