//! The text of counts and sizes.

use std::time::Duration;

use gzcc::Tally;
use gzcc::outcome::Loss;
use gzcc::settings::Mode;

use super::sizes::{Sizes, percent};

/// The last line of a run: `Compressed 3 files, 1 skipped`.
pub(crate) fn count_line(tally: &Tally, mode: Mode) -> String {
    let verb = match mode {
        Mode::Compress => "Compressed",
        Mode::Decompress => "Decompressed",
        Mode::Recompress => "Recompressed",
        Mode::Test => "Tested",
        Mode::List | Mode::ListTrailers => "Listed",
        Mode::Salvage => "Salvaged",
    };
    let mut line = format!("{verb} {}", counted(tally.done, "file"));
    for (count, what) in [(tally.skipped, "skipped"), (tally.failed, "failed")] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    line
}

/// The last line of `-v`: `in all 3 files, 595119 -> 60115 bytes (89.9%) in 0.016 s, 37.2 MB/s`. The speed is that of the
/// uncompressed content.
pub(super) fn figures(tally: &Tally, mode: Mode, time: Duration) -> String {
    let Tally { done, bytes_in, bytes_out, overhead, .. } = *tally;
    let files = counted(done, "file");
    let seconds = time.as_secs_f64();
    let of_all = Sizes { overhead, ..Sizes::in_mode(mode, bytes_in, bytes_out) };
    let sizes = sizes(bytes_in, bytes_out, of_all);
    let speed = of_all.content as f64 / 1e6 / seconds.max(f64::MIN_POSITIVE);
    format!("in all {files}, {sizes} in {seconds:.3} s, {speed:.1} MB/s")
}

/// A loss of a damaged file: `input bytes 1000-2999: damaged data at byte 2100; at output byte 34567, 120 bytes before it may be
/// wrong, 30 bytes after it are unknown`.
pub(super) fn loss(loss: &Loss) -> String {
    let mut line = match loss.input.is_empty() {
        true => String::new(),
        false => format!("input bytes {}-{}: ", loss.input.start, loss.input.end - 1),
    };
    line += &format!("{}; at output byte {}", loss.damage, loss.output);
    for (count, what) in [(loss.suspect, "before it may be wrong"), (loss.unknown, "after it are unknown")] {
        if count > 0 {
            line += &format!(", {} {what}", counted(count, "byte"));
        }
    }
    line
}

/// A count with its noun: `1 file`, `2 files`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Bytes in and out, and the space saved if there is content: `595119 -> 60115 bytes (89.9%)`.
pub(super) fn sizes(bytes_in: u64, bytes_out: u64, sizes: Sizes) -> String {
    let saved = sizes.saved().map(|saved| format!(" ({})", percent(saved)));
    format!("{bytes_in} -> {bytes_out} bytes{}", saved.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(change: impl FnOnce(&mut Tally)) -> Tally {
        let mut tally = Tally::default();
        change(&mut tally);
        tally
    }

    #[test]
    fn the_count_line_omits_zero_counts_of_skipped_and_failed_files() {
        let line = |done, skipped, failed| {
            count_line(&tally(|t| (t.done, t.skipped, t.failed) = (done, skipped, failed)), Mode::Compress)
        };
        assert_eq!(line(0, 0, 0), "Compressed 0 files");
        assert_eq!(line(1, 0, 0), "Compressed 1 file");
        assert_eq!(line(2, 1, 0), "Compressed 2 files, 1 skipped");
        assert_eq!(line(2, 1, 3), "Compressed 2 files, 1 skipped, 3 failed");
        assert_eq!(count_line(&Tally::default(), Mode::Decompress), "Decompressed 0 files");
    }

    #[test]
    fn speed_and_space_saved_refer_to_the_content_in_every_mode() {
        let line = |mode, done, bytes_in, bytes_out| {
            let tally = tally(|t| (t.done, t.bytes_in, t.bytes_out) = (done, bytes_in, bytes_out));
            figures(&tally, mode, Duration::from_millis(500))
        };
        let compressed = "in all 2 files, 4000000 -> 1000000 bytes (75.0%) in 0.500 s, 8.0 MB/s";
        assert_eq!(line(Mode::Compress, 2, 4_000_000, 1_000_000), compressed);
        let restored = "in all 1 file, 1000000 -> 4000000 bytes (75.0%) in 0.500 s, 8.0 MB/s";
        assert_eq!(line(Mode::Decompress, 1, 1_000_000, 4_000_000), restored);
        assert_eq!(line(Mode::Test, 0, 0, 0), "in all 0 files, 0 -> 0 bytes in 0.500 s, 0.0 MB/s");
    }
}
