//! GNU parallel over ssh, with the scripts of examples/cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::ssh_hosts::SshHosts;
use super::{example, sandbox_in_memory};
use crate::harness::{Sandbox, full, is_root, log, skip};

const FILES: usize = 2500;

/// A program `gzcc` that records its host. The first run on each host waits until there is one on every host, so that none of them
/// can do all the work.
const RECORDING: &str = r#"#!/bin/bash
cd "$(dirname "$0")/../ran"
hostname > "$$-$(hostname)"
while [ "$(cat ./* | sort -u | wc -l)" -lt 3 ]; do sleep 0.05; done
exec GZCC "$@"
"#;

fn name(i: usize) -> String {
    match i % 50 {
        0 => format!("tree/a b/{i}\n$x"),
        _ => format!("tree/{}/{i}", i % 7),
    }
}

/// A sandbox with a tree whose files have up to 300 kB.
fn sandbox() -> Sandbox {
    let t = sandbox_in_memory();
    (0..FILES).for_each(|i| drop(t.write(name(i), log(if i % 500 == 0 { 300_000 } else { i % 300 }))));
    t.write("bin/gzcc", RECORDING.replace("GZCC", env!("CARGO_BIN_EXE_gzcc")));
    fs::set_permissions(t.path("bin/gzcc"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(t.path("ran")).unwrap();
    t
}

/// Asserts that each file has its output and nothing else is in the tree, and removes the outputs.
fn assert_complete(t: &Sandbox) {
    let expected: BTreeSet<String> = (0..FILES).flat_map(|i| [name(i), name(i) + ".gz"]).collect();
    let found = t.names().into_iter().filter(|name| name.starts_with("tree/") && !t.path(name).is_dir());
    assert!(found.eq(expected), "files are missing, or there are others");
    t.shell("find tree -name '*.gz' -print0 | xargs -0 gzip -t && find tree -name '*.gz' -delete").succeeds();
}

/// How many programs ran on each host.
fn runs(t: &Sandbox) -> BTreeMap<String, usize> {
    let mut runs = BTreeMap::new();
    for entry in fs::read_dir(t.path("ran")).unwrap() {
        let host = fs::read_to_string(entry.unwrap().path()).unwrap().trim().to_owned();
        *runs.entry(host).or_default() += 1;
    }
    t.shell("rm ran/*").succeeds();
    runs
}

#[test]
fn gnu_parallel_compresses_a_tree_on_three_hosts_over_ssh() {
    if !full() || !is_root() {
        return skip("only root starts hosts with ssh servers, and only in the long tier");
    }
    require!("unshare", "nsenter", "ip", "mount", "hostname", "bash", "sshd", "ssh", "ssh-keygen", "parallel");
    require!("find", "perl", "xargs", "gzip");
    let ssh = match SshHosts::start(sandbox(), 3) {
        Ok(ssh) => ssh,
        Err(reason) => return skip(&reason),
    };
    let t = ssh.sandbox();
    let hosts = ["h1", "h2", "h3"];

    t.command(&example("name-lists.sh"), ["tree", "lists", "40"]).succeeds();
    let lists = fs::read_dir(t.path("lists")).unwrap().count();
    ssh.call(&[&[example("parallel-lists.sh").as_str(), "lists", "reports"][..], &hosts].concat()).succeeds();
    // One line for each list follows the heading, with the host in the second column.
    let log = String::from_utf8(t.read("reports/joblog")).unwrap();
    let mut jobs: BTreeMap<String, usize> = BTreeMap::new();
    log.lines().skip(1).for_each(|line| *jobs.entry(line.split('\t').nth(1).unwrap().to_owned()).or_default() += 1);
    assert_eq!(jobs.keys().collect::<Vec<_>>(), hosts);
    assert_eq!((jobs.values().sum::<usize>(), &runs(t)), (lists, &jobs), "a program ran where GNU parallel says");
    let reports = t.shell("cat reports/*.json").succeeds();
    let objects = reports.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    let objects: Vec<Value> = objects.map(|line| serde_json::from_slice(line).unwrap()).collect();
    let done: Vec<&Value> = objects.iter().filter(|object| object["status"] == "done").collect();
    let inputs: BTreeSet<&str> = done.iter().map(|object| object["input"].as_str().unwrap()).collect();
    assert_eq!((done.len(), inputs.len()), (FILES, FILES), "every file once");
    assert_complete(t);

    let printed = ssh.call(&[&[example("parallel-names.sh").as_str(), "tree"][..], &hosts].concat()).succeeds();
    let printed = String::from_utf8(printed).unwrap();
    let done: usize = printed.lines().map(|line| line.split(' ').nth(1).unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!((printed.lines().count(), done), (FILES.div_ceil(1000), FILES), "{printed}");
    assert_eq!(runs(t).into_iter().collect::<Vec<_>>(), hosts.map(|host| (host.to_owned(), 1)));
    assert_complete(t);
}
