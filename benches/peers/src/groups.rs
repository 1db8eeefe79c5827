//! The data: files, read once, in groups that are measured as a whole.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::made;

/// Files that are measured together.
pub struct Group {
    pub name: String,
    pub files: Vec<Vec<u8>>,
    /// The name of each file.
    pub names: Vec<String>,
    /// The sum of the sizes.
    pub bytes: u64,
}

impl Group {
    fn new(name: String) -> Self {
        Self { name, files: Vec::new(), names: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, path: &OsStr) -> Result<()> {
        let content = std::fs::read(path).with_context(|| Path::new(path).display().to_string())?;
        self.bytes += content.len() as u64;
        self.files.push(content);
        self.names.push(Path::new(path).file_name().unwrap_or(path).to_string_lossy().into_owned());
        Ok(())
    }
}

/// Adds made-up content: as one group, or as a group for each content.
pub fn add_made(groups: &mut Vec<Group>, as_one: bool) {
    for (i, made) in made::all().enumerate() {
        if i == 0 || !as_one {
            groups.push(Group::new(if as_one { "made".into() } else { made.name.clone() }));
        }
        let group = groups.last_mut().expect("one was just added");
        group.files.push(made.bytes());
        group.names.push(made.name);
        group.bytes += group.files.last().map_or(0, Vec::len) as u64;
    }
}

/// Adds a group for each subdirectory of a directory, with the files there.
fn add_directories(path: &Path, groups: &mut Vec<Group>) -> Result<()> {
    for directory in sorted_entries(path)? {
        groups.push(Group::new(directory.file_name().unwrap_or_default().to_string_lossy().into_owned()));
        for file in sorted_entries(&directory)? {
            groups.last_mut().expect("one was just added").add(file.as_os_str())?;
        }
    }
    Ok(())
}

fn sorted_entries(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

/// Reads the files of `[GROUP:] FILE... [GROUP: FILE...]...`. Files before the first group name form a group called `files`. A
/// directory stands for a group for each of its subdirectories.
pub fn read(arguments: &[OsString]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for argument in arguments {
        match argument.as_bytes().strip_suffix(b":") {
            Some(name) => groups.push(Group::new(String::from_utf8_lossy(name).into_owned())),
            None if Path::new(argument).is_dir() => add_directories(Path::new(argument), &mut groups)?,
            None => {
                if groups.is_empty() {
                    groups.push(Group::new("files".into()));
                }
                groups.last_mut().expect("one was just added").add(argument)?;
            }
        }
    }
    for group in &groups {
        ensure!(group.bytes > 0, "group {} is empty", group.name);
    }
    Ok(groups)
}
