//! The names of a list, read one after the other. Only a buffer is kept in memory.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::error::{Error, ErrorKind};
use crate::io::input::STDIN_NAME;
use crate::outcome::NamedOutcome;
use crate::settings::NameList;

/// The largest number of bytes of a path, with its zero byte (PATH_MAX). The rest of a longer name is skipped.
const MAX_NAME: u64 = 4096;

/// Reads the names of an open list.
#[derive(Debug)]
pub(super) struct NameReader {
    reader: BufReader<File>,
    end: u8,
    /// The number of names so far, including invalid ones.
    count: u64,
}

impl NameReader {
    pub(super) fn open(list: &NameList) -> io::Result<Self> {
        let file = match &list.path {
            Some(path) => File::open(path)?,
            None => File::from(rustix::stdio::stdin().try_clone_to_owned()?),
        };
        Ok(Self::new(file, list.end))
    }

    fn new(file: File, end: u8) -> Self {
        // A larger buffer is not faster: the processing of a name takes much longer than reading it.
        Self { reader: BufReader::new(file), end, count: 0 }
    }

    /// A second reader of the same list with its own position; `None` if the list can be read only once. Must be called before the
    /// list is read.
    pub(super) fn open_again(list: &NameList) -> io::Result<Option<Self>> {
        let (path, start) = match &list.path {
            Some(path) => (path.clone(), 0),
            // A duplicate of the descriptor would share its position.
            None => ("/proc/self/fd/0".into(), rustix::fs::tell(rustix::stdio::stdin()).unwrap_or(0)),
        };
        if !path.is_file() {
            return Ok(None);
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Some(Self::new(file, list.end)))
    }

    /// The next name, without the byte that ends it, or the error if it is invalid. `None` at the end of the list.
    fn read(&mut self) -> io::Result<Option<Result<OsString, Error>>> {
        let mut name = Vec::new();
        // Enough to detect a name that is too long.
        self.reader.by_ref().take(MAX_NAME + 1).read_until(self.end, &mut name)?;
        if name.is_empty() {
            return Ok(None);
        }
        self.count += 1;
        let is_whole = name.pop_if(|last| *last == self.end).is_some();
        if !is_whole && name.len() as u64 > MAX_NAME {
            self.reader.skip_until(self.end)?;
        }
        let (what, number) = (if self.end == 0 { "name" } else { "line" }, self.count);
        Ok(Some(if name.contains(&0) {
            let kind = ErrorKind::InvalidListName { likely_end: Some(0) };
            Err(Error::new(kind, format_args!("{what} {number} has a zero byte")))
        } else if name.len() as u64 >= MAX_NAME {
            let kind = ErrorKind::InvalidListName { likely_end: (self.end == 0).then_some(b'\n') };
            Err(Error::new(kind, format_args!("{what} {number} is longer than any path")))
        } else {
            Ok(OsString::from_vec(name))
        }))
    }
}

impl Iterator for NameReader {
    /// A name, or the error of one name. The outer error is that of the list; no names follow it.
    type Item = io::Result<Result<OsString, Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read().transpose()? {
                // Empty lines are ignored. An empty name in a list with zero bytes is an error of the program that wrote it.
                Ok(Ok(name)) if name.is_empty() && self.end != 0 => {}
                read => return Some(read),
            }
        }
    }
}

/// A list in one of its states.
#[derive(Debug)]
pub(super) enum ListState {
    /// It is opened when its first name is needed: a pipe that has no writer yet, or a file that cannot be opened, whose error is
    /// reported after the arguments before it.
    Unopened(NameList),
    /// The names, and the name of the list.
    Open(NameReader, PathBuf),
    /// Its names have been read, or there is no list.
    Ended,
}

impl ListState {
    /// A list at its beginning. A file is opened now, because the run may rename or remove it before it is needed.
    pub(super) fn new(list: NameList) -> Self {
        let file = list.path.as_ref().filter(|path| path.is_file()).cloned();
        match file.map(|path| NameReader::open(&list).map(|names| Self::Open(names, path))) {
            Some(Ok(open)) => open,
            Some(Err(_)) | None => Self::Unopened(list),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Ended)
    }

    /// The next name, or the error of the list or of a name in it, under the name of the list.
    pub(super) fn next(&mut self) -> Option<Result<OsString, NamedOutcome>> {
        if let Self::Unopened(list) = self {
            let shown = list.path.clone().unwrap_or_else(|| STDIN_NAME.into());
            match NameReader::open(list) {
                Ok(names) => *self = Self::Open(names, shown),
                Err(error) => {
                    *self = Self::Ended;
                    return Some(Err(NamedOutcome::new(shown, error)));
                }
            }
        }
        let Self::Open(names, shown) = self else {
            return None;
        };
        let error = match names.next() {
            Some(Ok(name)) => return Some(name.map_err(|error| NamedOutcome::new(shown.clone(), error))),
            Some(Err(error)) => Some(Err(NamedOutcome::new(std::mem::take(shown), error))),
            None => None,
        };
        *self = Self::Ended;
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// The names in a list of these bytes, or their errors.
    fn names(bytes: &[u8], end: u8) -> Vec<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let names = NameReader { reader: BufReader::new(file), end, count: 0 };
        names.map(|read| read.unwrap().map_or_else(|e| e.to_string(), |name| name.into_string().unwrap())).collect()
    }

    #[test]
    fn the_byte_that_ends_names_is_optional_after_the_last_one() {
        assert_eq!(names(b"a\nb c\n", b'\n'), ["a", "b c"]);
        assert_eq!(names(b"a\nb", b'\n'), ["a", "b"]);
        assert_eq!(names(b"\n\na\n\n", b'\n'), ["a"]);
        assert_eq!(names(b"a\0b\nc", 0), ["a", "b\nc"]);
        assert_eq!(names(b"a\0\0b\0", 0), ["a", "", "b"]);
        assert_eq!(names(b"", b'\n'), [""; 0]);
    }

    #[test]
    fn a_line_with_a_zero_byte_is_an_error_and_other_lines_are_names() {
        let error = "line 2 has a zero byte";
        assert_eq!(names(b"a\nb\0c\nd", b'\n'), ["a", error, "d"]);
    }

    #[test]
    fn a_name_longer_than_any_path_is_an_error() {
        let long = |size| "x".repeat(size);
        let list = format!("{}\n{}\n{}\na\n", long(4095), long(4096), long(300_000));
        let error = |number| format!("line {number} is longer than any path");
        assert_eq!(names(list.as_bytes(), b'\n'), [long(4095), error(2), error(3), "a".to_owned()]);
        let lines = names("some name\n".repeat(1000).as_bytes(), 0);
        assert_eq!(lines, ["name 1 is longer than any path"]);
    }
}
