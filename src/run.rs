//! A run from settings to tally, a line a stage.

use std::path::Path;
use std::sync::Arc;

use crate::deflate;
use crate::input::stdin_name;
use crate::job::Jobs;
use crate::outcome::{Label, Outcome};
use crate::report::{Report, Tally};
use crate::schedule;
use crate::settings::{Destination, Mode, Rules, Settings, Verbosity};

/// Does what `settings` say, reporting each input as it ends.
pub fn run(settings: Settings) -> Tally {
    run_with_engine(settings, deflate::engine)
}

/// [`run`] with engines of another make.
pub fn run_with_engine(settings: Settings, engine: deflate::Make) -> Tally {
    let report = Report::new(&settings);
    run_reporting(settings, &report, engine)
}

/// [`run_with_engine`] with a report that somebody else may look at meanwhile.
pub fn run_reporting(settings: Settings, report: &Report, engine: deflate::Make) -> Tally {
    report.begin();
    let settings = Arc::new(settings);
    match Jobs::new(Arc::clone(&settings)) {
        Ok(jobs) => schedule::run(&settings, &jobs, report, engine),
        Err(outcome) => report_for_each_argument(report, &settings, &outcome),
    }
    report.finish();
    report.tally()
}

/// Whether a run with these settings ends with a count on standard output: only where each file got an output
/// of its own, and standard output carries no data.
pub fn counts_aloud(settings: &Settings) -> bool {
    let to_files = matches!(settings.destination, Destination::Beside | Destination::Folder(_));
    let counted = to_files || settings.mode == Mode::Test;
    counted
        && !settings.is_filter()
        && !settings.stdout_has_data()
        && !settings.reporting.json
        && settings.verbosity > Verbosity::Quiet
        && settings.rules == Rules::Gzcc
}

/// Nothing could be begun: every argument is named.
fn report_for_each_argument(report: &Report, settings: &Settings, outcome: &Outcome) {
    let arguments = settings.inputs.iter().map(Path::new);
    // Of a list, whose names nobody has read, the list itself.
    let list = settings.list.iter().map(|list| list.path.as_deref().unwrap_or(stdin_name(settings)));
    let named = arguments.chain(list).chain(settings.is_filter().then(|| stdin_name(settings)));
    for (position, name) in named.enumerate() {
        report.outcome(
            &Label { shown: name.into(), position: Some(position as u64), is_stdin: false, began: None },
            outcome.for_another(),
        );
    }
}
