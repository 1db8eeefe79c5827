//! `ulimit -v` and `ulimit -d`, which batch systems set: gzcc starts only the workers that fit into the limit, and
//! reports an error if none fits. It never aborts: an abort would end the whole run.

use crate::harness::{BLOCK, Sandbox, assert_member, log, noise, sample};

use super::{SCHEDULERS, limited};

/// The shell command that sets a limit in KiB.
fn ulimit(option: char, kib: u64) -> String {
    format!("ulimit -c 0; ulimit -{option} {kib}")
}

#[test]
fn an_address_space_limit_reduces_the_workers_and_every_file_is_compressed() {
    require!("bash");
    let t = Sandbox::new();
    let contents = [("big", noise(40 * BLOCK, 1)), ("text", log(10 * BLOCK)), ("small", log(1000))];
    contents.iter().for_each(|(name, content)| drop(t.write(name, content)));
    let limits = [('v', 60_000), ('v', 150_000), ('v', 400_000), ('v', 1_000_000), ('d', 60_000)];
    let all = limits.into_iter().flat_map(|limit| SCHEDULERS.map(|scheduler| (limit, scheduler)));
    // A step of 3 includes the smallest limits of both kinds and both schedulers.
    for ((option, kib), scheduler) in sample(3, all) {
        for words in [&["-1"][..], &["-6", "--verify"], &["-1", "--engine=flate2"]] {
            let all = [words, &["-f", "-j64", scheduler, "big", "text", "small"]].concat();
            let counted = limited(&t, &ulimit(option, kib), &all).succeeds();
            assert_eq!(String::from_utf8_lossy(&counted), "Compressed 3 files\n", "-{option} {kib}: {all:?}");
        }
        let back = limited(&t, &ulimit(option, kib), &["-dc", "-j64", scheduler, "big.gz", "text.gz"]).succeeds();
        assert!(back == [&contents[0].1[..], &contents[1].1].concat(), "-{option} {kib}: {scheduler}");
    }
    contents.iter().for_each(|(name, content)| assert_member(&t.read(format!("{name}.gz")), content));
}

#[test]
fn the_number_of_workers_follows_the_address_space_limit() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", "x");
    let workers = |limit: &str, words: &[&str]| {
        let ran = limited(&t, limit, &[words, &["-vf", "-j64", "a"]].concat()).run();
        let line = ran.stderr().lines().next().unwrap_or_default().to_owned();
        ran.assert(ran.status.success() && line.ends_with(", threads"), "-v prints the number of workers");
        line.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(workers("true", &[]), 64);
    assert_eq!(workers(&ulimit('v', 2_000_000), &[]), 64);
    let (some, fewer) = (workers(&ulimit('v', 200_000), &[]), workers(&ulimit('v', 200_000), &["-12"]));
    assert!((10..30).contains(&some) && (4..some).contains(&fewer), "{some}, {fewer} at -12");
    assert!((10..30).contains(&workers(&ulimit('d', 200_000), &[])));
    assert_eq!(workers(&ulimit('v', 30_000), &[]), 1);
}

#[test]
fn an_address_space_limit_below_one_worker_fails_each_file_with_the_reason() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", noise(2 * BLOCK, 1));
    t.write("b", log(100));
    let starts = |kib: &u64| limited(&t, &ulimit('v', *kib), &["--version"]).run().status.success();
    let least = (4_000..60_000).step_by(500).find(starts).unwrap();
    for scheduler in SCHEDULERS {
        limited(&t, &ulimit('v', least + 500), &["-j4", scheduler, "a", "b"])
            .says(1, &["gzcc: a: Cannot allocate memory", "gzcc: b: Cannot allocate memory"]);
        assert_eq!(t.names(), ["a", "b"]);
    }
}
