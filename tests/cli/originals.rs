//! Originals: kept, unless asked, and then removed only when that loses nothing.

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroUsize;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

use gzcc::settings::{Destination, Originals, Scheduler, Settings};

use crate::harness::{BLOCK, Sandbox, assert_member, log, run_and_intervene};

#[test]
fn originals_go_only_when_asked_and_the_last_word_counts() {
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
fn an_original_stays_where_its_output_could_not_be_made() {
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("a.gz", "precious");
    t.gzcc(["--rm", "a"]).says(2, &["gzcc: a: a.gz already exists; left alone (-f replaces it)"]);
    assert_eq!(t.names(), ["a", "a.gz"]);
}

#[test]
fn a_link_is_followed_where_the_original_is_kept_and_refused_where_it_would_go() {
    let t = Sandbox::new();
    let real = t.write("real", "x");
    symlink("real", t.path("link")).unwrap();
    t.gzcc(["link"]).succeeds();
    t.assert_holds("link.gz", &real);
    t.gzcc(["-f", "--rm", "link"]).says(2, &["gzcc: link: is a symbolic link; left alone"]);
    assert_eq!(t.names(), ["link", "link.gz", "real"]);
}

#[test]
fn hard_links_and_special_modes_are_refused_where_the_original_would_go() {
    let t = Sandbox::new();
    t.write("linked", "x");
    fs::hard_link(t.path("linked"), t.path("other")).unwrap();
    t.gzcc(["--rm", "linked"]).says(2, &["gzcc: linked: has 2 hard links; left alone (-f takes it)"]);
    for bit in ["u+s", "g+s", "+t"] {
        t.write("special", "x");
        t.command("chmod", ["755", "special"]).succeeds();
        t.command("chmod", [bit, "special"]).succeeds();
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
fn a_file_that_grows_while_c_reads_it_is_a_snapshot_with_a_warning() {
    require!("bash");
    let t = Sandbox::new();
    // The change comes after the file is opened, and before its last block is read: gzcc cannot get that far
    // while nobody reads the pipe that holds far less than the output.
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
fn a_file_cut_short_while_it_is_read_breaks_the_output_off() {
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

/// P3: the changed-file rule, at the worst moments: before the last block is read, and when it has been read but
/// others may still be reading what comes before it.
#[test]
fn an_original_that_changed_or_was_replaced_is_never_removed() {
    type Change = fn(&Path);
    let changes: [(&str, usize, Change); 5] = [
        ("grown", 0, |path| fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap()),
        ("cut short", 0, |path| File::options().write(true).open(path).unwrap().set_len(BLOCK as u64 + 5).unwrap()),
        ("touched", 0, |path| File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap()),
        ("touched late", 5, |path| File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap()),
        ("replaced", 0, |path| {
            let other = path.with_extension("other");
            fs::write(&other, "somebody else's").unwrap();
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
                // One worker, so that blocks are done in their order.
                jobs: NonZeroUsize::MIN,
                scheduler,
                ..Settings::default()
            };
            let tally = run_and_intervene(settings, block, move || change(&path));
            assert_eq!((tally.failed, tally.warnings), (0, 1), "{what}");
            if what == "replaced" {
                assert_eq!(t.read("a"), b"somebody else's");
                t.assert_holds("a.gz", &content);
            } else {
                assert_eq!((tally.skipped, t.names()), (1, vec!["a".to_owned()]), "{what}");
            }
        }
    }
}

#[test]
fn a_joined_output_that_is_broken_off_is_not_made_and_told() {
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
    // The first block of b is out before it is found shorter than it was.
    let cut = move || File::options().write(true).open(b).unwrap().set_len(BLOCK as u64 + 5).unwrap();
    let tally = run_and_intervene(settings, 1, cut);
    // b, what comes after it, and the output itself.
    assert_eq!(tally.failed, 3);
    assert_eq!(t.names(), ["a", "b"]);
}

#[test]
fn an_original_that_somebody_touched_stays_even_if_size_and_time_are_the_same() {
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
    // Two names of one file, both asked for: each goes.
    let t = Sandbox::new();
    t.write("a", "x");
    fs::hard_link(t.path("a"), t.path("b")).unwrap();
    t.gzcc(["-f", "--rm", "a", "b"]).succeeds();
    assert_eq!(t.names(), ["a.gz", "b.gz"]);
}
