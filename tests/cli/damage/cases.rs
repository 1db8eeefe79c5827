//! Many damaged files at once: gzcc's verdict on each under all settings, and the verdicts of other decoders.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::num::NonZeroUsize;

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::DeflateEncoder;

use crate::harness::{Sandbox, crc, sample};

/// Schedulers and worker counts; the verdicts must not depend on them.
const SETTINGS: [&[&str]; 6] = [
    &["--scheduler=threads", "-j1"],
    &["--scheduler=threads", "-j2"],
    &["--scheduler=threads", "-j3"],
    &["--scheduler=rayon", "-j1"],
    &["--scheduler=rayon", "-j2"],
    &["--scheduler=rayon", "-j3"],
];

/// The same with chunks that are so short that several workers inflate each file.
const CHUNKED: [&[&str]; 4] = [
    &["--scheduler=threads", "-j8", "--chunk-length=64"],
    &["--scheduler=threads", "-j2", "--chunk-length=300"],
    &["--scheduler=rayon", "-j3", "--chunk-length=64"],
    &["--scheduler=rayon", "-j8", "--chunk-length=2000"],
];

/// The result for one file.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Valid, with this content.
    Whole(Vec<u8>),
    /// Valid, with this content and trailing garbage.
    Garbage(Vec<u8>),
    /// Damaged, with this message.
    Bad(String),
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(content) => write!(f, "whole, {} bytes", content.len()),
            Self::Garbage(content) => write!(f, "garbage behind {} bytes", content.len()),
            Self::Bad(line) => write!(f, "bad: {line}"),
        }
    }
}

impl Verdict {
    /// The exit status of a run over this file alone.
    pub fn status(&self) -> i32 {
        match self {
            Self::Whole(_) => 0,
            Self::Garbage(_) => 2,
            Self::Bad(_) => 1,
        }
    }

    /// The content of a valid file.
    pub fn content(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(content) | Self::Garbage(content) => Some(content),
            Self::Bad(_) => None,
        }
    }

    /// Whether both have the same status and content; messages may differ.
    fn agrees(&self, other: &Self) -> bool {
        self.status() == other.status() && self.content() == other.content()
    }
}

/// Numbered files in a directory.
pub struct Cases {
    t: Sandbox,
    pub files: Vec<Vec<u8>>,
    names: Vec<String>,
}

impl Cases {
    pub fn new(files: Vec<Vec<u8>>) -> Self {
        let t = Sandbox::new();
        let names: Vec<String> = (0..files.len()).map(|i| format!("{i}.gz")).collect();
        for (name, bytes) in names.iter().zip(&files) {
            t.write(name, bytes);
        }
        Self { t, files, names }
    }

    /// gzcc's verdict on each file; asserts that all settings agree with each other and with the reference.
    #[track_caller]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let verdicts = self.decompressed(SETTINGS[0]);
        // Writing files takes the longest, so a few settings are enough here: other tests show that content does not
        // depend on the workers.
        for setting in sample(2, [CHUNKED[0], SETTINGS[2], SETTINGS[4], CHUNKED[1]]) {
            self.assert_same(&verdicts, &self.decompressed(setting), setting);
        }
        for setting in sample(2, SETTINGS.into_iter().chain(CHUNKED)) {
            let words = self.messages(&[&["-t"], setting].concat(), "Tested");
            for (i, verdict) in verdicts.iter().enumerate() {
                let same = match verdict {
                    Verdict::Bad(line) => words.get(&i) == Some(line),
                    Verdict::Garbage(_) => words.get(&i).is_some_and(|line| is_warning(line)),
                    Verdict::Whole(_) => !words.contains_key(&i),
                };
                assert!(same, "-t {setting:?}: {:?} of\n{verdict:?}\n{}", words.get(&i), self.describe(i));
            }
        }
        for (i, verdict) in verdicts.iter().enumerate() {
            let expected = reference(&self.files[i]);
            assert!(verdict.agrees(&expected), "{verdict:?} should be {expected:?}: {}", self.describe(i));
        }
        verdicts
    }

    #[track_caller]
    fn assert_same(&self, a: &[Verdict], b: &[Verdict], setting: &[&str]) {
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            assert!(a == b, "with {setting:?} it is {b:?} and not {a:?}: {}", self.describe(i));
        }
    }

    /// A description of a file, complete enough to reproduce it.
    pub fn describe(&self, i: usize) -> String {
        format!("file {i}, {} bytes: {}", self.files[i].len(), self.files[i].escape_ascii())
    }

    /// Decompresses all files and returns the verdicts.
    #[track_caller]
    fn decompressed(&self, setting: &[&str]) -> Vec<Verdict> {
        let words = self.messages(&[&["-d", "-Oout"], setting].concat(), "Decompressed");
        let verdicts = (0..self.files.len()).map(|i| {
            let output = format!("out/{i}");
            match words.get(&i) {
                Some(line) if !is_warning(line) => {
                    assert!(!self.t.exists(&output), "{output} remains, and the message is: {line}");
                    Verdict::Bad(line.clone())
                }
                Some(_) => Verdict::Garbage(self.t.read(&output)),
                None => Verdict::Whole(self.t.read(&output)),
            }
        });
        let verdicts: Vec<Verdict> = verdicts.collect();
        let made = std::fs::read_dir(self.t.path("out")).unwrap().count();
        let whole = verdicts.iter().filter(|verdict| verdict.content().is_some()).count();
        assert_eq!(made, whole, "the directory contains more than the outputs");
        std::fs::remove_dir_all(self.t.path("out")).unwrap();
        verdicts
    }

    /// Runs gzcc over all files and returns the message for each file; asserts at most one line per file. Time and
    /// memory are limited, in case a run hangs. Under a limit of memory, workers do not guess the starts of chunks.
    #[track_caller]
    fn messages(&self, options: &[&str], done: &str) -> BTreeMap<usize, String> {
        let is_chunked = options.iter().any(|option| option.starts_with("--chunk-length"));
        let bounded = if is_chunked { "exec timeout 100 \"$@\"" } else { "ulimit -v 1000000; exec timeout 100 \"$@\"" };
        let words = ["-c", bounded, "bash", env!("CARGO_BIN_EXE_gzcc")].into_iter().chain(options.iter().copied());
        let ran = self.t.command("bash", words.chain(self.names.iter().map(String::as_str))).run();
        let stderr = ran.stderr();
        let mut messages = BTreeMap::new();
        for line in stderr.lines() {
            let parts = line.strip_prefix("gzcc: ").and_then(|rest| rest.split_once(".gz: "));
            let Some((number, reason)) = parts.filter(|_| !line.contains("internal error")) else {
                panic!("{options:?} says {line}");
            };
            let twice = messages.insert(number.parse().unwrap(), reason.to_owned());
            assert!(twice.is_none(), "{options:?} names {number} twice: {twice:?}, {line}");
        }
        let failed = messages.values().filter(|line| !is_warning(line)).count();
        let mut count = format!("{done} {} files", self.files.len() - failed);
        if failed > 0 {
            count += &format!(", {failed} failed");
        }
        ran.assert(String::from_utf8_lossy(&ran.stdout).trim_end() == count.replace(" 1 files", " 1 file"), &count);
        let status = if failed > 0 { 1 } else { 2 * i32::from(!messages.is_empty()) };
        ran.assert(ran.status.code() == Some(status), &format!("status {status}"));
        messages
    }

    /// The exit status of `gzip -t` for every `step`th file.
    pub fn gnu(&self, step: usize) -> Vec<i32> {
        let names: Vec<&str> = self.names.iter().step_by(step).map(String::as_str).collect();
        let workers = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let statuses = std::thread::scope(|scope| {
            let shares = names.chunks(names.len().div_ceil(workers)).map(|share| {
                scope.spawn(move || {
                    // Only the status matters; gzip prints more.
                    let script = "for f; do gzip -t \"$f\" 2> /dev/null; echo $?; done";
                    let words = ["-c", script, "sh"].into_iter().chain(share.iter().copied());
                    String::from_utf8(self.t.command("sh", words).succeeds()).unwrap()
                })
            });
            let shares: Vec<_> = shares.collect();
            shares.into_iter().map(|share| share.join().unwrap()).collect::<String>()
        });
        statuses.lines().map(|status| status.parse().unwrap()).collect()
    }

    /// The output of `gzip -dc` for a file, whatever its status.
    pub fn gunzip(&self, i: usize) -> Vec<u8> {
        self.t.command("gzip", ["-dc", &self.names[i]]).run().stdout
    }
}

fn is_warning(line: &str) -> bool {
    line == "trailing garbage ignored"
}

/// The reference's reason for a BGZF block whose size field points at another member.
pub const SIZE_MISMATCH: &str = "its size is another";

/// The verdict according to RFC 1952, with zlib decoding each member; BGZF blocks with a false size field are
/// rejected in addition.
pub fn reference(file: &[u8]) -> Verdict {
    let mut rest = file;
    let mut content = Vec::new();
    let bad = |reason: &str| Verdict::Bad(reason.into());
    for members in 0.. {
        match rest {
            [] if members > 0 => break,
            [0x1f, 0x8b, ..] => {
                let mut decoder = GzDecoder::new(rest);
                if let Err(error) = decoder.read_to_end(&mut content) {
                    return bad(&error.to_string());
                }
                let after = decoder.into_inner();
                if has_plausible_false_size(rest, rest.len() - after.len()) {
                    return bad(SIZE_MISMATCH);
                }
                rest = after;
            }
            // A single 0x1f could be garbage, but a truncated member is more likely.
            [] | [0x1f] => return bad("truncated"),
            _ if members == 0 => return bad("not gzip"),
            _ if rest.iter().all(|&byte| byte == 0) => break,
            _ => return Verdict::Garbage(content),
        }
    }
    Verdict::Whole(content)
}

/// Whether `bytes` begin with a BGZF block of `size` bytes whose size field states another size, where that position
/// is the start of a member or the end of the file and is preceded by a valid length field. That is damage or malice
/// and not chance; like bgzip, gzcc rejects it. GNU gzip ignores size fields.
fn has_plausible_false_size(bytes: &[u8], size: usize) -> bool {
    let Some([b'B', b'C', 2, 0, low, high]) = bytes.get(12..18).filter(|_| bytes[3] & 4 != 0) else {
        return false;
    };
    let stated = usize::from(u16::from_le_bytes([*low, *high])) + 1;
    let Some((block, next)) = bytes.split_at_checked(stated) else {
        return false;
    };
    let length = block.last_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    stated != size && stated >= 26 && length <= 65_536 && (next.is_empty() || next.starts_with(&[0x1f, 0x8b]))
}

/// The optional header fields of a member, and its time.
#[derive(Default)]
pub struct Fields<'a> {
    pub extra: Option<&'a [u8]>,
    pub name: Option<&'a [u8]>,
    pub comment: Option<&'a [u8]>,
    pub crc: bool,
    pub mtime: u32,
}

/// A member, built byte by byte.
pub fn member(content: &[u8], fields: &Fields<'_>) -> Vec<u8> {
    let flags = [false, fields.crc, fields.extra.is_some(), fields.name.is_some(), fields.comment.is_some()];
    let flags = flags.iter().enumerate().fold(0, |flags, (bit, set)| flags | u8::from(*set) << bit);
    let mut bytes = vec![0x1f, 0x8b, 8, flags];
    bytes.extend(fields.mtime.to_le_bytes());
    bytes.extend([0, 3]);
    if let Some(extra) = fields.extra {
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes.extend(extra);
    }
    for text in [fields.name, fields.comment].into_iter().flatten() {
        bytes.extend(text);
        bytes.push(0);
    }
    if fields.crc {
        bytes.extend((crc(&bytes) as u16).to_le_bytes());
    }
    let mut deflate = DeflateEncoder::new(bytes, Compression::default());
    deflate.write_all(content).unwrap();
    let mut bytes = deflate.finish().unwrap();
    bytes.extend(crc(content).to_le_bytes());
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes
}

/// The block that ends every BGZF file (SAM/BAM specification, section 4.1.2).
pub const BGZF_END: &[u8] = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";

/// A BGZF block whose size field is wrong by `off` bytes.
pub fn bgzf_block_off_by(content: &[u8], off: isize) -> Vec<u8> {
    let mut block = member(content, &Fields { extra: Some(b"BC\x02\0??"), ..Fields::default() });
    let size = u16::try_from(block.len().saturating_add_signed(off) - 1).unwrap();
    block[16..18].copy_from_slice(&size.to_le_bytes());
    block
}

/// A BGZF block.
pub fn bgzf_block(content: &[u8]) -> Vec<u8> {
    bgzf_block_off_by(content, 0)
}

/// A BGZF file whose blocks hold at most `size` bytes of content.
pub fn bgzf(content: &[u8], size: usize) -> Vec<u8> {
    let blocks = content.chunks(size).flat_map(bgzf_block);
    blocks.chain(BGZF_END.iter().copied()).collect()
}
