//! The text of the progress line: the most important figures first, and as many as fit.

use std::time::Duration;

use gzcc::settings::Mode;

use super::super::{Sizes, counted, percent};
use super::totals::Totals;
use crate::report::counters::ByteCounts;

/// The last column stays free, because some terminals start a new line after it.
const MARGIN: usize = 1;

/// The minimum width of a name. A shorter end of a name would not identify the file.
const MIN_NAME: usize = 12;

/// The state of a run, as figures to print.
pub(super) struct ProgressText {
    /// Inputs that have ended.
    pub(super) files: u64,
    pub(super) totals: Totals,
    pub(super) bytes: ByteCounts,
    /// Bytes of the inputs that were skipped without being read.
    pub(super) skipped: u64,
    pub(super) mode: Mode,
    pub(super) elapsed: Duration,
    /// The name of the largest open input.
    pub(super) largest: Option<String>,
}

impl ProgressText {
    /// The line for a terminal of this width.
    pub(super) fn line(&self, columns: usize) -> String {
        let width = columns.saturating_sub(MARGIN);
        let mut line = String::new();
        for part in self.parts() {
            if line.is_empty() {
                line = part;
                line.truncate(width);
            } else if line.len() + 2 + part.len() > width {
                return line;
            } else {
                line = line + "  " + &part;
            }
        }
        let width = width.saturating_sub(line.len() + 2);
        match &self.largest {
            Some(name) if width >= MIN_NAME => line + "  " + &shortened(name, width),
            _ => line,
        }
    }

    /// The parts of the line that are known, in order of importance.
    fn parts(&self) -> impl Iterator<Item = String> {
        let Totals { files, bytes: total, all, open_ended } = self.totals;
        let so_far = if all { "" } else { " so far" };
        let ByteCounts { read, written } = self.bytes;
        let seconds = self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        // Skipped files do not count as work. Files may grow after they were counted.
        let total = total.filter(|_| !open_ended).map(|total| total.saturating_sub(self.skipped).max(read));
        let total = total.filter(|&total| total > 0);
        let known = total.filter(|_| all);
        let of_files = match open_ended {
            true => counted(self.files, "file"),
            false => format!("{} of {}{so_far}", self.files, counted(files.max(self.files), "file")),
        };
        let left = known.filter(|_| read > 0).map(|total| {
            let seconds = (total - read) as f64 * seconds / read as f64;
            format!("{} left", clock(seconds))
        });
        let parts = [
            known.map(|total| format!("{}%", u128::from(read) * 100 / u128::from(total))),
            // For a single file, the bytes say more than `0 of 1`.
            Some(of_files).filter(|_| known.is_none() || files != 1),
            Some(total.map_or_else(|| size(read), |total| size_of(read, total) + so_far)),
            left,
            Some(format!("{:.1} MB/s", read as f64 / seconds / 1e6)),
            Sizes::in_mode(self.mode, read, written).saved().map(|saved| percent(saved) + " saved"),
        ];
        parts.into_iter().flatten()
    }
}

/// The end of a name, which identifies a file better than its beginning. Characters outside ASCII count as two columns.
fn shortened(name: &str, width: usize) -> String {
    let columns = |c: char| if c.is_ascii() { 1 } else { 2 };
    if name.chars().map(columns).sum::<usize>() <= width {
        return name.to_owned();
    }
    let mut used = 3;
    let fits = |&(_, c): &(usize, char)| {
        used += columns(c);
        used <= width
    };
    let start = name.char_indices().rev().take_while(fits).last().map_or(name.len(), |(at, _)| at);
    format!("...{}", &name[start..])
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A size in the unit for its magnitude.
fn size(bytes: u64) -> String {
    let Unit { bytes: unit, name, digits } = unit(bytes);
    format!("{:.digits$} {name}", bytes as f64 / unit)
}

/// A part of a size, in the unit for the whole.
fn size_of(part: u64, whole: u64) -> String {
    let Unit { bytes: unit, digits, .. } = unit(whole);
    format!("{:.digits$} of {}", part as f64 / unit, size(whole))
}

/// A unit of size, a power of ten.
struct Unit {
    bytes: f64,
    name: &'static str,
    /// Digits to print after the decimal point.
    digits: usize,
}

/// The unit for a size.
fn unit(bytes: u64) -> Unit {
    match bytes {
        0..1_000_000 => Unit { bytes: 1e3, name: "kB", digits: 1 },
        1_000_000..1_000_000_000 => Unit { bytes: 1e6, name: "MB", digits: 1 },
        _ => Unit { bytes: 1e9, name: "GB", digits: 2 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str, all: bool) -> ProgressText {
        ProgressText {
            files: 12,
            totals: Totals { files: 340, bytes: Some(4_000_000_000), all, open_ended: false },
            bytes: ByteCounts { read: 1_000_000_000, written: 250_000_000 },
            skipped: 0,
            mode: Mode::Compress,
            elapsed: Duration::from_secs(10),
            largest: Some(name.to_owned()),
        }
    }

    #[test]
    fn a_line_has_the_parts_that_fit() {
        let line = |columns| state("var/log/big.log", true).line(columns);
        let whole = "25%  12 of 340 files  1.00 of 4.00 GB  0:30 left  100.0 MB/s  75.0% saved  var/log/big.log";
        assert_eq!(line(100), whole);
        assert_eq!(line(whole.len()), whole.replace("var/log", "...log"));
        assert_eq!(line(80), "25%  12 of 340 files  1.00 of 4.00 GB  0:30 left  100.0 MB/s  75.0% saved");
        assert_eq!(line(40), "25%  12 of 340 files  1.00 of 4.00 GB");
        assert_eq!(line(5), "25%");
        assert_eq!(line(3), "25");
        assert_eq!(line(0), "");
    }

    #[test]
    fn while_inputs_are_counted_there_is_neither_a_percentage_nor_a_time() {
        let line = state("x", false).line(100);
        assert_eq!(line, "12 of 340 files so far  1.00 of 4.00 GB so far  100.0 MB/s  75.0% saved  x");
    }

    #[test]
    fn a_single_file_has_bytes_a_percentage_and_a_time() {
        let mut one = state("big.log.1234", true);
        (one.files, one.totals.files) = (0, 1);
        assert_eq!(one.line(80), "25%  1.00 of 4.00 GB  0:30 left  100.0 MB/s  75.0% saved  big.log.1234");
        one.totals.bytes = None;
        assert_eq!(one.line(80), "0 of 1 file  1.00 GB  100.0 MB/s  75.0% saved  big.log.1234");
    }

    #[test]
    fn skipped_files_leave_the_total_and_a_grown_file_does_not_exceed_it() {
        let mut skipped = state("x", true);
        skipped.skipped = 2_000_000_000;
        assert!(skipped.line(80).starts_with("50%  12 of 340 files  1.00 of 2.00 GB  0:10 left  100.0 MB/s"));
        skipped.bytes.read = 5_000_000_000;
        assert!(skipped.line(80).starts_with("100%  12 of 340 files  5.00 of 5.00 GB  0:00 left"));
    }

    #[test]
    fn without_a_total_the_line_says_what_is_known() {
        let mut open_ended = state("x", false);
        open_ended.totals.open_ended = true;
        assert_eq!(open_ended.line(80), "12 files  1.00 GB  100.0 MB/s  75.0% saved  x");
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for columns in 0..200 {
            for name in ["a".repeat(300), "日本".repeat(100), "x".to_owned()] {
                let line = state(&name, true).line(columns);
                let width: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
                assert!(width == 0 || width < columns, "{columns}: {line}");
            }
        }
    }
}
