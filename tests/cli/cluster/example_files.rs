//! The files of examples/cluster that need no cluster.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::example;
use crate::harness::{Sandbox, find, repetitions, skip};

#[test]
fn name_lists_divide_the_work_of_a_tree_with_the_largest_files_first() {
    require!("bash", "find", "perl");
    let t = Sandbox::new();
    let mut names = BTreeSet::new();
    for i in 0..500 {
        let name = format!("t/{}/{i}\nx y", i % 5);
        t.write(&name, vec![b'x'; i]);
        names.insert(name);
    }
    for i in 0..3 {
        let large = fs::File::create(t.path(format!("t/large{i}"))).unwrap();
        large.set_len(20_000_000 + i).unwrap();
        names.insert(format!("t/large{i}"));
    }
    // Neither is a file to compress.
    t.write("t/done.gz", "");
    t.write("t/.gzcc-0123456789abcdef", "");
    t.command(&example("name-lists.sh"), ["t", "lists", "20"]).succeeds();
    let lists: Vec<String> = t.names().into_iter().filter(|name| name.starts_with("lists/")).collect();
    assert_eq!(lists.len(), 20);
    let mut found = BTreeSet::new();
    let root = t.path("").canonicalize().unwrap();
    for (i, list) in lists.iter().enumerate() {
        assert_eq!(*list, format!("lists/{:06}", i + 1));
        let list = String::from_utf8(t.read(list)).unwrap();
        let listed: Vec<&str> = list.split_terminator('\0').collect();
        let bytes: u64 = listed.iter().map(|name| fs::metadata(name).unwrap().len() + 16384).sum();
        assert_eq!(listed.len() == 1 && bytes > 20_000_000, i < 3, "large files have lists of their own");
        // 500 files of 16 KiB and 250 bytes on average, in 17 lists.
        assert!(i < 3 || (450_000..530_000).contains(&bytes), "{i}: {bytes}");
        for name in listed {
            let name = name.strip_prefix(root.to_str().unwrap()).unwrap().trim_start_matches('/').to_owned();
            assert!(found.insert(name), "a file is in two lists");
        }
    }
    assert!(found == names);
}

/// Whether the program that checks manifests is installed, and with it the parser. It comes from no distribution, so even CI may
/// lack it.
fn can_check_manifests() -> bool {
    let is_installed = find("kubernetes-validate").is_some();
    if !is_installed {
        skip("kubernetes-validate is not installed");
    }
    is_installed
}

/// The manifest as JSON.
fn manifest() -> Option<Value> {
    let t = Sandbox::new();
    let parse = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    let file = fs::read(example("kubernetes-job.yaml")).unwrap();
    let parsed = t.command("python3", ["-c", parse]).stdin(file).run();
    if !parsed.status.success() {
        skip("the YAML module of Python is not installed");
        return None;
    }
    Some(serde_json::from_slice(&parsed.stdout).unwrap())
}

#[test]
fn the_kubernetes_manifest_is_valid_and_a_wrong_field_is_found() {
    if !can_check_manifests() {
        return;
    }
    let t = Sandbox::new();
    let file = fs::read_to_string(example("kubernetes-job.yaml")).unwrap();
    t.write("right.yaml", &file);
    t.write("wrong.yaml", file.replace("completionMode", "completionsMode"));
    for version in ["1.25", "1.37"] {
        let check = |name: &str| t.command("kubernetes-validate", ["--strict", "-k", version, name]).run();
        let right = check("right.yaml");
        right.assert(right.status.success(), "the manifest is valid");
        assert!(!check("wrong.yaml").status.success(), "without this, the test is void");
    }
}

/// The pods of the manifest, run one after the other: each index takes one shard, and a pod may run again.
#[test]
fn the_pods_of_the_kubernetes_manifest_compress_every_file_once() {
    require!("python3", "groff", "jq", "grep");
    let Some(manifest) = can_check_manifests().then(manifest).flatten() else { return };
    let spec = &manifest["spec"];
    let container = &spec["template"]["spec"]["containers"][0];
    let shards = spec["completions"].as_u64().unwrap();
    assert_eq!(container["env"], json!([{ "name": "SHARDS", "value": shards.to_string() }]));
    assert_eq!((&spec["completionMode"], &container["command"]), (&json!("Indexed"), &json!(["sh", "-c"])));
    let shards = repetitions(8, shards as usize);
    let t = Sandbox::new();
    (0..300).for_each(|i| drop(t.write(format!("data/{i}"), i.to_string())));
    fs::create_dir(t.path("reports")).unwrap();
    let script = container["args"][0].as_str().unwrap();
    let script = script.replace("/data", t.path("data").to_str().unwrap());
    let script = script.replace("/reports", t.path("reports").to_str().unwrap());
    let script = format!("gzcc() {{ '{}' \"$@\"; }}\n{script}", env!("CARGO_BIN_EXE_gzcc"));
    for index in (0..shards).chain([5]) {
        let mut pod = t.command("sh", ["-c", &script]);
        pod.set("JOB_COMPLETION_INDEX", &index.to_string());
        pod.set("SHARDS", &shards.to_string());
        pod.succeeds();
    }
    assert_eq!(t.names().iter().filter(|name| name.starts_with("data/") && name.ends_with(".gz")).count(), 300);
    let sum = crate::shards::sum_of_reports(&t, shards);
    assert_eq!((&sum["missing"], &sum["done"], &sum["failed"]), (&json!([]), &json!(300), &json!(0)));
}
