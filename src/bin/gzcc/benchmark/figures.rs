//! Times, and what is told of them. Knows no clock.

use std::time::Duration;

/// All that was measured.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Files measured.
    pub(super) files: u64,
    /// Bytes of their content.
    pub(super) bytes_in: u64,
    /// Rounds measured.
    pub(super) rounds: usize,
    /// Seconds that all of it took, reading included.
    pub(super) seconds: f64,
    /// In the order in which they were asked for.
    pub(super) levels: Vec<Level>,
}

/// A level, and its figures if all files could be done.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) level: u8,
    pub(super) measured: Option<Measured>,
}

/// What was measured of a level.
#[derive(Debug)]
pub(super) struct Measured {
    /// Bytes of the compressed form.
    pub(super) bytes_out: u64,
    /// Bytes of headers and trailers among them.
    pub(super) overhead: u64,
    pub(super) compress: Figures,
    pub(super) decompress: Figures,
}

/// The times that the same work took.
#[derive(Debug, Default)]
pub(super) struct Times(Vec<Duration>);

/// What there is to say of several times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// `None` where nothing was measured.
    pub(super) fn figures(mut self) -> Option<Figures> {
        self.0.sort_unstable();
        let seconds = |time: &Duration| time.as_secs_f64();
        let (least, most) = (seconds(self.0.first()?), seconds(self.0.last()?));
        let count = self.0.len();
        // Of an even number there are two in the middle.
        let median = (seconds(&self.0[(count - 1) / 2]) + seconds(&self.0[count / 2])) / 2.0;
        Some(Figures { median, least, most })
    }
}

impl Figures {
    /// MB of content a second; `None` where there is no content.
    pub(super) fn speed(&self, content: u64) -> Option<f64> {
        (content > 0 && self.median > 0.0).then(|| content as f64 / 1e6 / self.median)
    }

    /// How far the slowest and the fastest round are apart, in percent of the median.
    pub(super) fn spread(&self) -> f64 {
        (self.most - self.least) * 100.0 / self.median.max(f64::MIN_POSITIVE)
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
    fn the_median_is_in_the_middle_whatever_came_first() {
        for (seconds, median, least, most) in
            [(&[7][..], 7.0, 7.0, 7.0), (&[9, 1, 2], 2.0, 1.0, 9.0), (&[4, 1, 3, 100], 3.5, 1.0, 100.0)]
        {
            assert_eq!(figures(seconds), Some(Figures { median, least, most }), "{seconds:?}");
        }
        assert_eq!(figures(&[]), None);
    }

    #[test]
    fn speed_is_of_content_and_spread_of_the_median() {
        let figures = figures(&[4, 5, 6]).unwrap();
        assert_eq!((figures.speed(20_000_000), figures.spread()), (Some(4.0), 40.0));
        assert_eq!(figures.speed(0), None);
    }
}
