//! Salvages any bytes as a file, and a valid file with any damage. A file that the reference (RFC 1952, with flate2 for each member)
//! reads without an error must give exactly its content, in reads of any size.
#![no_main]

#[allow(dead_code, reason = "other targets use the rest")]
mod reference;

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use gzcc::{Loss, SalvageReader};
use libfuzzer_sys::fuzz_target;

use self::reference::Verdict;

/// Content in bytes after which the reference stops: a small file can expand a thousandfold.
const CONTENT_LIMIT: usize = 4 << 20;

/// Bytes of an input that say how the file is made and damaged.
const CHOICES: usize = 8;

/// Length of the content of a valid file.
const CONTENT: usize = 100 << 10;

/// A source that returns at most this many bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.1);
        self.0.read(&mut buffer[..count])
    }
}

fuzz_target!(|data: &[u8]| {
    assert_whole_or_salvaged(data);
    let Some((&choices, content)) = data.split_first_chunk::<CHOICES>() else { return };
    let content = content.repeat(CONTENT / content.len().max(1) + 1);
    let [level, kind, at, count, with, ..] = choices;
    let mut file = gzip(&content[..content.len().min(CONTENT)], u32::from(level % 10));
    assert_whole_or_salvaged(&file);
    let at = usize::from(at) * file.len() / 256;
    let end = file.len().min(at + usize::from(count) * 16);
    match kind % 4 {
        0 => file[at..end].fill(with),
        1 => drop(file.drain(at..end)),
        2 => drop(file.splice(at..at, data.iter().copied())),
        _ => file.truncate(at),
    }
    assert_whole_or_salvaged(&file);
});

/// Asserts that a whole file gives its content, and that every other file has losses or fails.
fn assert_whole_or_salvaged(file: &[u8]) {
    let expected = reference::read(file, false, CONTENT_LIMIT);
    let read = [1, 100, 4096, usize::MAX][file.len() % 4].max(file.len() / 1000);
    let (content, losses, result) = salvage(file, read);
    if expected.content.len() > CONTENT_LIMIT {
        return;
    }
    let shown = || format!("{losses:?}, {result:?}: {}", file[..file.len().min(2000)].escape_ascii());
    if expected.verdict == Verdict::Whole {
        assert!(content == expected.content && losses.is_empty() && result.is_ok(), "{}", shown());
    } else if !file.windows(4).any(|bytes| bytes == b"BC\x02\0") {
        // The size in the header of a BGZF block is not needed, so a wrong one loses nothing.
        assert!(!losses.is_empty() || result.is_err(), "{}", shown());
    }
    let length = content.len() as u64;
    let is_valid = |loss: &Loss| {
        loss.input.start <= loss.input.end
            && loss.input.end <= file.len() as u64
            && loss.suspect <= loss.output
            && loss.output + loss.unknown <= length
    };
    assert!(losses.iter().all(is_valid), "{}", shown());
}

fn salvage(file: &[u8], read: usize) -> (Vec<u8>, Vec<Loss>, io::Result<usize>) {
    let mut reader = SalvageReader::new(Slow(file, read), b'?');
    let mut content = Vec::new();
    let result = reader.read_to_end(&mut content);
    (content, reader.take_losses(), result)
}

fn gzip(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}
