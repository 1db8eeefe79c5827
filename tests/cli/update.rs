//! `--update`: skips files that have an output with their time and size, and completes what a killed run left.

use std::time::Duration;

use crate::disk::unshare;
use crate::harness::{BLOCK, Call, Sandbox, is_root, log, noise, skip};
use crate::traced::intervene_after;

fn touched(t: &Sandbox, name: &str, seconds: u64) {
    t.set_times(name, Duration::from_secs(seconds));
}

#[test]
fn update_compresses_only_files_that_changed_since_their_output_was_made() {
    let t = Sandbox::new();
    for name in ["t/a", "t/b", "t/c"] {
        t.write(name, log(name.len() * 1000));
        touched(&t, name, 1_000_000_000);
    }
    t.gzcc(["-r", "t"]).succeeds();
    let b = t.write("t/b", "newer");
    touched(&t, "t/b", 1_000_000_001);
    let old = t.read("t/a.gz");
    assert_eq!(t.gzcc(["--update", "t/a", "t/b", "t/c"]).succeeds(), b"Compressed 1 file, 2 skipped\n");
    t.assert_holds("t/b.gz", &b);
    assert!(t.read("t/a.gz") == old);
    t.gzcc(["--update", "-v", "-j1", "t/a"])
        .says(0, &["gzcc: 1 worker, threads", "gzcc: t/a: t/a.gz is up to date; left alone"]);
    assert!(t.gzcc(["-r", "--update", "t"]).succeeds().starts_with(b"Compressed 0 files"));
    std::fs::remove_file(t.path("t/c.gz")).unwrap();
    assert!(t.gzcc(["-r", "--update", "t"]).succeeds().starts_with(b"Compressed 1 file,"));
    // The same with an output directory.
    for made in [3, 0] {
        let said = t.gzcc(["-r", "--update", "-O", "out", "t"]).succeeds();
        assert!(said.starts_with(format!("Compressed {made} files").as_bytes()));
    }
}

#[test]
fn update_compresses_a_file_with_another_time_or_size() {
    let t = Sandbox::new();
    let content = t.write("a", log(1000));
    t.set_times("a", Duration::from_secs_f64(1_000_000_000.5));
    t.gzcc(["a"]).succeeds();
    for (time, content) in [
        (1_000_000_000.5, &log(999)[..]),
        (1_000_000_000.5, b""),
        (1_000_000_000.5, &content),
        (900_000_000.0, &content),
        (900_000_000.25, &content),
        (1_000_000_000.0, &content),
        (1_000_000_001.0, &noise(1000, 1)),
    ] {
        t.write("a", content);
        t.set_times("a", Duration::from_secs_f64(time));
        assert_eq!(t.gzcc(["--update", "a"]).succeeds(), b"Compressed 1 file\n", "{time}, {} bytes", content.len());
        t.assert_holds("a.gz", content);
        assert_eq!(t.gzcc(["--update", "a"]).succeeds(), b"Compressed 0 files, 1 skipped\n", "{time}");
    }
    // An output that is too short for a trailer, or whose last bytes give another size, is not up to date.
    for broken in [&b"short"[..], &noise(100, 2)] {
        t.write("a.gz", broken);
        let time = t.path("a").metadata().unwrap().modified().unwrap();
        std::fs::File::open(t.path("a.gz")).unwrap().set_modified(time).unwrap();
        assert_eq!(t.gzcc(["--update", "a"]).succeeds(), b"Compressed 1 file\n");
    }
}

/// A call of `script` with a file system at `disk` that `mkfs` makes and that stores coarse times. It exits with 99 if
/// the file system cannot be made or mounted.
fn on_coarse_disk(t: &Sandbox, mkfs: &str, script: &str) -> Call {
    let gzcc = format!("gzcc() {{ '{}' \"$@\"; }}", env!("CARGO_BIN_EXE_gzcc"));
    let mount = format!("truncate -s 8M image && {mkfs} image && mkdir -p disk && mount -o loop image disk");
    t.command("unshare", ["-m", "bash", "-c", &format!("{gzcc}; {{ {mount}; }} > log 2>&1 || exit 99; {script}")])
}

#[test]
fn a_second_update_to_a_file_system_with_coarse_times_compresses_nothing() {
    if !is_root() {
        skip("needs root to mount a file system");
        return;
    }
    if unshare().is_none() {
        return;
    }
    for mkfs in ["mkfs.ext4 -q -I 128", "mkfs.vfat"] {
        let t = Sandbox::new();
        // FAT stores even seconds only.
        for (name, time) in [
            ("even", 1_700_000_000_123_456_789),
            ("odd", 1_700_000_001_987_654_321),
            ("whole", 1_700_000_001_000_000_000),
        ] {
            t.write(format!("t/{name}"), log(1000));
            t.set_times(format!("t/{name}"), Duration::from_nanos(time));
        }
        let update = "gzcc -r --update --no-sync -O disk";
        let script = format!(
            "{update} t && umount disk && mount -o loop image disk && {update} t && \
             echo changed > t/odd && {update} t && cp t/even other && {update} --rm t && ls t && zcat disk/t/odd.gz"
        );
        let ran = on_coarse_disk(&t, mkfs, &script).run();
        if ran.status.code() == Some(99) {
            skip(&format!("{mkfs} is missing, or its file system cannot be mounted"));
            continue;
        }
        ran.assert(ran.status.success(), mkfs);
        let counts = "Compressed 3 files\n\
                      Compressed 0 files, 3 skipped\n\
                      Compressed 1 file, 2 skipped\n\
                      Compressed 3 files\n\
                      changed\n";
        ran.assert(String::from_utf8_lossy(&ran.stdout) == counts, counts);
    }
}

#[test]
fn update_with_rm_compares_a_complete_output_and_removes_the_original() {
    for scheduler in ["threads", "rayon"] {
        let t = Sandbox::new();
        let contents = [log(3 * BLOCK), noise(2 * BLOCK, 1), Vec::new(), b"x".to_vec()];
        for (i, content) in contents.iter().enumerate() {
            t.write(format!("{i}"), content);
        }
        let names = ["0", "1", "2", "3"];
        // The state after a run that was killed between naming the outputs and removing the originals.
        t.gzcc(names).succeeds();
        let said = t.gzcc(["--update", "--rm", "--scheduler", scheduler].into_iter().chain(names)).succeeds();
        assert_eq!(said, b"Compressed 4 files\n");
        assert_eq!(t.names(), names.map(|name| format!("{name}.gz")));
        for (name, content) in names.iter().zip(&contents) {
            t.assert_holds(format!("{name}.gz"), content);
        }
    }
}

#[test]
fn update_with_rm_replaces_an_output_with_other_content_only_with_f() {
    let content = log(2 * BLOCK);
    let t = Sandbox::new();
    let good = {
        t.write("a", &content);
        t.gzcc(["-c", "a"]).succeeds()
    };
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let member = |content: &[u8]| t.gzcc(["-c"]).stdin(content).succeeds();
    let shorter = member(&content[..BLOCK]);
    let longer = member(&[&content[..], b"more"].concat());
    let other = member(&[&content[..content.len() - 1], b"!"].concat());
    let garbage = [&good[..], b"garbage"].concat();
    let cut = good[..good.len() - 3].to_vec();
    for (what, gz) in [
        ("flipped", flipped),
        ("shorter", shorter),
        ("longer", longer),
        ("other", other),
        ("garbage", garbage),
        ("cut", cut),
        ("empty", Vec::new()),
        ("no gzip", b"plain".to_vec()),
    ] {
        t.write("a", &content);
        touched(&t, "a", 1_000_000_000);
        t.write("a.gz", &gz);
        let other = "gzcc: a: a.gz is not older and holds something else; left alone (-f replaces it)";
        t.gzcc(["--update", "--rm", "a"]).says(2, &[other]);
        assert!(t.read("a") == content && t.read("a.gz") == gz, "{what}");
        t.gzcc(["--update", "--rm", "-f", "a"]).succeeds();
        assert_eq!(t.names(), ["a.gz"], "{what}");
        assert!(t.read("a.gz") == good, "{what}");
    }
}

#[test]
fn a_link_does_not_count_as_an_output_for_update() {
    let t = Sandbox::new();
    t.write("a", log(100));
    t.write("target", "precious");
    std::os::unix::fs::symlink("target", t.path("a.gz")).unwrap();
    let exists = "gzcc: a: a.gz already exists; left alone (-f replaces it)";
    t.gzcc(["--update", "--rm", "a"]).says(2, &[exists]);
    assert_eq!((t.read("target"), t.exists("a")), (b"precious".to_vec(), true));
}

#[test]
fn update_keeps_the_original_if_its_output_is_replaced_during_the_comparison() {
    require!("strace");
    let t = Sandbox::new();
    t.write("a", noise(3 * BLOCK, 4));
    t.gzcc(["a"]).succeeds();
    let ran = intervene_after(&t, ("a.gz", "read", 2), &["--update", "--rm", "a"], || {
        t.write("other", "something else");
        std::fs::rename(t.path("other"), t.path("a.gz")).unwrap();
    });
    ran.assert(ran.status.code() == Some(1), "it is an error");
    ran.assert(ran.stderr() == "gzcc: a: a.gz changed while it was compared\n", "and reported");
    assert_eq!(t.read("a"), noise(3 * BLOCK, 4));
}
