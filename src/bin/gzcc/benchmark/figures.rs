//! The figures of a benchmark, computed from measured times. Measures nothing itself.

use std::time::Duration;

/// The results of a benchmark.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Files measured.
    pub(super) files: u64,
    /// Bytes of their content.
    pub(super) bytes_in: u64,
    /// Rounds measured.
    pub(super) rounds: usize,
    /// Seconds for the whole benchmark, including reading.
    pub(super) seconds: f64,
    /// In the order of the command line.
    pub(super) levels: Vec<LevelResult>,
}

/// A level, and its figures if no file failed.
#[derive(Debug)]
pub(super) struct LevelResult {
    pub(super) level: u8,
    pub(super) measured: Option<Measured>,
}

/// The figures of a level.
#[derive(Debug)]
pub(super) struct Measured {
    /// Bytes of the compressed files.
    pub(super) bytes_out: u64,
    /// The part of them that is headers and trailers.
    pub(super) overhead: u64,
    pub(super) compress: Figures,
    pub(super) decompress: Figures,
}

/// The times of all samples of the same work.
#[derive(Debug, Default)]
pub(super) struct Times(Vec<Duration>);

/// A summary of several times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The summary; `None` without samples.
    pub(super) fn figures(mut self) -> Option<Figures> {
        self.0.sort_unstable();
        let seconds = |time: &Duration| time.as_secs_f64();
        let (min, max) = (seconds(self.0.first()?), seconds(self.0.last()?));
        let count = self.0.len();
        // An even number of samples has two middle ones.
        let median = (seconds(&self.0[(count - 1) / 2]) + seconds(&self.0[count / 2])) / 2.0;
        Some(Figures { median, min, max })
    }
}

impl Figures {
    /// MB of content per second; `None` if there is no content.
    pub(super) fn speed(&self, content: u64) -> Option<f64> {
        (content > 0 && self.median > 0.0).then(|| content as f64 / 1e6 / self.median)
    }

    /// The difference between the slowest and the fastest sample, in percent of the median.
    pub(super) fn spread(&self) -> f64 {
        (self.max - self.min) * 100.0 / self.median.max(f64::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(seconds: &[u64]) -> Option<Figures> {
        let mut times = Times::default();
        seconds.iter().for_each(|&seconds| times.add(Duration::from_secs(seconds)));
        times.figures()
    }

    #[test]
    fn the_median_does_not_depend_on_the_order_of_samples() {
        for (seconds, median, min, max) in
            [(&[7][..], 7.0, 7.0, 7.0), (&[9, 1, 2], 2.0, 1.0, 9.0), (&[4, 1, 3, 100], 3.5, 1.0, 100.0)]
        {
            assert_eq!(figures(seconds), Some(Figures { median, min, max }), "{seconds:?}");
        }
        assert_eq!(figures(&[]), None);
    }

    #[test]
    fn speed_refers_to_the_content_and_spread_to_the_median() {
        let figures = figures(&[4, 5, 6]).unwrap();
        assert_eq!((figures.speed(20_000_000), figures.spread()), (Some(4.0), 40.0));
        assert_eq!(figures.speed(0), None);
    }
}
