//! Counting the inputs of a run without opening them, for a progress display or an estimate of its cost.

use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::fs::{FileType, Stat};

use super::selection::{Item, Selected, Selection, Target};
use crate::io::file_status::{file_type, is_regular};
use crate::io::input::Source;
use crate::outcome::Outcome;
use crate::settings::Settings;

/// Iterates over the inputs that a run with these settings would have, without the files that a walk ignores.
///
/// It walks the directories itself, so it finds their present files, and keeps none of the inputs in memory. A list that is not a
/// regular file can be read only once: its names are left out.
pub struct Survey {
    selection: Selection,
    /// All inputs are surveyed: no list was left out.
    has_all: bool,
    /// The bytes on standard input, if it is a regular file. Read before the run, which moves the position.
    stdin: Option<u64>,
    /// Inputs of any file type are read, not only regular files.
    reads_special: bool,
}

/// An input of a [`Survey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surveyed {
    /// An input of this many bytes; 0 if it does not exist.
    Sized(u64),
    /// An input whose size is not known, such as a pipe.
    Unsized,
    /// An input that will be skipped or will fail.
    Refused,
}

impl Survey {
    /// Surveys the inputs of `settings`.
    pub fn new(settings: &Settings) -> Self {
        let path = |list: &crate::settings::NameList| list.path.as_ref().is_some_and(|path| path.is_file());
        let list = settings.list.clone().filter(path);
        let has_all = settings.list.is_none() || list.is_some();
        Self {
            has_all,
            stdin: settings.reads_stdin().then(stdin_size).flatten(),
            reads_special: !settings.destination.is_per_input(),
            selection: Selection::to_count(Arc::new(Settings { list, ..settings.clone() })),
        }
    }

    /// Whether more inputs may follow.
    pub fn has_more(&self) -> bool {
        self.selection.has_more()
    }

    /// Whether the inputs are all that the run has.
    pub fn has_all(&self) -> bool {
        self.has_all
    }

    /// The number of bytes that the run will read of a file.
    fn size(&self, stat: &Stat) -> Surveyed {
        match file_type(stat) {
            FileType::RegularFile => Surveyed::Sized(stat.st_size as u64),
            FileType::Directory => Surveyed::Sized(0),
            _ if self.reads_special => Surveyed::Unsized,
            _ => Surveyed::Sized(0),
        }
    }
}

impl Iterator for Survey {
    type Item = Surveyed;

    fn next(&mut self) -> Option<Surveyed> {
        loop {
            return Some(match self.selection.next()? {
                Selected::Settled(_, Outcome::Skipped(reason)) if reason.is_ignored() => continue,
                Selected::Settled(..) | Selected::Item(Item { target: Target::Refused(_), .. }) => Surveyed::Refused,
                Selected::Item(Item { source: Source::File { directory, name, .. }, .. }) => {
                    let stat = directory.stat(&name).ok().flatten();
                    stat.map_or(Surveyed::Sized(0), |stat| self.size(&stat))
                }
                Selected::Item(Item { source: Source::Stdin, .. }) => {
                    self.stdin.map_or(Surveyed::Unsized, Surveyed::Sized)
                }
                Selected::Item(_) => Surveyed::Unsized,
            });
        }
    }
}

/// Bytes that are left to read on standard input, if it is a regular file.
fn stdin_size() -> Option<u64> {
    let stdin = rustix::stdio::stdin();
    let stat = rustix::fs::fstat(stdin.as_fd()).ok()?;
    let position = rustix::fs::tell(stdin).ok()?;
    is_regular(&stat).then(|| (stat.st_size as u64).saturating_sub(position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Destination;
    use std::fs;

    /// The number of inputs, their bytes if all are known, and whether these are all.
    fn totals(change: impl FnOnce(&mut Settings)) -> (u64, Option<u64>, bool) {
        let mut settings = Settings::default();
        change(&mut settings);
        let mut survey = Survey::new(&settings);
        let counted = survey.by_ref().fold((0, Some(0)), |(files, bytes): (u64, Option<u64>), input| match input {
            Surveyed::Sized(size) => (files + 1, bytes.map(|sum| sum + size)),
            Surveyed::Unsized => (files + 1, None),
            Surveyed::Refused => (files + 1, bytes),
        });
        (counted.0, counted.1, survey.has_all())
    }

    #[test]
    fn named_listed_and_walked_files_are_counted_with_their_sizes() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("d")).unwrap();
        for (name, size) in [("a", 1000), ("d/b", 500), ("d/c", 7), ("d/old.gz", 99)] {
            fs::write(path(name), vec![0; size]).unwrap();
        }
        let named = vec![path("a").into(), path("missing").into(), path("d/old.gz").into()];
        let expected = (3, Some(1000), true);
        assert_eq!(totals(|s| s.inputs = named), expected, "a missing or skipped file counts 0 bytes");
        let expected = (2, Some(507), true);
        assert_eq!(totals(|s| (s.inputs, s.recursive) = (vec![path("d").into()], true)), expected);
        fs::write(path("list"), format!("{}\n{}\n", path("a").display(), path("d/b").display())).unwrap();
        let list = |path| Some(crate::settings::NameList { path, end: b'\n' });
        let expected = (2, Some(1500), true);
        assert_eq!(totals(|s| s.list = list(Some(path("list")))), expected);
        // Only the run can read the names.
        assert_eq!(totals(|s| s.list = list(None)), (0, Some(0), false));
    }

    #[test]
    fn the_size_of_a_pipe_is_not_known_where_pipes_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let counted = |destination| totals(|s| (s.inputs, s.destination) = (vec![pipe.clone().into()], destination)).1;
        assert_eq!(counted(Destination::Stdout), None);
        assert_eq!(counted(Destination::Beside), Some(0));
    }
}
