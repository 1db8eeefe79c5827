//! The progress of a benchmark on the terminal line. It is drawn between measurements, not during them.

use super::{shows_progress, terminal_line};
use crate::presentation::Presentation;
use gzcc::settings::Settings;

/// The progress of a benchmark, if it is shown. Erases the line when dropped.
#[derive(Debug)]
pub(crate) struct BenchmarkProgress {
    is_shown: bool,
}

impl BenchmarkProgress {
    /// The progress of a benchmark with these settings.
    pub(crate) fn new(settings: &Settings, presentation: &Presentation) -> Self {
        Self { is_shown: shows_progress(settings, presentation) }
    }

    /// Shows a text, which must be shorter than a terminal is wide.
    pub(crate) fn show(&self, text: &str) {
        if self.is_shown {
            terminal_line::draw(text);
        }
    }
}

impl Drop for BenchmarkProgress {
    fn drop(&mut self) {
        if self.is_shown {
            terminal_line::erase();
        }
    }
}
