//! Sizes of inputs and outputs, and the one percentage that is computed from them: the space saved.

use gzcc::outcome::Done;
use gzcc::settings::Mode;

/// Bytes of the compressed form and of the content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) compressed: u64,
    pub(crate) content: u64,
    /// Bytes of headers and trailers, which are part of `compressed`.
    pub(crate) overhead: u64,
}

impl Sizes {
    /// The sizes of one input and its output.
    pub(crate) fn of(done: &Done, mode: Mode) -> Self {
        Self { overhead: done.stats.overhead, ..Self::in_mode(mode, done.bytes_in, done.bytes_out) }
    }

    /// The sizes of bytes read and written in this mode, without overhead.
    pub(crate) fn in_mode(mode: Mode, bytes_in: u64, bytes_out: u64) -> Self {
        match mode {
            // When recompressing, the space saved is that of the new file compared with the old one.
            Mode::Compress | Mode::Recompress => Self { compressed: bytes_out, content: bytes_in, overhead: 0 },
            _ => Self { compressed: bytes_in, content: bytes_out, overhead: 0 },
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.compressed += other.compressed;
        self.content += other.content;
        self.overhead += other.overhead;
    }

    /// The space saved in percent of the content, negative for a file that grew. Headers and trailers do not count, as in
    /// GNU gzip, so that `-v` and `-l` agree and tiny files get a plausible figure. `None` if there is no content.
    pub(crate) fn saved(self) -> Option<f64> {
        let data = self.compressed.saturating_sub(self.overhead) as f64;
        let content = self.content as f64;
        (self.content > 0).then(|| (content - data) * 100.0 / content)
    }
}

/// A percentage as it is printed: one decimal, and never `-0.0`.
pub(crate) fn percent(value: f64) -> String {
    let text = format!("{value:.1}%");
    if text == "-0.0%" { "0.0%".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(compressed: u64, content: u64, overhead: u64) -> Option<String> {
        Sizes { compressed, content, overhead }.saved().map(percent)
    }

    #[test]
    fn a_percentage_is_the_space_saved_without_headers_as_in_gzip() {
        assert_eq!(saved(1018, 4000, 18).as_deref(), Some("75.0%"));
        assert_eq!(saved(31, 24, 20).as_deref(), Some("54.2%"));
        // What gzip -v prints for one byte, and for 1000 incompressible bytes.
        assert_eq!(saved(23, 1, 20).as_deref(), Some("-200.0%"));
        assert_eq!(saved(1023, 1000, 18).as_deref(), Some("-0.5%"));
        assert_eq!(saved(20, 0, 18), None);
        assert_eq!(saved(1_000_019, 1_000_000, 18).as_deref(), Some("0.0%"));
    }
}
