//! Seeded text, the same on every machine, that compresses about as well as logs and prose.

use std::fmt::Write;
use std::path::Path;

/// A temporary directory, in memory if possible.
#[allow(dead_code, reason = "not every benchmark uses files")]
pub(crate) fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Lines of a number and words of an artificial language. A few words are frequent and most are rare, as in real text.
pub(crate) fn text(size: usize) -> Vec<u8> {
    let mut random = Random(0x2026_1123);
    let words: Vec<String> = (0..4000)
        .map(|_| {
            let length = 2 + random.below(9);
            (0..length).map(|_| char::from(b'a' + random.below(26).min(random.below(26)) as u8)).collect()
        })
        .collect();
    let mut text = String::with_capacity(size + 200);
    while text.len() < size {
        let _ = write!(text, "{:08} ", random.below(100_000_000));
        for _ in 0..4 + random.below(12) {
            let rank = random.below(4000).min(random.below(4000)).min(random.below(4000));
            text.push_str(&words[rank]);
            text.push(' ');
        }
        text.push('\n');
    }
    text.truncate(size);
    text.into_bytes()
}

/// xorshift64.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }
}
