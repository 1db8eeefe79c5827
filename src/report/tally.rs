//! What a run came to: counts and sizes, in numbers and in words.

use std::time::Duration;

use super::sizes::{Sizes, percent};
use crate::outcome::Status;
use crate::settings::Mode;

/// What a run came to. What a walk passes by counts nowhere; an output that several inputs share and that was not made
/// counts as failed besides them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// What was done.
    pub mode: Mode,
    /// Inputs done.
    pub done: u64,
    /// Inputs left alone.
    pub skipped: u64,
    /// Inputs that failed.
    pub failed: u64,
    /// Bytes of the inputs done.
    pub bytes_in: u64,
    /// Bytes made of them.
    pub bytes_out: u64,
    /// Bytes of headers and trailers in what was compressed or decompressed.
    pub(crate) overhead: u64,
    /// The worst that happened.
    pub status: Status,
    /// The reader of standard output went away.
    pub reader_gone: bool,
}

impl Tally {
    /// Of a run in which nothing has happened yet.
    pub fn of(mode: Mode) -> Self {
        Self {
            mode,
            done: 0,
            skipped: 0,
            failed: 0,
            bytes_in: 0,
            bytes_out: 0,
            overhead: 0,
            status: Status::Success,
            reader_gone: false,
        }
    }

    /// What -v ends with: `in all 3 files, 595119 -> 60115 bytes (89.9%) in 0.016 s, 37.2 MB/s` of content.
    pub(super) fn figures(&self, time: Duration) -> String {
        let Self { mode, done, bytes_in, bytes_out, overhead, .. } = *self;
        let files = counted(done, "file");
        let seconds = time.as_secs_f64();
        let (packed, content) = mode.packed_and_plain(bytes_in, bytes_out);
        let sizes = sizes(bytes_in, bytes_out, Sizes { packed, plain: content, overhead });
        let speed = content as f64 / 1e6 / seconds.max(f64::MIN_POSITIVE);
        format!("in all {files}, {sizes} in {seconds:.3} s, {speed:.1} MB/s")
    }

    /// The line that ends a run: `Compressed 3 files, 1 skipped`.
    pub fn line(&self) -> String {
        let what = match self.mode {
            Mode::Compress => "Compressed",
            Mode::Decompress => "Decompressed",
            Mode::Test => "Tested",
            Mode::List | Mode::ListTrailers => "Listed",
        };
        let mut line = format!("{what} {}", counted(self.done, "file"));
        for (count, what) in [(self.skipped, "skipped"), (self.failed, "failed")] {
            if count > 0 {
                line += &format!(", {count} {what}");
            }
        }
        line
    }
}

/// So many of something, in words: `1 file`, `2 files`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Bytes in and out, and the space saved where there is content: `595119 -> 60115 bytes (89.9%)`.
pub(super) fn sizes(bytes_in: u64, bytes_out: u64, sizes: Sizes) -> String {
    let saved = sizes.saved().map(|saved| format!(" ({})", percent(saved)));
    format!("{bytes_in} -> {bytes_out} bytes{}", saved.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_and_leaves_out_what_is_zero() {
        let tally = |done, skipped, failed| Tally { done, skipped, failed, ..Tally::of(Mode::Compress) }.line();
        assert_eq!(tally(0, 0, 0), "Compressed 0 files");
        assert_eq!(tally(1, 0, 0), "Compressed 1 file");
        assert_eq!(tally(2, 1, 0), "Compressed 2 files, 1 skipped");
        assert_eq!(tally(2, 1, 3), "Compressed 2 files, 1 skipped, 3 failed");
        assert_eq!(Tally::of(Mode::Decompress).line(), "Decompressed 0 files");
    }

    #[test]
    fn the_figures_are_those_of_the_content() {
        let told = |mode, done, bytes_in, bytes_out| {
            Tally { done, bytes_in, bytes_out, ..Tally::of(mode) }.figures(Duration::from_millis(500))
        };
        let compressed = "in all 2 files, 4000000 -> 1000000 bytes (75.0%) in 0.500 s, 8.0 MB/s";
        assert_eq!(told(Mode::Compress, 2, 4_000_000, 1_000_000), compressed);
        let restored = "in all 1 file, 1000000 -> 4000000 bytes (75.0%) in 0.500 s, 8.0 MB/s";
        assert_eq!(told(Mode::Decompress, 1, 1_000_000, 4_000_000), restored);
        assert_eq!(told(Mode::Test, 0, 0, 0), "in all 0 files, 0 -> 0 bytes in 0.500 s, 0.0 MB/s");
    }
}
