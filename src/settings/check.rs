//! Which settings make no sense: the command line has refused them in its own words before; a program's are refused here.

use std::fmt;
use std::os::unix::ffi::OsStrExt;

use super::{Destination, MAX_JOBS, Mode, Settings};

/// Settings that make no sense, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSettings(String);

impl std::error::Error for InvalidSettings {}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Settings {
    /// Whether these settings make sense together.
    ///
    /// # Errors
    /// If they do not, what is wrong, in a line.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        let Self { engine, level, mode, .. } = *self;
        let suffix = self.suffix.as_bytes();
        let wrong = if level > engine.max_level() {
            format!("{} has no level {level}; the highest is {}", engine.name(), engine.max_level())
        } else if self.jobs.get() > MAX_JOBS {
            format!("{} workers are too many; there can be {MAX_JOBS}", self.jobs)
        } else if suffix.is_empty() || suffix.contains(&b'/') {
            "the suffix has to be something, without a slash".into()
        } else if matches!(mode, Mode::Compress | Mode::Decompress) == (self.destination == Destination::Discard) {
            "what is compressed or decompressed has to go somewhere, and what is tested or listed nowhere".into()
        } else if self.removes() && self.destination == Destination::Stdout {
            "originals are not removed for what goes to standard output".into()
        } else if self.only_smaller.is_some_and(|percent| percent > 100) {
            "nothing gets smaller by more than 100 percent".into()
        } else {
            return Ok(());
        };
        Err(InvalidSettings(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Engine, Originals};
    use super::*;

    #[test]
    fn the_defaults_make_sense_and_each_senseless_setting_is_refused_in_one_line() {
        assert_eq!(Settings::default().check(), Ok(()));
        let wrong: [fn(&mut Settings); 9] = [
            |settings| settings.level = 13,
            |settings| (settings.engine, settings.level) = (Engine::Flate2, 10),
            |settings| settings.jobs = (MAX_JOBS + 1).try_into().unwrap(),
            |settings| settings.suffix = "".into(),
            |settings| settings.suffix = "a/b".into(),
            |settings| settings.destination = Destination::Discard,
            |settings| settings.mode = Mode::Test,
            |settings| (settings.originals, settings.destination) = (Originals::Remove, Destination::Stdout),
            |settings| settings.only_smaller = Some(101),
        ];
        for (i, wrong) in wrong.iter().enumerate() {
            let mut settings = Settings::default();
            wrong(&mut settings);
            let told = settings.check().expect_err(&format!("number {i} is accepted")).to_string();
            assert!(!told.is_empty() && !told.contains('\n'), "{told}");
        }
    }
}
