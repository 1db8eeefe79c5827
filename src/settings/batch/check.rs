//! The check for settings that contradict each other. The command checks its options before, with messages of its own.

use std::fmt;
use std::os::unix::ffi::OsStrExt;

use super::{Destination, Mode, Settings};
use crate::settings::{Format, MAX_JOBS};

/// Settings that contradict each other, with the reason in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSettings(String);

impl std::error::Error for InvalidSettings {}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Settings {
    /// Checks that the settings do not contradict each other.
    ///
    /// # Errors
    /// The first contradiction found.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        let Self { engine, level, mode, .. } = *self;
        let suffix = self.suffix.as_bytes();
        let wrong = if level > engine.max_level() {
            format!("invalid level {level}: the {} engine has levels 0 to {}", engine.name(), engine.max_level())
        } else if self.jobs.get() > MAX_JOBS {
            format!("invalid number of workers {}: expected 1 to {MAX_JOBS}", self.jobs)
        } else if suffix.is_empty() || suffix.contains(&b'/') {
            "invalid suffix: expected a non-empty suffix without /".into()
        } else if matches!(mode, Mode::Compress | Mode::Decompress | Mode::Recompress | Mode::Salvage)
            == (self.destination == Destination::Discard)
        {
            "invalid destination: compressing and decompressing need an output, testing and listing have none".into()
        } else if mode == Mode::Recompress
            && (self.destination != Destination::Beside
                || self.update
                || self.keep_name
                || self.keep_time
                || self.reads_stdin())
        {
            "invalid settings: recompression replaces files, and keeps their names and times".into()
        } else if self.removes() && self.destination == Destination::Stdout {
            "originals cannot be removed if outputs are written to standard output".into()
        } else if self.format == Format::Bgzf
            && (self.rsyncable || mode == Mode::Compress && (self.keep_name || self.keep_time))
        {
            "BGZF has no rsyncable blocks, and no name and time in its headers".into()
        } else if self.index && !self.can_index() {
            "an index needs the format BGZF and an output file for each input, or inputs that are tested or decompressed".into()
        } else if self.removes() && mode == Mode::Salvage {
            "damaged originals cannot be removed".into()
        } else if self.range.is_some() && !self.can_write_range() {
            "a range needs inputs that are decompressed to standard output, without a limit of their size".into()
        } else if self.only_smaller.is_some_and(|percent| percent > 100) {
            "invalid percentage: expected 0 to 100".into()
        } else {
            return Ok(());
        };
        Err(InvalidSettings(wrong))
    }

    /// Whether a part of the content can be written.
    fn can_write_range(&self) -> bool {
        self.mode == Mode::Decompress && self.max_size.is_none() && self.stdout_has_data()
    }

    /// Whether there is a file that can have an index.
    fn can_index(&self) -> bool {
        match self.mode {
            Mode::Compress => self.format == Format::Bgzf && !self.concatenates(),
            Mode::Decompress | Mode::Test => !self.concatenates() && !self.removes(),
            Mode::List | Mode::ListTrailers | Mode::Recompress | Mode::Salvage => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Engine, Originals};
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_each_contradiction_has_a_reason_of_one_line() {
        assert_eq!(Settings::default().check(), Ok(()));
        let wrong: [fn(&mut Settings); 16] = [
            |settings| settings.level = 13,
            |settings| (settings.engine, settings.level) = (Engine::Flate2, 10),
            |settings| settings.jobs = (MAX_JOBS + 1).try_into().unwrap(),
            |settings| settings.suffix = "".into(),
            |settings| settings.suffix = "a/b".into(),
            |settings| settings.destination = Destination::Discard,
            |settings| settings.mode = Mode::Test,
            |settings| (settings.originals, settings.destination) = (Originals::Remove, Destination::Stdout),
            |settings| (settings.originals, settings.mode) = (Originals::Remove, Mode::Salvage),
            |settings| settings.only_smaller = Some(101),
            |settings| (settings.mode, settings.destination) = (Mode::Recompress, Destination::Stdout),
            |settings| (settings.mode, settings.keep_name) = (Mode::Recompress, true),
            |settings| (settings.mode, settings.keep_time) = (Mode::Recompress, true),
            |settings| (settings.format, settings.keep_name) = (Format::Bgzf, true),
            |settings| settings.index = true,
            |settings| {
                (settings.index, settings.mode, settings.originals) = (true, Mode::Decompress, Originals::Remove);
            },
        ];
        for (i, wrong) in wrong.iter().enumerate() {
            let mut settings = Settings::default();
            wrong(&mut settings);
            let reason = settings.check().expect_err(&format!("setting {i} is accepted")).to_string();
            assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}");
        }
    }
}
