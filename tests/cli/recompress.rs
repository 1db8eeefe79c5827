//! `--recompress`: a .gz is replaced by a smaller one with the same content, or kept.

mod late_changes;
mod refusals;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use gzcc::settings::{Mode, Originals, OverwritePolicy, Settings};

use crate::disk::unshare;
use crate::harness::{
    BLOCK, Sandbox, assert_member, gunzip, log, noise, repetitions, run_and_intervene, sample, spawn,
};

/// The bytes of XFL in a header.
const EXTRA_FLAGS: usize = 8;

/// A gzip file of `content` at level 1, with these words.
fn compressed(t: &Sandbox, words: &[&str], content: &[u8]) -> Vec<u8> {
    t.gzcc([&["-1", "-c"], words].concat()).stdin(content).succeeds()
}

/// Inode and modification time: another file has other ones.
fn identity(t: &Sandbox, name: &str) -> (u64, i64, i64) {
    let metadata = fs::metadata(t.path(name)).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.ctime_nsec())
}

#[test]
fn a_file_is_replaced_by_the_output_of_that_level_for_any_number_of_workers() {
    let t = Sandbox::new();
    for content in [log(1), log(3000), log(BLOCK), [log(3 * BLOCK), noise(BLOCK / 2, 1)].concat(), vec![0; 5 * BLOCK]] {
        let expected = t.gzcc(["-6"]).stdin(&content).succeeds();
        let old = [&compressed(&t, &[], &content)[..], &compressed(&t, &[], b"")].concat();
        for way in sample(1, ["-j1", "-j2", "-j4", "--scheduler=rayon", "--chunk-length=1000"]) {
            t.write("a.gz", &old);
            assert_eq!(t.gzcc(["--recompress", way, "a.gz"]).succeeds(), b"Recompressed 1 file\n", "{way}");
            let mut new = t.read("a.gz");
            assert_member(&new, &content);
            assert_eq!(new[EXTRA_FLAGS], 0x80 | 6);
            new[EXTRA_FLAGS] = expected[EXTRA_FLAGS];
            assert!(new == expected, "{way}, {} bytes", content.len());
            assert_eq!(t.names(), ["a.gz"]);
        }
    }
}

#[test]
fn name_time_and_mode_are_kept() {
    let t = Sandbox::new();
    let content = t.write("a.log", log(300_000));
    t.set_times("a.log", Duration::from_secs(1_000_000_000));
    t.gzcc(["-1N", "a.log"]).succeeds();
    t.set_mode("a.log.gz", 0o640);
    fs::rename(t.path("a.log.gz"), t.path("b.gz")).unwrap();
    t.set_times("b.gz", Duration::new(1_234_567_890, 123_456_789));
    let header = t.read("b.gz")[..16].to_vec();
    t.gzcc(["--recompress", "-9", "b.gz"]).succeeds();
    let new = t.read("b.gz");
    assert_eq!((&new[..8], &new[9..16]), (&header[..8], &header[9..]), "FNAME and MTIME");
    assert_member(&new, &content);
    let metadata = fs::metadata(t.path("b.gz")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    assert_eq!((metadata.mtime(), metadata.mtime_nsec()), (1_234_567_890, 123_456_789));
}

#[test]
fn a_second_run_at_the_same_or_a_lower_level_changes_and_reads_nothing() {
    let t = Sandbox::new();
    t.write("d/a.gz", compressed(&t, &[], &log(200_000)));
    let run = |level: &str| String::from_utf8(t.gzcc(["-r", "--recompress", level, "d"]).succeeds()).unwrap();
    assert_eq!(run("-6"), "Recompressed 1 file\n");
    let marked = identity(&t, "d/a.gz");
    for level in ["-6", "-1"] {
        assert_eq!(run(level), "Recompressed 0 files, 1 skipped\n");
        assert_eq!(identity(&t, "d/a.gz"), marked);
    }
    t.gzcc(["-v", "-j1", "--recompress", "d/a.gz"])
        .says(0, &["gzcc: 1 worker, threads", "gzcc: d/a.gz: was recompressed at level 6; left alone"]);
    assert_eq!(run("-9"), "Recompressed 1 file\n");
    assert_ne!(identity(&t, "d/a.gz"), marked);
}

#[test]
fn a_file_that_does_not_get_smaller_is_kept() {
    let t = Sandbox::new();
    let content = log(3 * BLOCK);
    for (level, words) in [("-9", &["-9"][..]), ("-6", &["-9"]), ("-0", &["-1"]), ("-9", &["-6", "--only-smaller=50"])]
    {
        let old = t.gzcc([words[0]]).stdin(&content).succeeds();
        let old = if words.len() > 1 { compressed(&t, &[], &content) } else { old };
        t.write("a.gz", &old);
        let before = identity(&t, "a.gz");
        let said = t.gzcc(["--recompress", level, "a.gz"].iter().chain(&words[1..])).succeeds();
        assert_eq!(String::from_utf8(said).unwrap(), "Recompressed 0 files, 1 skipped\n", "{level} {words:?}");
        assert!(t.read("a.gz") == old && identity(&t, "a.gz") == before);
        assert_eq!(t.names(), ["a.gz"]);
    }
}

#[test]
fn several_members_become_one_and_a_tree_is_recompressed_in_shards() {
    let t = Sandbox::new();
    let files: Vec<(String, Vec<u8>)> = (0..12).map(|i| (format!("t/{}/f{i}.gz", i % 3), log(i * 20_000))).collect();
    for (name, content) in &files {
        let (a, b) = content.split_at(content.len() / 3);
        t.write(name, [compressed(&t, &[], a), compressed(&t, &[], b)].concat());
    }
    t.write("t/plain", "not compressed");
    let mut done = 0;
    for shard in ["1/2", "2/2"] {
        let said = t.gzcc(["-r", "--recompress", "-9", "--json", "--shard", shard, "t"]).succeeds();
        let said = String::from_utf8(said).unwrap();
        let summary = said.lines().last().unwrap();
        assert!(summary.contains(r#""mode":"recompress""#) && summary.contains(r#""failed":0"#), "{summary}");
        done += said.lines().filter(|line| line.contains(r#""status":"done""#)).count();
    }
    assert_eq!(done, files.len());
    files.iter().for_each(|(name, content)| t.assert_holds(name, content));
    assert_eq!(t.read("t/plain"), b"not compressed");
}

#[test]
fn bgzf_is_recompressed_only_if_a_format_is_given() {
    let t = Sandbox::new();
    let content = log(2 * BLOCK);
    let recompress = |format: &str| t.gzcc(["--recompress", "-9", format, "a.gz"]).succeeds();
    let blocks = compressed(&t, &["--format=bgzf"], &content);
    t.write("a.gz", &blocks);
    t.gzcc(["--recompress", "-9", "a.gz"])
        .says(2, &["gzcc: a.gz: is BGZF, whose indexes would become wrong; left alone (--format takes it)"]);
    assert!(t.read("a.gz") == blocks);
    for _ in 0..2 {
        recompress("--format=bgzf");
        let new = t.read("a.gz");
        assert!(new.len() < blocks.len() && new.starts_with(&blocks[..EXTRA_FLAGS]) && gunzip(&new) == content);
        assert_eq!(new[EXTRA_FLAGS], 0x80 | 9);
        assert_eq!(recompress("--format=bgzf"), b"Recompressed 0 files, 1 skipped\n");
        // From BGZF to one member, and back to BGZF, which is larger.
        recompress("--format=gzip");
        t.assert_holds("a.gz", &content);
    }
}

#[test]
fn a_run_that_is_killed_leaves_the_old_file_or_the_new_one() {
    let t = Sandbox::new();
    let content = [log(BLOCK), noise(BLOCK / 8, 1), log(BLOCK)].concat();
    let old = compressed(&t, &[], &content);
    t.write("a.gz", &old);
    t.gzcc(["--recompress", "-6", "a.gz"]).succeeds();
    let new = t.read("a.gz");
    for variant in ["-j3", "--named-temporaries"] {
        for delay in (0..).step_by(20).take(repetitions(8, 60)) {
            t.write("a.gz", &old);
            let mut command = t.gzcc(["--recompress", "-6", "-q", variant, "a.gz"]).into_command();
            let mut child = spawn(command.stdout(Stdio::null()));
            std::thread::sleep(Duration::from_millis(delay));
            child.kill().unwrap();
            child.wait().unwrap();
            let found = t.read("a.gz");
            assert!(found == old || found == new, "after {delay} ms");
            let left: Vec<String> = t.names().into_iter().filter(|name| name != "a.gz").collect();
            left.iter().for_each(|name| {
                assert!(name.starts_with(".gzcc-"), "{name}");
                fs::remove_file(t.path(name)).unwrap();
            });
        }
    }
}

#[test]
fn a_full_disk_keeps_the_files_that_do_not_fit() {
    let Some(unshare) = unshare() else { return };
    let t = Sandbox::new();
    fs::create_dir(t.path("disk")).unwrap();
    // The disk has 4 MB: the new file of 2.5 MB has no place beside the old one, the small ones have.
    let (big, small) = (noise(2_500_000, 1), log(100_000));
    let old = [compressed(&t, &[], &big), compressed(&t, &[], &vec![0; 100_000])].concat();
    t.write("in/big.gz", &old);
    for i in 0..5 {
        t.write(format!("in/{i}.gz"), compressed(&t, &[], &small));
    }
    let script = format!(
        "mount -t tmpfs -o size=4m none disk && cp -a in/. disk && cd disk || exit 99
         '{}' --recompress -j2 big.gz 0.gz 1.gz 2.gz 3.gz 4.gz; status=$?; mkdir ../after && cp -a . ../after; exit $status",
        env!("CARGO_BIN_EXE_gzcc")
    );
    let words = unshare.split(' ').skip(1).chain(["bash", "-c", &script]);
    let said = t.command("unshare", words).says(1, &["gzcc: big.gz: big.gz: No space left on device"]);
    assert_eq!(said, "Recompressed 5 files, 1 failed\n");
    assert!(t.read("after/big.gz") == old);
    (0..5).for_each(|i| t.assert_holds(format!("after/{i}.gz"), &small));
}

/// A change that another process makes to a file.
type Change = fn(&Path);

#[test]
fn a_file_that_takes_the_name_meanwhile_is_kept() {
    let t = Sandbox::new();
    let content = log(4 * BLOCK);
    let old = compressed(&t, &[], &content);
    let changes: [(&str, Change); 3] = [
        ("another file", |path| {
            fs::write(path.with_extension("new"), "another file").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
        ("", |path| fs::remove_file(path).unwrap()),
        ("old and more", |path| {
            use std::io::Write;
            fs::File::options().append(true).open(path).unwrap().write_all(b"more").unwrap();
        }),
    ];
    for (left, change) in changes {
        t.write("a.gz", &old);
        let settings = Settings {
            mode: Mode::Recompress,
            inputs: vec![t.path("a.gz").into()],
            originals: Originals::Keep,
            overwrite: OverwritePolicy::Skip,
            ..Settings::default()
        };
        let path = t.path("a.gz");
        let tally = run_and_intervene(settings, 2, move || change(&path));
        assert_eq!((tally.done, tally.skipped), (0, 1), "{left}");
        match left {
            "" => assert!(t.names().is_empty()),
            "old and more" => assert!(t.read("a.gz") == [&old[..], b"more"].concat()),
            left => assert_eq!(t.read("a.gz"), left.as_bytes()),
        }
    }
}
