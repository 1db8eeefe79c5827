//! The progress of a run: a thread that draws one line on the terminal ten times a second, after half a second.
//!
//! Messages and the line share a lock, so a progress library is not used. The width is queried for each drawing, so a resize
//! needs no signal handler. The thread also counts the inputs, with its own walk over the directories.

mod progress_text;
mod totals;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use gzcc::EscapedName;
use gzcc::settings::Settings;

use crate::presentation::{Presentation, ProgressPolicy, Rules, Verbosity};

use self::progress_text::ProgressText;
use self::totals::InputCount;
use super::{Counters, terminal_line};

/// The delay before the first line: a run that ends sooner shows none, because it would vanish before it can be read.
const INITIAL_DELAY: Duration = Duration::from_millis(500);

/// The time between two drawings. More often, the digits are unreadable.
const PERIOD: Duration = Duration::from_millis(100);

/// The width of a terminal that does not report one.
const COLUMNS: usize = 80;

/// The progress of a run. Stops the thread and erases the line when dropped.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    /// `None` if the thread could not be created.
    thread: Option<DrawingThread>,
}

/// The thread that draws the line.
#[derive(Debug)]
struct DrawingThread {
    /// Dropping it ends the thread.
    end: Sender<()>,
    handle: JoinHandle<()>,
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(DrawingThread { end, handle }) = self.thread.take() {
            drop(end);
            // A panic of the thread was printed. It does not affect the result of the run.
            let _ = handle.join();
            terminal_line::erase();
        }
    }
}

/// Whether progress is shown.
pub(crate) fn shows_progress(settings: &Settings, presentation: &Presentation) -> bool {
    // A line amid data on the same screen would make both unreadable.
    let stderr_is_free = !(settings.stdout_has_data() && io::stdout().is_terminal());
    let dumb = || std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    stderr_is_free
        && match presentation.progress {
            ProgressPolicy::Never => false,
            ProgressPolicy::Always => true,
            ProgressPolicy::Auto => {
                let allowed = presentation.verbosity > Verbosity::Quiet && presentation.rules == Rules::Gzcc;
                allowed && io::stderr().is_terminal() && !dumb()
            }
        }
}

/// Starts to show progress. If the thread cannot be created, there is no progress line.
pub(crate) fn show_progress(counters: Arc<Counters>, settings: &Settings) -> ProgressLine {
    let (end, ended) = channel();
    let count = InputCount::new(settings);
    let mode = settings.mode;
    let draw = move || {
        let (began, mut count, mut due) = (Instant::now(), count, INITIAL_DELAY);
        loop {
            let wait = if count.is_incomplete() { Duration::ZERO } else { due.saturating_sub(began.elapsed()) };
            if ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                break;
            }
            count.count_some();
            if began.elapsed() >= due {
                due = began.elapsed() + PERIOD;
                let state = ProgressText {
                    files: counters.files(),
                    totals: count.totals(),
                    bytes: counters.bytes(),
                    skipped: counters.skipped_bytes(),
                    mode,
                    elapsed: began.elapsed(),
                    largest: counters.largest().map(|name| EscapedName::path(&name).to_string()),
                };
                terminal_line::draw(&state.line(columns()));
            }
        }
    };
    let handle = Builder::new().name("progress".into()).spawn(draw);
    ProgressLine { thread: handle.ok().map(|handle| DrawingThread { end, handle }) }
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stderr());
    size.ok().map(|size| usize::from(size.ws_col)).filter(|&columns| columns > 0).unwrap_or(COLUMNS)
}
