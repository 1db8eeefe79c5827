//! Options of indexes and ranges.

use std::num::NonZeroU64;

use clap::Args;
use gzcc::settings::{ContentRange, Destination, Mode, Settings, Span};

use super::definition::{FormatArg, OPERATION};
use super::values::size;
use super::{UsageError, rejected};

#[derive(Args, Debug, Default)]
#[command(next_help_heading = OPERATION)]
pub(super) struct AccessArgs {
    /// Test each FILE.gz and write its index, FILE.gz.gzidx
    ///
    /// With -d, decompress it. rapidgzip and indexed_gzip read the index as well. With --format bgzf, compress each FILE and write the index
    /// of FILE.gz that bgzip and samtools read, FILE.gz.gzi. An index is replaced only where the output may replace a file.
    #[arg(long)]
    pub(super) index: bool,
    /// With -dc: only these bytes, from 0 (100-199, 100-, 5G+1M)
    ///
    /// FROM-TO includes both; -TO counts from the beginning; FROM+COUNT has COUNT bytes.
    #[arg(long, value_name = "RANGE", value_parser = |text: &str| span(text, 0), allow_hyphen_values = true,
          overrides_with_all = ["lines", "tail"])]
    bytes: Option<Span>,
    /// With -dc: only these lines, from 1 (10-20, 10-, 10+5)
    #[arg(long, value_name = "RANGE", value_parser = |text: &str| span(text, 1), allow_hyphen_values = true,
          overrides_with_all = ["bytes", "tail"])]
    lines: Option<Span>,
    /// With -dc: only the last N lines
    #[arg(long, value_name = "N", overrides_with_all = ["bytes", "lines"])]
    tail: Option<u64>,
    /// Content between two points of an index. For tests.
    #[arg(long, value_name = "SIZE", value_parser = size, hide = true)]
    index_spacing: Option<u64>,
}

impl AccessArgs {
    /// The settings with what these options say.
    pub(super) fn add_to(self, settings: Settings) -> Settings {
        let index_spacing = self.index_spacing.and_then(NonZeroU64::new).unwrap_or(settings.index_spacing);
        let range = self.range();
        Settings { index: self.index, index_spacing, range, ..settings }
    }

    /// The part of the content that is asked for.
    fn range(&self) -> Option<ContentRange> {
        let (bytes, lines) = (self.bytes.map(ContentRange::Bytes), self.lines.map(ContentRange::Lines));
        bytes.or(lines).or(self.tail.map(ContentRange::Tail))
    }
}

impl super::Args {
    /// Whether the files are read only for their indexes.
    pub(super) fn only_indexes(&self) -> bool {
        self.access.index && !self.decompress && self.format != Some(FormatArg::Bgzf)
    }

    /// Rejects options that conflict with the index of a compressed file.
    pub(super) fn check_access(&self, destination: &Destination) -> Result<(), UsageError> {
        if self.access.range().is_some() {
            let to_stdout = *destination == Destination::Stdout || self.files.is_empty() && destination.is_per_input();
            if self.mode() != Mode::Decompress || !to_stdout || self.access.index {
                return Err(rejected("--bytes, --lines and --tail go with -dc"));
            }
            if self.max_size.is_some() {
                return Err(rejected("--bytes, --lines and --tail do not go with --max-size"));
            }
        }
        if !self.access.index || self.mode() == Mode::Compress {
            return Ok(());
        }
        if self.list || matches!(destination, Destination::Stdout | Destination::File(_)) {
            return Err(rejected("--index goes with files that are tested, or decompressed each to its own output"));
        }
        match self.rm || self.verify || self.update {
            true => Err(rejected("--index does not go with --rm, --verify and --update")),
            false => Ok(()),
        }
    }
}

/// Rejects `--index` where no BGZF file of one input is written.
pub(super) fn check_bgzf_index(settings: &Settings) -> Result<(), UsageError> {
    if !settings.index || settings.mode != Mode::Compress {
        return Ok(());
    }
    let is_one_file = settings.inputs.len() == 1 && settings.list.is_none() && !settings.recursive;
    let has_own_output = match settings.destination {
        Destination::File(_) => is_one_file,
        Destination::Stdout | Destination::Discard => false,
        Destination::Beside | Destination::Directory(_) => true,
    };
    match has_own_output && !settings.reads_stdin() {
        true => Ok(()),
        false => Err(rejected("--index needs an output for each file")),
    }
}

/// A range `FROM-TO`, `FROM-`, `-TO`, `FROM+COUNT` or `FROM`, whose first number is `first`. Numbers may have a unit.
fn span(text: &str, first: u64) -> Result<Span, &'static str> {
    let expected = "expected FROM-TO, FROM-, -TO or FROM+COUNT";
    let number = |text: &str| size(text).map_err(|_| expected);
    let from = |text: &str| number(text)?.checked_sub(first).ok_or("lines count from 1");
    let (start, end) = match (text.split_once('+'), text.split_once('-')) {
        (Some((start, count)), _) => {
            let start = from(start)?;
            (start, Some(start.checked_add(number(count)?).ok_or(expected)?))
        }
        (None, Some(("", ""))) => return Err(expected),
        (None, Some((start, end))) => {
            let start = if start.is_empty() { 0 } else { from(start)? };
            let after = |end: u64| end.checked_add(1).ok_or(expected);
            (start, if end.is_empty() { None } else { Some(after(from(end)?)?) })
        }
        (None, None) => {
            let start = from(text)?;
            (start, Some(start.checked_add(1).ok_or(expected)?))
        }
    };
    match end {
        Some(end) if end <= start => Err("the range is empty"),
        _ => Ok(Span { start, end }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_both_ends_and_may_be_open() {
        let range = |text, first| span(text, first).map(|span| (span.start, span.end));
        assert_eq!(range("0-99", 0), Ok((0, Some(100))));
        assert_eq!(range("100-", 0), Ok((100, None)));
        assert_eq!(range("-99", 0), Ok((0, Some(100))));
        assert_eq!(range("5K+1K", 0), Ok((5120, Some(6144))));
        assert_eq!(range("7", 0), Ok((7, Some(8))));
        assert_eq!(range("1-10", 1), Ok((0, Some(10))));
        assert_eq!(range("-10", 1), Ok((0, Some(10))));
        assert_eq!(range("11+5", 1), Ok((10, Some(15))));
        for wrong in ["", "-", "5-4", "5+0", "x", "1-2-3", "1+2+3", "99999999999999999999-", "--1", "1--2"] {
            assert!(span(wrong, 0).is_err(), "{wrong}");
        }
        assert!(span("0-5", 1).is_err() && span("0", 1).is_err());
    }
}
