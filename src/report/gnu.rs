//! GNU gzip's words, for whoever calls the program by its name and reads what it says.

use super::{Voice, say};
use crate::outcome::{Chain, Done, Label, Outcome, Reason, Status, Verdict};
use crate::settings::Verbosity;
use crate::shown::Shown;

pub(super) fn verdict(reason: &Reason) -> Verdict {
    reason.verdict()
}

impl Voice {
    pub(super) fn tell_as_gzip(&self, label: &Label, outcome: &Outcome) {
        self.tell(label, outcome);
    }
}
