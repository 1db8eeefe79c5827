//! The data: files, read once, in groups that are measured as a whole.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Files that are measured together.
pub struct Group {
    pub name: String,
    pub files: Vec<Vec<u8>>,
    /// The sum of the sizes.
    pub bytes: u64,
}

impl Group {
    fn new(name: String) -> Self {
        Self { name, files: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, path: &OsStr) -> Result<()> {
        let content = std::fs::read(path).with_context(|| Path::new(path).display().to_string())?;
        self.bytes += content.len() as u64;
        self.files.push(content);
        Ok(())
    }
}

/// Reads the files of `[GROUP:] FILE... [GROUP: FILE...]...`. Files before the first group name form a group called `files`.
pub fn read(arguments: &[OsString]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for argument in arguments {
        match argument.as_bytes().strip_suffix(b":") {
            Some(name) => groups.push(Group::new(String::from_utf8_lossy(name).into_owned())),
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
