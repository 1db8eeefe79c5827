//! The data: files, read once, in groups that count as one.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Files that are measured together.
pub struct Group {
    pub name: String,
    pub files: Vec<Vec<u8>>,
    /// Of all files.
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

/// Reads what was named: `[GROUP:] FILE... [GROUP: FILE...]...`. Files before the first group are one called `files`.
pub fn read(words: &[OsString]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for word in words {
        match word.as_bytes().strip_suffix(b":") {
            Some(name) => groups.push(Group::new(String::from_utf8_lossy(name).into_owned())),
            None => {
                if groups.is_empty() {
                    groups.push(Group::new("files".into()));
                }
                groups.last_mut().expect("one was just made").add(word)?;
            }
        }
    }
    for group in &groups {
        ensure!(group.bytes > 0, "group {} has no bytes", group.name);
    }
    Ok(groups)
}
