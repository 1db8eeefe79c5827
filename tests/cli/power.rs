//! P3, loss of power: gzcc syncs the data, gives the output its name, syncs the directory, and only then removes the
//! original.
//!
//! The tests read the order of system calls from traces of complete runs.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{BLOCK, Sandbox, log};

/// A system call that succeeded, with the lines of the trace where it began and ended.
#[derive(Debug)]
struct Called {
    process: String,
    call: String,
    arguments: String,
    began: usize,
    ended: usize,
}

impl Called {
    /// The descriptor that is its first argument.
    fn descriptor(&self) -> &str {
        self.arguments.split(['<', ',', ')']).next().unwrap()
    }

    /// The path of the descriptor that is its first argument, as strace -y prints it.
    fn opened(&self) -> &str {
        self.arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(path, _)| path)
    }
}

/// Runs gzcc under strace, and returns its calls of these names in the order of their beginnings.
fn trace(t: &Sandbox, calls: &str, strace: &[&str], words: &[&str]) -> Vec<Called> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let traced = format!("trace={calls}");
    let to = log.path().to_str().unwrap();
    let fixed = ["-f", "-y", "-s0", "-e", &traced, "-o", to];
    let all = [&fixed, strace, &[env!("CARGO_BIN_EXE_gzcc")], words].concat();
    t.command("strace", all).succeeds();
    let mut begun: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut called = Vec::new();
    for (at, line) in fs::read_to_string(log.path()).unwrap().lines().enumerate() {
        let (process, rest) = line.split_once(' ').unwrap();
        let (process, rest) = (process.to_owned(), rest.trim_start());
        let (began, whole) = if let Some(beginning) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (at, beginning.to_owned()));
            continue;
        } else if let Some((_, end)) = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            let (began, beginning) = begun.remove(&process).unwrap();
            (began, beginning + end)
        } else {
            (at, rest.to_owned())
        };
        let Some((call, arguments)) = whole.split_once('(') else { continue };
        if arguments.contains(" = ") && !arguments.contains(" = -1 ") {
            let (call, arguments) = (call.to_owned(), arguments.to_owned());
            called.push(Called { process, call, arguments, began, ended: at });
        }
    }
    called.sort_by_key(|called| called.began);
    called
}

/// Asserts that each of `originals` (original, output) was removed after its output's data, name and directory were
/// synced. `steps` are the calls with which a worker completes a file.
#[track_caller]
fn assert_order(called: &[Called], steps: &[&str], originals: &[(String, String)]) {
    let is_step = |called: &&Called| called.call != "write";
    let mut by_process: BTreeMap<&str, Vec<&Called>> = BTreeMap::new();
    for called in called.iter().filter(is_step) {
        by_process.entry(&called.process).or_default().push(called);
    }
    let mut gone = Vec::new();
    for steps_of_one in by_process.values().flat_map(|all| all.chunks(steps.len())) {
        let found: Vec<&str> = steps_of_one.iter().map(|called| called.call.as_str()).collect();
        assert_eq!(found, steps, "{steps_of_one:#?}");
        let (data, [.., name, directory, original]) = (steps_of_one[0], steps_of_one) else { unreachable!() };
        let quoted = |called: &Called| called.arguments.rsplit('"').nth(1).unwrap().to_owned();
        let (output, original_name) = (quoted(name), quoted(original));
        let named_in = name.arguments.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0;
        assert_eq!(directory.opened(), named_in, "the directory that has the name is synced: {steps_of_one:#?}");
        assert_ne!(data.opened(), directory.opened(), "the data are synced: {steps_of_one:#?}");
        // Another worker may write too, but not after the sync began.
        let writes = called.iter().filter(|c| c.call == "write" && c.descriptor() == data.descriptor());
        let early = |write: &&Called| write.opened() == data.opened();
        let mut writes = writes.filter(early).peekable();
        assert!(writes.peek().is_some(), "it is what was written that is synced: {steps_of_one:#?}");
        for write in writes {
            assert!(write.ended < data.began, "{write:?} after {data:?}");
        }
        for pair in steps_of_one.windows(2) {
            assert!(pair[0].ended < pair[1].began, "{pair:?}");
        }
        gone.push((original_name, output));
    }
    gone.sort();
    let mut expected = originals.to_vec();
    expected.sort();
    assert_eq!(gone, expected, "each original has gone after its own output");
}

/// The calls that write and complete a file.
const CALLS: &str = "write,fsync,fdatasync,linkat,renameat,renameat2,unlinkat";

const UNNAMED: [&str; 4] = ["fsync", "linkat", "fsync", "unlinkat"];
const NAMED: [&str; 4] = ["fsync", "renameat2", "fsync", "unlinkat"];
/// An unnamed file gets a temporary name first, as a rename needs one.
const UNNAMED_OVER: [&str; 5] = ["fsync", "linkat", "renameat", "fsync", "unlinkat"];
const NAMED_OVER: [&str; 4] = ["fsync", "renameat", "fsync", "unlinkat"];

/// One file of several blocks, and enough small files for several per worker.
fn contents() -> Vec<(String, Vec<u8>)> {
    let small = (0..12).map(|i| (format!("f{i}"), log(100 + i * 1000)));
    [("big".to_owned(), log(3 * BLOCK))].into_iter().chain(small).collect()
}

#[test]
fn an_original_is_removed_after_data_name_and_directory_are_synced_for_every_temporary_and_worker_count() {
    require!("strace");
    for (words, old, steps) in [
        (&["--rm"][..], false, &UNNAMED[..]),
        (&["--rm", "--named-temporaries"], false, &NAMED),
        (&["--rm", "-f"], true, &UNNAMED_OVER),
        (&["--rm", "-f", "--named-temporaries"], true, &NAMED_OVER),
    ] {
        for decompressing in [false, true] {
            for workers in [&["-j1"][..], &["-j4"], &["-j4", "--scheduler=rayon"]] {
                let t = Sandbox::new();
                let mut originals = Vec::new();
                for (name, content) in contents() {
                    t.write(&name, &content);
                    let packed = format!("{name}.gz");
                    originals.push(if decompressing { (packed, name) } else { (name, packed) });
                }
                if decompressing {
                    let names = originals.iter().map(|(_, plain)| plain.as_str());
                    t.gzcc(["-q", "--rm"].into_iter().chain(names)).succeeds();
                }
                for (_, output) in originals.iter().filter(|_| old) {
                    t.write(output, "old");
                }
                let direction = if decompressing { &["-q", "-d"][..] } else { &["-q"] };
                let names: Vec<&str> = originals.iter().map(|(original, _)| original.as_str()).collect();
                let called = trace(&t, CALLS, &[], &[direction, words, workers, &names].concat());
                assert_order(&called, steps, &originals);
                assert_eq!(t.names().len(), originals.len(), "{words:?} {workers:?}");
            }
        }
    }
}

/// P3: the names of new directories are on the disk before an original is removed.
#[test]
fn an_original_is_removed_after_the_directories_of_the_output_directory_are_synced() {
    require!("strace");
    for (direction, suffix) in [("-k", ""), ("-d", ".gz")] {
        for workers in ["-j1", "-j4"] {
            for temporaries in [&[][..], &["--named-temporaries"]] {
                let t = Sandbox::new();
                for i in 0..9 {
                    t.write(format!("x/{}/f{i}", i % 3), log(1000 * i));
                }
                if direction == "-d" {
                    t.gzcc(["-q", "--rm", "-r", "x"]).succeeds();
                }
                let words = [&["-q", direction, "--rm", workers, "-O", "new/out", "-r", "x"], temporaries].concat();
                let called = trace(&t, "fsync,unlinkat,mkdir,mkdirat", &[], &words);
                let root = fs::canonicalize(t.path(".")).unwrap().to_str().unwrap().to_owned();
                let synced = |directory: &str, since: usize, before: usize| {
                    let path = format!("{root}{directory}");
                    let is_it = |c: &&Called| c.call == "fsync" && c.opened() == path;
                    called.iter().filter(is_it).any(|c| since < c.began && c.ended < before)
                };
                let removed: Vec<&Called> = called.iter().filter(|c| c.call == "unlinkat").collect();
                assert_eq!(removed.len(), 9, "{called:#?}");
                for original in removed {
                    let name = original.arguments.rsplit('"').nth(1).unwrap();
                    let number: usize = name.strip_suffix(suffix).unwrap()[1..].parse().unwrap();
                    let made_in = format!("/new/out/x/{}", number % 3);
                    // A directory's name is an entry of its parent, which mkdir made.
                    for directory in ["/new", "/new/out", "/new/out/x", &made_in] {
                        let (above, name) = directory.rsplit_once('/').unwrap();
                        let is_it = |c: &&Called| {
                            let given = c.arguments.rsplit('"').nth(1).unwrap_or_default();
                            c.call.starts_with("mkdir")
                                && (*given == directory[1..] || c.opened() == format!("{root}{above}") && given == name)
                        };
                        let made = called.iter().find(is_it).unwrap_or_else(|| panic!("{directory} in {called:#?}"));
                        assert!(synced(above, made.ended, original.began), "{above} before {original:?}: {called:#?}");
                    }
                    assert!(synced(&made_in, 0, original.began), "{made_in} before {original:?}: {called:#?}");
                }
            }
        }
    }
}

/// A sync waits for the disk and not for a processor, so workers must sync in parallel.
#[test]
fn the_syncs_of_several_workers_overlap() {
    require!("strace");
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        let t = Sandbox::new();
        let names: Vec<String> = (0..40).map(|i| format!("f{i}")).collect();
        for name in &names {
            t.write(name, log(1000));
        }
        let words: Vec<&str> =
            ["-q", "-j4", "--rm", scheduler].into_iter().chain(names.iter().map(String::as_str)).collect();
        // The delay makes the overlap independent of the disk's speed.
        let called = trace(&t, "fsync", &["-e", "inject=fsync:delay_enter=20000"], &words);
        assert_eq!(called.len(), 2 * names.len(), "a file's data and its name");
        let under_way = |at: usize| called.iter().filter(|c| c.began <= at && at < c.ended).count();
        let most = called.iter().map(|c| under_way(c.began)).max().unwrap();
        eprintln!("{scheduler}: up to {most} at once");
        assert!(most >= 2, "{scheduler}: one sync waits for the other");
    }
}
