//! The number of a run's inputs and their bytes, counted while it is under way.

use gzcc::command::{Survey, Surveyed};
use gzcc::settings::Settings;

/// Inputs that are counted between two looks at the clock: less than a millisecond's worth.
const COUNTED: usize = 100;

/// What is known of the inputs so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) files: u64,
    /// Their bytes; `None` if one has a size that is not known, such as a pipe.
    pub(super) bytes: Option<u64>,
    /// These are all inputs.
    pub(super) all: bool,
}

/// A count of the inputs.
pub(super) struct Count {
    /// The inputs that are not counted yet.
    survey: Option<Survey>,
    totals: Totals,
}

impl Count {
    pub(super) fn new(settings: &Settings) -> Self {
        let totals = Totals { files: 0, bytes: Some(0), all: false };
        Self { survey: Some(Survey::new(settings)), totals }
    }

    /// Whether inputs are left that can be counted.
    pub(super) fn is_under_way(&self) -> bool {
        self.survey.is_some()
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) fn count_some(&mut self) {
        let Some(mut survey) = self.survey.take() else { return };
        for input in survey.by_ref().take(COUNTED) {
            self.totals.files += 1;
            self.totals.bytes = match input {
                Surveyed::Sized(size) => self.totals.bytes.map(|sum| sum + size),
                Surveyed::Unsized => None,
                Surveyed::Refused => self.totals.bytes,
            };
        }
        match survey.has_more() {
            true => self.survey = Some(survey),
            false => self.totals.all = survey.has_all(),
        }
    }
}
