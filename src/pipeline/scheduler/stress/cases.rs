//! The cases of the stress test: few files, some with many blocks, for each way a stream can go.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use rustix::fs::{CWD, FileType, Mode as Permissions, mknodat};

use super::PANIC;
use crate::deflate::BLOCK;
use crate::format::gzip;
use crate::settings::{Destination, Mode, Settings};
use crate::sync::jitter::splitmix64;

/// A run that can be repeated.
pub(super) struct StressCase {
    pub(super) name: &'static str,
    pub(super) directory: PathBuf,
    pub(super) settings: Settings,
    /// The pipe among the inputs, and its content.
    pub(super) feed: Option<(PathBuf, Vec<u8>)>,
    /// The pipe that is the output, and the number of bytes after which its reader closes it.
    pub(super) drain: Option<(PathBuf, Option<u64>)>,
    /// Names in the directory that the run does not create.
    pub(super) existing: Vec<PathBuf>,
    /// Expected number of inputs done and failed.
    pub(super) done: u64,
    pub(super) failed: u64,
}

/// Names and contents of files, in the order of the arguments.
type Files = Vec<(String, Vec<u8>)>;

/// All cases, each in its own directory below `root`.
pub(super) fn cases(root: &Path) -> Vec<StressCase> {
    let mut cases = compressing(root);
    cases.extend(failing(root));
    cases.extend(decompressing(root));
    cases
}

fn compressing(root: &Path) -> Vec<StressCase> {
    let mixed =
        || files(&[("a", 300), ("b", 0), ("large", 5 * BLOCK + 1234), ("c", BLOCK), ("d", 900), ("e", BLOCK - 1)]);
    let stored = Settings { level: 0, independent: true, ..fast() };
    let rsyncable = Settings { rsyncable: true, ..fast() };
    vec![
        StressCase::new(root, "small files and a large one", mixed(), fast()).ends(6, 0),
        StressCase::new(root, "two large files, stored", large_files(), stored.clone()).ends(2, 0),
        StressCase::new(root, "concatenated", mixed(), fast()).into_one_file().ends(6, 0),
        StressCase::new(root, "concatenated, stored, into a pipe", mixed(), stored).into_a_pipe(None).ends(6, 0),
        StressCase::new(root, "out of a pipe", vec![], fast()).fed(text(3 * BLOCK + 77, 5)).into_one_file().ends(1, 0),
        StressCase::new(root, "concatenated, the last one a pipe", mixed(), rsyncable)
            .fed(text(2 * BLOCK, 6))
            .into_one_file()
            .ends(7, 0),
    ]
}

fn failing(root: &Path) -> Vec<StressCase> {
    let panics = || {
        let mut files = files(&[("a", 300), ("large", 6 * BLOCK), ("b", 900), ("c", 2 * BLOCK)]);
        files[1].1[3 * BLOCK..][..PANIC.len()].copy_from_slice(PANIC);
        files
    };
    let stored = Settings { level: 0, ..fast() };
    vec![
        StressCase::new(root, "a panic", panics(), fast()).ends(3, 1),
        // The output counts as failed, too.
        StressCase::new(root, "a panic in the middle of concatenated files", panics(), fast())
            .into_one_file()
            .ends(1, 4),
        StressCase::new(root, "a missing file among concatenated ones", large_files(), fast())
            .without("nobody")
            .into_one_file()
            .ends(2, 1),
        StressCase::new(root, "the reader closes the pipe", large_files(), stored).into_a_pipe(Some(5000)).ends(0, 1),
    ]
}

fn decompressing(root: &Path) -> Vec<StressCase> {
    let good = || -> Files {
        let bgzf: Vec<u8> = text(3 * BLOCK, 8).chunks(60_000).flat_map(bgzf_block).collect();
        let members: Vec<u8> = text(BLOCK, 9).chunks(BLOCK / 3).flat_map(packed).collect();
        vec![
            ("small.gz".into(), packed(text(500, 1))),
            ("large.gz".into(), packed(text(4 * BLOCK + 9, 2))),
            ("blocks.gz".into(), bgzf),
            ("members.gz".into(), members),
            ("other.gz".into(), packed(text(3 * BLOCK, 3))),
        ]
    };
    let damaged = || {
        let mut files = good();
        for (file, at) in [(1, 2), (2, 3)] {
            let bytes = &mut files[file].1;
            let middle = bytes.len() * at / 4;
            bytes[middle..middle + 9].fill(0x55);
        }
        files
    };
    let small = (0..30).map(|i| (format!("{i}.gz"), packed(text(100 * i, i as u64))));
    // Small files after large ones: most outcomes wait for an earlier one.
    let many = damaged().into_iter().chain(small).collect();
    let back = Settings { mode: Mode::Decompress, ..fast() };
    let test = Settings { mode: Mode::Test, destination: Destination::Discard, ..fast() };
    vec![
        StressCase::new(root, "decompressed", good(), back.clone()).ends(5, 0),
        StressCase::new(root, "damaged", damaged(), back.clone()).ends(3, 2),
        StressCase::new(root, "decompressed into a pipe", damaged(), back.clone()).into_a_pipe(None).ends(3, 2),
        StressCase::new(root, "decompressed out of a pipe", vec![], back)
            .fed(packed_twice())
            .into_one_file()
            .ends(1, 0),
        StressCase::new(root, "tested", many, test).ends(33, 2),
    ]
}

impl StressCase {
    fn new(root: &Path, name: &'static str, files: Files, mut settings: Settings) -> Self {
        let directory = root.join(name.replace(' ', "-"));
        fs::create_dir(&directory).unwrap();
        let mut existing = Vec::new();
        for (name, content) in files {
            let path = directory.join(name);
            fs::write(&path, content).unwrap();
            settings.inputs.push(path.clone().into());
            existing.push(path);
        }
        Self { name, directory, settings, feed: None, drain: None, existing, done: 0, failed: 0 }
    }

    fn ends(self, done: u64, failed: u64) -> Self {
        Self { done, failed, ..self }
    }

    /// Adds a pipe to the inputs.
    fn fed(mut self, content: Vec<u8>) -> Self {
        let pipe = self.pipe("fed");
        self.settings.inputs.push(pipe.clone().into());
        self.feed = Some((pipe, content));
        self
    }

    /// Adds an input that does not exist.
    fn without(mut self, name: &str) -> Self {
        self.settings.inputs.insert(1, OsString::from(self.directory.join(name)));
        self
    }

    fn into_one_file(mut self) -> Self {
        self.settings.destination = Destination::File(self.directory.join("output"));
        self
    }

    fn into_a_pipe(mut self, limit: Option<u64>) -> Self {
        let pipe = self.pipe("drained");
        self.settings.destination = Destination::File(pipe.clone());
        self.drain = Some((pipe, limit));
        self
    }

    fn pipe(&mut self, name: &str) -> PathBuf {
        let path = self.directory.join(name);
        mknodat(CWD, &path, FileType::Fifo, Permissions::RUSR | Permissions::WUSR, 0).unwrap();
        self.existing.push(path.clone());
        path
    }
}

fn fast() -> Settings {
    // Large files are divided into several chunks.
    Settings { level: 1, chunk_length: NonZeroU64::new(64 * 1024), ..Settings::default() }
}

fn files(sizes: &[(&str, usize)]) -> Files {
    sizes.iter().zip(0..).map(|(&(name, size), seed)| (name.into(), text(size, seed))).collect()
}

fn large_files() -> Files {
    files(&[("one", 3 * BLOCK), ("two", 4 * BLOCK + 5)])
}

/// Text that compresses to about a quarter.
fn text(size: usize, seed: u64) -> Vec<u8> {
    let numbers = (seed << 32..).map(splitmix64);
    let lines = numbers.flat_map(|n| format!("{:>12} {n:08x} it was so\n", n % 977).into_bytes());
    lines.take(size).collect()
}

fn packed(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn packed_twice() -> Vec<u8> {
    [packed(text(2 * BLOCK + 3, 10)), packed(text(BLOCK, 11))].concat()
}

/// A BGZF member, which declares its size.
fn bgzf_block(content: &[u8]) -> Vec<u8> {
    let mut deflate =
        DeflateEncoder::new(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0??".to_vec(), Compression::fast());
    deflate.write_all(content).unwrap();
    let mut block = deflate.finish().unwrap();
    let size = block.len() + gzip::TRAILER - 1;
    block[16..18].copy_from_slice(&u16::try_from(size).unwrap().to_le_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(content);
    block.extend(gzip::trailer(crc.sum(), content.len() as u64));
    block
}
