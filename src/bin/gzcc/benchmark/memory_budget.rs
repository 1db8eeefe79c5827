//! The memory and descriptors that are available for files in memory, and the amounts that the files need.

use super::Benchmark;
use gzcc::Error;
use gzcc::command::resources;

use crate::report::counted;

/// Files in memory for each input: its content, the compressed file and the decompressed one.
const COPIES: u64 = 3;

/// Bytes of memory for a file in addition to its content: the rest of its last page, the kernel's own data, and gzip's header
/// and trailer.
const EXTRA: u64 = 8 * 1024;

/// Incompressible content grows by less than 1/1024: stored blocks take 5 bytes for every 64 KiB.
const GROWTH: u64 = 1024;

/// The number and the bytes of files in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    files: u64,
    bytes: u64,
}

/// The memory and descriptors available for files.
#[derive(Debug)]
pub(super) struct MemoryBudget {
    memory: Option<MemoryLimit>,
    descriptors: u64,
    workers: u64,
}

/// A known amount of memory.
#[derive(Clone, Copy, Debug)]
struct MemoryLimit {
    bytes: u64,
    /// The source of the limit, for the message.
    source: &'static str,
}

/// The files need more than is available.
#[derive(Debug)]
pub(super) struct BudgetExceeded(String);

impl From<BudgetExceeded> for Error {
    fn from(BudgetExceeded(text): BudgetExceeded) -> Self {
        Self::other(text)
    }
}

impl Needs {
    /// The needs with one more file of `size` bytes.
    pub(super) fn and(self, size: u64) -> Self {
        let each = size.saturating_add(size / GROWTH + EXTRA);
        Self { files: self.files + 1, bytes: self.bytes.saturating_add(each.saturating_mul(COPIES)) }
    }
}

impl MemoryBudget {
    /// The memory of `--memory`, by default of the machine and its container, less the memory of the workers.
    pub(super) fn new(benchmark: &Benchmark, descriptors: u64) -> Self {
        let jobs = benchmark.settings.jobs;
        let highest = benchmark.levels.iter().copied().max().unwrap_or_default();
        let limit = |source| move |bytes: u64| MemoryLimit { bytes, source };
        let option = benchmark.memory.map(limit("--memory"));
        let total = option.or_else(|| resources::spare().map(limit("what the machine or its container can spare")));
        let for_workers = resources::needed(jobs, highest);
        let memory = total.map(|limit| MemoryLimit { bytes: limit.bytes.saturating_sub(for_workers), ..limit });
        Self { memory, descriptors, workers: jobs.get() as u64 }
    }

    /// Fails if the files need more than is available.
    pub(super) fn check(&self, needs: &Needs) -> Result<(), BudgetExceeded> {
        let workers = || counted(self.workers, "worker");
        if let Some(MemoryLimit { bytes: left, source }) = self.memory.filter(|limit| needs.bytes > limit.bytes) {
            let (take, left) = (needs.bytes.div_ceil(1 << 20), left >> 20);
            return Err(BudgetExceeded(format!(
                "contents and outputs take {take}M of memory or more, and {source} leaves {left}M beside {}",
                workers()
            )));
        }
        let (files, take, left) = (needs.files, needs.files.saturating_mul(COPIES), self.descriptors);
        if take > left {
            let files = counted(files, "file");
            return Err(BudgetExceeded(format!(
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
    fn the_error_names_the_needed_and_the_available_amount() {
        let budget = |bytes: Option<u64>, descriptors| MemoryBudget {
            memory: bytes.map(|bytes| MemoryLimit { bytes, source: "x" }),
            descriptors,
            workers: 2,
        };
        let needs = Needs::default().and(10 * MIB).and(0);
        let check = |budget: MemoryBudget| budget.check(&needs).map_err(|exceeded| exceeded.0);
        assert_eq!(check(budget(None, 6)), Ok(()));
        assert_eq!(check(budget(Some(31 * MIB), 6)), Ok(()));
        let short = "contents and outputs take 31M of memory or more, and x leaves 30M beside 2 workers";
        assert_eq!(check(budget(Some(30 * MIB), 6)), Err(short.into()));
        let few = "2 files in memory take 6 descriptors, and 5 are left beside 2 workers (ulimit -n)";
        assert_eq!(check(budget(None, 5)), Err(few.into()));
        assert!(budget(Some(u64::MAX - 1), 9).check(&needs.and(u64::MAX)).is_err(), "nothing overflows");
    }
}
