//! The names of a list, one after the other, read as they are asked for: nothing is kept but a buffer.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::error::Error;
use crate::io::input::STDIN_NAME;
use crate::settings::NameList;

/// Most bytes of a name that is worth keeping: no path that the system takes is longer (PATH_MAX), its zero included.
const LONGEST: u64 = 4096;

/// A list under way.
#[derive(Debug)]
pub(super) struct NameReader {
    reader: BufReader<File>,
    end: u8,
    /// NameReader that have come, bad ones too.
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
        // A page more or less makes no difference: names cost far more than reading them.
        Self { reader: BufReader::new(file), end, count: 0 }
    }

    /// A second reader of the same names, with a position of its own; `None` for what can be read only once. Called
    /// before anything is read.
    pub(super) fn open_again(list: &NameList) -> io::Result<Option<Self>> {
        let (path, start) = match &list.path {
            Some(path) => (path.clone(), 0),
            // Opened anew, as a duplicate of the descriptor would share its position.
            None => ("/proc/self/fd/0".into(), rustix::fs::tell(rustix::stdio::stdin()).unwrap_or(0)),
        };
        if !path.is_file() {
            return Ok(None);
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Some(Self::new(file, list.end)))
    }

    /// The next name, without what ends it; or why what stands there is none. `None` at the list's end.
    fn read(&mut self) -> io::Result<Option<Result<OsString, Error>>> {
        let mut name = Vec::new();
        // One more than fits, and its end.
        self.reader.by_ref().take(LONGEST + 1).read_until(self.end, &mut name)?;
        if name.is_empty() {
            return Ok(None);
        }
        self.count += 1;
        let whole = name.pop_if(|last| *last == self.end).is_some();
        if !whole && name.len() as u64 > LONGEST {
            self.reader.skip_until(self.end)?;
        }
        let (what, other) = match self.end {
            0 => ("name", "--files-from reads lists of lines"),
            _ => ("line", "--files0-from reads lists whose names end with one"),
        };
        let number = self.count;
        Ok(Some(if name.contains(&0) {
            Err(Error::other(format_args!("{what} {number} has a zero byte ({other})")))
        } else if name.len() as u64 >= LONGEST {
            let hint = if self.end == 0 { format!(" ({other})") } else { String::new() };
            Err(Error::other(format_args!("{what} {number} is longer than any path{hint}")))
        } else {
            Ok(OsString::from_vec(name))
        }))
    }
}

impl Iterator for NameReader {
    /// A name, or what is wrong with one; or with the list, behind which nothing is to be expected.
    type Item = io::Result<Result<OsString, Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read().transpose()? {
                // A line of nothing is no name. One that is ended by a zero byte is somebody's mistake.
                Ok(Ok(name)) if name.is_empty() && self.end != 0 => {}
                read => return Some(read),
            }
        }
    }
}

/// A list, and what has become of it.
#[derive(Debug)]
pub(super) enum ListState {
    /// To be opened when it is reached: a pipe whose other end is not there yet, or what cannot be opened, which is told in
    /// its turn.
    Unopened(NameList),
    Open(NameReader, PathBuf),
    Ended,
}

impl ListState {
    /// A list that begins. A file is opened at once, as what the run does before it is reached may take its name.
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

    /// The next name; or the list's own name, and what is wrong with it or with one in it.
    pub(super) fn next(&mut self) -> Option<Result<OsString, (PathBuf, Error)>> {
        if let Self::Unopened(list) = self {
            let shown = list.path.clone().unwrap_or_else(|| STDIN_NAME.into());
            match NameReader::open(list) {
                Ok(names) => *self = Self::Open(names, shown),
                Err(error) => {
                    *self = Self::Ended;
                    return Some(Err((shown, error.into())));
                }
            }
        }
        let Self::Open(names, shown) = self else {
            return None;
        };
        let failed = match names.next() {
            Some(Ok(name)) => return Some(name.map_err(|error| (shown.clone(), error))),
            Some(Err(error)) => Some(Err((std::mem::take(shown), error.into()))),
            None => None,
        };
        *self = Self::Ended;
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// The names in a list of these bytes, or what is told of them.
    fn names(bytes: &[u8], end: u8) -> Vec<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let names = NameReader { reader: BufReader::new(file), end, count: 0 };
        names.map(|read| read.unwrap().map_or_else(|e| e.to_string(), |name| name.into_string().unwrap())).collect()
    }

    #[test]
    fn names_end_with_a_byte_and_the_last_one_need_not() {
        assert_eq!(names(b"a\nb c\n", b'\n'), ["a", "b c"]);
        assert_eq!(names(b"a\nb", b'\n'), ["a", "b"]);
        assert_eq!(names(b"\n\na\n\n", b'\n'), ["a"]);
        assert_eq!(names(b"a\0b\nc", 0), ["a", "b\nc"]);
        assert_eq!(names(b"a\0\0b\0", 0), ["a", "", "b"]);
        assert_eq!(names(b"", b'\n'), [""; 0]);
    }

    #[test]
    fn a_line_with_a_zero_byte_is_no_name_and_the_others_are() {
        let told = "line 2 has a zero byte (--files0-from reads lists whose names end with one)";
        assert_eq!(names(b"a\nb\0c\nd", b'\n'), ["a", told, "d"]);
    }

    #[test]
    fn what_is_longer_than_any_path_is_not_kept() {
        let long = |size| "x".repeat(size);
        let list = format!("{}\n{}\n{}\na\n", long(4095), long(4096), long(300_000));
        let told = |number| format!("line {number} is longer than any path");
        assert_eq!(names(list.as_bytes(), b'\n'), [long(4095), told(2), told(3), "a".to_owned()]);
        let lines = names("some name\n".repeat(1000).as_bytes(), 0);
        assert_eq!(lines, ["name 1 is longer than any path (--files-from reads lists of lines)"]);
    }
}
