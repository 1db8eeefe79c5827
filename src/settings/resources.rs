//! The number of workers that memory limits allow: `--memory`, the container's limit, `ulimit -v` and `-d`.
//!
//! A memory limit changes the number of workers and nothing else. Blocks keep their size, so the output does not depend on it.
//! Reads limits from the kernel; allocates nothing.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Component, Path};

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};

/// Memory of a run in addition to its workers: program, tables, buffers of the system. A run with one worker was measured at
/// 9.0 MiB in all, without names.
const BASE: u64 = 6 << 20;

/// Memory of a worker at levels 0 to 9, including finished blocks that wait for a slow output. Measured on random data, whose
/// blocks are the largest: 3.3 MiB with the native engine, 4.9 MiB with flate2.
const WORKER: u64 = 5 << 20;

/// Memory of a worker at levels 10 to 12, which keep binary trees and the costs of a whole block. Measured 8 to 15 MiB.
const SLOW_LEVEL_WORKER: u64 = 16 << 20;

/// The highest level for which [`WORKER`] and [`WORKER_ADDRESSES`] hold.
const MAX_FAST_LEVEL: u8 = 9;

/// The part of a memory limit that a run uses: three quarters. The page cache of its files and the kernel's memory count against
/// the limit as well.
fn usable(limit: u64) -> u64 {
    limit / 4 * 3
}

/// The memory of a run with this number of workers at this level, in bytes.
pub fn needed(workers: NonZeroUsize, level: u8) -> u64 {
    BASE + workers.get() as u64 * per_worker(level)
}

/// Address space of a run in bytes, in addition to its workers and to that of the process at its start: threads for signals and
/// progress with their stacks, names, open files.
const BASE_ADDRESSES: u64 = 8 << 20;

/// Address space of a worker at levels 0 to 9: 2 MiB of stack, encoder, buffers. Measured 7.4 MiB with one malloc arena for all
/// threads.
const WORKER_ADDRESSES: u64 = 9 << 20;

/// Address space of a worker at levels 10 to 12. Measured 16.5 MiB.
const SLOW_LEVEL_WORKER_ADDRESSES: u64 = 20 << 20;

/// Address space that malloc reserves for a thread: an arena of 64 MiB, and twice as much until it is aligned. The command limits
/// the number of arenas. A library must not, because that affects the whole program.
const ARENA_ADDRESSES: u64 = 128 << 20;

/// The largest number of workers, at most `workers` and at least one, that `ulimit -v` and `ulimit -d` allow. For programs with
/// one malloc arena.
pub fn within_limits(workers: NonZeroUsize, level: u8) -> NonZeroUsize {
    within_addresses(workers, addresses(level))
}

/// The same for programs in which each thread may have an arena.
pub(crate) fn within_limits_with_arenas(workers: NonZeroUsize, level: u8) -> NonZeroUsize {
    within_addresses(workers, addresses(level) + ARENA_ADDRESSES)
}

/// Address space of a worker at this level.
fn addresses(level: u8) -> u64 {
    if level > MAX_FAST_LEVEL { SLOW_LEVEL_WORKER_ADDRESSES } else { WORKER_ADDRESSES }
}

fn within_addresses(workers: NonZeroUsize, each: u64) -> NonZeroUsize {
    let Some(free) = free_addresses() else { return workers };
    let within = free.saturating_sub(BASE_ADDRESSES) / each;
    let within = usize::try_from(within).ok().and_then(NonZeroUsize::new);
    workers.min(within.unwrap_or(NonZeroUsize::MIN))
}

/// Whether `ulimit -v` or `ulimit -d` is set.
pub fn is_limited() -> bool {
    [Resource::As, Resource::Data].into_iter().any(|resource| getrlimit(resource).current.is_some())
}

/// Bytes of a worker's encoder and decoder at this level, without blocks. Measured 2.4 MiB at levels 0 to 9, and 12 MiB above.
pub(crate) fn tools(level: u8) -> usize {
    if level > MAX_FAST_LEVEL { 15 << 20 } else { 3 << 20 }
}

/// Bytes that a worker allocates while it compresses a block at this level: the state of the flate2 engine or the tables of the
/// native one, and from level 10 on the costs and matches of a block.
pub(crate) fn block(level: u8) -> usize {
    if level > MAX_FAST_LEVEL { 5 << 20 } else { 1 << 20 }
}

/// Bytes that are left of `ulimit -v` or `ulimit -d`, whichever are fewer; `None` if neither is set.
fn free_addresses() -> Option<u64> {
    if !is_limited() {
        return None;
    }
    // proc(5), in pages: size, resident, shared, text, lib, data.
    let used = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let used: Vec<u64> = used.split_whitespace().filter_map(|pages| pages.parse().ok()).collect();
    let left = |resource, field: usize| {
        let used = used.get(field).map_or(BASE, |pages| pages.saturating_mul(page_size() as u64));
        getrlimit(resource).current.map(|limit| limit.saturating_sub(used))
    };
    [left(Resource::As, 0), left(Resource::Data, 5)].into_iter().flatten().min()
}

/// Memory that a worker needs in addition to inflate a chunk of a file before its window is known: 8 MiB of symbols, 2 MiB of those
/// that the workers share, 4 MiB of bytes and the read buffers.
const GUESS_DECODER: u64 = 15 << 20;

/// The number of chunks that may be inflated in this way at the same time: one for each worker, or as many as fit beside the
/// workers into `memory`, or the container's limit if `memory` is `None`. None under a `ulimit`: they would take the addresses
/// of a later allocation, which then fails.
pub(crate) fn guess_decoders_within(workers: NonZeroUsize, memory: Option<u64>) -> usize {
    if is_limited() {
        return 0;
    }
    let Some(limit) = memory.or_else(|| limit_of_container().map(usable)) else { return workers.get() };
    let fitting = limit.saturating_sub(needed(workers, 0)) / GUESS_DECODER;
    workers.get().min(usize::try_from(fitting).unwrap_or(usize::MAX))
}

/// The number of workers that fit into this many bytes at this level; `None` if not even one fits.
pub fn workers_within(bytes: u64, level: u8) -> Option<NonZeroUsize> {
    let workers = bytes.saturating_sub(BASE) / per_worker(level);
    NonZeroUsize::new(usize::try_from(workers).unwrap_or(usize::MAX))
}

/// The default number of workers at this level: the CPUs of the affinity mask and the container's CPU quota, limited by the
/// container's memory.
pub fn available_workers(level: u8) -> NonZeroUsize {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    match limit_of_container() {
        Some(limit) => workers_within(usable(limit), level).unwrap_or(NonZeroUsize::MIN).min(processors),
        None => processors,
    }
}

/// Bytes that a run can use: three quarters of the smallest of the machine's available memory, the container's limit and the
/// rest of `ulimit`. `None` if none of them is known.
pub fn spare() -> Option<u64> {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_in(&text));
    let least = [available, limit_of_container(), free_addresses()].into_iter().flatten().min();
    least.map(usable)
}

/// The value of `MemAvailable` in /proc/meminfo, in bytes.
fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn per_worker(level: u8) -> u64 {
    if level > MAX_FAST_LEVEL { SLOW_LEVEL_WORKER } else { WORKER }
}

/// The lowest memory limit of this process's control group and the groups above it.
fn limit_of_container() -> Option<u64> {
    limit_in(&fs::read_to_string("/proc/self/cgroup").ok()?, Path::new("/sys/fs/cgroup"))
}

/// The lowest memory limit of `groups`, the content of /proc/self/cgroup, with the control group file system at `root`. In a
/// container the group is often mounted at `root` itself, so that its path is not found below it.
fn limit_in(groups: &str, root: &Path) -> Option<u64> {
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // cgroup version 2 has one tree, version 1 has one for each controller.
        let (tree, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return Vec::new(),
        };
        let inner = Path::new(path.trim_start_matches('/'));
        let plain = inner.components().all(|part| matches!(part, Component::Normal(_)));
        // The last of the ancestors is the tree itself.
        let groups = if plain { inner } else { Path::new("") }.ancestors();
        // "max" means no limit. Version 1 writes no limit as a number larger than any memory.
        groups.filter_map(|group| fs::read_to_string(tree.join(group).join(file)).ok()?.trim().parse().ok()).collect()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_largest_number_of_workers_that_fit_is_found() {
        for level in [0, 6, 9, 10, 12] {
            for workers in 1..40 {
                let workers = NonZeroUsize::new(workers).unwrap();
                assert_eq!(workers_within(needed(workers, level), level), Some(workers));
                assert!(workers_within(needed(workers, level) - 1, level) < Some(workers));
            }
        }
        assert_eq!(workers_within(0, 6), None);
        assert!(workers_within(u64::MAX, 6).is_some());
    }

    #[test]
    fn as_many_chunks_are_inflated_in_advance_as_fit_into_the_memory_of_the_run() {
        let workers = NonZeroUsize::new(4).unwrap();
        for (memory, expected) in [(86, 4), (85, 3), (70, 2), (55, 1), (41, 1), (40, 0), (0, 0), (1 << 20, 4)] {
            assert_eq!(guess_decoders_within(workers, Some(memory * MIB)), expected, "{memory} MiB");
        }
    }

    #[test]
    fn available_memory_is_parsed_from_meminfo() {
        let meminfo =
            "MemTotal:       24689764 kB\nMemFree:         8000000 kB\nMemAvailable:   20000000 kB\nBuffers: 1 kB\n";
        assert_eq!(available_in(meminfo), Some(20_000_000 * 1024));
        assert_eq!(available_in("MemTotal: 1 kB\n"), None);
        assert!(spare().is_some_and(|spare| spare > 0));
    }

    #[test]
    fn the_lowest_limit_of_a_group_and_its_ancestors_counts() {
        let root = tempfile::tempdir().unwrap();
        let set = |file: &str, text: &str| {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let limit = |groups| limit_in(groups, root.path());
        assert_eq!(limit("0::/\n"), None, "no file");
        set("a/b/memory.max", "max\n");
        assert_eq!(limit("0::/a/b\n"), None, "no limit");
        set("a/memory.max", &format!("{}\n", 64 * MIB));
        assert_eq!(limit("0::/a/b\n"), Some(64 * MIB), "the limit of the parent");
        set("a/b/memory.max", &format!("{}\n", 32 * MIB));
        assert_eq!(limit("0::/a/b\n"), Some(32 * MIB));
        assert_eq!(limit("0::/elsewhere\n"), None, "the limit of another group");
        set("memory/docker/x/memory.limit_in_bytes", &format!("{}\n", 16 * MIB));
        set("memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(limit("4:cpu,memory:/docker/x\n0::/a\n"), Some(16 * MIB), "version 1 is lower than version 2");
        assert_eq!(limit("4:cpu:/docker/x\n"), None, "the limit of another controller");
        set("memory.max", &format!("{}\n", 8 * MIB));
        assert_eq!(limit("0::/docker/y\n"), Some(8 * MIB), "as in a container");
        assert_eq!(limit("0::/../../a/b\n"), Some(8 * MIB), "a path with .. is ignored");
    }
}
