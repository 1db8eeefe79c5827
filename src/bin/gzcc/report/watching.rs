//! Progress for people: a thread that draws one line on a terminal, ten times a second, after half a second.
//!
//! No library for it: it is one line, written and erased under one lock with every message. Its width is asked for each
//! time it is drawn, so a resize needs no signal. The thread also counts the inputs to come, with a plan of its own.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use gzcc::command::{Survey, Surveyed};
use gzcc::escaped_name::Shown;
use gzcc::settings::{Mode, Rules, Settings, Verbosity, When};

use super::{Counters, Sizes, line, percent};

/// Nobody wants to see a line that is gone before it is read.
const PATIENCE: Duration = Duration::from_millis(500);

/// From one line to the next: as often as digits can be read.
const PERIOD: Duration = Duration::from_millis(100);

/// Inputs that are counted before it is looked whether a line is due: less than a millisecond's worth.
const COUNTED: usize = 100;

/// Columns of what does not tell how many it has.
const COLUMNS: usize = 80;

/// Columns that stay free: two for the `^C` that a terminal shows where it is typed, and the last one, as some begin a new
/// line behind it. What is on the next line would not be erased.
const MARGIN: usize = 3;

/// Columns below which a name says nothing.
const LEAST_NAME: usize = 12;

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
pub(crate) fn is_watched(settings: &Settings) -> bool {
    // In the midst of data on the same screen nobody could read either.
    let apart = !(settings.stdout_has_data() && io::stdout().is_terminal());
    let dumb = || std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    apart
        && match settings.reporting.progress {
            When::Never => false,
            When::Always => true,
            When::Auto => {
                let heard = settings.verbosity > Verbosity::Quiet && settings.rules == Rules::Gzcc;
                heard && io::stderr().is_terminal() && !dumb()
            }
        }
}

/// Shows how far the run is from now on. Without a thread to be had, nobody sees it.
pub(crate) fn watch(counters: Arc<Counters>, settings: &Settings) -> Watching {
    let (end, ended) = channel();
    let totals = Totals::new(settings);
    let mode = settings.mode;
    let draw = move || {
        let (began, mut totals, mut due) = (Instant::now(), totals, PATIENCE);
        loop {
            let wait = if totals.survey.is_some() { Duration::ZERO } else { due.saturating_sub(began.elapsed()) };
            if ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                break;
            }
            totals.count_some();
            if began.elapsed() >= due {
                due = began.elapsed() + PERIOD;
                let (bytes_in, bytes_out) = counters.bytes();
                let state = State {
                    files: counters.files(),
                    survey: (totals.files, totals.bytes.filter(|_| totals.is_final()), totals.is_final()),
                    bytes: (bytes_in, bytes_out),
                    mode,
                    elapsed: began.elapsed(),
                    biggest: counters.biggest().map(|name| Shown::path(&name).to_string()),
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

/// The totals of a run, counted while it is under way.
struct Totals {
    /// The inputs that are not counted yet.
    survey: Option<Survey>,
    files: u64,
    /// The sum of their sizes; `None` if one is not known.
    bytes: Option<u64>,
    /// More inputs come from a list, which can be read only once.
    listed: bool,
}

impl Totals {
    fn new(settings: &Settings) -> Self {
        Self { survey: Some(Survey::new(settings)), files: 0, bytes: Some(0), listed: settings.list.is_some() }
    }

    /// Whether all inputs are counted.
    fn is_final(&self) -> bool {
        self.survey.is_none() && !self.listed
    }

    fn count_some(&mut self) {
        let Some(survey) = &mut self.survey else { return };
        for input in survey.by_ref().take(COUNTED) {
            self.files += 1;
            self.bytes = match input {
                Surveyed::Sized(size) => self.bytes.map(|sum| sum + size),
                Surveyed::Unsized => None,
                Surveyed::Refused => self.bytes,
            };
        }
        if !survey.has_more() {
            self.survey = None;
        }
    }
}

/// What a line tells.
struct State {
    files: u64,
    /// Inputs counted, their bytes if all are known, and whether these are all.
    survey: (u64, Option<u64>, bool),
    bytes: (u64, u64),
    mode: Mode,
    elapsed: Duration,
    biggest: Option<String>,
}

impl State {
    /// As much as there is room for.
    fn line(&self, columns: usize) -> String {
        let room = columns.saturating_sub(MARGIN);
        let (counted, total, all) = self.survey;
        let so_far = if all { "" } else { " so far" };
        let mut line = format!("{} of {}{so_far}", self.files, counted.max(self.files));
        line.truncate(room);
        let (bytes_in, bytes_out) = self.bytes;
        let speed = bytes_in as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let (packed, plain) = self.mode.packed_and_plain(bytes_in, bytes_out);
        let left = total.filter(|_| bytes_in > 0).map(|total| total.saturating_sub(bytes_in) as f64 / speed);
        let parts = [
            left.map(|seconds| format!("{} left", clock(seconds))),
            Some(size(bytes_in)),
            Some(format!("{:.1} MB/s", speed / 1e6)),
            Sizes { packed, plain, overhead: 0 }.saved().map(percent),
        ];
        for part in parts.into_iter().flatten() {
            if line.len() + 2 + part.len() > room {
                return line;
            }
            line = line + "  " + &part;
        }
        let room = room.saturating_sub(line.len() + 2);
        match &self.biggest {
            Some(name) if room >= LEAST_NAME => line + "  " + &shortened(name, room),
            _ => line,
        }
    }
}

/// The end of a name, as that tells more. What is no ASCII may take two columns.
fn shortened(name: &str, room: usize) -> String {
    let columns = |c: char| if c.is_ascii() { 1 } else { 2 };
    if name.chars().map(columns).sum::<usize>() <= room {
        return name.to_owned();
    }
    let mut used = 3;
    let fits = |&(_, c): &(usize, char)| {
        used += columns(c);
        used <= room
    };
    let start = name.char_indices().rev().take_while(fits).last().map_or(name.len(), |(at, _)| at);
    format!("...{}", &name[start..])
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.2} GB", b / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str, all: bool) -> State {
        State {
            files: 12,
            survey: (340, all.then_some(4_000_000_000), all),
            bytes: (1_000_000_000, 250_000_000),
            mode: Mode::Compress,
            elapsed: Duration::from_secs(10),
            biggest: Some(name.to_owned()),
        }
    }

    #[test]
    fn a_line_tells_as_much_as_there_is_room_for() {
        let line = |columns| state("var/log/big.log", true).line(columns);
        assert_eq!(line(80), "12 of 340  0:30 left  1.00 GB  100.0 MB/s  75.0%  var/log/big.log");
        assert_eq!(line(66), "12 of 340  0:30 left  1.00 GB  100.0 MB/s  75.0%  ...og/big.log");
        assert_eq!(line(40), "12 of 340  0:30 left  1.00 GB");
        assert_eq!(line(12), "12 of 340");
        assert_eq!(line(5), "12");
        assert_eq!(line(0), "");
        assert!(state("x", false).line(80).starts_with("12 of 340 so far  1.00 GB  "));
    }

    #[test]
    fn no_line_is_longer_than_the_screen_is_wide_and_what_is_typed_behind_it_fits() {
        for columns in 0..200 {
            for name in ["a".repeat(300), "日本".repeat(100), "x".to_owned()] {
                let line = state(&name, true).line(columns);
                let width: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
                assert!(width == 0 || width + "^C".len() < columns, "{columns}: {line}");
            }
        }
    }
}
