//! `-t` and `-l`: the messages and tables for files, without any output file.

use std::time::Duration;

use crate::damage::cases::{Fields, bgzf, member};
use crate::decompress::{SCHEDULERS, plain};
use crate::harness::{BLOCK, Sandbox, log, noise};

#[test]
fn a_test_prints_only_the_count() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a.gz", plain(b"a"));
    t.write("b", bgzf(&log(3 * BLOCK), 65_280));
    assert_eq!(t.gzcc(["-t", "a.gz", "b"]).succeeds(), b"Tested 2 files\n", "a suffix does not matter");
    assert!(t.gzcc(["-tq", "a.gz", "b"]).succeeds().is_empty());
    assert_eq!(t.shell("gzcc -t < a.gz; cat a.gz | gzcc -t -").succeeds(), b"Tested 1 file\n");
    assert_eq!(t.names(), ["a.gz", "b"], "nothing is made");
}

#[test]
fn lines_appear_in_argument_order() {
    let t = Sandbox::new();
    let mut names = vec!["big.gz".to_owned()];
    t.write("big.gz", plain(&noise(12 * BLOCK, 1)));
    for i in 0..50 {
        names.push(format!("{i}.gz"));
        t.write(&names[i + 1], plain(&noise(i, 1)));
    }
    names[25] = "missing.gz".into();
    for scheduler in SCHEDULERS {
        for jobs in ["-j1", "-j2", "-j4"] {
            let call = |option| t.gzcc([option, scheduler, jobs].into_iter().chain(names.iter().map(String::as_str)));
            let tested = call("-tv").run();
            tested.assert(tested.status.code() == Some(1), "one is missing");
            let stderr = tested.stderr();
            // The first line states the number of workers, the last one is the summary.
            let shown_names = stderr
                .lines()
                .skip(1)
                .take(names.len())
                .map(|line| line.trim_start_matches("gzcc: ").split(": ").next().unwrap());
            tested.assert(shown_names.eq(&names) && stderr.lines().count() == names.len() + 2, "in their order");
            tested.assert(stderr.lines().nth(2) == Some("0.gz: 20 -> 0 bytes, OK"), "with their sizes");
            let listed = call("-l").run();
            let stdout = String::from_utf8_lossy(&listed.stdout).into_owned();
            let shown_names = stdout.lines().skip(1).map(|line| line.split_whitespace().last().unwrap());
            let mut expected: Vec<&str> = names.iter().map(|name| name.trim_end_matches(".gz")).collect();
            expected.remove(25);
            expected.push("(totals)");
            listed.assert(shown_names.eq(expected), "in their order");
        }
    }
}

/// Files with a single member, for which GNU gzip's table is correct.
fn single_members(t: &Sandbox) -> [&'static str; 7] {
    // No extra field: GNU gzip prints a warning when it skips one.
    let all = Fields { extra: None, name: Some(b"other"), comment: Some(b"c"), crc: true, mtime: 1_700_000_000 };
    t.write("text.gz", plain(&log(200_000)));
    t.write("noise.gz", plain(&noise(3000, 1)));
    t.write("empty.gz", plain(b""));
    t.write("zeros.gz", plain(&vec![0; 3 * BLOCK]));
    t.write("fields.tgz", member(&log(100), &all));
    t.write("d/UP.GZ", plain(b"1"));
    t.write("made.gz", t.gzcc(["-c", "-N"]).stdin(log(BLOCK)).succeeds());
    let names = ["text.gz", "noise.gz", "empty.gz", "zeros.gz", "fields.tgz", "d/UP.GZ", "made.gz"];
    // 2024-02-03 04:05:06 UTC
    names.iter().for_each(|name| t.set_times(name, Duration::from_secs(1_706_933_106)));
    names
}

#[test]
fn the_table_of_one_file_equals_gnu_gzips() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    for name in single_members(&t) {
        for options in ["-l", "-lv", "-lq"] {
            for zone in ["UTC", "America/New_York"] {
                let table = |program| t.shell(&format!("TZ={zone} {program} {options} {name}")).succeeds();
                assert_eq!(
                    String::from_utf8_lossy(&table("gzcc")),
                    String::from_utf8_lossy(&table("command gzip")),
                    "{zone} {options} {name}"
                );
            }
        }
    }
    let piped = |program| t.shell(&format!("{program} -l < text.gz; cat text.gz | {program} -l -")).succeeds();
    assert_eq!(String::from_utf8_lossy(&piped("gzcc")), String::from_utf8_lossy(&piped("command gzip")));
}

#[test]
fn the_table_of_several_files_equals_gnu_gzips_except_the_total_ratio() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    let names = single_members(&t).join(" ");
    for options in ["-l", "-lv", "-lq"] {
        let lines = |program| {
            let table = t.shell(&format!("TZ=UTC {program} {options} {names}")).succeeds();
            String::from_utf8(table).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let (mut ours, mut gnu) = (lines("gzcc"), lines("command gzip"));
        if options != "-lq" {
            // GNU gzip subtracts only the last file's header from the totals; gzcc subtracts every file's.
            let totals = [&mut ours, &mut gnu].map(|lines| lines.pop().unwrap());
            let sizes = totals.each_ref().map(|line| line.rsplit_once('%').unwrap().0.rsplit_once(' ').unwrap().0);
            assert_eq!(sizes[0], sizes[1], "{options}");
        }
        assert_eq!(ours, gnu, "{options}");
    }
    t.write("a.gz", plain(&log(1000)));
    t.write("b.gz", member(&log(1000), &Fields { name: Some(&[b'n'; 200]), ..Fields::default() }));
    let table = String::from_utf8(t.gzcc(["-l", "a.gz", "b.gz"]).succeeds()).unwrap();
    let ratios: Vec<&str> = table.lines().skip(1).map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert!(ratios.iter().all(|ratio| *ratio == ratios[0]), "the same data three times: {table}");
}

#[test]
fn the_table_adds_up_the_members_of_a_file() {
    let t = Sandbox::new();
    let zeros = plain(&vec![0; 64 << 20]);
    // More than 4 GiB, which a trailer's 32-bit size cannot represent.
    t.write("huge.gz", zeros.repeat(65));
    t.write("bgzf.gz", bgzf(&log(200_000), 1000));
    t.write("padded.gz", [&plain(b"12345").repeat(3)[..], &[0; 100]].concat());
    let table = String::from_utf8(t.gzcc(["-l", "huge.gz", "bgzf.gz", "padded.gz"]).succeeds()).unwrap();
    let figures: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    let plain: Vec<&str> = figures.iter().map(|line| line[1]).collect();
    assert_eq!(plain, ["4362076160", "200000", "15", "4362276175"]);
    let packed: u64 =
        ["huge.gz", "bgzf.gz", "padded.gz"].map(|name| t.path(name).metadata().unwrap().len()).iter().sum();
    assert_eq!(figures[3][0], packed.to_string());
}

#[test]
fn a_damaged_file_is_missing_from_the_table_and_the_others_are_listed() {
    let t = Sandbox::new();
    t.write("a.gz", plain(b"aaa"));
    t.write("bad.gz", &plain(&noise(300_000, 1))[..200_000]);
    t.write("garbage.gz", [plain(b"bbb"), b"garbage".to_vec()].concat());
    let ran = t.gzcc(["-l", "a.gz", "bad.gz", "garbage.gz"]).run();
    ran.assert(ran.status.code() == Some(1), "status 1");
    let table = String::from_utf8_lossy(&ran.stdout).into_owned();
    let names: Vec<&str> = table.lines().skip(1).map(|line| line.split_whitespace().last().unwrap()).collect();
    ran.assert(names == ["a", "garbage", "(totals)"], "the good ones are listed");
    t.gzcc(["-l", "garbage.gz"]).says(2, &["gzcc: garbage.gz: trailing garbage ignored"]);
}

#[test]
fn trailer_sizes_are_marked_as_approximate() {
    let t = Sandbox::new();
    t.write("one.gz", plain(&log(1000)));
    t.write("two.gz", plain(b"12345").repeat(2));
    t.write("empty.gz", plain(b""));
    let table = String::from_utf8(t.gzcc(["-l", "--trailers", "one.gz", "two.gz", "empty.gz"]).succeeds()).unwrap();
    let figures: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    let plain_sizes: Vec<&str> = figures.iter().map(|line| line[1]).collect();
    assert_eq!(plain_sizes, ["~1000", "~5", "~0", "~1005"], "the last member's, each marked");
    assert!(figures.iter().all(|line| line[2].starts_with('~') && line.len() == 4), "as are the ratios: {table}");
    // The bytes between header and trailer are not read.
    let mut damaged = plain(&noise(5000, 1));
    damaged[100..4000].fill(0);
    t.write("damaged.gz", &damaged);
    assert!(String::from_utf8(t.gzcc(["-l", "--trailers", "damaged.gz"]).succeeds()).unwrap().contains("~5000"));
    t.write("no.gz", "no gzip data, but as long as some");
    t.write("short.gz", &plain(b"")[..15]);
    let lines = ["gzcc: no.gz: not in gzip format", "gzcc: short.gz: "];
    let ran = t.gzcc(["-l", "--trailers", "no.gz", "short.gz"]).run();
    ran.assert(ran.status.code() == Some(1) && lines.iter().all(|line| ran.stderr().contains(line)), "both refused");
}
