//! The table of `-l`, with the columns of GNU gzip's.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::sizes::{Sizes, percent};
use crate::presentation::Verbosity;
use gzcc::Ended;
use gzcc::EscapedName;
use gzcc::command::suffix;
use gzcc::outcome::{Done, LegacyFormat, StoredChecksum};
use gzcc::settings::{Mode, Settings};
use std::ffi::OsString;

/// The table of a run. Keeps the totals.
#[derive(Debug)]
pub(super) struct Listing {
    /// Method, CRC and time precede the sizes.
    verbose: bool,
    /// Neither header nor totals are printed.
    quiet: bool,
    /// The sizes come from the last trailer, which is exact only for a single member of less than 4 GiB.
    approximate: bool,
    suffix: OsString,
    zone: TimeZone,
    /// More than one file was named.
    several: bool,
    files: u64,
    total: Sizes,
}

impl Listing {
    pub(super) fn new(settings: &Settings, verbosity: Verbosity) -> Self {
        Self {
            verbose: verbosity == Verbosity::Verbose,
            quiet: verbosity <= Verbosity::Quiet,
            approximate: settings.mode == Mode::ListTrailers,
            suffix: settings.suffix.clone(),
            zone: TimeZone::system(),
            several: settings.inputs.len() > 1,
            files: 0,
            total: Sizes::default(),
        }
    }

    /// The line of a file, preceded by the header if it is the first one.
    pub(super) fn line(&mut self, ended: &Ended, done: &Done) -> String {
        let mut text = String::new();
        if self.files == 0 && !self.quiet {
            if self.verbose {
                text += "method  crc     date  time  ";
            }
            text += "         compressed        uncompressed  ratio uncompressed_name\n";
        }
        self.files += 1;
        let sizes = Sizes::of(done, Mode::List);
        self.total.add(sizes);
        if self.verbose {
            let (method, crc) = method_and_crc(done.stats.checksum);
            text += &format!("{method} {crc:08x} {} ", self.time(done.stats.mtime));
        }
        text + &self.sizes(sizes, &EscapedName::path(&self.name(ended, done)).to_string())
    }

    /// The line of totals, if the table has several files.
    pub(super) fn totals(&self) -> Option<String> {
        let is_printed = (self.files > 1 || self.several && self.files > 0) && !self.quiet;
        is_printed.then(|| {
            let indent = if self.verbose { " ".repeat(28) } else { String::new() };
            indent + &self.sizes(self.total, "(totals)")
        })
    }

    fn sizes(&self, sizes: Sizes, name: &str) -> String {
        let Sizes { compressed, content, .. } = sizes;
        let mark = if self.approximate { "~" } else { "" };
        let ratio = percent(sizes.saved().unwrap_or_default());
        let (content, ratio) = (format!("{mark}{content}"), format!("{mark}{ratio}"));
        format!("{compressed:>19} {content:>19} {ratio:>6} {name}\n")
    }

    /// The name of the decompressed file.
    fn name(&self, ended: &Ended, done: &Done) -> PathBuf {
        let name = &ended.name;
        if ended.is_stdin {
            // As in gzip.
            return "stdout".into();
        }
        let stripped = || Some(name.with_file_name(suffix::decompressed(name.file_name()?, &self.suffix)?));
        done.output.clone().or_else(stripped).unwrap_or_else(|| name.clone())
    }

    /// A time in the format of ls and gzip, in the local zone: `Nov 23 23:16`.
    fn time(&self, mtime: Option<i64>) -> String {
        let zoned = mtime.and_then(|t| Timestamp::from_second(t).ok()).map(|t| t.to_zoned(self.zone.clone()));
        zoned.map_or_else(|| "            ".into(), |zoned| zoned.strftime("%b %e %H:%M").to_string())
    }
}

/// gzip's name of the method of a file, and the CRC. gzip, too, shows ones where there is none.
fn method_and_crc(checksum: StoredChecksum) -> (&'static str, u32) {
    match checksum {
        StoredChecksum::Unread => ("defla", 0),
        StoredChecksum::Crc(crc) => ("defla", crc),
        StoredChecksum::Missing(LegacyFormat::Lzw) => ("compr", u32::MAX),
        StoredChecksum::Missing(LegacyFormat::Pack) => ("pack ", u32::MAX),
        StoredChecksum::Missing(LegacyFormat::Lzh) => ("lzh  ", u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gzcc::Outcome;
    use gzcc::outcome::MemberStats;

    fn listing(mode: Mode, verbosity: Verbosity) -> Listing {
        let settings = Settings { mode, ..Settings::default() };
        Listing { zone: TimeZone::UTC, ..Listing::new(&settings, verbosity) }
    }

    fn done() -> Done {
        let mut done = Done::default();
        (done.bytes_in, done.bytes_out) = (31, 24);
        let MemberStats { overhead, checksum, mtime, .. } = &mut done.stats;
        (*overhead, *checksum, *mtime) = (20, StoredChecksum::Crc(0x0b59_8800), Some(1_700_000_000));
        done
    }

    fn ended(name: &str) -> Ended {
        Ended::new(name, Outcome::Done(done()))
    }

    #[test]
    fn the_table_has_gnu_gzips_columns() {
        let mut listing = listing(Mode::List, Verbosity::Normal);
        assert_eq!(
            listing.line(&ended("d/a.gz"), &done()),
            "         compressed        uncompressed  ratio uncompressed_name\n                 \
             31                  24  54.2% d/a\n"
        );
        assert_eq!(listing.totals(), None);
        listing.line(&ended("b.tgz"), &done());
        assert_eq!(listing.totals().unwrap(), "                 62                  48  54.2% (totals)\n");
    }

    #[test]
    fn verbose_adds_method_crc_and_time() {
        let line = listing(Mode::List, Verbosity::Verbose).line(&ended("a.gz"), &done());
        assert!(line.starts_with("method  crc     date  time           compressed  "), "{line}");
        assert!(line.ends_with("\ndefla 0b598800 Nov 14 22:13                  31                  24  54.2% a\n"));
    }

    #[test]
    fn figures_from_trailers_are_marked_with_a_tilde() {
        let line = listing(Mode::ListTrailers, Verbosity::Normal).line(&ended("a.gz"), &done());
        assert!(line.ends_with("                 31                 ~24 ~54.2% a\n"), "{line}");
    }
}
