//! The figures as a table: a header and a line for each level, at most 80 columns wide.

use super::figures::{Figures, Measured, Results};
use crate::report::{Sizes, counted, percent};
use gzcc::settings::Settings;

/// The text for a figure that cannot be measured.
const NONE: &str = "-";

/// The table of the results.
pub(super) fn of(results: &Results, settings: &Settings) -> String {
    let Results { files, bytes_in, rounds, .. } = *results;
    let mut text = format!(
        "{}, {bytes_in} bytes; {}; {}, {}; {rounds} rounds\n",
        counted(files, "file"),
        settings.engine.name(),
        counted(settings.jobs.get() as u64, "worker"),
        settings.scheduler.name(),
    );
    if bytes_in == 0 {
        text += "there is no content, so neither speed nor space saved can be measured\n";
    }
    text += "level  compress MB/s  spread  decompress MB/s  spread   saved         bytes\n";
    for level in &results.levels {
        let number = level.level;
        let Some(measured) = &level.measured else {
            text += &format!("{number:>5}  not measured, as a file failed\n");
            continue;
        };
        let SpeedColumns { speed: compress, spread: compress_spread } = SpeedColumns::of(&measured.compress, bytes_in);
        let SpeedColumns { speed: decompress, spread: decompress_spread } =
            SpeedColumns::of(&measured.decompress, bytes_in);
        let Measured { bytes_out: bytes, overhead, .. } = *measured;
        let saved = Sizes { compressed: bytes, content: bytes_in, overhead }.saved();
        let saved = saved.map_or_else(|| NONE.to_owned(), percent);
        text += &format!(
            "{number:>5}  {compress:>13}  {compress_spread:>6}  {decompress:>15}  {decompress_spread:>6}  \
             {saved:>6}  {bytes:>12}\n"
        );
    }
    text
}

/// The columns of one direction.
struct SpeedColumns {
    speed: String,
    spread: String,
}

impl SpeedColumns {
    fn of(figures: &Figures, content: u64) -> Self {
        let Some(speed) = figures.speed(content) else {
            return Self { speed: NONE.to_owned(), spread: NONE.to_owned() };
        };
        // Rounds of microseconds on a busy machine can differ by any factor; more digits would not fit the column.
        let is_wide = figures.spread().round() > 999.0;
        let spread = if is_wide { ">999%".to_owned() } else { format!("{:.0}%", figures.spread()) };
        Self { speed: format!("{speed:.1}"), spread }
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::LevelResult;
    use super::*;

    fn figures(median: f64) -> Figures {
        Figures { median, min: median * 0.99, max: median * 1.01 }
    }

    fn results(bytes_in: u64) -> Results {
        let measured =
            Measured { bytes_out: 1_234_554, overhead: 54, compress: figures(0.5), decompress: figures(0.02) };
        let levels =
            vec![LevelResult { level: 1, measured: Some(measured) }, LevelResult { level: 12, measured: None }];
        Results { files: 3, bytes_in, rounds: 5, seconds: 3.0, levels }
    }

    #[test]
    fn figures_are_aligned_and_a_level_with_a_failed_file_has_none() {
        let settings = Settings::of_workers(std::num::NonZeroUsize::MIN);
        assert_eq!(
            of(&results(10_000_000), &settings),
            "3 files, 10000000 bytes; native; 1 worker, threads; 5 rounds\n\
             level  compress MB/s  spread  decompress MB/s  spread   saved         bytes\n    \
                 1           20.0      2%            500.0      2%   87.7%       1234554\n   \
                12  not measured, as a file failed\n"
        );
        let empty = of(&results(0), &settings);
        assert!(empty.contains("\nthere is no content") && !empty.contains('%') && !empty.contains("inf"), "{empty}");
        assert!(empty.lines().all(|line| line.len() <= 80), "{empty}");
    }

    #[test]
    fn a_spread_above_999_percent_is_cut_off_so_that_columns_stay_aligned() {
        let spread = |max| SpeedColumns::of(&Figures { median: 1.0, min: 1.0, max }, 1_000_000).spread;
        assert_eq!([10.99, 10.9949, 11.0, 1e9].map(spread), ["999%", "999%", ">999%", ">999%"]);
    }
}
