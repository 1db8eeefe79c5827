//! Clusters on one machine: hosts, networks and batch systems in namespaces that end with the test.

mod arrays;
mod example_files;
mod namespaces;
mod parallel;
mod slurm;
mod ssh_hosts;

use crate::harness::Sandbox;

/// The path of a file in examples/cluster.
fn example(name: &str) -> String {
    format!("{}/examples/cluster/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A sandbox in memory if 40,000 files fit there: a busy disk takes minutes to create and remove them.
fn sandbox_in_memory() -> Sandbox {
    const MEMORY: &str = "/dev/shm";
    let fits = rustix::fs::statvfs(MEMORY).is_ok_and(|memory| memory.f_bavail * memory.f_frsize > 500_000_000);
    if fits { Sandbox::within(tempfile::tempdir_in(MEMORY).unwrap()) } else { Sandbox::new() }
}
