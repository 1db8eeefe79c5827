//! Originals: kept by default, and removed on request only if no data is lost.

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroUsize;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

use gzcc::settings::{Destination, Originals, Scheduler, Settings};

use crate::harness::{BLOCK, Sandbox, assert_member, log, run_and_intervene};

#[test]
fn rm_removes_originals_and_the_last_of_k_and_rm_counts() {
    let t = Sandbox::new();
    let a = t.write("a", log(2 * BLOCK + 7));
    t.gzcc(["a"]).succeeds();
    t.gzcc(["-f", "--rm", "-k", "a"]).succeeds();
    assert!(t.exists("a"));
    for (scheduler, way) in [("threads", &[][..]), ("rayon", &["--named-temporaries"])] {
        t.write("a", &a);
        t.gzcc([&["-f", "-k", "--rm", "--scheduler", scheduler][..], way, &["a"]].concat()).succeeds();
        assert_eq!(t.names(), ["a.gz"]);
        t.assert_holds("a.gz", &a);
    }
}

#[test]
fn rm_keeps_an_original_without_an_output() {
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("a.gz", "precious");
    t.gzcc(["--rm", "a"]).says(2, &["gzcc: a: a.gz already exists; left alone (-f replaces it)"]);
    assert_eq!(t.names(), ["a", "a.gz"]);
}

#[test]
fn a_symbolic_link_is_followed_without_rm_and_refused_with_it() {
    let t = Sandbox::new();
    let real = t.write("real", "x");
    symlink("real", t.path("link")).unwrap();
    t.gzcc(["link"]).succeeds();
    t.assert_holds("link.gz", &real);
    t.gzcc(["-f", "--rm", "link"]).says(2, &["gzcc: link: is a symbolic link; left alone"]);
    assert_eq!(t.names(), ["link", "link.gz", "real"]);
}

#[test]
fn hard_links_and_special_modes_are_refused_with_rm() {
    let t = Sandbox::new();
    t.write("linked", "x");
    fs::hard_link(t.path("linked"), t.path("other")).unwrap();
    t.gzcc(["--rm", "linked"]).says(2, &["gzcc: linked: has 2 hard links; left alone (-f takes it)"]);
    for bit in [0o4000, 0o2000, 0o1000] {
        t.write("special", "x");
        t.set_mode("special", 0o755 | bit);
        t.gzcc(["--rm", "special"]).says(2, &["gzcc: special: is setuid, setgid or sticky; left alone (-f takes it)"]);
    }
    assert_eq!(t.names(), ["linked", "other", "special"]);
    t.gzcc(["linked", "special"]).succeeds();
    t.gzcc(["-f", "--rm", "linked", "special"]).succeeds();
    assert_eq!(t.names(), ["linked.gz", "other", "special.gz"]);
    let mode = std::os::unix::fs::MetadataExt::mode(&t.path("special.gz").metadata().unwrap());
    assert_eq!(mode & 0o7000, 0, "special bits are not passed on");
}

#[test]
fn c_writes_a_growing_file_up_to_its_size_at_opening_with_a_warning() {
    require!("bash");
    let t = Sandbox::new();
    // The change comes after gzcc has opened the file and before it reads the last block: the pipe holds far less than
    // the output, so gzcc blocks until it is read.
    let incompressible = crate::harness::noise(8 * BLOCK, 3);
    t.write("big", &incompressible);
    let script =
        "gzcc -j1 -c big | { head -c 100000 > part; printf x >> big; cat part - > out; }; echo ${PIPESTATUS[0]}";
    let ran = t.shell(script).run();
    ran.assert(ran.stdout == b"2\n", "the status is 2");
    ran.assert(
        ran.stderr() == "gzcc: big: grew while it was read; read only the 4194304 bytes it had when opened\n",
        "it says so",
    );
    assert_member(&t.read("out"), &incompressible);
}

#[test]
fn a_file_truncated_while_c_reads_it_ends_the_output_with_an_error() {
    require!("bash");
    let t = Sandbox::new();
    t.write("big", crate::harness::noise(8 * BLOCK, 3));
    t.write("next", "x");
    let script = "gzcc -j1 -c big next | { head -c 100000 > part; truncate -s 300000 big; cat part - > out; }; echo ${PIPESTATUS[0]}";
    let ran = t.shell(script).run();
    ran.assert(ran.stdout == b"1\n", "the status is 1");
    let mut lines: Vec<String> = ran.stderr().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "gzcc: big: changed while it was read; no whole output made",
            "gzcc: next: not written, as the output ended before it"
        ]
    );
}

/// P3. The change comes before the last block is read, or after it while earlier blocks may still be read.
#[test]
fn an_original_that_changed_or_was_replaced_is_not_removed() {
    type Change = fn(&Path);
    let changes: [(&str, usize, Change); 5] = [
        ("grown", 0, |path| fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap()),
        ("cut short", 0, |path| File::options().write(true).open(path).unwrap().set_len(BLOCK as u64 + 5).unwrap()),
        ("touched", 0, |path| File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap()),
        ("touched late", 5, |path| File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap()),
        ("replaced", 0, |path| {
            let other = path.with_extension("other");
            fs::write(&other, "another process's").unwrap();
            fs::rename(&other, path).unwrap();
        }),
    ];
    for (what, block, change) in changes {
        for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
            let t = Sandbox::new();
            let content = t.write("a", log(5 * BLOCK));
            let path = t.path("a");
            let settings = Settings {
                inputs: vec![t.path("a").into()],
                originals: Originals::Remove,
                // One worker compresses the blocks in order.
                jobs: NonZeroUsize::MIN,
                scheduler,
                ..Settings::default()
            };
            let tally = run_and_intervene(settings, block, move || change(&path));
            assert_eq!((tally.failed, tally.warnings), (0, 1), "{what}");
            if what == "replaced" {
                assert_eq!(t.read("a"), b"another process's");
                t.assert_holds("a.gz", &content);
            } else {
                assert_eq!((tally.skipped, t.names()), (1, vec!["a".to_owned()]), "{what}");
            }
        }
    }
}

#[test]
fn an_output_of_several_inputs_is_not_made_if_one_of_them_fails() {
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("b", log(5 * BLOCK));
    let b = t.path("b");
    let settings = Settings {
        inputs: ["a", "b", "a"].map(|name| t.path(name).into()).into(),
        destination: Destination::File(t.path("out")),
        jobs: NonZeroUsize::MIN,
        ..Settings::default()
    };
    // The first block of b is written before gzcc finds that b was truncated.
    let cut = move || File::options().write(true).open(b).unwrap().set_len(BLOCK as u64 + 5).unwrap();
    let tally = run_and_intervene(settings, 1, cut);
    // b, the input after it, and the output.
    assert_eq!(tally.failed, 3);
    assert_eq!(t.names(), ["a", "b"]);
}

#[test]
fn an_original_that_changed_in_ctime_alone_is_not_removed() {
    use std::os::unix::fs::{FileExt, PermissionsExt};
    type Touch = fn(&Path);
    let touches: [(&str, Touch); 3] = [
        ("another mode", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap()),
        ("another name", |path| fs::hard_link(path, path.with_extension("other")).unwrap()),
        ("written, and the time put back", |path| {
            let file = File::options().write(true).open(path).unwrap();
            let time = file.metadata().unwrap().modified().unwrap();
            file.write_all_at(b"written", 0).unwrap();
            file.set_modified(time).unwrap();
        }),
    ];
    for (what, touch) in touches {
        let t = Sandbox::new();
        t.write("a", log(5 * BLOCK));
        let path = t.path("a");
        let settings =
            Settings { inputs: vec![t.path("a").into()], originals: Originals::Remove, ..Settings::default() };
        let tally = run_and_intervene(settings, 2, move || touch(&path));
        assert_eq!((tally.done, tally.failed, tally.warnings), (1, 0, 1), "{what}");
        assert!(t.exists("a") && t.exists("a.gz"), "{what}");
    }
    // Both names of one file are arguments: both are removed.
    let t = Sandbox::new();
    t.write("a", "x");
    fs::hard_link(t.path("a"), t.path("b")).unwrap();
    t.gzcc(["-f", "--rm", "a", "b"]).succeeds();
    assert_eq!(t.names(), ["a.gz", "b.gz"]);
}
