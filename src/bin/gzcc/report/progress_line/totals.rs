//! The number of a run's inputs and their bytes, counted during the run.

use gzcc::command::{Survey, Surveyed};
use gzcc::settings::Settings;

/// Inputs counted between two checks of the clock, which takes less than a millisecond.
const BATCH: usize = 100;

/// The inputs counted so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) files: u64,
    /// Their bytes; `None` if the size of one is unknown, such as that of a pipe.
    pub(super) bytes: Option<u64>,
    /// All inputs are counted.
    pub(super) all: bool,
    /// Names come from a list that can be read only once, so there is no total.
    pub(super) open_ended: bool,
}

/// A count of the inputs.
pub(super) struct InputCount {
    /// The inputs that are not counted yet.
    survey: Option<Survey>,
    totals: Totals,
}

impl InputCount {
    pub(super) fn new(settings: &Settings) -> Self {
        let survey = Survey::new(settings);
        let totals = Totals { files: 0, bytes: Some(0), all: false, open_ended: !survey.has_all() };
        // A count of only some inputs is useless.
        Self { survey: Some(survey).filter(|_| !totals.open_ended), totals }
    }

    /// Whether inputs remain to be counted.
    pub(super) fn is_incomplete(&self) -> bool {
        self.survey.is_some()
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Counts up to [`BATCH`] more inputs.
    pub(super) fn count_some(&mut self) {
        let Some(mut survey) = self.survey.take() else { return };
        for input in survey.by_ref().take(BATCH) {
            self.totals.files += 1;
            self.totals.bytes = match input {
                Surveyed::Sized(size) => self.totals.bytes.map(|sum| sum + size),
                Surveyed::Unsized => None,
                Surveyed::Refused => self.totals.bytes,
            };
        }
        match survey.has_more() {
            true => self.survey = Some(survey),
            false => self.totals.all = true,
        }
    }
}
