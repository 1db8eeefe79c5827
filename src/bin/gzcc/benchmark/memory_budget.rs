//! How much of memory, and how many descriptors, there are for files in memory, and how much they need.

use super::Benchmark;
use gzcc::Error;
use gzcc::settings::resources;

use crate::report::counted;

/// Files in memory for each that is measured: its content, its compressed form, and what that decompresses to.
const COPIES: u64 = 3;

/// Bytes that a file takes in memory besides its own: the rest of its last page and what the system keeps of it; and by
/// which its compressed form may be longer, as gzip's header and trailer are.
const EXTRA: u64 = 8 * 1024;

/// What does not shrink grows by less than one byte in so many: 5 for every 64 KiB.
const GROWTH: u64 = 1024;

/// What files in memory need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    files: u64,
    bytes: u64,
}

/// What there is for them.
#[derive(Debug)]
pub(super) struct MemoryBudget {
    /// Bytes, where that is known, and whose limit that is.
    bytes: Option<(u64, &'static str)>,
    descriptors: u64,
    workers: u64,
}

/// There is not enough.
#[derive(Debug)]
pub(super) struct Full(String);

impl From<Full> for Error {
    fn from(Full(text): Full) -> Self {
        Self::other(text)
    }
}

impl Needs {
    /// The same with one file more, of so many bytes.
    pub(super) fn and(self, size: u64) -> Self {
        let each = size.saturating_add(size / GROWTH + EXTRA);
        Self { files: self.files + 1, bytes: self.bytes.saturating_add(each.saturating_mul(COPIES)) }
    }
}

impl MemoryBudget {
    /// What the budget leaves beside the workers; or where there is none, the machine and the container.
    pub(super) fn new(asked: &Benchmark, descriptors: u64) -> Self {
        let jobs = asked.settings.jobs;
        let highest = asked.levels.iter().copied().max().unwrap_or_default();
        let given = asked.memory.map(|budget| (budget, "--memory"));
        let total =
            given.or_else(|| resources::spare().map(|spare| (spare, "what the machine or its container can spare")));
        let bytes = total.map(|(total, whose)| (total.saturating_sub(resources::needed(jobs, highest)), whose));
        Self { bytes, descriptors, workers: jobs.get() as u64 }
    }

    /// Whether there is enough.
    pub(super) fn check(&self, needs: &Needs) -> Result<(), Full> {
        let workers = || counted(self.workers, "worker");
        if let Some((left, whose)) = self.bytes.filter(|(left, _)| needs.bytes > *left) {
            let (take, left) = (needs.bytes.div_ceil(1 << 20), left >> 20);
            return Err(Full(format!(
                "contents and outputs take {take}M of memory or more, and {whose} leaves {left}M beside {}",
                workers()
            )));
        }
        let (files, take, left) = (needs.files, needs.files.saturating_mul(COPIES), self.descriptors);
        if take > left {
            let files = counted(files, "file");
            return Err(Full(format!(
                "{files} in memory take {take} descriptors, and {left} are left beside {} (ulimit -n)",
                workers()
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn what_does_not_fit_is_told_with_what_there_is() {
        let budget = |bytes, descriptors| MemoryBudget { bytes, descriptors, workers: 2 };
        let needs = Needs::default().and(10 * MIB).and(0);
        let told = |budget: MemoryBudget| budget.check(&needs).map_err(|full| full.0);
        assert_eq!(told(budget(None, 6)), Ok(()));
        assert_eq!(told(budget(Some((31 * MIB, "x")), 6)), Ok(()));
        let short = "contents and outputs take 31M of memory or more, and x leaves 30M beside 2 workers";
        assert_eq!(told(budget(Some((30 * MIB, "x")), 6)), Err(short.into()));
        let few = "2 files in memory take 6 descriptors, and 5 are left beside 2 workers (ulimit -n)";
        assert_eq!(told(budget(None, 5)), Err(few.into()));
        assert!(budget(Some((u64::MAX - 1, "x")), 9).check(&needs.and(u64::MAX)).is_err(), "nothing overflows");
    }
}
