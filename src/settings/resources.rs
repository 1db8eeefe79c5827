//! How many workers a budget of memory has room for, and what a container leaves of it.
//!
//! Memory is bounded by workers times what one needs, so a budget lowers their number and nothing else: blocks stay as
//! they are, and so do the bytes that come out. Reads what the kernel tells of the limits; allocates nothing.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Component, Path};

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};

/// What a run takes beside its workers: the program, its tables and the system's buffers. With one worker 9.0 MiB were
/// measured for all, names aside.
const RUN: u64 = 6 << 20;

/// Most that a worker takes at levels up to 9, with the finished blocks that wait for a slow output: measured 3.3 MiB with
/// the native engine and 4.9 MiB with flate2, on noise, which makes the largest blocks.
const WORKER: u64 = 5 << 20;

/// The same at levels 10 to 12, which keep trees and the costs of a whole block: measured 8 to 15 MiB.
const PATIENT_WORKER: u64 = 16 << 20;

/// The highest level of [`WORKER`].
const MOST_HASTE: u8 = 9;

/// Of a container's limit, how much is a run's: the kernel's own share for it, and files read and written, count too.
const SHARE: (u64, u64) = (3, 4);

/// Bytes that this many workers need, at this level.
pub fn needed(workers: NonZeroUsize, level: u8) -> u64 {
    RUN + workers.get() as u64 * each(level)
}

/// Addresses that a run takes beside its workers and what the process has at its start: the threads for signals and
/// progress with their stacks, names, open files.
const RUN_ADDRESSES: u64 = 8 << 20;

/// Addresses of a worker at levels up to 9: 2 MiB of stack, tools, buffers that nothing has been written to yet. With all
/// threads allocating from one arena 7.4 MiB were measured.
const WORKER_ADDRESSES: u64 = 9 << 20;

/// The same at levels 10 to 12: measured 16.5 MiB.
const PATIENT_WORKER_ADDRESSES: u64 = 20 << 20;

/// How many of these workers `ulimit -v` and `ulimit -d` leave room for, one at least.
pub fn within_limits(workers: NonZeroUsize, level: u8) -> NonZeroUsize {
    let Some(free) = free_addresses() else { return workers };
    let each = if level > MOST_HASTE { PATIENT_WORKER_ADDRESSES } else { WORKER_ADDRESSES };
    let within = free.saturating_sub(RUN_ADDRESSES) / each;
    let within = usize::try_from(within).ok().and_then(NonZeroUsize::new);
    workers.min(within.unwrap_or(NonZeroUsize::MIN))
}

/// Whether the process may have only so many addresses, or so much data.
pub fn is_limited() -> bool {
    [Resource::As, Resource::Data].into_iter().any(|resource| getrlimit(resource).current.is_some())
}

/// Bytes that a worker's tools take at this level, blocks aside: measured 2.4 MiB up to level 9, and 12 MiB above.
pub fn tools(level: u8) -> usize {
    if level > MOST_HASTE { 15 << 20 } else { 3 << 20 }
}

/// Bytes that a worker allocates while it compresses a block at this level: the flate2 engine its state, the levels from 10
/// on what grows with the content.
pub fn block(level: u8) -> usize {
    if level > MOST_HASTE { 4 << 20 } else { 512 << 10 }
}

/// Bytes of addresses or data, whichever is less, that the limits of this process leave it; `None` where it has none.
fn free_addresses() -> Option<u64> {
    if !is_limited() {
        return None;
    }
    // In pages: size, resident, shared, text, library, data and stack.
    let used = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let used: Vec<u64> = used.split_whitespace().filter_map(|pages| pages.parse().ok()).collect();
    let left = |resource, field: usize| {
        let used = used.get(field).map_or(RUN, |pages| pages.saturating_mul(page_size() as u64));
        getrlimit(resource).current.map(|limit| limit.saturating_sub(used))
    };
    [left(Resource::As, 0), left(Resource::Data, 5)].into_iter().flatten().min()
}

/// How many workers there is room for in so many bytes, at this level; `None` where there is no room for one.
pub fn workers_within(bytes: u64, level: u8) -> Option<NonZeroUsize> {
    let workers = bytes.saturating_sub(RUN) / each(level);
    NonZeroUsize::new(usize::try_from(workers).unwrap_or(usize::MAX))
}

/// Workers when none are asked for: what CPU affinity and the container's CPU quota leave, and its memory has room for
/// at this level.
pub fn available_workers(level: u8) -> NonZeroUsize {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    match limit_of_container() {
        Some(limit) => workers_within(limit / SHARE.1 * SHARE.0, level).unwrap_or(NonZeroUsize::MIN).min(processors),
        None => processors,
    }
}

/// Bytes that a run may take beside its workers without anybody else going short: of what the machine has available and
/// the container and `ulimit` allow, three quarters. `None` where neither is told.
pub fn spare() -> Option<u64> {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_in(&text));
    let least = [available, limit_of_container(), free_addresses()].into_iter().flatten().min();
    least.map(|bytes| bytes / SHARE.1 * SHARE.0)
}

/// What /proc/meminfo tells is available without swapping.
fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn each(level: u8) -> u64 {
    if level > MOST_HASTE { PATIENT_WORKER } else { WORKER }
}

/// The memory limit of the control group that this process is in, or of one above it.
fn limit_of_container() -> Option<u64> {
    limit_in(&fs::read_to_string("/proc/self/cgroup").ok()?, Path::new("/sys/fs/cgroup"))
}

/// The lowest of the limits that hold for `groups`, as /proc/self/cgroup lists them, told below `root`. (Within a container
/// the group is often shown at `root` itself, whatever it is called outside.)
fn limit_in(groups: &str, root: &Path) -> Option<u64> {
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // Version 2 has one tree, version 1 one for each controller.
        let (tree, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return Vec::new(),
        };
        let inner = Path::new(path.trim_start_matches('/'));
        let plain = inner.components().all(|part| matches!(part, Component::Normal(_)));
        // The last of the ancestors is the tree itself.
        let groups = if plain { inner } else { Path::new("") }.ancestors();
        // What is no number, "max", is no limit; neither is version 1's largest, which no machine has.
        groups.filter_map(|group| fs::read_to_string(tree.join(group).join(file)).ok()?.trim().parse().ok()).collect()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn as_many_workers_fit_as_need_no_more_than_there_is() {
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
    fn what_is_available_is_found_among_the_rest() {
        let meminfo =
            "MemTotal:       24689764 kB\nMemFree:         8000000 kB\nMemAvailable:   20000000 kB\nBuffers: 1 kB\n";
        assert_eq!(available_in(meminfo), Some(20_000_000 * 1024));
        assert_eq!(available_in("MemTotal: 1 kB\n"), None);
        assert!(spare().is_some_and(|spare| spare > 0));
    }

    #[test]
    fn the_lowest_limit_of_the_group_and_those_above_it_holds() {
        let root = tempfile::tempdir().unwrap();
        let set = |file: &str, text: &str| {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let limit = |groups| limit_in(groups, root.path());
        assert_eq!(limit("0::/\n"), None, "nothing is told");
        set("a/b/memory.max", "max\n");
        assert_eq!(limit("0::/a/b\n"), None, "no limit");
        set("a/memory.max", &format!("{}\n", 64 * MIB));
        assert_eq!(limit("0::/a/b\n"), Some(64 * MIB), "that of the group above");
        set("a/b/memory.max", &format!("{}\n", 32 * MIB));
        assert_eq!(limit("0::/a/b\n"), Some(32 * MIB));
        assert_eq!(limit("0::/elsewhere\n"), None, "another group's");
        set("memory/docker/x/memory.limit_in_bytes", &format!("{}\n", 16 * MIB));
        set("memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(limit("4:cpu,memory:/docker/x\n0::/a\n"), Some(16 * MIB), "version 1, and the lower of both");
        assert_eq!(limit("4:cpu:/docker/x\n"), None, "another controller's");
        set("memory.max", &format!("{}\n", 8 * MIB));
        assert_eq!(limit("0::/docker/y\n"), Some(8 * MIB), "as within a container");
        assert_eq!(limit("0::/../../a/b\n"), Some(8 * MIB), "a path out of the container is none in it");
    }
}
