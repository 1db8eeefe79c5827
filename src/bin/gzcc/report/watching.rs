//! Progress for people: a thread that draws one line on a terminal, ten times a second, after half a second.
//!
//! No library for it: it is one line, written and erased under one lock with every message. Its width is asked for each
//! time it is drawn, so a resize needs no signal. The thread also counts the inputs to come, with a plan of its own.

mod state;
mod totals;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use gzcc::escaped_name::EscapedName;
use gzcc::settings::Settings;

use crate::presentation::{Presentation, ProgressPolicy, Rules, Verbosity};

use self::state::State;
use self::totals::Count;
use super::{Counters, line};

/// Nobody wants to see a line that is gone before it is read.
const PATIENCE: Duration = Duration::from_millis(500);

/// From one line to the next: as often as digits can be read.
const PERIOD: Duration = Duration::from_millis(100);

/// Columns of what does not tell how many it has.
const COLUMNS: usize = 80;

/// A line that is being drawn; dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Watching(Option<(Sender<()>, JoinHandle<()>)>);

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            // The progress line is no part of the result: a panic there was printed and costs nothing else.
            let _ = thread.join();
            line::above(|| ());
        }
    }
}

/// Whether progress is to be shown.
pub(crate) fn is_watched(settings: &Settings, presentation: &Presentation) -> bool {
    // In the midst of data on the same screen nobody could read either.
    let apart = !(settings.stdout_has_data() && io::stdout().is_terminal());
    let dumb = || std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    apart
        && match presentation.progress {
            ProgressPolicy::Never => false,
            ProgressPolicy::Always => true,
            ProgressPolicy::Auto => {
                let heard = presentation.verbosity > Verbosity::Quiet && presentation.rules == Rules::Gzcc;
                heard && io::stderr().is_terminal() && !dumb()
            }
        }
}

/// Shows how far the run is from now on. Without a thread to be had, nobody sees it.
pub(crate) fn watch(counters: Arc<Counters>, settings: &Settings) -> Watching {
    let (end, ended) = channel();
    let count = Count::new(settings);
    let mode = settings.mode;
    let draw = move || {
        let (began, mut count, mut due) = (Instant::now(), count, PATIENCE);
        loop {
            let wait = if count.is_under_way() { Duration::ZERO } else { due.saturating_sub(began.elapsed()) };
            if ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                break;
            }
            count.count_some();
            if began.elapsed() >= due {
                due = began.elapsed() + PERIOD;
                let state = State {
                    files: counters.files(),
                    totals: count.totals(),
                    bytes: counters.bytes(),
                    skipped: counters.skipped_bytes(),
                    mode,
                    elapsed: began.elapsed(),
                    biggest: counters.biggest().map(|name| EscapedName::path(&name).to_string()),
                };
                line::draw(&state.line(columns()));
            }
        }
    };
    Watching(Builder::new().name("progress".into()).spawn(draw).ok().map(|thread| (end, thread)))
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stderr());
    size.ok().map(|size| usize::from(size.ws_col)).filter(|&columns| columns > 0).unwrap_or(COLUMNS)
}
