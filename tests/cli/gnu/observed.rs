//! What a command did, and the comparison with what another did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::harness::Sandbox;

/// The observable result of a command.
pub struct Observed {
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<String>,
    pub files: BTreeMap<PathBuf, File>,
}

/// The observable state of a file: a description of type, mode and so on, and the content.
pub struct File {
    description: String,
    content: Vec<u8>,
}

impl Observed {
    /// The differences of `found` from this; if `loosely`, only whether there is output, and not which.
    pub fn describe_differences(&self, found: &Self, loosely: bool) -> String {
        let expected = self;
        let mut report = String::new();
        let mut differ = |what: &str, expected: String, found: String| {
            let _ = writeln!(report, "  {what}:\n    theirs {expected}\n    ours   {found}");
        };
        if expected.status != found.status {
            differ("status", format!("{:?}", expected.status), format!("{:?}", found.status));
        }
        let (silent, empty) = (expected.stderr.is_empty(), expected.stdout.is_empty());
        let alike = if loosely { silent == found.stderr.is_empty() } else { expected.stderr == found.stderr };
        if !alike {
            differ("standard error", format!("{:?}", expected.stderr), format!("{:?}", found.stderr));
        }
        let alike =
            if loosely { empty == found.stdout.is_empty() } else { equivalent(&expected.stdout, &found.stdout) };
        if !alike {
            differ("standard output", describe(&expected.stdout), describe(&found.stdout));
        }
        let names: BTreeSet<&PathBuf> = expected.files.keys().chain(found.files.keys()).collect();
        for name in names {
            let (expected, found) = (expected.files.get(name), found.files.get(name));
            let name = name.to_string_lossy();
            let description =
                |file: Option<&File>| file.map_or("not there".to_owned(), |file| file.description.clone());
            if description(expected) != description(found) {
                differ(&name, description(expected), description(found));
            } else if let (Some(expected), Some(found)) = (expected, found)
                && !equivalent(&expected.content, &found.content)
            {
                differ(&name, describe(&expected.content), describe(&found.content));
            }
        }
        report
    }
}

/// A message with gzip's name instead of the program's, which depends on how a script starts it.
pub fn plain(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    for name in ["gunzip", "zcat", "gzcat"] {
        if let Some(rest) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")) {
            line = format!("gzip: {rest}");
        }
        line = line.replace(&format!("type: {name} -h"), "type: gzip -h");
    }
    line
}

/// A message without the digits of its percentage, which depends on the compressor.
pub fn masked(line: &str) -> String {
    match line.split_once('%') {
        Some((number, rest)) => {
            let before = number.trim_end_matches(|c: char| c.is_ascii_digit() || ".- ".contains(c));
            format!("{before} NN.N%{rest}")
        }
        None => line.to_owned(),
    }
}

/// Describes every file below the directory.
pub fn describe_files(directory: &Path, start: SystemTime) -> BTreeMap<PathBuf, File> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(directory).min_depth(1) {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let kind = metadata.file_type();
        let mut description = format!("{:o} {}:{}", metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
        let mut content = Vec::new();
        if kind.is_file() {
            // The time of a file that was created by the run is not comparable.
            let time =
                if metadata.modified().unwrap() < start { metadata.mtime().to_string() } else { "now".to_owned() };
            let _ = write!(description, " file, {} links, time {time}", metadata.nlink());
            content = fs::read(entry.path()).unwrap_or_default();
        } else if kind.is_symlink() {
            description = format!("link to {}", fs::read_link(entry.path()).unwrap().display());
        } else {
            description += if kind.is_dir() {
                " directory"
            } else if kind.is_fifo() {
                " fifo"
            } else {
                " something else"
            };
        }
        files.insert(entry.path().strip_prefix(directory).unwrap().to_owned(), File { description, content });
    }
    files
}

/// Whether the bytes are equal, or are gzip data with the same flags, time, name and content.
fn equivalent(expected: &[u8], found: &[u8]) -> bool {
    expected == found || parse_gzip(expected).is_some_and(|meant| parse_gzip(found) == Some(meant))
}

/// The header's flags, time and name, and the content, if gzip decompresses the data.
fn parse_gzip(gz: &[u8]) -> Option<(u8, u32, String, Vec<u8>)> {
    let (flags, time) = (*gz.strip_prefix(b"\x1f\x8b\x08")?.first()?, gz.get(4..8)?);
    let named = flags & 0x08 != 0 && flags & 0x04 == 0;
    let name = if named { gz[10..].split(|&byte| byte == 0).next()? } else { &[] };
    let ran = Sandbox::new().command("gzip", ["-dc"]).stdin(gz).run();
    let time = u32::from_le_bytes(time.try_into().ok()?);
    (ran.status.success()).then(|| (flags, time, String::from_utf8_lossy(name).into_owned(), ran.stdout))
}

fn describe(bytes: &[u8]) -> String {
    match parse_gzip(bytes) {
        Some((flags, time, name, content)) => {
            format!("gzip, flags {flags}, time {time}, name '{name}': {}", describe(&content))
        }
        None => {
            let dots = if bytes.len() > 300 { "..." } else { "" };
            format!("{} bytes: {}{dots}", bytes.len(), bytes[..bytes.len().min(300)].escape_ascii())
        }
    }
}
